// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_LS_OUT_H
#define RLC_LS_OUT_H

#include "core/base/base.h"

/*
 * Standard output for what is printed millions of times: pieces are put together here and
 * handed to stdio in large blocks. What could not be written stdio remembers.
 */
struct out {
	size_t len;
	char data[32768];
};

void out_flush(struct out *o);

void out_bytes(struct out *o, const char *s, size_t len);
void out_text(struct out *o, const char *s);
void out_char(struct out *o, char c);
void out_spaces(struct out *o, size_t n);

/* The text at the right end of width columns. */
void out_right(struct out *o, const char *s, size_t width);
void out_number(struct out *o, uint64_t n, size_t width);

/* The decimal digits of n, which end at text's last byte but one (a NUL). */
struct digits {
	char text[24];
	const char *start;
	size_t len;
};

void digits_of(struct digits *d, uint64_t n);

#endif
