// SPDX-License-Identifier: Apache-2.0
#include "applets/ls/when.h"

#include <stdio.h>

/* Half of the average Gregorian year; what is older shows its year, not its hour. */
enum { HALF_YEAR = 31556952 / 2 };

enum { SHORT_WIDTH = 12, FULL_WIDTH = 35, FRACTION = 10 };

void when_start(struct when *w)
{
	clock_gettime(CLOCK_REALTIME, &w->now);
}

static size_t width(const struct when *w)
{
	return w->full ? FULL_WIDTH : SHORT_WIDTH;
}

static bool before(struct timespec a, struct timespec b)
{
	return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

/* What seems to come from the future may be of this moment: then the clock is read again. */
static bool is_recent(struct when *w, struct timespec t)
{
	struct timespec old = {w->now.tv_sec - HALF_YEAR, w->now.tv_nsec};

	if (!before(t, w->now)) {
		clock_gettime(CLOCK_REALTIME, &w->now);
		old.tv_sec = w->now.tv_sec - HALF_YEAR;
	}
	return before(old, t) && before(t, w->now);
}

/* English whatever the locale, as in the C locale of other programs. */
static void format_short(struct when_known *k, const struct tm *tm, bool recent)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	const char *month = months + 3 * tm->tm_mon;
	int n = recent ? snprintf(k->text, sizeof(k->text), "%.3s %2d %02d:%02d", month,
				 tm->tm_mday, tm->tm_hour, tm->tm_min)
		       : snprintf(k->text, sizeof(k->text), "%.3s %2d  %lld", month, tm->tm_mday,
				 1900LL + tm->tm_year);

	k->len = (unsigned char)n;
}

/* Only the fraction differs between times of one second. */
static void format_full(struct when_known *k, struct timespec t)
{
	show_time(t, k->text);
	k->len = (unsigned char)strlen(k->text);
	k->fraction = (unsigned char)strcspn(k->text, ".");
}

/* A time that no calendar has room for comes as its number of seconds. */
static void format_number(const struct when *w, struct when_known *k)
{
	k->len = (unsigned char)snprintf(
		k->text, sizeof(k->text), "%*lld", (int)width(w), (long long)k->sec);
	k->fraction = k->len;
}

static void format(struct when *w, struct when_known *k, struct timespec t)
{
	time_t sec = t.tv_sec;
	struct tm tm;

	k->known = true;
	k->sec = sec;
	if (!localtime_r(&sec, &tm))
		format_number(w, k);
	else if (w->full)
		format_full(k, t);
	else
		format_short(k, &tm, is_recent(w, t));
}

static void print_fraction(struct out *o, uint32_t nsec)
{
	char text[FRACTION] = ".";

	for (size_t i = sizeof(text) - 1; i > 0; i--, nsec /= 10)
		text[i] = (char)('0' + nsec % 10);
	out_bytes(o, text, sizeof(text));
}

/* Seconds that the clock or the half year cuts through are not worth remembering. */
static bool is_edge(const struct when *w, int64_t sec)
{
	return sec >= w->now.tv_sec ||
	       (sec >= w->now.tv_sec - HALF_YEAR - 1 && sec <= w->now.tv_sec - HALF_YEAR + 1);
}

void when_print(struct when *w, struct out *o, int64_t sec, uint32_t nsec)
{
	struct when_known *k = &w->known[(uint64_t)sec % ARRAY_SIZE(w->known)];

	if (!k->known || k->sec != sec || (!w->full && is_edge(w, sec)))
		format(w, k, (struct timespec){sec, nsec});
	if (!w->full || k->fraction == k->len) {
		out_bytes(o, k->text, k->len);
		return;
	}
	out_bytes(o, k->text, k->fraction);
	print_fraction(o, nsec);
	out_text(o, k->text + k->fraction + FRACTION);
}

void when_print_unknown(const struct when *w, struct out *o)
{
	out_right(o, "?", width(w));
}
