// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_POINTS_H
#define RLC_POINTS_H

#include "core/tree/tree.h"

/*
 * Mount points that a tree lacks are made, and removed when the last that uses them has ended. So
 * that this happens also after a kill, an attribute of the tree's top lists them ("INODE PATH",
 * each ended by NUL); a lock on each says that somebody uses it. Only what is empty and has the
 * inode number of the list is removed.
 */
#define POINTS_ATTR "user.rlc.points"

/* The list where the top can have no attribute: memory that two processes share. */
struct points_aside {
	size_t len;
	char text[16384 - sizeof(size_t)];
};
struct points_aside *points_aside(void); /* NULL: no memory */

struct points {
	struct tree tree; /* not owned */
	struct points_aside
		*aside; /* not owned; NULL: where no attribute can be, nothing is made */
	bool make;      /* false: what is missing is an error */
	int *held;      /* locks, as long as this process lives */
	size_t count;
	dev_t own[8]; /* file systems in memory that were made for the guest: made in freely */
	size_t own_count;
};

#define POINTS_NONE                                                                                \
	{                                                                                          \
		.tree = TREE_NONE                                                                  \
	}

/*
 * Opens (O_PATH) path in the tree, where something is to be mounted: a directory, or anything else.
 * Symlinks stay in the tree. What is missing is made with its parents. The
 * descriptor or negative errno with err (-EXDEV: it is missing in what was mounted into the tree).
 */
int points_open(struct points *p, const char *path, bool is_dir, struct err *err);

/* Says that the file system of fd was made for the guest alone. */
void points_own(struct points *p, int fd);

/* Removes from the tree what was made and nobody uses; aside may be NULL. 0 or negative errno. */
int points_remove(const struct tree *tree, struct points_aside *aside);

/* Closes the locks. */
void points_free(struct points *p);

#endif
