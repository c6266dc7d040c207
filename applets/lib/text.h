// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_TEXT_H
#define RLC_TEXT_H

#include "core/base/buf.h"

/*
 * How many bytes the UTF-8 character at s has (1 to 4), 0 where there is none:
 * overlong forms, surrogates and what is over U+10FFFF are none (RFC 3629).
 * len is what s has, at least 1.
 */
size_t utf8_length(const char *s, size_t len);

/* show_path, with or without escaping backslashes. */
int text_escape(struct buf *out, const char *s, size_t len, bool backslash_too);

#endif
