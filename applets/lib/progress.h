// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_PROGRESS_H
#define RLC_PROGRESS_H

#include "applets/lib/applet.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

/*
 * How far long work is, on standard error where that is a terminal: what, how much of how much, how
 * fast, how long still. The line comes after some time, is drawn anew in a thread of its own, and
 * goes when the work ends. Its cursor rests at its start, so that a message overwrites it.
 * Elsewhere nothing is shown.
 */
struct progress {
	atomic_ullong done; /* bytes; whoever works adds to it */
	uint64_t total;     /* 0: nobody knows */
	const struct applet *self;
	const char *what;
	struct timespec start;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t end;
	bool running, ended;
};

/* Starts; what ("unpacking") lives as long as it. */
void progress_start(
	struct progress *p, const struct applet *self, const char *what, uint64_t total);

/* Takes the line away. Fine where it was never started (all zero). */
void progress_end(struct progress *p);

/* The line's text for so many bytes done after so many milliseconds; for it and for tests. */
int progress_text(const struct progress *p, uint64_t done, uint64_t ms, char *text, size_t room);

#endif
