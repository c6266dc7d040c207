// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_UPPER_H
#define RLC_UPPER_H

#include "core/image/image.h"
#include "core/pack/create.h"

/* How the upper directory of an overlay becomes a layer. */
struct upper_options {
	const struct owners *owners;
	/*
	 * The layers below, as store_layers gives them, from the directory lowers_at on: overlayfs
	 * calls each new directory opaque, a layer only those that hide something. NULL: all.
	 */
	const char *lowers;
	int lowers_at;
	enum compression how;
	bool no_holes; /* as create_options has it */
	bool settle; /* what was packed gets the times that the layer has: then it is as unpacked */
	bool clamp;  /* no time later than mtime */
	struct timespec mtime;
	/* As create_options has them; wrap (may be NULL) may put a sink of its own before *sink. */
	bool (*want)(void *arg, const char *path);
	struct owner (*inside)(void *arg, struct owner owner);
	int (*wrap)(void *arg, struct sink **sink);
	fault_fn *fault;
	void *arg;
};

/*
 * Writes what is in upper, the top of an overlay's upper directory, as a layer: whiteouts and
 * opaque directories of overlayfs (user.overlay.*) as OCI has them; a file that is called as a
 * layer calls whiteouts (".wh.") is a fault. 1 with the layer's descriptor and the digest of its
 * archive; 0 where upper is empty and there is no layer; negative errno with err.
 */
int upper_pack(struct layout *l, const struct tree *upper, const struct upper_options *o,
	struct descriptor *d, char diff_id[DIGEST_MAX], struct err *err);

#endif
