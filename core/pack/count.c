// SPDX-License-Identifier: Apache-2.0
/* The source and the sink that count the bytes which pass, for whoever watches. */
#include "core/pack/stage.h"
#include "core/pack/stream.h"

struct counter {
	struct source stage;
	atomic_ullong *count;
};

static int counter_next(struct source *s, struct block **b)
{
	int r = source_block(s->inner, b);

	if (r > 0)
		atomic_fetch_add_explicit(
			((struct counter *)s)->count, (*b)->len, memory_order_relaxed);
	return r;
}

int source_count(struct source *inner, atomic_ullong *count, struct source **out)
{
	static const struct source_ops ops = {.next = counter_next};
	int r = source_new(&ops, sizeof(struct counter), inner, out);

	if (r == 0)
		((struct counter *)*out)->count = count;
	return r;
}

struct counting_sink {
	struct sink stage;
	atomic_ullong *count;
};

static int counting_push(struct sink *s, struct block *b)
{
	atomic_fetch_add_explicit(((struct counting_sink *)s)->count, b->len, memory_order_relaxed);
	return sink_push(s->inner, b);
}

int sink_count(struct sink *inner, atomic_ullong *count, struct sink **out)
{
	static const struct sink_ops ops = {.push = counting_push};
	int r = sink_new(&ops, sizeof(struct counting_sink), inner, out);

	if (r == 0)
		((struct counting_sink *)*out)->count = count;
	return r;
}
