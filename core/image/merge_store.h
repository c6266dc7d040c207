// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_MERGE_STORE_H
#define RLC_MERGE_STORE_H

#include "core/base/base.h"

/*
 * Pieces of bytes that are kept until all is done: the first few MiB in memory, the rest in a file
 * without a name, so that an image of any size needs the same memory. At most 4 GiB.
 */
struct merge_store;

/* 0 or -ENOMEM. */
int merge_store_new(struct merge_store **out);

/* Keeps n bytes, n at most 1 MiB: *at is where. 0, -EFBIG, -ENOMEM, or what the file failed with.
 */
int merge_store_add(struct merge_store *s, const void *data, size_t n, uint32_t *at);

/* Reads up to n of the bytes from at on; what is behind the last piece is zeros. 0 or -errno. */
int merge_store_read(struct merge_store *s, uint32_t at, void *data, size_t n);

void merge_store_free(struct merge_store *s);

#endif
