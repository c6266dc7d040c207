// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_IO_H
#define RLC_IO_H

#include "core/base/buf.h"

/* Writes all n bytes, however often write(2) stops short. 0 or negative errno. */
int io_write(int fd, const void *data, size_t n);

/* Writes all n bytes at offset. 0 or negative errno. */
int io_pwrite(int fd, const void *data, size_t n, off_t offset);

/* Reads until n bytes are there or the end comes: the number read, or negative errno. */
ssize_t io_read(int fd, void *data, size_t n);

/* Adds all that fd still holds to b; -EFBIG where that is more than max bytes. */
int io_read_all(int fd, struct buf *b, size_t max);

#endif
