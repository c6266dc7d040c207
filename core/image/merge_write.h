// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_MERGE_WRITE_H
#define RLC_MERGE_WRITE_H

#include "core/base/buf.h"
#include "core/image/merge.h"
#include "core/image/merge_tree.h"

/* Writes what is in a settled tree. */
struct merge_writer {
	struct merge_tree *tree;
	const struct merge_options *options;
	struct archive_out *out;
	uint32_t *order; /* places to be written; of each what merge_turn says is not less than of
			    the one before */
	size_t count, next;
	uint32_t *ends; /* of each layer, the number of its last entry */
	uint32_t in;    /* the directory whose path this is, with "/" behind it */
	struct buf path;
	struct err *err;
};

/* The entry at which a place is written. */
uint32_t merge_turn(const struct merge_tree *t, uint32_t id);

/* 0 or negative errno. */
int merge_writer_start(struct merge_writer *w);
void merge_writer_end(struct merge_writer *w);

/* Whiteouts, and the directories that these lie in. */
int merge_write_whiteouts(struct merge_writer *w);

/* All that is due at entry number now, which is e. */
int merge_write_entry(
	struct merge_writer *w, uint32_t now, struct entry *e, struct archive_in *data);

#endif
