// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_STAT_H
#define RLC_STAT_H

#include "applets/lib/context.h"

/* A file, with all that a format may show of it. */
struct subject {
	const char *path;         /* as it was given */
	const struct stat *st;    /* as the container sees it */
	bool owner_known;         /* false: the record is malformed */
	const char *user, *group; /* NULL: the tree has no name for the number */
	const char *target;       /* of a symlink; NULL for none */
	struct timespec birth;    /* tv_nsec is -1 where it is not known */
};

/*
 * Adds what format says of the file: %-directives of stat(1) with flags, width and precision; with
 * escapes, backslashes as printf(1) knows them. 0 or -ENOMEM.
 */
int format_add(struct buf *out, const char *format, bool escapes, const struct subject *s);

/*
 * Adds the name so that a shell takes it as one word: 'name', "it's" and 'a'$'\n''b'. 0 or
 * -ENOMEM.
 */
int quote_add(struct buf *out, const char *name);

#endif
