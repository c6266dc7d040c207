// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_MERGED_H
#define RLC_MERGED_H

#include "core/image/below.h"

/* A directory of an upper tree, and what it lies on. */
struct merged_dir {
	struct dir *dir;
	const struct listing *names; /* in it, sorted */
	const char *path;            /* "a/b", "." for the top */
	const struct below_dir *below;
	bool opaque; /* or in one that is: overlayfs marks the uppermost of them alone */
};

typedef int merged_fn(void *arg, const struct merged_dir *m, struct err *err);

/*
 * Calls each for the directories of upper from the top down, each with what lies below it; what
 * an opaque one hides only where through is set. 0, or negative errno with err, or what each
 * returned.
 */
int merged_walk(const struct tree *upper, const struct below *below, bool through, merged_fn *each,
	void *arg, struct err *err);

#endif
