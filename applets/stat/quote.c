// SPDX-License-Identifier: Apache-2.0
#include "applets/stat/stat.h"

#include "applets/lib/text.h"

/* How many bytes at s (which is not empty) a shell and a terminal take as they are; 0: escape. */
static size_t plain_length(const char *s)
{
	size_t n = utf8_length(s, strlen(s));
	unsigned char c = (unsigned char)*s;

	if (n == 1 && (c < 0x20 || c == 0x7f))
		return 0;
	if (n == 2 && c == 0xc2 && (unsigned char)s[1] < 0xa0)
		return 0;
	return n;
}

/* Whether the name means the same between double quotes, and single ones would not do. */
static bool wants_double(const char *name)
{
	const char *s;

	if (!strchr(name, '\'') || strpbrk(name, "\"\\$`!&()*;<=>[^|?{}"))
		return false;
	for (s = name; *s; s++)
		if ((unsigned char)*s < 0x20 || (unsigned char)*s > 0x7e ||
			(s > name && (*s == '#' || *s == '~')))
			return false;
	return true;
}

static int add_escape(struct buf *out, unsigned char c)
{
	static const char letters[] = "abtnvfr";

	if (c >= '\a' && c <= '\r')
		return buf_addf(out, "\\%c", letters[c - '\a']);
	return buf_addf(out, "\\%03o", c);
}

/* Bytes that are escaped stand in $'...' between the quoted rest. */
static int add_single(struct buf *out, const char *s)
{
	bool escaping = false;
	int r = buf_adds(out, "'");

	while (*s && r == 0) {
		size_t n = plain_length(s);

		if (!n != escaping)
			r = buf_adds(out, n ? "''" : "'$'");
		escaping = !n;
		if (r == 0 && n)
			r = *s == '\'' ? buf_adds(out, "'\\''") : buf_add(out, s, n);
		else if (r == 0)
			r = add_escape(out, (unsigned char)*s);
		s += n ? n : 1;
	}
	return r < 0 ? r : buf_adds(out, "'");
}

int quote_add(struct buf *out, const char *name)
{
	return wants_double(name) ? buf_addf(out, "\"%s\"", name) : add_single(out, name);
}
