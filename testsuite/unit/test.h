// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_TEST_H
#define RLC_TEST_H

#include <stdarg.h>
#include <stdio.h>

#include "core/base/base.h"

/* A unit test is a program that prints TAP: CHECK(...) and at the end `return test_done();`. */
static struct {
	int count, failed;
} test_run;

/* One check; the name is a printf format. Goes on after a failure. */
#define CHECK(cond, ...) test_check((cond), __FILE__, __LINE__, __VA_ARGS__)

static inline __attribute__((format(printf, 4, 5))) bool test_check(
	bool good, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", good ? "" : "not ", ++test_run.count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	if (!good) {
		test_run.failed++;
		printf("# %s:%d\n", file, line);
	}
	return good;
}

/* Prints the plan: the program's exit status. */
static inline int test_done(void)
{
	printf("1..%d\n", test_run.count);
	fflush(stdout);
	return test_run.failed || !test_run.count ? 1 : 0;
}

/* The bytes that pairs of hex digits say; out has room for half as many. How many. */
static inline size_t test_unhex(const char *hex, unsigned char *out)
{
	size_t n = 0;

	for (; hex[0] && hex[1]; hex += 2) {
		char pair[3] = {hex[0], hex[1], '\0'};

		out[n++] = (unsigned char)strtoul(pair, NULL, 16);
	}
	return n;
}

#endif
