// SPDX-License-Identifier: Apache-2.0
/*
 * The decompressors. However the bytes are cut into blocks, the same comes out; memory and time
 * are bounded by what is read of it.
 */
#include "core/pack/stage.h"
#include "testsuite/fuzz/fuzz.h"

/* More than a block, so that threads start. */
#define READ_MAX (600 * 1024)

struct outcome {
	int result; /* 0 at the end, 1 where the reader had enough, or negative errno */
	size_t len;
	uint64_t sum;
};

static void add_block(struct outcome *o, const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++, o->len++)
		if (o->len < 4096 || p[i])
			o->sum = (o->sum ^ p[i]) * 0x100000001b3 + o->len;
}

static struct outcome read_all(struct source *s)
{
	struct outcome o = {.result = 1};
	const void *block;
	ssize_t n = 1;

	while (o.len < READ_MAX && (n = source_next(s, &block)) > 0)
		add_block(&o, block, (size_t)n);
	if (n <= 0)
		o.result = (int)n;
	MUST(n >= 0 || source_why(s));
	return o;
}

static struct outcome unpack(const uint8_t *data, size_t size, size_t block)
{
	struct outcome o;
	struct source *s;
	enum compression found;

	MUST(source_memory_blocks(data, size, block, &s) == 0);
	o.result = source_decompress(s, &found, &s);
	if (o.result < 0)
		return o;
	o = read_all(s);
	MUST(found != COMPRESS_NONE || o.len == size || o.result == 1);
	source_free(s);
	return o;
}

/* The first byte says how long the pieces are. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole, pieces;

	if (!size)
		return 0;
	whole = unpack(data + 1, size - 1, STREAM_BLOCK);
	pieces = unpack(data + 1, size - 1, MAX(data[0], 4));
	MUST((whole.result < 0) == (pieces.result < 0));
	if (whole.result == 0)
		MUST(pieces.result == 0 && whole.len == pieces.len && whole.sum == pieces.sum);
	return 0;
}
