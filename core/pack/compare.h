// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_COMPARE_H
#define RLC_COMPARE_H

#include "core/owner/node.h"
#include "core/pack/archive.h"
#include "core/tree/tree.h"

/* Told of each difference: a sentence's end such as "Mode differs". */
typedef void difference_fn(void *arg, const struct entry *e, const char *difference);

/*
 * Compares an entry (and its content, read from data) with what the tree has under its path. 0
 * whether or not anything differs; negative errno with err where the tree's side cannot be looked
 * at.
 */
int compare_entry(const struct tree *tree, const struct owners *owners, const struct entry *e,
	struct archive_in *data, difference_fn *differs, void *arg, struct err *err);

#endif
