// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_STORES_H
#define RLC_STORES_H

#include "applets/setattr/setattr.h"

/* Another program's store, while a tree is gone through. */
struct exchange {
	struct setattr *s;
	const struct store *store;
	struct fakeroot_line *lines; /* of a save file that was read, sorted; owned */
	size_t line_count;
	void *out;       /* FILE: a save file that is written */
	size_t known;    /* inodes that the store said something of */
	size_t left_out; /* owners that the store cannot keep */
};

struct store {
	const char *name;

	/* What it says of an inode: 1, 0 for nothing, negative errno. */
	int (*read)(const struct exchange *x, const struct dir *dir, const char *name,
		const struct stat *real, struct foreign *f);

	/* Writes what the inode is: 1, 0 where it cannot say that, negative errno. */
	int (*write)(const struct exchange *x, const struct visit *v, const struct node *node,
		const struct foreign *f);
};

/* NULL where there is none of that name. */
const struct store *store_find(const char *name);

/* Reads, or begins to write, the file of a store that has one. EXIT_DONE, or EXIT_SOME after a
 * message. */
int fakeroot_open(struct exchange *x, bool write);
int fakeroot_close(struct exchange *x, int status);

int fakeroot_read(const struct exchange *x, const struct dir *dir, const char *name,
	const struct stat *real, struct foreign *f);
int fakeroot_write(const struct exchange *x, const struct visit *v, const struct node *node,
	const struct foreign *f);

/*
 * Makes name in dir, a regular file, what mode's type says: a FIFO, a socket, or a symlink to
 * what stands in it. 0 or negative errno; -EINVAL where it cannot be that.
 */
int replace_by_special(
	const struct dir *dir, const char *name, const struct stat *real, mode_t mode);

/* Makes name in dir a regular file that holds the symlink's target, or nothing. 0 or negative
 * errno. */
int replace_by_file(const struct dir *dir, const char *name, const struct stat *real);

#endif
