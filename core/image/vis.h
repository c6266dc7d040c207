// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_VIS_H
#define RLC_VIS_H

#include "core/base/buf.h"

/*
 * Adds n bytes as mtree(5) has names: what is no printing ASCII character, white space and the
 * characters of shell patterns as \ooo, a backslash as two (vis(3), VIS_OCTAL, VIS_GLOB and
 * VIS_WHITE). Also '=' where equals is set. 0 or -ENOMEM.
 */
int vis_add(struct buf *out, const char *text, size_t n, bool equals);

/*
 * Adds the bytes that n characters of such text stand for. 0; -EBADMSG for what is no such text or
 * stands for a NUL; -ENOMEM.
 */
int vis_read(struct buf *out, const char *text, size_t n);

/* Adds n bytes in base64 with its padding (RFC 4648). 0 or -ENOMEM. */
int base64_add(struct buf *out, const void *data, size_t n);

/* Adds the bytes that n characters of base64 with padding stand for. 0, -EBADMSG or -ENOMEM. */
int base64_read(struct buf *out, const char *text, size_t n);

#endif
