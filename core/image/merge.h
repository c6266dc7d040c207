// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_MERGE_H
#define RLC_MERGE_H

#include "core/pack/archive.h"
#include "core/pack/extract.h"

/*
 * Layers laid over each other without a tree on disk (image-spec, layer.md): of each path only what
 * the highest layer says of it, whiteouts obeyed, symlinks on the way followed: extracted, the
 * result is what the layers are, extracted one after the other. Each layer is read twice:
 * headers first, then content. At most two million names, in 84 MiB.
 */

/* Opens layer number i from its start; called twice for each. As layer_source. */
typedef int merge_open_fn(void *arg, size_t i, struct source **out, struct err *err);

struct merge_options {
	size_t first;    /* layers below this number stay as they are: see merge_layers */
	fault_fn *fault; /* told of entries that no tree could hold; they are left out */
	merge_open_fn *open;
	void *arg;     /* for these */
	bool no_holes; /* sparse files are written as long as they are, in zeros */
};

/*
 * Writes count layers, from the lowest on, as one archive that can be laid over those below
 * options->first (0: it stands alone and has no whiteouts); these are read too, for what the
 * others remove or go through. Whiteouts come first, then entries in the order in which the
 * layers have them, directories before what is in them, hard links after what they link to. The
 * names of links whose first name is gone are tied to the next one. out stays the caller's to
 * finish. 0 or negative errno with err.
 */
int merge_layers(size_t count, const struct merge_options *options, struct archive_out *out,
	struct err *err);

#endif
