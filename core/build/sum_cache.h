// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_SUM_CACHE_H
#define RLC_SUM_CACHE_H

#include "core/build/key.h"
#include "core/owner/owners.h"
#include <time.h>

/* Between key.c, key_path.c and sum_cache.c. */

/* Adds an input whose sum is known already. 0 or -ENOMEM. */
int key_add_sum(struct key *k, const char *name, const char *hex);

struct sum_cache {
	int dirfd;
	char *name;              /* owned */
	struct buf known, fresh; /* of struct sum: as read, sorted; those found since */
	struct owners owners;    /* who this process is */
};

enum { SUM_BYTES = 32 };

/* A file by what stat says of it, and its content's SHA-256. In the machine's own byte order. */
struct sum {
	uint64_t dev, ino;
	int64_t size, mtime, ctime; /* in bytes; in nanoseconds */
	unsigned char bytes[SUM_BYTES];
};

/* Whether the file's sum is known; hex gets it. */
bool sum_cache_find(const struct sum_cache *c, const struct stat *st, char hex[65]);

/*
 * Remembers the sum of a file that was read at the time of now, unless a later change could leave
 * it with the same times: a file system's clock ticks every 10 ms, or every 2 s.
 */
void sum_cache_add(
	struct sum_cache *c, const struct stat *st, const struct timespec *now, const char *hex);

/* Remembers it whenever the file changed last: who calls knows that nobody changes it now. */
void sum_cache_note(struct sum_cache *c, const struct stat *st, const char *hex);

#endif
