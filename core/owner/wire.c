// SPDX-License-Identifier: Apache-2.0
#include "core/owner/wire.h"

/* The size of the varint that comes next, 0 where it is cut off or too long. */
static size_t varint_size(const struct wire *w)
{
	size_t i, room = MIN((size_t)(w->end - w->at), (size_t)WIRE_VARINT_MAX);

	for (i = 0; i < room; i++)
		if (!(w->at[i] & 0x80))
			return i + 1;
	return 0;
}

/*
 * Reads a varint that has to fit in 32 bits: a key, so that field numbers end at
 * 2^29-1, or a length.
 */
static int next_number(struct wire *w, uint32_t *value, bool *shortest)
{
	size_t i, size = varint_size(w);
	uint64_t v = 0;

	if (!size)
		return -EBADMSG;
	for (i = 0; i < size; i++) {
		uint64_t bits = w->at[i] & 0x7f;

		if (bits && (i > 4 || bits << (i * 7) > UINT32_MAX))
			return -EBADMSG;
		if (bits)
			v |= bits << (i * 7);
	}
	if (size > 1 && !w->at[size - 1])
		*shortest = false;
	w->at += size;
	*value = (uint32_t)v;
	return 0;
}

/* The size of the value that comes next, by the field's type. */
static int value_size(struct wire *w, struct wire_field *field)
{
	uint32_t len = 0;

	switch (field->type) {
	case WIRE_VARINT:
		len = (uint32_t)varint_size(w);
		if (!len)
			return -EBADMSG;
		break;
	case WIRE_64BIT:
		len = 8;
		break;
	case WIRE_32BIT:
		len = 4;
		break;
	case WIRE_BYTES:
		if (next_number(w, &len, &field->shortest) < 0)
			return -EBADMSG;
		break;
	default:
		return -EBADMSG;
	}
	if (len > (size_t)(w->end - w->at))
		return -EBADMSG;
	field->len = len;
	return 0;
}

int wire_next(struct wire *w, struct wire_field *field)
{
	uint32_t key;

	if (w->at == w->end)
		return 0;
	*field = (struct wire_field){.shortest = true};
	if (next_number(w, &key, &field->shortest) < 0)
		return -EBADMSG;
	field->number = key >> 3;
	field->type = key & 7;
	if (field->number < 1 || value_size(w, field) < 0)
		return -EBADMSG;
	field->data = w->at;
	w->at += field->len;
	return 1;
}

size_t wire_put_varint(uint8_t *out, uint64_t value)
{
	size_t n = 0;

	for (; value > 0x7f; value >>= 7)
		out[n++] = (uint8_t)(value | 0x80);
	out[n++] = (uint8_t)value;
	return n;
}
