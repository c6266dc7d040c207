// SPDX-License-Identifier: Apache-2.0
#include "applets/lib/text.h"

#include "applets/lib/applet.h"

/* The lowest and highest second byte that may follow a first byte, RFC 3629 section 4. */
static bool second_fits(unsigned char first, unsigned char second)
{
	unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;

	return second >= low && second <= high;
}

size_t utf8_length(const char *s, size_t len)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t i, n = *u < 0x80 ? 1 : *u < 0xc2 ? 0 : *u < 0xe0 ? 2 : *u < 0xf0 ? 3 : 4;

	if (n > len || *u > 0xf4 || (n > 1 && !second_fits(u[0], u[1])))
		return 0;
	for (i = 2; i < n; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* As utf8_length, but 0 for what a terminal obeys: C0, DEL and C1 controls. */
static size_t harmless_length(const char *s, size_t len)
{
	size_t n = utf8_length(s, len);
	unsigned char c = (unsigned char)s[0];

	if ((n == 1 && (c < 0x20 || c == 0x7f)) || (c == 0xc2 && n == 2 && (s[1] & 0xe0) == 0x80))
		return 0;
	return n;
}

/* How much of s needs no escape. */
static size_t plain_length(const char *s, size_t len, bool backslash_too)
{
	size_t all = 0, n;

	while (all < len && (s[all] != '\\' || !backslash_too) &&
		(n = harmless_length(s + all, len - all)) > 0)
		all += n;
	return all;
}

int text_escape(struct buf *out, const char *s, size_t len, bool backslash_too)
{
	int r = 0;

	while (len && r == 0) {
		size_t n = plain_length(s, len, backslash_too);

		if (n) {
			r = buf_add(out, s, n);
		} else {
			n = 1;
			r = buf_addf(out, "\\%03o", (unsigned char)*s);
		}
		s += n;
		len -= n;
	}
	return r;
}

int show_path(struct buf *out, const char *s, size_t len)
{
	return text_escape(out, s, len, true);
}
