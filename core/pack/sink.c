// SPDX-License-Identifier: Apache-2.0
/* What all sinks have in common, and the one that writes a descriptor. */
#include "core/base/io.h"
#include "core/pack/stage.h"

/* Writes from this size on are not worth copying. */
#define SINK_DIRECT (128 * 1024)

int sink_new(const struct sink_ops *ops, size_t size, struct sink *inner, struct sink **out)
{
	struct sink *s = calloc(1, size);

	if (!s) {
		sink_free(inner);
		return -ENOMEM;
	}
	s->ops = ops;
	s->inner = inner;
	*out = s;
	return 0;
}

/* Keeps the first failure. */
static int sink_note(struct sink *s, int r)
{
	if (r < 0 && !s->failed)
		s->failed = r;
	return s->failed;
}

int sink_push(struct sink *s, struct block *b)
{
	return s->failed ? s->failed : sink_note(s, s->ops->push(s, b));
}

/* Pushes the block that is being filled. */
static int sink_flush(struct sink *s)
{
	struct block *b = s->filling;
	int r;

	if (!b)
		return 0;
	s->filling = NULL;
	r = sink_push(s, b);
	block_drop(b);
	return r;
}

/* Copies what fits into the block that is being filled: how much. */
static ssize_t sink_fill(struct sink *s, const void *data, size_t n)
{
	int r = s->pool ? 0 : pool_new(STREAM_BLOCK, 64, &s->pool);

	if (r == 0 && !s->filling)
		r = pool_take(s->pool, &s->filling);
	if (r < 0)
		return r;
	n = MIN(n, STREAM_BLOCK - s->filling->len);
	memcpy(s->filling->data + s->filling->len, data, n);
	s->filling->len += n;
	if (s->filling->len == STREAM_BLOCK)
		r = sink_flush(s);
	return r < 0 ? r : (ssize_t)n;
}

static int sink_direct(struct sink *s, const void *data, size_t n)
{
	int r = sink_flush(s);

	return r < 0 ? r : s->ops->write(s, data, n);
}

int sink_write(struct sink *s, const void *data, size_t n)
{
	const unsigned char *p = data;

	if (s->ops->write && n >= SINK_DIRECT && !s->failed)
		return sink_note(s, sink_direct(s, data, n));
	while (n && !s->failed) {
		ssize_t done = sink_fill(s, p, n);

		if (done < 0)
			return sink_note(s, (int)done);
		p += done;
		n -= (size_t)done;
	}
	return s->failed;
}

int sink_finish(struct sink *s)
{
	if (s->finished || s->failed)
		return s->failed;
	s->finished = true;
	sink_note(s, sink_flush(s));
	if (!s->failed && s->ops->finish)
		sink_note(s, s->ops->finish(s));
	if (!s->failed && s->inner)
		sink_note(s, sink_finish(s->inner));
	return s->failed;
}

int sink_pump(struct sink *s, struct source *from)
{
	const void *block;
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = source_next(from, &block)) > 0)
		r = sink_write(s, block, (size_t)n);
	if (r == 0)
		r = n < 0 ? (int)n : sink_finish(s);
	return r;
}

/* The inner stages go first: they may hold blocks of this one's pools. */
void sink_free(struct sink *s)
{
	if (!s)
		return;
	if (s->ops->stop)
		s->ops->stop(s);
	block_drop(s->filling);
	sink_free(s->inner);
	if (s->ops->free)
		s->ops->free(s);
	pool_free(s->pool);
	free(s);
}

struct writer {
	struct sink stage;
	int fd;
};

static int writer_write(struct sink *s, const void *data, size_t n)
{
	return io_write(((struct writer *)s)->fd, data, n);
}

static int writer_push(struct sink *s, struct block *b)
{
	return writer_write(s, b->data, b->len);
}

static const struct sink_ops writer_ops = {.push = writer_push, .write = writer_write};

int sink_fd(int fd, struct sink **out)
{
	int r = sink_new(&writer_ops, sizeof(struct writer), NULL, out);

	if (r == 0)
		((struct writer *)*out)->fd = fd;
	return r;
}
