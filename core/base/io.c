// SPDX-License-Identifier: Apache-2.0
#include "core/base/io.h"

int io_write(int fd, const void *data, size_t n)
{
	const char *p = data;

	while (n) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

int io_pwrite(int fd, const void *data, size_t n, off_t offset)
{
	const char *p = data;

	while (n) {
		ssize_t done = pwrite(fd, p, n, offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		p += done;
		offset += done;
		n -= (size_t)done;
	}
	return 0;
}

ssize_t io_read(int fd, void *data, size_t n)
{
	size_t have = 0;

	while (have < n) {
		ssize_t done = read(fd, (char *)data + have, n - have);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		if (done == 0)
			break;
		have += (size_t)done;
	}
	return (ssize_t)have;
}

int io_read_all(int fd, struct buf *b, size_t max)
{
	for (;;) {
		ssize_t done;

		if (b->len > max)
			return -EFBIG;
		if (buf_reserve(b, 16384) < 0)
			return -ENOMEM;
		done = io_read(fd, b->data + b->len, 16384);
		if (done < 0)
			return (int)done;
		if (done == 0)
			return b->len > max ? -EFBIG : 0;
		b->len += (size_t)done;
		b->data[b->len] = '\0';
	}
}
