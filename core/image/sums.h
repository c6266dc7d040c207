// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_SUMS_H
#define RLC_SUMS_H

#include "core/base/buf.h"
#include "core/base/err.h"

/*
 * SHA-256 of many files, in threads beside the walk that finds them. Files wait in batches with
 * a text that goes with them; batches come back in their order. A hard-linked inode is read once.
 */
struct sums;

enum { SUM_HEX = 64, SUMS_FILES = 32 };

struct sum_file {
	size_t at; /* of it in the batch's text */
	char hex[SUM_HEX + 1];
	/* private */
	int fd, code;
	const char *path; /* for messages; owned */
	uint64_t number;  /* of an inode with several names, from 1; else 0 */
	bool again;       /* it was met before */
};

struct sum_batch {
	struct buf text;
	struct sum_file files[SUMS_FILES];
	size_t count;
	/* private */
	int64_t bytes;
	enum { SUM_FILLING, SUM_WAITING, SUM_WORKING, SUM_READY } state;
};

/* Gets each batch, with all sums, in the thread that called. 0, or negative errno with err. */
typedef int sums_done_fn(void *arg, struct sum_batch *b, struct err *err);

/* Starts as many threads as there are processors, four at the most. 0 or negative errno. */
int sums_start(sums_done_fn *done, void *arg, struct sums **out);

/* The text of the batch that is being filled; it may be another after sums_pass. */
struct buf *sums_text(struct sums *s);

/*
 * Opens the regular file name in dirfd, which must still be the inode st tells, and lets its sum be
 * found; at belongs to the caller. *now (may be NULL) is what fstat said of it. 0 or
 * negative errno with err.
 */
int sums_add(struct sums *s, int dirfd, const char *name, const struct stat *st, size_t at,
	const char *path, struct stat *now, struct err *err);

/* Hands the batch over where it is full: call it after each entry. 0 or negative errno with err. */
int sums_pass(struct sums *s, struct err *err);

/* Hands over what is left and waits for all. 0 or negative errno with err. */
int sums_finish(struct sums *s, struct err *err);

/* Ends the threads. NULL is fine. */
void sums_free(struct sums *s);

#endif
