// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_FUZZ_H
#define RLC_FUZZ_H

#include "core/base/buf.h"

/* A fuzz target is this function; the sanitizers or MUST end it where something is wrong. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the run where an invariant does not hold. */
#define MUST(cond) ((cond) ? (void)0 : __builtin_trap())

/* Whether two buffers hold the same bytes. */
static inline bool same_bytes(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && (!a->len || memcmp(a->data, b->data, a->len) == 0);
}

#endif
