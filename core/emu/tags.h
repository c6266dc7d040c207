// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_TAGS_H
#define RLC_TAGS_H

#include "core/emu/creds.h"

/*
 * Each guest process bears a number that the kernel itself hands on to its children: a tag in the
 * hard limit of RLIMIT_RTTIME, getrlimit(2). It says which credentials the process has.
 *
 *	tag = era << 16 | index		index: 0 is root as it began; others are the table's
 *					era: counts down from 2^46 with each change
 *	RLIM_INFINITY			nothing has changed: index 0
 *
 * A hard limit can be lowered without privilege, and not be raised: so each new tag of a process is
 * lower than the one that it has. With 2^46 eras a process that changes a million times a second
 * has enough for two years.
 */
enum {
	TAGS_INDICES = 65536,
	TAGS_THREADS = TAGS_INDICES - 1 /* of nobody: each thread has its own, threads.h */
};

static inline unsigned int tags_index(uint64_t tag)
{
	return tag == UINT64_MAX ? 0 : (unsigned int)(tag & (TAGS_INDICES - 1));
}

/*
 * A tag with index (below TAGS_INDICES) that is lower than tag, which may be any limit that a
 * process can have. 0, or -EAGAIN where there is none lower.
 */
int tags_next(uint64_t tag, unsigned int index, uint64_t *next);

/*
 * The table of all different credentials that there are. Safe among threads.
 */
struct tags;

/*
 * Says which indices processes have: for each, TAGS_USE(used, tags_index(its limit)). Called, twice
 * in a row, while the table is full and locked: it must not call this file. It need not know of
 * pinned ones. 0, or negative errno, which then is tags_intern's.
 */
typedef int (*tags_in_use)(void *arg, uint8_t used[TAGS_INDICES / 8]);
#define TAGS_USE(used, index) ((used)[(index) / 8] |= (uint8_t)(1 << (index) % 8))

/* A table in which index 0 is *initial. -ENOMEM. */
int tags_new(const struct creds *initial, struct tags **out);

/* NULL is fine. */
void tags_free(struct tags *t);

/*
 * The index of the credentials, a new one where there is none; index 0 for the initial ones. It is
 * pinned: it stays until as many calls of tags_unpin as of tags_intern, even where no process has
 * it yet. Where all are taken, in_use (NULL: all are in use) tells which can be had again. -EAGAIN:
 * none; -ENOMEM.
 */
int tags_intern(struct tags *t, const struct creds *c, tags_in_use in_use, void *arg);

/* To be called when the tag has been given to a process, or has not. Any index of tags_intern. */
void tags_unpin(struct tags *t, unsigned int index);

/* The credentials of an index. -ENOENT where it is nobody's. */
int tags_get(struct tags *t, unsigned int index, struct creds *out);

#endif
