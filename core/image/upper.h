// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_UPPER_H
#define RLC_UPPER_H

#include "core/image/image.h"
#include "core/pack/create.h"

/* How the upper directory of an overlay becomes a layer. */
struct upper_options {
	const struct owners *owners;
	/* The layers below, as store_layers gives them, from the directory lowers_at on; NULL:
	 * none. */
	const char *lowers;
	int lowers_at;
	enum compression how;
	bool no_holes; /* as create_options has it */
	/*
	 * Nobody but who had it mounted changed it; what was packed gets the times that the layer
	 * has: then it is as unpacked.
	 */
	bool settle;
	bool clamp; /* no time later than mtime */
	struct timespec mtime;
	bool (*want)(void *arg, const char *path); /* whether a change is told; NULL: all are */
	/* As create_options has them; wrap (may be NULL) may put a sink of its own before *sink. */
	struct owner (*inside)(void *arg, struct owner owner);
	int (*wrap)(void *arg, struct sink **sink);
	fault_fn *fault;
	void *arg;
};

/*
 * Writes what upper, the top of an overlay's upper directory, changes in the layers below, as
 * changes_write does: the layer is the one that a comparison of whole trees would make. 1 with its
 * descriptor and the digest of its archive; 0 where nothing is changed and there is no layer;
 * negative errno with err.
 */
int upper_pack(struct layout *l, const struct tree *upper, const struct upper_options *o,
	struct descriptor *d, char diff_id[DIGEST_MAX], struct err *err);

#endif
