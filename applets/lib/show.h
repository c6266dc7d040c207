// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_SHOW_H
#define RLC_SHOW_H

#include "core/base/buf.h"

/* "drwxr-xr-x", as ls shows a mode; '?' for a type that is none. */
void show_mode(mode_t mode, char text[11]);

/* "2026-02-03 04:05:06.000000007 +0100"; seconds since 1970 where no calendar has room. */
enum { SHOW_TIME_MAX = 128 };
void show_time(struct timespec t, char text[SHOW_TIME_MAX]);

/* An inode as --json shows it. */
struct shown {
	const char *path;
	const struct stat *st;
	bool owner_known;         /* false: the record is malformed, the owner is null */
	const char *user, *group; /* NULL: the tree has no name for the number */
	const char *target;       /* of a symlink; NULL for none */
};

/*
 * Adds an object on a line: path, type, mode (octal digits), uid, gid, user, group, size, nlink,
 * ino, mtime (seconds since 1970 with nine decimals), target of a symlink, major and minor of a
 * device. 0 or -ENOMEM.
 */
int show_json(struct buf *out, const struct shown *what);

#endif
