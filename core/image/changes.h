// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_CHANGES_H
#define RLC_CHANGES_H

#include "core/pack/create.h"

/* What became of a path. */
enum change_kind { CHANGE_ADDED, CHANGE_CHANGED, CHANGE_REMOVED };

struct change {
	enum change_kind kind;
	char *path; /* owned; clean, without "/" at the start; "." for the top */
};

/* Sorted by path, components compared by their bytes. */
struct changes {
	struct change *at;
	size_t count, room;
};

#define CHANGES_NONE                                                                               \
	{                                                                                          \
		NULL, 0, 0                                                                         \
	}
#define cleanup_changes cleanup(changes_free)
void changes_free(struct changes *c);

/* Adds a change, in any order and more than once. 0 or -ENOMEM. */
int changes_add(struct changes *c, enum change_kind kind, const char *path);

/* Sorts what was added; of a path that was told more than once one change is left. */
void changes_sort(struct changes *c);

/*
 * Adds (as changed) all directories that are above what changed, up to the top, to what is sorted,
 * and sorts it again: who unpacks the layer by itself has their owners and modes. 0 or -ENOMEM.
 */
int changes_add_parents(struct changes *c);

/* What became of the path, in what is sorted; NULL: nothing. */
const struct change *changes_find(const struct changes *c, const char *path);

/* How a layer is made of changes. */
struct changes_layer {
	const struct tree *tree;
	const struct owners *owners;
	bool clamp;    /* no time later than mtime */
	bool no_holes; /* as create_options has it */
	struct timespec mtime;
	/* The ids that the layer has for those in the tree; may be NULL. */
	struct owner (*inside)(void *arg, struct owner owner);
	fault_fn *fault; /* told of what cannot be read, or have its name in a layer */
	void *arg;
	/* Called when all is in the sink and before it is freed. */
	int (*finished)(void *arg, struct err *err);
};

/*
 * Writes changes as a layer's archive into sink, which it owns from here on: what was added or
 * changed with its owners as the records say, what was removed as whiteouts, of 1970 and before
 * their siblings. A socket, which no layer has, is what was removed. Hard links among them stay
 * links. 0 or negative errno with err.
 */
int changes_write(const struct changes_layer *l, const struct changes *changes, struct sink *sink,
	struct err *err);

#endif
