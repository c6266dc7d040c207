// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_IMAGE_TARGET_H
#define RLC_IMAGE_TARGET_H

#include "core/base/err.h"

/* A file that comes to be as a whole or not at all; "-" is standard output. */
struct target {
	const char *path;
	char *aside; /* owned; NULL: what is written straight, as a pipe, a device or a symlink */
	int fd;
};

/* 0 or negative errno. */
int target_open(struct target *t);

/* All is written: syncs it and gives it its name. 0 or negative errno. */
int target_settle(struct target *t);

/* Without target_settle nothing is left of it. */
void target_close(struct target *t);

#endif
