// SPDX-License-Identifier: Apache-2.0
#include "core/image/image.h"

#include <stdio.h>

/* RFC 3339 has four digits for the year. */
#define TIME_FIRST (-62167219200) /* 0000-01-01T00:00:00Z */
#define TIME_LAST 253402300799    /* 9999-12-31T23:59:59Z */

enum { DAY = 86400 };

/* Days from 1970-01-01 to a day of the Gregorian calendar; years start in March here. */
static int64_t days_to(int year, int month, int day)
{
	int64_t y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400;
	int64_t in_era = y - era * 400, in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5;

	return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year + day - 1 - 719468;
}

/* A part of a second, without zeros at the end; nothing for none. */
static void add_fraction(char *text, long ns)
{
	int digits;

	if (!ns)
		return;
	digits = snprintf(text, 16, ".%09ld", ns);
	while (text[digits - 1] == '0')
		digits--;
	text[digits] = '\0';
}

void image_time(struct timespec t, char text[IMAGE_TIME_MAX])
{
	time_t seconds = t.tv_sec < TIME_FIRST  ? TIME_FIRST
			 : t.tv_sec > TIME_LAST ? TIME_LAST
						: t.tv_sec;
	struct tm tm = {.tm_year = 70};
	int n;

	gmtime_r(&seconds, &tm);
	n = snprintf(text, IMAGE_TIME_MAX - 16, "%04d-%02d-%02dT%02d:%02d:%02d", tm.tm_year + 1900,
		tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	add_fraction(text + n, t.tv_nsec);
	strcat(text, "Z");
}

/* So many digits, as a number from low to high; NULL where they are none. */
static const char *digits(const char *text, int n, int low, int high, int *value)
{
	*value = 0;
	for (; n; n--, text++) {
		if (*text < '0' || *text > '9')
			return NULL;
		*value = *value * 10 + (*text - '0');
	}
	return *value >= low && *value <= high ? text : NULL;
}

static int month_length(int year, int month)
{
	static const char lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		return 29;
	return lengths[month - 1];
}

/* "2026-02-03", or NULL. */
static const char *parse_date(const char *text, int64_t *days)
{
	int year, month, day;

	text = digits(text, 4, 0, 9999, &year);
	text = text && *text == '-' ? digits(text + 1, 2, 1, 12, &month) : NULL;
	text = text && *text == '-' ? digits(text + 1, 2, 1, month_length(year, month), &day)
				    : NULL;
	if (text)
		*days = days_to(year, month, day);
	return text;
}

/* "04:05:06.5", or NULL; digits behind the ninth are cut off. */
static const char *parse_clock(const char *text, int *seconds, long *ns)
{
	int hour, minute, second;
	long unit = 100000000;

	text = digits(text, 2, 0, 23, &hour);
	text = text && *text == ':' ? digits(text + 1, 2, 0, 59, &minute) : NULL;
	text = text && *text == ':' ? digits(text + 1, 2, 0, 59, &second) : NULL;
	if (!text)
		return NULL;
	*seconds = hour * 3600 + minute * 60 + second;
	*ns = 0;
	if (*text != '.')
		return text;
	if (text[1] < '0' || text[1] > '9')
		return NULL;
	for (text++; *text >= '0' && *text <= '9'; text++, unit /= 10)
		*ns += unit * (*text - '0');
	return text;
}

/* "Z" or "+01:00", in seconds, or NULL. */
static const char *parse_zone(const char *text, int *seconds)
{
	int hour, minute, sign = *text == '-' ? -1 : 1;

	*seconds = 0;
	if (*text == 'Z' || *text == 'z')
		return text + 1;
	if (*text != '+' && *text != '-')
		return NULL;
	text = digits(text + 1, 2, 0, 23, &hour);
	text = text && *text == ':' ? digits(text + 1, 2, 0, 59, &minute) : NULL;
	if (text)
		*seconds = sign * (hour * 3600 + minute * 60);
	return text;
}

int image_time_parse(const char *text, struct timespec *t)
{
	int64_t days = 0;
	int seconds = 0, zone = 0;
	long ns = 0;

	text = parse_date(text, &days);
	if (!text || (*text != 'T' && *text != 't'))
		return -EINVAL;
	text = parse_clock(text + 1, &seconds, &ns);
	text = text ? parse_zone(text, &zone) : NULL;
	if (!text || *text)
		return -EINVAL;
	*t = (struct timespec){.tv_sec = days * DAY + seconds - zone, .tv_nsec = ns};
	return 0;
}

struct timespec image_now(void)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	struct timespec now = {0};
	char *end;

	errno = 0;
	now.tv_sec = epoch ? strtoll(epoch, &end, 10) : 0;
	if (!epoch || end == epoch || *end || errno)
		clock_gettime(CLOCK_REALTIME, &now);
	return now;
}
