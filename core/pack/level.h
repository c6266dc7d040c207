// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_LEVEL_H
#define RLC_LEVEL_H

#include "core/pack/extract.h"

/*
 * The directories from the tree's top down to where entries are being made. A directory gets its
 * mode and times when it is left, by its own descriptor, so that nothing is looked up again later
 * and memory does not grow with the archive.
 */
struct level {
	struct dir dir;
	char *path; /* owned; dir.path */
	char *name; /* owned; as the archive calls it */
	dev_t dev;
	ino_t ino;
	bool set_mode, set_times;
	bool hands_down;      /* an ACL or a group to what is made in it */
	bool described;       /* by an entry; else it only gets back what it had */
	mode_t mode, inherit; /* to be set when it is left; as it is now */
	gid_t gid;
	struct timespec times[2];
};

struct levels {
	struct level *at;
	size_t depth, room;
};

struct extract {
	const struct tree *tree;
	const struct owners *owners;
	const struct extract_options *options;
	struct levels levels;
	struct marks *marks;   /* NULL: the tree was empty, so there is no lower layer */
	struct marks *awaited; /* newc: inodes whose content comes later; NULL: none yet */
	bool privileged;       /* modes do not stand in this process's way */
	bool top_described;    /* the archive has an entry for the top itself */
	bool aliased;          /* a directory is open twice, by way of a symlink */
	struct digest *digest; /* NULL: no sums are wanted */
	bool summed;           /* digest has had all that content_write wrote */
};

/* The innermost directory. */
static inline struct level *level_top(struct extract *x)
{
	return &x->levels.at[x->levels.depth - 1];
}

/*
 * Goes to the directory of the first n components of parts (each ends in NUL, one behind the
 * other), leaving others on the way. Missing ones are made where make is set, else -ENOENT.
 * Symlinks on the way are followed within the tree. 0 or negative errno with err.
 */
int level_go(struct extract *x, const char *parts, size_t n, bool make, struct err *err);

/*
 * Goes into fd (owned from here on), the directory name in the innermost one. path (owned from
 * here on) is its path where it is not that, but behind a symlink; else NULL.
 */
int level_push(struct extract *x, int fd, const char *name, char *path, struct err *err);

/*
 * After each entry: where a symlink has led back into an open directory, all but the top are left,
 * since what each of them remembers may no longer be so.
 */
void level_rest(struct extract *x);

/* Leaves the innermost directory: its map, mode and times are written; faults are told. */
void level_pop(struct extract *x);

/* Whether a directory leaves its ACL, or a group that is not this user's, to what is made in it. */
bool level_hands_down(const struct extract *x, const struct level *l);

/*
 * Takes from the new inode fd (of name in the innermost directory where fd is -1) what that
 * directory handed down and no archive said. 0 or negative errno.
 */
int level_shed(struct extract *x, int fd, const char *name);

/* Whether st is an empty file that an earlier entry left to be filled by a later one. */
bool level_awaits(const struct extract *x, const struct stat *st);
int level_await(struct extract *x, int fd);

/* Tells a fault and frees it. */
void extract_fault(const struct extract *x, struct err *err);

/*
 * What this archive has put into the tree: a set of names in directories, so that whiteouts remove
 * only what was there before.
 */
struct marks *marks_new(void);
int marks_add(struct marks *m, dev_t dev, ino_t dir, const char *name);
bool marks_has(const struct marks *m, dev_t dev, ino_t dir, const char *name);
void marks_free(struct marks *m);

/*
 * Acts on a whiteout: name is what follows ".wh." in the innermost directory. 0 or negative
 * errno with err.
 */
int whiteout_apply(struct extract *x, const char *name, struct err *err);

/* Removes all of the innermost directory that this archive has not put there. */
int whiteout_opaque(struct extract *x, struct err *err);

/* Whether name in the innermost directory is overlayfs's whiteout, where those are wanted. */
bool whiteout_stands(const struct extract *x, const char *name);

/* Owner, attributes, and where needed mode of what was just made; fd -1 for what has no descriptor.
 */
int meta_apply(struct extract *x, const struct entry *e, const char *name, int fd, struct err *err);

/* The permissions that an entry gets. */
mode_t meta_mode(const struct extract *x, const struct entry *e);

/* Removes the attributes of a directory that an entry gives new ones to. */
int meta_clear(struct dir *dir, struct err *err);

/* Writes the entry's content to fd, leaving holes where there is nothing but zeros. */
int content_write(
	struct extract *x, int fd, const struct entry *e, struct archive_in *data, struct err *err);

#endif
