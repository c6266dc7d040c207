// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_APPLY_H
#define RLC_APPLY_H

#include "core/image/diff.h"
#include "core/image/image.h"

/*
 * Laying the layers that one image has above a common base over another image, as they are. What
 * both changed is found first; lists of records (core/image/records.h) are merged.
 */
enum apply_kind {
	APPLY_CONFLICT, /* both changed it, and not alike; theirs would win */
	APPLY_LOST,     /* what ours changed would be undone */
	APPLY_REFUSED,  /* a database that cannot be merged, or lists that contradict each other */
	APPLY_DATABASE, /* rpm's: what both installed is to be put together by the tree's own tools
			 */
	APPLY_NOTE      /* theirs wins; somebody has to know */
};

/* Told of a path; what is a sentence's end that lives for ever. */
typedef void apply_tell_fn(void *arg, enum apply_kind kind, const char *path, const char *what);

struct apply {
	const struct layout *layout;
	const struct image *ours, *theirs;
	size_t base;     /* how many layers they have in common; see apply_base */
	fault_fn *fault; /* told of entries that no tree could hold */
	apply_tell_fn *tell;
	void *arg;      /* for these */
	json_t *merged; /* paths of lists to be merged; apply_end frees it */
};

/* How many layers two images have in common, from the lowest on. */
size_t apply_base(const struct image *a, const struct image *b);

/* Looks for what both changed, and tells it. 0 or negative errno with err. */
int apply_check(struct apply *a, struct err *err);

/*
 * Merges the lists that apply_check found, and writes them as an archive into out, which stays the
 * caller's to finish. Those that cannot be merged are told, and left out. 0 or negative errno with
 * err.
 */
int apply_write(struct apply *a, struct archive_out *out, struct err *err);

/*
 * The same as a new layer of a layout. As layer_begin and layer_commit otherwise.
 */
int apply_layer(struct apply *a, struct layout *l, enum compression how, struct descriptor *d,
	char diff_id[DIGEST_MAX], struct err *err);

/* Adds their layers above base to ours, with what their history says of these. 0 or -ENOMEM. */
int apply_add_layers(struct image *ours, const struct image *theirs, size_t base);

/* Whether there is something to write. */
bool apply_merges(const struct apply *a);

void apply_end(struct apply *a);

#endif
