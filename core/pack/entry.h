// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_ENTRY_H
#define RLC_ENTRY_H

#include "core/base/err.h"
#include <time.h>

/* An extended attribute. */
struct entry_attr {
	char *name;
	void *value;
	size_t len;
};

/* A run of data in a sparse file. */
struct entry_run {
	int64_t offset, length;
};

/* An entry of an archive as it stands there: nothing in it is to be believed. */
struct entry {
	char *path; /* as written, may be absolute or contain ".."; a directory's may end in '/' */
	char *link; /* target of a symlink or, with hardlink, path of the other name; else NULL */
	bool hardlink;
	mode_t mode; /* type and permissions; the type of a hard link is 0 */
	uint32_t uid, gid;
	char *uname, *gname; /* NULL or "" where the archive has none */
	int64_t size;
	struct timespec mtime, atime, ctime;
	bool has_mtime, has_atime, has_ctime;
	uint32_t major, minor; /* of a device */
	uint32_t nlink;        /* newc only: names this inode has in the archive */
	uint64_t ino;          /* newc only: what ties hard links together */
	struct entry_attr *attrs;
	size_t attr_count;
	struct entry_run *runs; /* of a sparse file, in order; none: all of it is data */
	size_t run_count;
};

#define ENTRY_NONE                                                                                 \
	{                                                                                          \
		.path = NULL                                                                       \
	}
#define cleanup_entry cleanup(entry_free)

/* Adds a copy of an attribute, or replaces the one of that name. 0 or -ENOMEM. */
int entry_add_attr(struct entry *e, const char *name, const void *value, size_t len);

const struct entry_attr *entry_attr(const struct entry *e, const char *name);

/* Adds a run of data. 0 or -ENOMEM. */
int entry_add_run(struct entry *e, int64_t offset, int64_t length);

/* Frees all that e holds and makes it ENTRY_NONE, ready for the next. */
void entry_free(struct entry *e);

#endif
