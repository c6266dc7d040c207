// SPDX-License-Identifier: Apache-2.0
#include "core/owner/text.h"

bool text_char(struct text *t, char c)
{
	if (t->at == t->end || *t->at != c)
		return false;
	t->at++;
	return true;
}

bool text_word(struct text *t, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(t->end - t->at) < len || memcmp(t->at, word, len) != 0)
		return false;
	t->at += len;
	return true;
}

/* The value of a digit; 16 where it is none. */
static unsigned int digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned int)(c - 'a') + 10;
	return 16;
}

bool text_number(struct text *t, unsigned int base, uint64_t max, uint64_t *value)
{
	const char *start = t->at;
	uint64_t v = 0;

	for (; t->at < t->end && digit(*t->at) < base; t->at++)
		if (__builtin_mul_overflow(v, base, &v) ||
			__builtin_add_overflow(v, digit(*t->at), &v) || v > max)
			return false;
	*value = v;
	return t->at != start;
}

bool text_u32(struct text *t, uint32_t *value)
{
	uint64_t v;

	if (!text_number(t, 10, UINT32_MAX, &v))
		return false;
	*value = (uint32_t)v;
	return true;
}
