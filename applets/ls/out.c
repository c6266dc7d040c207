// SPDX-License-Identifier: Apache-2.0
#include "applets/ls/out.h"

#include <stdio.h>

void out_flush(struct out *o)
{
	fwrite(o->data, 1, o->len, stdout);
	o->len = 0;
}

void out_bytes(struct out *o, const char *s, size_t len)
{
	if (len > sizeof(o->data) - o->len)
		out_flush(o);
	if (len > sizeof(o->data)) {
		fwrite(s, 1, len, stdout);
		return;
	}
	memcpy(o->data + o->len, s, len);
	o->len += len;
}

void out_text(struct out *o, const char *s)
{
	out_bytes(o, s, strlen(s));
}

void out_char(struct out *o, char c)
{
	if (o->len == sizeof(o->data))
		out_flush(o);
	o->data[o->len++] = c;
}

void out_spaces(struct out *o, size_t n)
{
	while (n--)
		out_char(o, ' ');
}

static void right(struct out *o, const char *s, size_t len, size_t width)
{
	if (len < width)
		out_spaces(o, width - len);
	out_bytes(o, s, len);
}

void out_right(struct out *o, const char *s, size_t width)
{
	right(o, s, strlen(s), width);
}

void out_number(struct out *o, uint64_t n, size_t width)
{
	struct digits d;

	digits_of(&d, n);
	right(o, d.start, d.len, width);
}

void digits_of(struct digits *d, uint64_t n)
{
	char *at = d->text + sizeof(d->text) - 1;

	*at = '\0';
	do
		*--at = (char)('0' + n % 10);
	while (n /= 10);
	d->start = at;
	d->len = (size_t)(d->text + sizeof(d->text) - 1 - at);
}
