// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_WIRE_H
#define RLC_WIRE_H

#include "core/base/base.h"

/*
 * Protobuf's wire format, field by field. protobuf-c reads the messages; this
 * goes before it where it differs from the specification: it takes the field
 * number 0 when its key is over-long, field numbers above 2^29-1, and no key or
 * length of more than five bytes. https://protobuf.dev/programming-guides/encoding/
 */
enum { WIRE_VARINT = 0, WIRE_64BIT = 1, WIRE_BYTES = 2, WIRE_32BIT = 5 };

/* The most bytes of a varint. */
#define WIRE_VARINT_MAX 10

/* What is still to be read. */
struct wire {
	const uint8_t *at, *end;
};

struct wire_field {
	uint32_t number;     /* 1 to 2^29-1 */
	unsigned int type;   /* one of the four above: groups are malformed */
	const uint8_t *data; /* the value; of WIRE_BYTES without its length */
	size_t len;
	bool shortest; /* key and length have no byte more than they need */
};

/* Reads the next field. 1, 0 at the end, -EBADMSG. */
int wire_next(struct wire *w, struct wire_field *field);

/* Writes a varint in the fewest bytes (at most WIRE_VARINT_MAX): how many. */
size_t wire_put_varint(uint8_t *out, uint64_t value);

#endif
