// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_MTREE_INODE_H
#define RLC_MTREE_INODE_H

#include "core/image/mtree.h"

/* An inode as a manifest has it. Starts as {0}; mtree_inode_free. */
struct mtree_inode {
	struct stat st; /* with the ids seen from outside */
	char *link;
	struct entry attrs; /* nothing but its attributes counts; sorted */
};

/* Attributes of what is no regular file and no directory do not count, nor do they for umoci. */
int mtree_inode_read(const struct mtree_view *view, int dirfd, const char *name,
	const struct stat *st, const char *path, struct mtree_inode *out, struct err *err);

void mtree_inode_free(struct mtree_inode *i);

/* Whether attributes, which are sorted, say the same of their inodes. */
bool mtree_same_attrs(
	const struct entry_attr *a, size_t a_count, const struct entry_attr *b, size_t b_count);

#endif
