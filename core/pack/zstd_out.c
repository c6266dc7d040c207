// SPDX-License-Identifier: Apache-2.0
/* zstd (RFC 8878) compressed by the library's own threads. */
#include "core/pack/stage.h"

#ifdef CONFIG_ZSTD
#include <zstd.h>
#include <zstd_errors.h>

/*
 * How much is one job: by the level alone, for the bytes depend on it. The library's own
 * jobs of 8 MiB and more take over 64 MiB for two threads; with these what comes out is up to
 * one per cent longer.
 */
static int zstd_job(int level)
{
	return level < 5 ? 4 * 1024 * 1024 : 2 * 1024 * 1024;
}

/* How much of the job before it a job sees: half a window, or as much as the library likes. */
static int zstd_overlap(int level)
{
	return level < 5 || level > 9 ? 0 : 8;
}

/* How many threads there may be; up to level 9 so few that 64 MiB are enough for all. */
static int zstd_threads(int level, int wanted)
{
	int most = level > 9 ? 8 : level < 9 ? 3 : 2;

	return MIN(wanted, most);
}

struct zstd_out {
	struct sink stage;
	ZSTD_CCtx *context;
	struct pool *pool; /* of blocks for what comes out */
	struct block *b;   /* the one that is filled */
};

static void *no_work(void *arg)
{
	return arg;
}

/* To the library, a thread that cannot be started is memory that is not there. */
static int no_thread(void)
{
	pthread_t thread;
	int r = thread_start(&thread, no_work, NULL);

	if (r == 0)
		pthread_join(thread, NULL);
	return r;
}

static int zstd_failed(size_t code)
{
	int r = no_thread();

	if (r < 0)
		return r;
	return ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation ? -ENOMEM : -EIO;
}

/* Hands on what has come out. 0 or negative errno. */
static int zstd_flush(struct zstd_out *z)
{
	struct block *b = z->b;
	int r;

	z->b = NULL;
	r = b->len ? sink_push(z->stage.inner, b) : 0;
	block_drop(b);
	return r;
}

/* One step: what the library has left to do with this input or to end, or negative errno. */
static ssize_t zstd_step(struct zstd_out *z, ZSTD_inBuffer *from, ZSTD_EndDirective end)
{
	int r = z->b ? 0 : pool_take(z->pool, &z->b);
	ZSTD_outBuffer to;
	size_t left;

	if (r < 0)
		return r;
	to = (ZSTD_outBuffer){.dst = z->b->data, .size = STREAM_BLOCK, .pos = z->b->len};
	left = ZSTD_compressStream2(z->context, &to, from, end);
	if (ZSTD_isError(left))
		return zstd_failed(left);
	z->b->len = to.pos;
	if (to.pos == to.size)
		r = zstd_flush(z);
	return r < 0 ? r : (ssize_t)(end == ZSTD_e_end ? left : from->size - from->pos);
}

static int zstd_push(struct sink *s, struct block *b)
{
	ZSTD_inBuffer from = {.src = b->data, .size = b->len, .pos = 0};
	ssize_t r;

	do
		r = zstd_step((struct zstd_out *)s, &from, ZSTD_e_continue);
	while (r > 0);
	return (int)r;
}

/* The end comes without input: with some, a short input would be compressed another way. */
static int zstd_finish(struct sink *s)
{
	struct zstd_out *z = (struct zstd_out *)s;
	ZSTD_inBuffer from = {.src = NULL, .size = 0, .pos = 0};
	ssize_t r;

	do
		r = zstd_step(z, &from, ZSTD_e_end);
	while (r > 0);
	if (r == 0 && z->b)
		r = zstd_flush(z);
	return (int)r;
}

static void zstd_stop(struct sink *s)
{
	struct zstd_out *z = (struct zstd_out *)s;

	ZSTD_freeCCtx(z->context);
	block_drop(z->b);
}

static void zstd_free(struct sink *s)
{
	pool_free(((struct zstd_out *)s)->pool);
}

static const struct sink_ops zstd_ops = {
	.push = zstd_push, .finish = zstd_finish, .stop = zstd_stop, .free = zstd_free};

static bool zstd_set(ZSTD_CCtx *c, ZSTD_cParameter parameter, int value)
{
	return !ZSTD_isError(ZSTD_CCtx_setParameter(c, parameter, value));
}

/* Threads even where one is asked for: without them the library cuts the data otherwise. */
static bool zstd_prepare(ZSTD_CCtx *c, int level, int threads)
{
	return c && zstd_set(c, ZSTD_c_compressionLevel, level) &&
	       zstd_set(c, ZSTD_c_checksumFlag, 1) &&
	       zstd_set(c, ZSTD_c_nbWorkers, zstd_threads(level, threads)) &&
	       zstd_set(c, ZSTD_c_jobSize, zstd_job(level)) &&
	       zstd_set(c, ZSTD_c_overlapLog, zstd_overlap(level));
}

int sink_zstd(struct sink *inner, int level, int threads, struct sink **out)
{
	struct zstd_out *z;
	int r = sink_new(&zstd_ops, sizeof *z, inner, out);

	if (r < 0)
		return r;
	z = (struct zstd_out *)*out;
	z->context = ZSTD_createCCtx();
	r = zstd_prepare(z->context, level, threads) ? 0 : -ENOMEM;
	r = r < 0 ? r : pool_new(STREAM_BLOCK, 24, &z->pool);
	if (r < 0)
		sink_free(*out);
	return r;
}
#endif
