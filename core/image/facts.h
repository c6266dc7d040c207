// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_FACTS_H
#define RLC_FACTS_H

#include "core/image/diff.h"
#include "core/image/merge_tree.h"

/* What diff.c and facts.c have in common. */
struct facts {
	struct merge_tree *tree;
	uint32_t *by_parent; /* all that is there, those of one directory together */
	size_t count;
};

/* Takes what is kept of a place; the caller frees fact->entry. 0 or negative errno. */
int facts_get(struct facts *f, uint32_t id, struct fact *fact);

/* The names of a directory, sorted. */
struct child {
	char *name; /* owned */
	uint32_t id;
};
struct children {
	struct child *at;
	size_t count;
};
int facts_children(struct facts *f, uint32_t dir, struct children *out);
void facts_children_free(struct children *c);

#endif
