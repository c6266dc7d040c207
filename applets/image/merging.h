// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_IMAGE_MERGING_H
#define RLC_IMAGE_MERGING_H

#include "applets/image/image.h"
#include "core/image/merge.h"

/* What the verbs that merge layers share. */
struct merging {
	struct verb v;
	struct layout layout;
	struct image image;
	int status; /* EXIT_SOME after a fault was told */
};

#define MERGING_NONE                                                                               \
	{                                                                                          \
		.v = VERB_NONE, .layout = LAYOUT_NONE, .image = IMAGE_NONE                         \
	}
#define cleanup_merging cleanup(merging_end)

/* Opens --image. 0 or negative errno with err. */
int merging_open(struct merging *m, enum layout_use use, struct err *err);
void merging_end(struct merging *m);

/*
 * Writes layers first to end as one archive into sink, which it finishes and owns; those below
 * first are looked at. finished (may be NULL) is called between the two. 0 or negative errno with
 * err.
 */
int merging_write(struct merging *m, size_t first, size_t end, struct sink *sink,
	int (*finished)(void *arg, struct err *err), void *arg, struct err *err);

/* Tells an entry's fault: a fault_fn. */
void merging_fault(void *merging, struct err *err);

#endif
