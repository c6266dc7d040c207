// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_BUILD_KEY_H
#define RLC_BUILD_KEY_H

#include "core/base/buf.h"
#include "core/base/err.h"

/*
 * What an image is made of, as a list of named inputs: two lists that are equal are of the same
 * image, and where they differ it can be said by what. Text of lines "NAME\tSHA256-OF-VALUE\n".
 */
struct key {
	struct buf text;
};

#define KEY_NONE                                                                                   \
	{                                                                                          \
		BUF_NONE                                                                           \
	}
#define cleanup_key cleanup(key_free)
void key_free(struct key *k);

/* Adds an input; name is for people: "run", "import /home/u/file". 0 or -ENOMEM. */
int key_add(struct key *k, const char *name, const void *value, size_t len);
int key_adds(struct key *k, const char *name, const char *value); /* NULL is not "" */

/* Sums of files by what stat says of them: dev, inode, size, times of content and of change. */
struct sum_cache;

/* Reads them from the file, if it is there and sound. *out is never NULL but for -ENOMEM. */
int sum_cache_open(int dirfd, const char *name, struct sum_cache **out);
/*
 * Writes them with those found since, aside and renamed; a fault is no one's concern. Those of
 * files that nobody asked for go when they are too many. Frees it.
 */
void sum_cache_close(struct sum_cache *c);

/*
 * Adds all that is at path, a file or a directory with all below it: names, types, content, modes,
 * owners as records say, link targets, device numbers, attributes; no times. Where path itself is a
 * symlink it is followed, and its text counts too. What may not be read counts by what stat says of
 * it: inode number, size, times of content and of change. What changes while it is read is -EAGAIN.
 * 0 or negative errno with err.
 */
int key_add_path(
	struct key *k, const char *name, const char *path, struct sum_cache *c, struct err *err);

/* The digest of the list. 0 or -ENOMEM. */
int key_hex(const struct key *k, char hex[65]);

/*
 * Adds to why, separated by ", ", the names of inputs that are not alike in both: "run", "import
 * FILE (new)", "environment A (gone)". 0 or -ENOMEM.
 */
int key_differs(const struct buf *old, const struct buf *now, struct buf *why);

#endif
