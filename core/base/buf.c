// SPDX-License-Identifier: Apache-2.0
#include "core/base/buf.h"

#include <stdarg.h>
#include <stdio.h>

static int lacking(struct buf *b)
{
	b->failed = true;
	return -ENOMEM;
}

int buf_reserve(struct buf *b, size_t n)
{
	size_t want, room = b->room ? b->room : 64;
	char *data;

	if (__builtin_add_overflow(b->len, n, &want) || __builtin_add_overflow(want, 1, &want))
		return lacking(b);
	if (want <= b->room)
		return 0;
	while (room < want)
		if (__builtin_mul_overflow(room, 2, &room))
			return lacking(b);
	data = realloc(b->data, room);
	if (!data)
		return lacking(b);
	b->data = data;
	b->room = room;
	return 0;
}

int buf_add(struct buf *b, const void *data, size_t n)
{
	if (buf_reserve(b, n) < 0)
		return -ENOMEM;
	if (n)
		memcpy(b->data + b->len, data, n);
	b->len += n;
	b->data[b->len] = '\0';
	return 0;
}

int buf_adds(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

int buf_addf(struct buf *b, const char *fmt, ...)
{
	cleanup_free char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0) {
		text = NULL;
		return lacking(b);
	}
	return buf_add(b, text, (size_t)n);
}

void buf_cut(struct buf *b, size_t len)
{
	if (len >= b->len)
		return;
	b->len = len;
	b->data[len] = '\0';
}

void buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf)BUF_NONE;
}
