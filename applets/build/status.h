// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_BUILD_STATUS_H
#define RLC_BUILD_STATUS_H

#include "applets/build/work.h"

/*
 * One line at the foot of what a build writes, on a terminal: what is being done, and for how long.
 * It comes after some time, is drawn anew each second, and goes when the build ends.
 */
struct status {
	bool wanted, drawn;
	bool again;   /* it was drawn, and something else was written there */
	int64_t next; /* when it is drawn, in milliseconds of status_now() */
};

/* As options and the terminal say. */
struct status status_begin(const struct work *w);

/* Milliseconds on a clock that only goes forward. */
int64_t status_now(void);

/* How long there is nothing to draw, in milliseconds, as poll(2) has it: -1 for ever. */
int status_wait(const struct status *s);

/* Adds "NAME M:SS": that runs since then. */
void status_add(struct buf *line, const char *name, int64_t since);

/* Shows the line, where it is time to, or it was cleared. */
void status_draw(struct status *s, const struct buf *line);

/* Before anything else is written, and at the end. */
void status_clear(struct status *s);

#endif
