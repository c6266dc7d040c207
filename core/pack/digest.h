// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_DIGEST_H
#define RLC_DIGEST_H

#include "core/base/base.h"

/* SHA-256 (FIPS 180-4) */

/*
 * The digest of bytes as they come, here and now; used again for one after the other. As 64 hex
 * digits and NUL.
 */
struct digest;

/* 0, -ENOMEM, or -ENOTSUP where this rlc was built without it. */
int digest_new(struct digest **out);
void digest_start(struct digest *d);
void digest_add(struct digest *d, const void *data, size_t n);
void digest_end(struct digest *d, char hex[65]);
void digest_free(struct digest *d);

/* 32 bytes as 64 digits and NUL. */
void digest_text(const uint8_t raw[32], char hex[65]);

/* The digest of n bytes, here and now. 0, or -ENOTSUP. */
int digest_bytes(const void *data, size_t n, char hex[65]);

/*
 * The digest of all that fd still holds, found in this thread; block has room bytes to read into.
 * 0 or negative errno.
 */
int digest_fd(int fd, void *block, size_t room, char hex[65]);

#endif
