// SPDX-License-Identifier: Apache-2.0
#include "core/pack/level.h"

#include "core/base/io.h"
#include "core/pack/digest.h"

/* Holes are made of whole pages, and only where a run of zeros is worth one. */
enum { PAGE = 4096, HOLE_MIN = 65536 };

static bool is_zero(const char *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

/* The length of the zeros from p on, in pages (the block's last part counts as one). */
static size_t zero_run(const char *p, size_t n)
{
	size_t run = 0;

	while (run < n && is_zero(p + run, MIN(n - run, (size_t)PAGE)))
		run += MIN(n - run, (size_t)PAGE);
	return run;
}

/* The bytes up to the next run of zeros that is worth a hole. */
static size_t data_run(const char *p, size_t n)
{
	size_t run = 0;

	while (run < n) {
		size_t zeros = zero_run(p + run, n - run);

		if (zeros >= HOLE_MIN)
			return run;
		run += zeros;
		if (run < n)
			run += MIN(n - run, (size_t)PAGE);
	}
	return run;
}

/* *end becomes where the last byte that was really written ends. */
static int write_block(int fd, const char *p, size_t n, int64_t offset, int64_t *end)
{
	while (n) {
		size_t zeros = n >= HOLE_MIN ? zero_run(p, n) : 0;
		size_t data = zeros >= HOLE_MIN ? 0 : n >= HOLE_MIN ? data_run(p, n) : n;
		int r = data ? io_pwrite(fd, p, data, offset) : 0;
		size_t done = data ? data : zeros;

		if (r < 0)
			return r;
		p += done;
		offset += (int64_t)done;
		if (data)
			*end = offset;
		n -= done;
	}
	return 0;
}

/* A hole may be of any length: what has one is not summed. */
static void sum(struct extract *x, const void *block, size_t n, bool hole)
{
	x->summed &= !hole;
	if (x->summed)
		digest_add(x->digest, block, n);
}

int content_write(
	struct extract *x, int fd, const struct entry *e, struct archive_in *data, struct err *err)
{
	int64_t end = 0, written = 0, offset;
	const void *block;
	ssize_t n;
	int r;

	x->summed = x->digest != NULL;
	if (x->digest)
		digest_start(x->digest);
	while ((n = archive_in_data(data, &block, &offset, err)) > 0) {
		if (offset < end || offset > e->size || n > e->size - offset)
			return err_set(err, -EBADMSG, "content outside its size", e->path);
		r = write_block(fd, block, (size_t)n, offset, &written);
		if (r < 0)
			return err_set(err, r, "cannot write", e->path);
		sum(x, block, (size_t)n, offset > end);
		end = offset + n;
	}
	x->summed &= end == e->size;
	if (n < 0)
		return (int)n;
	/* The last block was a hole, and nothing was written for it. */
	if (e->size > written && ftruncate(fd, e->size) < 0)
		return err_set(err, -errno, "cannot write", e->path);
	return 0;
}
