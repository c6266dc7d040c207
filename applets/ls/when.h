// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_LS_WHEN_H
#define RLC_LS_WHEN_H

#include "applets/lib/show.h"
#include "applets/ls/out.h"

#include <time.h>

/* Times of files as text. The last ones are remembered: files of a tree share them. */
struct when {
	bool full; /* "2026-02-03 04:05:06.000000007 +0100", not "Feb  3 04:05" */
	struct timespec now;
	struct when_known {
		int64_t sec;
		bool known;
		unsigned char len, fraction; /* of the text; where the fraction starts */
		char text[SHOW_TIME_MAX];
	} known[128];
};

/* Looks at the clock; full is the caller's to set. */
void when_start(struct when *w);

/* Prints the time of a file, always in as many columns as usual. */
void when_print(struct when *w, struct out *o, int64_t sec, uint32_t nsec);

/* "?" in the place of a time. */
void when_print_unknown(const struct when *w, struct out *o);

#endif
