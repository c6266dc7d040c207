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

/* What became of the path, in what is sorted; NULL: nothing. */
const struct change *changes_find(const struct changes *c, const char *path);

/*
 * Writes the changes of a tree as a layer's archive into sink, which it owns from here on: what
 * was added or changed with its owners as the records say, what was removed as whiteouts, before
 * their siblings. Hard links among them stay links; a link to a file that did not change brings
 * that file along. masked (may be NULL) says which paths are left out. fault is told of what cannot
 * be read. finished (may be NULL) is called when all is in the sink and before it is freed. 0 or
 * negative errno with err.
 */
int changes_write(const struct tree *tree, const struct owners *owners,
	const struct changes *changes, struct sink *sink,
	bool (*masked)(void *arg, const char *path), fault_fn *fault,
	int (*finished)(void *arg, struct err *err), void *arg, struct err *err);

#endif
