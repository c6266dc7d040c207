// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_STAMPS_H
#define RLC_STAMPS_H

#include "core/base/base.h"

/*
 * What the files of a tree looked like when a manifest was written: inode number, change time and
 * size, by the path's hash, as in git's index. A file that still looks so has the content that it
 * had then.
 *
 * That is only so if any later change gives it another change time. So a file that changed in the
 * very tick of the clock in which the walk began, or later, is never believed; nor is
 * anything once the clock stands before that time, or on a file system that knows whole
 * seconds alone, or beside another manifest.
 */
struct stamps;

/* Stamps to be written to fd, an empty file in the tree's own file system. 0 or negative errno. */
int stamps_start(int fd, struct stamps **out);

/* Before the file is read. 0 or -ENOMEM. */
int stamps_add(struct stamps *s, const char *path, const struct stat *st);

/* Writes them; manifest is the whole manifest that they belong to. 0 or negative errno. */
int stamps_write(struct stamps *s, int manifest);

/*
 * Reads stamps that belong to manifest. Those of another, or damaged ones, count for nothing: then
 * *out is NULL. 0 or -ENOMEM.
 */
int stamps_read(int fd, int manifest, struct stamps **out);

/* Whether the file is as it was. s may be NULL. */
bool stamps_match(const struct stamps *s, const char *path, const struct stat *st);

void stamps_free(struct stamps *s);

#endif
