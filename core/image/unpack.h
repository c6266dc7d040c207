// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_UNPACK_H
#define RLC_UNPACK_H

#include "core/image/changes.h"
#include "core/image/image.h"
#include "core/pack/extract.h"

/* How layers become a tree. */
struct unpack_options {
	const struct owners *owners;
	enum whiteouts whiteouts;
	bool keep_dirlinks; /* a directory does not replace a symlink to one */
	/* The ids to give for those that the layer has; OWNER_KEEP: there are none; may be NULL. */
	struct owner (*outside)(void *arg, struct owner inside);
	fault_fn *fault;             /* told of entries that failed; the work goes on */
	filled_fn *filled;           /* may be NULL */
	void *arg;                   /* for these */
	struct changes *directories; /* those that the layers have get in here; may be NULL */
};

/*
 * Puts layers first to end (not counted) of the image into the tree. 0 or negative errno with err.
 */
int image_unpack(const struct layout *l, const struct image *i, size_t first, size_t end,
	const struct tree *tree, const struct unpack_options *o, struct err *err);

/*
 * Makes of the new directory fd the top of a layer's own tree. An overlay shows the uppermost top,
 * whatever that layer says of it, which often is nothing: it is like below, the top of the layer
 * below; with -1 0755 and of 1970, the same wherever it is unpacked. 0 or negative errno with err.
 */
int layer_top(int below, int fd, struct err *err);

/*
 * The same for all directories of a layer's own tree that lies over lowers (as below_open has
 * them): an overlay shows the uppermost's owner, mode, times and attributes. Those that the layer
 * does not describe (directories, sorted, are those that it does) are like what is below, and all
 * know the owners of what they are merged with.
 */
int layer_inherit(const struct tree *top, const char *lowers, int lowers_at,
	const struct changes *directories, bool records, struct err *err);

#endif
