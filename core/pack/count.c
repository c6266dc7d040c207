// SPDX-License-Identifier: Apache-2.0
/* The source that counts the bytes which pass, for whoever watches. */
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
