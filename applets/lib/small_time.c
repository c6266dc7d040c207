// SPDX-License-Identifier: Apache-2.0
#include "core/base/base.h"

#include <time.h>

/*
 * Where rlc knows of no time zones, this takes the place of the C library's localtime_r, which
 * brings the reading of zone files with it: all times are UTC.
 */
#ifndef CONFIG_LOCALTIME

enum { DAYS_OF_400_YEARS = 146097, TO_YEAR_0 = 719468 }; /* from 0000-03-01 to 1970-01-01 */

/* Years that start in March have their leap day at the end. Year and month of a day of 400 years.
 */
static void set_date(struct tm *tm, long long era, unsigned int day)
{
	unsigned int year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	unsigned int of_year = day - (365 * year + year / 4 - year / 100);
	unsigned int month = (5 * of_year + 2) / 153;

	tm->tm_mday = (int)(of_year - (153 * month + 2) / 5 + 1);
	tm->tm_mon = (int)(month < 10 ? month + 2 : month - 10);
	tm->tm_year = (int)(era * 400 + year + (month >= 10) - 1900);
}

struct tm *localtime_r(const time_t *restrict t, struct tm *restrict tm)
{
	long long days = *t / 86400, second = *t % 86400, era;

	if (second < 0) {
		second += 86400;
		days--;
	}
	if (days < -700000000000LL || days > 700000000000LL) {
		errno = EOVERFLOW;
		return NULL;
	}
	days += TO_YEAR_0;
	era = (days >= 0 ? days : days - DAYS_OF_400_YEARS + 1) / DAYS_OF_400_YEARS;
	*tm = (struct tm){.tm_hour = (int)(second / 3600),
		.tm_min = (int)(second / 60 % 60),
		.tm_sec = (int)(second % 60),
		.tm_zone = "UTC"};
	set_date(tm, era, (unsigned int)(days - era * DAYS_OF_400_YEARS));
	return tm;
}

#endif
