// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_KNOWN_H
#define RLC_KNOWN_H

#include "core/base/base.h"
#include <sys/stat.h>

/*
 * The sums of files that were just written, by inode: whoever needs one again need not read the
 * file. It forgets: its memory is bounded, whatever the number of files.
 */
struct known;

/* NULL where there is no memory. */
struct known *known_new(void);

/* The file st tells has the SHA-256 hex; NULL: what was known of its inode is no longer so. */
void known_add(struct known *k, const struct stat *st, const char *hex);

/* The sum of the file st tells, if neither its size nor its change time has changed; else NULL. */
const char *known_find(const struct known *k, const struct stat *st);

/* NULL is fine. */
void known_free(struct known *k);

#endif
