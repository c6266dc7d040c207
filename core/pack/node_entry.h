// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_NODE_ENTRY_H
#define RLC_NODE_ENTRY_H

#include "core/owner/node.h"
#include "core/pack/entry.h"

/*
 * Fills e from a node: type, permissions, ids, times, size, a symlink's target, device numbers and
 * the attributes that belong into an archive (those kept aside under their own names, capabilities
 * as version 2, sorted). e->path is the caller's. 0 or negative errno with err.
 */
int node_entry(struct dir *dir, const char *name, const struct node *node, struct entry *e,
	struct err *err);

#endif
