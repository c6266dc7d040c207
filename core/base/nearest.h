// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_NEAREST_H
#define RLC_NEAREST_H

#include "core/base/base.h"

/*
 * The candidate that a misspelt word most likely meant: the fewest letters to
 * insert, remove, replace or swap with a neighbour, one for each three of the
 * word's at most. Start with the word and its length, try each candidate, take best.
 */
struct nearest {
	const char *word;
	size_t len;
	const char *best; /* NULL where nothing is near */
	size_t distance;  /* of best */
};

void nearest_try(struct nearest *n, const char *candidate);

#endif
