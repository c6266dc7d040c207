// SPDX-License-Identifier: Apache-2.0
/* A command in one text, split into words. */
#include "core/build/fields.h"

/*
 * Adds the part of a word that begins at *p and moves *p behind it. Within double quotes a
 * backslash counts only before a quote or another backslash.
 */
static int add_part(const char **p, struct buf *word)
{
	char quote = **p;

	if (quote == '\\') {
		*p += 2;
		return (*p)[-1] ? buf_add(word, *p - 1, 1) : -EINVAL;
	}
	if (quote != '\'' && quote != '"')
		return buf_add(word, (*p)++, 1);
	for (++*p; **p != quote; ++*p) {
		if (quote == '"' && **p == '\\' && ((*p)[1] == '"' || (*p)[1] == '\\'))
			++*p;
		if (!**p)
			return -EINVAL;
		if (buf_add(word, *p, 1) < 0)
			return -ENOMEM;
	}
	++*p;
	return buf_add(word, "", 0);
}

int words_split(const char *text, struct strings *out)
{
	static const char blanks[] = " \t\r\n";

	for (;;) {
		cleanup_buf struct buf word = BUF_NONE;

		text += strspn(text, blanks);
		if (!*text)
			return 0;
		while (*text && !strchr(blanks, *text)) {
			int code = add_part(&text, &word);

			if (code < 0)
				return code;
		}
		if (strings_add(out, word.data) < 0)
			return -ENOMEM;
	}
}
