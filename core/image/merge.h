// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_MERGE_H
#define RLC_MERGE_H

#include "core/image/layer.h"
#include "core/pack/archive.h"
#include "core/pack/extract.h"

/*
 * Layers laid over each other without a tree on disk (image-spec, layer.md): of each path only what
 * the highest layer says of it, whiteouts obeyed. Each layer is read twice: headers first, then
 * content.
 */

/* Opens layer number i from its start; called twice for each. As layer_source. */
typedef int merge_open_fn(void *arg, size_t i, struct source **out, struct err *err);

struct merge_options {
	bool whiteouts;  /* layers lie below these: whiteouts that hide nothing here stay */
	fault_fn *fault; /* told of entries that no tree could hold; they are left out */
	merge_open_fn *open;
	void *arg; /* for these */
};

/*
 * Writes count layers, from the lowest on, as one archive: directories before what is in them, a
 * hard link after what it links to, sorted by path. The names of links whose first name is gone
 * are tied to the next one. out stays the caller's to finish. 0 or negative errno with err.
 */
int merge_layers(size_t count, const struct merge_options *options, struct archive_out *out,
	struct err *err);

#endif
