// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_TEXT_H
#define RLC_TEXT_H

#include "core/base/buf.h"

/*
 * How many bytes the UTF-8 character at s has (1 to 4), 0 where there is none:
 * overlong forms, surrogates and what is over U+10FFFF are none (RFC 3629).
 * len is what s has, at least 1.
 */
size_t utf8_length(const char *s, size_t len);

/* show_path, with or without escaping backslashes. */
int text_escape(struct buf *out, const char *s, size_t len, bool backslash_too);

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
