// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_FUZZ_H
#define RLC_FUZZ_H

#include "core/base/buf.h"

/* A fuzz target is this function; the sanitizers or MUST end it where something is wrong. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Tar headers get their checksums right, or nothing would come past them: a mutated input for
 * LLVMFuzzerCustomMutator, whose size is returned. Blocks are 512 bytes.
 */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed);
size_t tar_mutate(uint8_t *data, size_t size, size_t room);
void tar_set_checksums(uint8_t *data, size_t size);
bool tar_is_header(const uint8_t *block);

/* Ends the run where an invariant does not hold. */
#define MUST(cond) ((cond) ? (void)0 : __builtin_trap())

/* Whether two buffers hold the same bytes. */
static inline bool same_bytes(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && (!a->len || memcmp(a->data, b->data, a->len) == 0);
}

#endif
