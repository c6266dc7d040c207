// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_DIGEST_H
#define RLC_DIGEST_H

#include "core/pack/ring.h"

/* SHA-256 (FIPS 180-4) of blocks, in a thread of its own from the second block on. */
struct hasher;

/* 0, -ENOMEM, or -ENOTSUP where this rlc was built without it. */
int hasher_new(struct hasher **out);

/* Hashes a block, later perhaps; the caller still holds it too. */
void hasher_push(struct hasher *h, struct block *b);

/* Waits for all that was pushed: the digest as 64 hex digits and NUL, the same each time. */
void hasher_hex(struct hasher *h, char hex[65]);

/* The digest of bytes as they come, here and now; used again for one after the other. */
struct digest;

/* As hasher_new. */
int digest_new(struct digest **out);
void digest_start(struct digest *d);
void digest_add(struct digest *d, const void *data, size_t n);
void digest_end(struct digest *d, char hex[65]);
void digest_free(struct digest *d);

/* The digest of n bytes, here and now. 0, or -ENOTSUP. */
int digest_bytes(const void *data, size_t n, char hex[65]);

/*
 * The digest of all that fd still holds, found in this thread; block has room bytes to read into.
 * 0 or negative errno.
 */
int digest_fd(int fd, void *block, size_t room, char hex[65]);

/* Ends the thread, whatever it had left to do. NULL is fine. */
void hasher_free(struct hasher *h);

#endif
