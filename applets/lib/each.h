// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_EACH_H
#define RLC_EACH_H

#include "applets/lib/context.h"

/* Which symlinks to directories are gone into. */
enum follow { FOLLOW_NONE, FOLLOW_OPERANDS, FOLLOW_ALL };

/* What an applet does with an operand, and where recursive is set with all below it. */
struct each {
	struct context *c;
	bool recursive, quiet; /* quiet: no message where a directory cannot be gone into */
	enum follow follow;

	/*
	 * A second process may visit part of the regular files, where many are found, follow says
	 * none and nothing but the inodes is written to.
	 */
	bool in_two;

	/*
	 * Called for each inode, before a directory's entries; *enter says whether it is gone into
	 * and can be cleared. Called again (v->leaving) after the entries. Returns EXIT_DONE or
	 * EXIT_SOME.
	 */
	int (*visit)(void *arg, const struct visit *v, bool *enter);
	void *arg;
};

/* Walks over the operand and flushes all directories: EXIT_DONE, or EXIT_SOME after messages. */
int each_inode(const struct each *e, const char *operand);

/*
 * Starts dir as the directory that holds what path comes to when all symlinks are followed
 * within the tree, and copies its name in it ("." for dir itself). *real is to be freed after
 * dir_end, also on failure: dir's path stands in it. 0 or negative errno; dir is then not started.
 */
int each_follow(const struct tree *t, const char *path, struct dir *dir, char name[NAME_MAX + 1],
	char **real);

#endif
