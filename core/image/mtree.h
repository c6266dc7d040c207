// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_MTREE_H
#define RLC_MTREE_H

#include "core/image/changes.h"

/*
 * The manifest of a bundle's tree in mtree(5)'s form, as umoci writes and reads it: of each entry
 * type, mode, ids, link count, size, tar_time (whole seconds), link target, device, attributes and
 * the sha256 of a file's content, as the container sees them. Records show as ids; rlc's
 * own attributes and those that never go into a layer do not show.
 */

/* Writes the tree's manifest to fd. 0 or negative errno with err. */
int mtree_write(const struct tree *tree, const struct owners *owners, int fd, struct err *err);

/*
 * Compares the tree with the manifest in fd. stamps (-1: none) is what mtree_stamp wrote: a file
 * whose inode is as it was then is not read. Of a removed directory only itself is told.
 * 0 or negative errno with err (-EBADMSG: the manifest is damaged, with the line).
 */
int mtree_compare(const struct tree *tree, const struct owners *owners, int fd, int stamps,
	struct changes *out, struct err *err);

/*
 * Writes to fd the inode number, change time and size of each file in the tree, by which
 * mtree_compare knows those that nobody touched since. 0 or negative errno with err.
 */
int mtree_stamp(const struct tree *tree, int fd, struct err *err);

#endif
