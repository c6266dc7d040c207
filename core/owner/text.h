// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_OWNER_TEXT_H
#define RLC_OWNER_TEXT_H

#include "core/base/base.h"

/* Text that is still to be read; it need not end in NUL. */
struct text {
	const char *at, *end;
};

static inline struct text text_of(const char *s, size_t len)
{
	return (struct text){s, len ? s + len : s};
}

/* Takes the character c, or the word: whether it was there. */
bool text_char(struct text *t, char c);
bool text_word(struct text *t, const char *word);

/*
 * Takes the digits that come next as a number of that base (2 to 16, lower
 * case): whether there is one, and it is not above max.
 */
bool text_number(struct text *t, unsigned int base, uint64_t max, uint64_t *value);
bool text_u32(struct text *t, uint32_t *value);

/* Whether nothing is left. */
static inline bool text_end(const struct text *t)
{
	return t->at == t->end;
}

#endif
