// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_TREE_H
#define RLC_TREE_H

#include "core/base/err.h"
#include "core/owner/names.h"

/*
 * A tree: a directory under which paths are found and never outside it, whatever symlinks and
 * ".." say ("/" is the tree's top, ".." above it stays there). Without a
 * directory it is the caller's own view of the file system.
 */
struct tree {
	int fd; /* AT_FDCWD: the caller's own view */
};

#define TREE_NONE                                                                                  \
	{                                                                                          \
		-1                                                                                 \
	}
#define cleanup_tree cleanup(tree_close)

/* Opens dir as a tree; NULL: the caller's own view. 0 or negative errno with err. */
int tree_open(struct tree *t, const char *dir, struct err *err);

/* The same, and makes dir (not its parents) with mode 0700 where it is missing; *made tells. */
int tree_open_or_make(struct tree *t, const char *dir, bool *made, struct err *err);

/* Makes the directories that path's last component is to be in. 0 or negative errno. */
int tree_make_parents(const char *path);

void tree_close(struct tree *t);

/*
 * Opens path in the tree with open's flags (no O_CREAT; O_CLOEXEC is added). A symlink at the end
 * is followed within the tree unless O_NOFOLLOW is given. Paths may be longer than PATH_MAX. The
 * descriptor or negative errno (-ELOOP after 40 symlinks).
 */
int tree_openat(const struct tree *t, const char *path, int flags);

/*
 * Opens the directory that holds path's last component and copies that component to name
 * ("." where the path ends in "/", "." or ".."). The descriptor (O_PATH where the directory cannot
 * be read) or negative errno.
 */
int tree_parent(const struct tree *t, const char *path, char name[NAME_MAX + 1]);

/* Opens name in dirfd as a directory, not following a symlink; O_PATH where it cannot be read. */
int tree_subdir(int dirfd, const char *name);

/*
 * The names of the tree's users and groups. For the caller's own view: of the nearest directory at
 * or above path that has etc/passwd, the host's root excepted (then there are none: names
 * that hold nobody). 0 or negative errno with err.
 */
int tree_names(const struct tree *t, const char *path, struct names **out, struct err *err);

#endif
