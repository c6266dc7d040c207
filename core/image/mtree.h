// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_MTREE_H
#define RLC_MTREE_H

#include "core/image/changes.h"
#include "core/image/known.h"

/*
 * The manifest of a bundle's tree in mtree(5)'s form, as umoci writes and reads it: of each entry
 * type, mode, ids, link count, size, tar_time (whole seconds), link target, attributes and
 * the sha256 of a file's content. All of it is as the tree has it on disk, records and the
 * directories' maps among the attributes, for that is what umoci compares.
 */

/* A tree, and how its ids look from where umoci would look at it. */
struct mtree_view {
	const struct tree *tree;
	struct owner mine, outside; /* the caller's own ids, here and before it entered a user
				       namespace of its own */
};

/*
 * Writes the tree's manifest to fd. To stamps (-1: nowhere) goes what mtree_compare knows files by
 * that nobody touched since: inode number, change time and size. What known (NULL: nothing) has the
 * sum of is not read. 0 or negative errno with err.
 */
int mtree_write(const struct mtree_view *view, int fd, int stamps, const struct known *known,
	struct err *err);

/*
 * Compares the tree with the manifest in fd. stamps (-1: none) is what mtree_write wrote with it: a
 * file that is as it was then is not read. Of a removed directory only itself is told. Where a hard
 * link is new, the names of its inode that did not change are told as changed, so that they stay
 * links. Owners that a directory's map keeps are told for the entries they are of. 0 or
 * negative errno with err (-EBADMSG: the manifest is damaged, with the line).
 */
int mtree_compare(
	const struct mtree_view *view, int fd, int stamps, struct changes *out, struct err *err);

/* Reading a manifest: the keywords of an entry that rlc knows. */
struct mtree_entry {
	char *name; /* owned; one component, "." for the top */
	mode_t type, mode;
	uint32_t uid, gid;
	uint64_t nlink;
	int64_t size, time;
	uint32_t major, minor;    /* of a device */
	char *link;               /* owned */
	char sum[65];             /* lower case */
	struct entry_attr *attrs; /* owned; sorted by name */
	size_t attr_count;
	unsigned int has; /* MTREE_... */
};

enum {
	MTREE_TYPE = 1,
	MTREE_MODE = 2,
	MTREE_UID = 4,
	MTREE_GID = 8,
	MTREE_NLINK = 16,
	MTREE_SIZE = 32,
	MTREE_TIME = 64,
	MTREE_LINK = 128,
	MTREE_SUM = 256,
	MTREE_DEVICE = 512 /* rlc's alone: umoci does not tell devices apart */
};

struct mtree_in;

/* fd stays the caller's. 0 or -ENOMEM. */
int mtree_in_open(int fd, struct mtree_in **out);

enum mtree_event { MTREE_END, MTREE_ENTRY, MTREE_UP };

/*
 * The next entry (e is valid until the next call), the end of a directory, or of the manifest;
 * negative errno with err.
 */
int mtree_in_next(struct mtree_in *in, const struct mtree_entry **e, struct err *err);

void mtree_in_free(struct mtree_in *in);

#endif
