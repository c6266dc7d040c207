// SPDX-License-Identifier: Apache-2.0
/* Decompression that runs ahead of the reader in a thread of its own. */
#include "core/pack/stage.h"

#define DECODE_BLOCK (512 * 1024)
#define DECODE_BLOCKS 8

struct decode {
	struct source stage;
	const struct decoder_ops *ops;
	void *state;
	struct input in;
	struct queue queue;
	pthread_t thread;
	enum { FIRST, INLINE, THREAD } mode;
	int result;      /* after the last block: 0 or negative errno */
	const char *why; /* of result; the thread's until the queue is closed */
	bool over;       /* result is the answer from now on */
};

int input_more(struct input *in)
{
	int r;

	if (in->n)
		return 1;
	block_drop(in->block);
	in->block = NULL;
	r = source_block(in->from, &in->block);
	if (r <= 0)
		return r;
	in->p = in->block->data;
	in->n = in->block->len;
	return 1;
}

/* Reads what follows the data, so that a digest of all is whole. 0 or negative errno. */
static int decode_drain(struct decode *d)
{
	int r;

	do
		d->in.n = 0;
	while ((r = input_more(&d->in)) > 0);
	return r;
}

/* The next block of content: 1 and *out, 0 at the end, or negative errno. */
static int decode_block(struct decode *d, struct block **out)
{
	struct block *b;
	int r = d->over ? d->result : pool_take(d->stage.pool, &b);

	if (d->over)
		return r;
	if (r < 0) {
		d->why = "cannot decompress";
		return r;
	}
	r = d->ops->fill(d->state, &d->in, b, DECODE_BLOCK, &d->why);
	if (r == 0)
		r = decode_drain(d);
	if (r <= 0) {
		d->over = true;
		d->result = r;
	}
	if (b->len) {
		*out = b;
		return 1;
	}
	block_drop(b);
	return r;
}

static void *decode_run(void *arg)
{
	struct decode *d = arg;
	struct block *b;
	int r;

	while ((r = decode_block(d, &b)) > 0 && queue_push(&d->queue, b) == 0)
		continue;
	d->result = r;
	queue_close(&d->queue);
	return NULL;
}

/* The first block is made by the caller: short archives need no thread. */
static void decode_start(struct decode *d)
{
	bool threaded = !d->over && thread_start(&d->thread, decode_run, d) == 0;

	d->mode = threaded ? THREAD : INLINE;
}

static int decode_next(struct source *s, struct block **b)
{
	struct decode *d = (struct decode *)s;
	int r;

	if (d->mode == THREAD) {
		*b = queue_pop(&d->queue);
		r = *b ? 1 : d->result;
	} else {
		r = decode_block(d, b);
		if (d->mode == FIRST && r > 0)
			decode_start(d);
	}
	return r < 0 ? source_fail(s, r, d->why) : r;
}

static void decode_stop(struct source *s)
{
	struct decode *d = (struct decode *)s;

	pool_stop(s->pool);
	queue_stop(&d->queue);
	source_stop(s->inner);
}

static void decode_free(struct source *s)
{
	struct decode *d = (struct decode *)s;

	if (d->mode == THREAD) {
		decode_stop(s);
		pthread_join(d->thread, NULL);
	}
	queue_destroy(&d->queue);
	block_drop(d->in.block);
	if (d->state)
		d->ops->free(d->state);
}

static const struct source_ops decode_ops = {
	.next = decode_next, .stop = decode_stop, .free = decode_free};

int source_decode(struct source *inner, const struct decoder_ops *ops, struct source **out)
{
	struct decode *d;
	int r = source_new(&decode_ops, sizeof *d, inner, out);

	if (r < 0)
		return r;
	d = (struct decode *)*out;
	d->ops = ops;
	d->in.from = inner;
	queue_init(&d->queue);
	r = pool_new(DECODE_BLOCK, DECODE_BLOCKS, &d->stage.pool);
	r = r < 0 ? r : ops->make(&d->state);
	if (r < 0)
		source_free(*out);
	return r;
}
