// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_ATTR_H
#define RLC_ATTR_H

#include "core/base/buf.h"

/*
 * Extended attributes of name in dirfd, a symlink at the end never followed;
 * of the open descriptor itself where name is NULL. dirfd may be AT_FDCWD.
 * They work on old kernels and without /proc (there for what can be opened).
 * Counts or 0, and negative errno: -ENODATA for an attribute that is not there.
 */
ssize_t attr_get(int dirfd, const char *name, const char *attr, void *value, size_t room);
int attr_set(int dirfd, const char *name, const char *attr, const void *value, size_t len);
int attr_remove(int dirfd, const char *name, const char *attr);

/* Adds the value to out, whatever its size (the kernel allows 65536 bytes). */
int attr_read(int dirfd, const char *name, const char *attr, struct buf *out);

/* The names as they stand, into list: the bytes that they take, 0 for none; -ERANGE. */
ssize_t attr_names(int dirfd, const char *name, char *list, size_t room);

/*
 * Adds the names, each ended by NUL, to out (which is left alone where there are none). A file
 * system without attributes has none.
 */
int attr_list(int dirfd, const char *name, struct buf *out);

/*
 * Gives the attributes of one open file that want is for (NULL: all) to another. 0 or negative
 * errno, at the first that cannot be kept.
 */
int attr_copy(int from, int to, bool (*want)(const char *attr));

/* An attribute kept aside stands under this prefix and its own name. */
#define ATTR_KEPT "user.rlc.kept."

/*
 * Whether an attribute says something about ownership in a store of rlc's or
 * others', or belongs to the host: it is never believed from an archive.
 */
bool attr_is_store(const char *attr);

/* Whether an attribute stays out of archives: a store, the overlay's, the host's labels. */
bool attr_is_private(const char *attr);

#endif
