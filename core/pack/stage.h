// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_STAGE_H
#define RLC_STAGE_H

#include "core/pack/ring.h"
#include "core/pack/stream.h"

/*
 * What stages have in common; outside core/pack only those who make stages of their own need it.
 *
 * A stage gives and takes whole blocks, which may have other holders: none changes a block that
 * it was given. Every source's first block holds at least 4 bytes unless that is all there is,
 * so that a format can be told from it. Every block that goes into a chain of sinks by sink_write
 * is full but the last.
 */

#define STREAM_BLOCK (256 * 1024)

struct source_ops {
	/* 1 and *b, which the caller holds then; 0 at the end; negative errno. */
	int (*next)(struct source *s, struct block **b);
	/* Makes a next() that waits in another thread return soon; may be NULL. */
	void (*stop)(struct source *s);
	/* Frees all but s->inner and s itself; may be NULL. */
	void (*free)(struct source *s);
};

struct source {
	const struct source_ops *ops;
	struct source *inner;
	struct pool *pool;
	struct block *first; /* looked at by source_peek, not given yet */
	struct block *given; /* to the caller of source_next */
	int ended;           /* 1: the end was seen, negative errno: failed */
	const char *why;
};

/* Makes a stage of size bytes around inner, which is freed on failure. 0 or -ENOMEM. */
int source_new(
	const struct source_ops *ops, size_t size, struct source *inner, struct source **out);

/* The next block, as ops->next, but that end and failure come again and again. */
int source_block(struct source *s, struct block **b);

/* The first block, which source_block will give all the same; s still holds it. */
int source_peek(struct source *s, struct block **b);

void source_stop(struct source *s);

/* Notes why it failed and returns code. */
int source_fail(struct source *s, int code, const char *why);

/* source_memory in blocks of that many bytes, at least 4; for tests. */
int source_memory_blocks(const void *data, size_t n, size_t block, struct source **out);

/* What a decompressor reads from: n bytes at p, of a block that it holds. */
struct input {
	struct source *from;
	struct block *block;
	const unsigned char *p;
	size_t n;
};

/* Sees to it that there are bytes: 1, 0 at the end, or negative errno. */
int input_more(struct input *in);

/*
 * A decompressor. fill adds to b->len until that is room and returns 1 then, 0 at the end of
 * its data (what follows there is not read by it), or negative errno with *why saying why; in
 * both cases b may have got the last of the bytes.
 */
struct decoder_ops {
	int (*make)(void **state); /* 0 or -ENOMEM */
	int (*fill)(void *state, struct input *in, struct block *b, size_t room, const char **why);
	void (*free)(void *state);
};

extern const struct decoder_ops gzip_decoder, zstd_decoder;

/* Puts a decompressor around inner, which runs ahead in a thread. As the constructors. */
int source_decode(struct source *inner, const struct decoder_ops *ops, struct source **out);

struct sink_ops {
	/* Takes a block; the caller still holds it. 0 or negative errno. */
	int (*push)(struct sink *s, struct block *b);
	/* Takes bytes as they are instead; may be NULL. */
	int (*write)(struct sink *s, const void *data, size_t n);
	/* Pushes what it still has into s->inner, which is finished afterwards; may be NULL. */
	int (*finish)(struct sink *s);
	/* Ends its threads; s->inner is freed afterwards; may be NULL. */
	void (*stop)(struct sink *s);
	/* Frees all but s->inner and s itself, after inner has been freed; may be NULL. */
	void (*free)(struct sink *s);
};

struct sink {
	const struct sink_ops *ops;
	struct sink *inner;
	struct pool *pool;     /* of blocks that sink_write fills */
	struct block *filling; /* not full yet */
	int failed;
	bool finished;
};

int sink_new(const struct sink_ops *ops, size_t size, struct sink *inner, struct sink **out);

/* Gives a block to a stage; the caller still holds it. */
int sink_push(struct sink *s, struct block *b);

#ifdef CONFIG_GZIP_ZLIB
#define SINK_GZIP_LEVEL_MAX 9
#else
#define SINK_GZIP_LEVEL_MAX 12
#endif

/* The constructors behind sink_compress: level is in range, threads at least 1. */
int sink_gzip(struct sink *inner, int level, int threads, struct sink **out);
int sink_zstd(struct sink *inner, int level, int threads, struct sink **out);

#endif
