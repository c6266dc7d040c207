// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_BUF_H
#define RLC_BUF_H

#include "core/base/base.h"

/*
 * Bytes that grow. A struct buf starts as BUF_NONE; whoever declares it frees
 * it. data always ends in a NUL that len does not count, once anything was added.
 */
struct buf {
	char *data;
	size_t len, room;
	bool failed; /* memory was missing once: who adds many pieces can look at the end */
};

#define BUF_NONE                                                                                   \
	{                                                                                          \
		NULL, 0, 0, false                                                                  \
	}
#define cleanup_buf cleanup(buf_free)

/* Makes room for n bytes after len. 0 or -ENOMEM. */
int buf_reserve(struct buf *b, size_t n);

/* Adds n bytes, a string, or text as printf makes it. 0 or -ENOMEM. */
int buf_add(struct buf *b, const void *data, size_t n);
int buf_adds(struct buf *b, const char *s);
int buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Cuts to len bytes (no more than it has). */
void buf_cut(struct buf *b, size_t len);

void buf_free(struct buf *b);

#endif
