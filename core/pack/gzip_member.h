// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_GZIP_MEMBER_H
#define RLC_GZIP_MEMBER_H

#include "core/base/base.h"

/* Makes gzip members (RFC 1952) with no name and no time, each from its own bytes only. */
struct gzip_member;

/* NULL where there is no memory. */
struct gzip_member *gzip_member_new(int level);

/* How many threads may do this at once within 64 MiB: the best levels need 9 MB each. */
int gzip_member_threads(int level);

/* The most bytes that n bytes can become. */
size_t gzip_member_bound(size_t n);

/* Writes a member to out, which has room for the bound; how long it is. */
size_t gzip_member_write(struct gzip_member *g, const void *data, size_t n, void *out, size_t room);

void gzip_member_free(struct gzip_member *g);

#endif
