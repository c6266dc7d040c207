// SPDX-License-Identifier: Apache-2.0
#include "core/image/vis.h"

static bool stands_for_itself(unsigned char c, bool equals)
{
	return c > ' ' && c < 0x7f && !strchr("*?[#", c) && !(equals && c == '=');
}

int vis_add(struct buf *out, const char *text, size_t n, bool equals)
{
	if (buf_reserve(out, 4 * n + 1) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];
		char octal[] = {'\\', (char)('0' + (c >> 6)), (char)('0' + (c >> 3 & 7)),
			(char)('0' + (c & 7))};

		if (c == '\\')
			buf_add(out, "\\\\", 2);
		else if (stands_for_itself(c, equals))
			buf_add(out, text + i, 1);
		else
			buf_add(out, octal, sizeof octal);
	}
	return 0;
}

/* Up to three octal digits: how many were there. */
static size_t read_octal(const char *text, size_t n, unsigned int *value)
{
	size_t i = 0;

	for (*value = 0; i < 3 && i < n && text[i] >= '0' && text[i] <= '7'; i++)
		*value = *value * 8 + (unsigned int)(text[i] - '0');
	return i;
}

/* What follows a backslash: how many characters it takes, 0 where it is nothing known. */
static size_t read_escape(const char *text, size_t n, unsigned int *value)
{
	static const char letters[] = "nrbavtfsE", means[] = "\n\r\b\a\v\t\f \033";
	const char *letter;

	if (n == 0)
		return 0;
	if (*text >= '0' && *text <= '7')
		return read_octal(text, n, value);
	letter = *text ? strchr(letters, *text) : NULL;
	*value = (unsigned char)(letter ? means[letter - letters] : *text);
	return letter || *text == '\\' || *text == '"' ? 1 : 0;
}

int vis_read(struct buf *out, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned int value = (unsigned char)text[i];
		char c;

		if (text[i] == '\\') {
			size_t taken = read_escape(text + i + 1, n - i - 1, &value);

			if (taken == 0)
				return -EBADMSG;
			i += taken;
		}
		if (value == 0 || value > 0xff)
			return -EBADMSG;
		c = (char)value;
		if (buf_add(out, &c, 1) < 0)
			return -ENOMEM;
	}
	return 0;
}

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int base64_add(struct buf *out, const void *data, size_t n)
{
	const unsigned char *p = data;

	if (buf_reserve(out, (n + 2) / 3 * 4 + 1) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < n; i += 3) {
		unsigned int three = (unsigned int)p[i] << 16;
		char four[4];

		if (i + 1 < n)
			three |= (unsigned int)p[i + 1] << 8;
		if (i + 2 < n)
			three |= p[i + 2];
		for (size_t k = 0; k < 4; k++)
			four[k] = i + k > n ? '=' : base64_digits[three >> (18 - 6 * k) & 63];
		buf_add(out, four, 4);
	}
	return 0;
}

int base64_read(struct buf *out, const char *text, size_t n)
{
	if (n % 4)
		return -EBADMSG;
	for (size_t i = 0; i < n; i += 4) {
		size_t pad = i + 4 < n ? 0 : (text[i + 3] == '=') + (text[i + 2] == '=');
		unsigned int three = 0;
		char bytes[3];

		for (size_t k = 0; k < 4 - pad; k++) {
			const char *digit = text[i + k] ? strchr(base64_digits, text[i + k]) : NULL;

			if (!digit)
				return -EBADMSG;
			three |= (unsigned int)(digit - base64_digits) << (18 - 6 * k);
		}
		for (size_t k = 0; k < 3; k++)
			bytes[k] = (char)(three >> (16 - 8 * k));
		if (text[i + 3] != '=' && pad)
			return -EBADMSG;
		if (buf_add(out, bytes, 3 - pad) < 0)
			return -ENOMEM;
	}
	return 0;
}
