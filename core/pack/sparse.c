// SPDX-License-Identifier: Apache-2.0
#include "core/pack/create.h"

/*
 * Where a file has holes depends on the file system that it lies on. An archive must not, so only
 * the content counts: a hole is a MiB or more of zeros, in pages of 4 KiB.
 */
enum { PAGE = 4096, HOLE_MIN = 1 << 20, BLOCK = 1 << 18 };

/* What readers take at the most: from there on holes are written as zeros. */
enum { RUNS_MAX = 65536 };

struct runs {
	struct entry_run *at;
	size_t count, room;
};

static int note_data(struct runs *runs, int64_t offset, int64_t length)
{
	struct entry_run *last = runs->count ? &runs->at[runs->count - 1] : NULL;
	int64_t end = last ? last->offset + last->length : 0;

	if (last && (offset - end < HOLE_MIN || runs->count == RUNS_MAX)) {
		last->length = offset + length - last->offset;
		return 0;
	}
	if (runs->count == runs->room) {
		size_t room = runs->room ? runs->room * 2 : 16;
		struct entry_run *at = reallocarray(runs->at, room, sizeof(*at));

		if (!at)
			return -ENOMEM;
		runs->at = at;
		runs->room = room;
	}
	if (offset - end < HOLE_MIN) {
		length += offset - end;
		offset = end;
	}
	runs->at[runs->count++] = (struct entry_run){offset, length};
	return 0;
}

static bool is_zero(const char *p, size_t n)
{
	return p[0] == 0 && memcmp(p, p + 1, n - 1) == 0;
}

static int scan_block(struct runs *runs, const char *block, int64_t offset, size_t n)
{
	for (size_t at = 0; at < n; at += PAGE) {
		size_t part = MIN(n - at, (size_t)PAGE);

		if (!is_zero(block + at, part) &&
			note_data(runs, offset + (int64_t)at, (int64_t)part) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int scan(int fd, struct runs *runs, char *block, int64_t from, int64_t to)
{
	while (from < to) {
		ssize_t n = pread(fd, block, (size_t)MIN(to - from, (int64_t)BLOCK), from);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		if (scan_block(runs, block, from, (size_t)n) < 0)
			return -ENOMEM;
		from += n;
	}
	return 0;
}

static int scan_extents(int fd, int64_t size, struct runs *runs)
{
	cleanup_free char *block = malloc(BLOCK);
	int64_t at = 0;
	int r = block ? 0 : -ENOMEM;

	while (r == 0 && at < size) {
		int64_t data = lseek(fd, at, SEEK_DATA), hole;

		if (data < 0)
			return errno == ENXIO ? 0 : -errno;
		data &= ~(int64_t)(PAGE - 1);
		hole = lseek(fd, MAX(data, at), SEEK_HOLE);
		if (hole < 0)
			return -errno;
		hole = MIN(hole, size);
		r = scan(fd, runs, block, MAX(data, at), hole);
		at = MAX(hole, at + 1);
	}
	return r;
}

/* A last hole that is not worth one belongs to the data before it. */
static int close_end(struct runs *runs, int64_t size)
{
	struct entry_run *last = runs->count ? &runs->at[runs->count - 1] : NULL;
	int64_t end = last ? last->offset + last->length : 0;

	if (last && size - end < HOLE_MIN)
		last->length = size - last->offset;
	return 0;
}

int sparse_runs(int fd, int64_t size, struct entry_run **out, size_t *count)
{
	struct runs runs = {NULL, 0, 0};
	int r = scan_extents(fd, size, &runs);

	if (r == 0)
		r = close_end(&runs, size);
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	if (r < 0) {
		free(runs.at);
		return r;
	}
	*out = runs.at;
	*count = runs.count;
	return 0;
}
