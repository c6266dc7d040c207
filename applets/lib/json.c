// SPDX-License-Identifier: Apache-2.0
#include "applets/lib/applet.h"
#include "applets/lib/text.h"

/* How many bytes at s can be copied into a JSON string as they are. */
static size_t plain_length(const char *s, size_t len)
{
	size_t n = 0, step;

	while (n < len && (unsigned char)s[n] >= 0x20 && s[n] != '"' && s[n] != '\\' &&
		s[n] != 0x7f && (step = utf8_length(s + n, len - n)) != 0)
		n += step;
	return n;
}

static int add_escaped(struct buf *out, unsigned char c)
{
	if (c == '"' || c == '\\')
		return buf_addf(out, "\\%c", c);
	return buf_addf(out, "\\u%04x", c < 0x80 ? c : 0xdc00 + c);
}

int json_quote(struct buf *out, const char *s, size_t len)
{
	int r = buf_adds(out, "\"");

	while (len && r == 0) {
		size_t n = plain_length(s, len);

		r = buf_add(out, s, n);
		s += n;
		len -= n;
		if (len && r == 0) {
			r = add_escaped(out, (unsigned char)*s++);
			len--;
		}
	}
	return r ? r : buf_adds(out, "\"");
}
