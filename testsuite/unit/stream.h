// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_TEST_STREAM_H
#define RLC_TEST_STREAM_H

#include "core/base/buf.h"
#include "core/base/io.h"
#include "core/pack/stage.h"
#include "testsuite/unit/test.h"
#include <sys/mman.h>

/* Bytes that compress to about half and do not repeat. */
static inline void fill(struct buf *b, size_t n)
{
	uint32_t x = 1;

	if (buf_reserve(b, n) < 0)
		abort();
	for (size_t i = 0; i < n; i++) {
		x = x * 1664525 + 1013904223;
		b->data[i] = (char)(x >> 28);
	}
	b->len = n;
}

static inline bool same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && (!a->len || memcmp(a->data, b->data, a->len) == 0);
}

static inline void add(struct buf *b, const void *data, size_t n)
{
	if (buf_add(b, data, n) < 0)
		abort();
}

#define ADD(b, s) add(b, s, sizeof(s) - 1)

/* Reads s to its end into out and frees it: 0 or what went wrong. */
static inline int drain(struct source *s, struct buf *out, const char **why)
{
	const void *block;
	ssize_t n;

	while ((n = source_next(s, &block)) > 0)
		add(out, block, (size_t)n);
	if (source_next(s, &block) != n)
		abort(); /* the end and a failure stay what they are */
	*why = n < 0 ? source_why(s) : NULL;
	source_free(s);
	return (int)n;
}

/* Decompresses bytes that come in blocks of some size. */
static inline int unpack_blocks(
	const struct buf *in, size_t block, struct buf *out, const char **why)
{
	enum compression found;
	struct source *s;
	int r = source_memory_blocks(in->data, in->len, block, &s);

	*why = NULL;
	r = r < 0 ? r : source_decompress(s, &found, &s);
	return r < 0 ? r : drain(s, out, why);
}

static inline int unpack(const struct buf *in, struct buf *out)
{
	const char *why;
	int r = unpack_blocks(in, STREAM_BLOCK, out, &why);

	if (r < 0 && !why)
		abort(); /* every failure has its words */
	return r;
}

struct how {
	enum compression compression;
	int level, threads;
	size_t writes;
};

static inline int write_all(struct sink *s, const struct buf *in, size_t writes)
{
	int r = 0;

	for (size_t at = 0; at < in->len && r == 0; at += writes)
		r = sink_write(s, in->data + at, MIN(writes, in->len - at));
	return r < 0 ? r : sink_finish(s);
}

static inline int pack_to(int fd, const struct buf *in, struct how how)
{
	struct sink *s;
	int r = sink_fd(fd, &s);

	r = r < 0 ? r : sink_compress(s, how.compression, how.level, how.threads, &s);
	if (r < 0)
		return r;
	r = write_all(s, in, how.writes ? how.writes : 65536);
	if (sink_finish(s) != r)
		r = 1; /* a failure stays */
	sink_free(s);
	return r;
}

static inline int pack(const struct buf *in, struct how how, struct buf *out)
{
	cleanup_fd int fd = memfd_create("packed", MFD_CLOEXEC);
	int r = pack_to(fd, in, how);

	lseek(fd, 0, SEEK_SET);
	return r < 0 ? r : io_read_all(fd, out, SIZE_MAX / 2);
}

static const char *name_of(enum compression c)
{
	static const char *const names[] = {"none", "gzip", "zstd"};

	return names[c];
}

static inline bool built(enum compression how)
{
#ifdef CONFIG_GZIP
	if (how == COMPRESS_GZIP)
		return true;
#endif
#ifdef CONFIG_ZSTD
	if (how == COMPRESS_ZSTD)
		return true;
#endif
	return how == COMPRESS_NONE;
}

/* fork(2); what this process has printed is not printed by the child, too. */
static inline pid_t fork_child(void)
{
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child < 0)
		abort();
	return child;
}

#endif
