// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_SHARED_H
#define RLC_SHARED_H

#include "core/image/changes.h"
#include <sys/stat.h>

/* The names of inodes that have several, in a tree that is compared. Starts as SHARED_NONE. */
struct shared {
	struct shared_name {
		dev_t dev;
		ino_t ino;
		char *path;
	} * at;
	size_t count, room;
};

#define SHARED_NONE                                                                                \
	{                                                                                          \
		NULL, 0, 0                                                                         \
	}
void shared_free(struct shared *s);

/* Notes a name of the inode where it may have others. 0 or -ENOMEM. */
int shared_note(struct shared *s, const struct stat *st, const char *path);

/*
 * Where one name of an inode is told (c is sorted, and is so afterwards), all are: links stay
 * links. 0 or -ENOMEM.
 */
int shared_tell(struct shared *s, struct changes *c);

#endif
