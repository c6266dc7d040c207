// SPDX-License-Identifier: Apache-2.0
/* What all sources have in common, and the one that reads memory. */
#include "core/pack/stage.h"

int source_new(const struct source_ops *ops, size_t size, struct source *inner, struct source **out)
{
	struct source *s = calloc(1, size);

	if (!s) {
		source_free(inner);
		return -ENOMEM;
	}
	s->ops = ops;
	s->inner = inner;
	*out = s;
	return 0;
}

int source_block(struct source *s, struct block **b)
{
	int r;

	if (s->first) {
		*b = s->first;
		s->first = NULL;
		return 1;
	}
	if (s->ended)
		return s->ended < 0 ? s->ended : 0;
	r = s->ops->next(s, b);
	if (r <= 0)
		s->ended = r < 0 ? r : 1;
	return r;
}

int source_peek(struct source *s, struct block **b)
{
	int r = source_block(s, b);

	if (r > 0)
		s->first = *b;
	return r;
}

ssize_t source_next(struct source *s, const void **block)
{
	int r;

	block_drop(s->given);
	s->given = NULL;
	r = source_block(s, &s->given);
	if (r <= 0)
		return r;
	*block = s->given->data;
	return (ssize_t)s->given->len;
}

int64_t source_drain(struct source *s)
{
	int64_t total = 0;
	const void *block;
	ssize_t n;

	while ((n = source_next(s, &block)) > 0)
		total += n;
	return n < 0 ? n : total;
}

int source_fail(struct source *s, int code, const char *why)
{
	s->why = why;
	return code;
}

const char *source_why(const struct source *s)
{
	return s->why || !s->inner ? s->why : source_why(s->inner);
}

void source_stop(struct source *s)
{
	if (s->ops->stop)
		s->ops->stop(s);
	else if (s->inner)
		source_stop(s->inner);
}

void source_free(struct source *s)
{
	if (!s)
		return;
	block_drop(s->given);
	block_drop(s->first);
	if (s->ops->free)
		s->ops->free(s);
	source_free(s->inner);
	pool_free(s->pool);
	free(s);
}

struct memory {
	struct source stage;
	const unsigned char *data;
	size_t left, block;
};

static int memory_next(struct source *s, struct block **b)
{
	struct memory *m = (struct memory *)s;
	int r;

	if (!m->left)
		return 0;
	r = pool_take(s->pool, b);
	if (r < 0)
		return r;
	(*b)->data = (unsigned char *)m->data;
	(*b)->len = MIN(m->left, m->block);
	m->data += (*b)->len;
	m->left -= (*b)->len;
	return 1;
}

static const struct source_ops memory_ops = {.next = memory_next};

int source_memory_blocks(const void *data, size_t n, size_t block, struct source **out)
{
	struct memory *m;
	int r = source_new(&memory_ops, sizeof *m, NULL, out);

	if (r < 0)
		return r;
	m = (struct memory *)*out;
	m->data = data;
	m->left = n;
	m->block = block;
	r = pool_new(0, 16, &m->stage.pool);
	if (r < 0)
		source_free(*out);
	return r;
}

int source_memory(const void *data, size_t n, struct source **out)
{
	return source_memory_blocks(data, n, STREAM_BLOCK, out);
}
