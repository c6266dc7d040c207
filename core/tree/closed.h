// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_CLOSED_H
#define RLC_CLOSED_H

#include "core/owner/widen.h"
#include "core/tree/tree.h"

/* Directories that have been opened to their owner for a while. Starts as OPENED_NONE. */
struct opened {
	struct widen *at;
	size_t count, room;
};

#define OPENED_NONE                                                                                \
	{                                                                                          \
		NULL, 0, 0                                                                         \
	}
#define cleanup_opened cleanup(opened_undo)

/*
 * As tree_parent, for a clean path ("a/b"), also where the modes of one's own directories stand in
 * the way: they are widened until opened_undo.
 */
int tree_parent_closed(
	const struct tree *t, const char *path, char name[NAME_MAX + 1], struct opened *o);

/* Puts the modes back, the innermost first. */
void opened_undo(struct opened *o);

#endif
