// SPDX-License-Identifier: Apache-2.0
/*
 * The decompressors. However small the pieces that go in and come out are, the same comes
 * out; memory and time are bounded by what is read of it.
 */
#include "core/pack/stage.h"
#include "testsuite/fuzz/fuzz.h"

#define PIECES_MAX (64 * 1024)
#define FILLS_MAX 200

struct outcome {
	int result; /* 0 at the end, 1 where the reader had enough, or negative errno */
	size_t len;
	uint64_t sum;
};

static void add_bytes(struct outcome *o, const unsigned char *p, size_t n)
{
	o->len += n;
	for (size_t i = 0; i < MIN(n, (size_t)PIECES_MAX); i++)
		o->sum = (o->sum ^ p[i]) * 0x100000001b3;
}

/* As a reader of an archive does it, that stops after the first block where there are more. */
static struct outcome unpack(const uint8_t *data, size_t size, enum compression *found)
{
	struct outcome o = {.result = 1};
	const void *block;
	struct source *s;
	ssize_t n;

	MUST(source_memory(data, size, &s) == 0);
	o.result = source_decompress(s, found, &s);
	if (o.result < 0)
		return o;
	n = source_next(s, &block);
	if (n > 0)
		add_bytes(&o, block, (size_t)n);
	if (n > 0 && o.len < PIECES_MAX)
		n = source_next(s, &block);
	MUST(n >= 0 || source_why(s));
	o.result = n > 0 ? 1 : (int)n;
	source_free(s);
	return o;
}

static struct outcome fill_all(const struct decoder_ops *d, struct input *in, size_t room)
{
	struct outcome o = {.result = 1};
	unsigned char bytes[256];
	const char *why = NULL;
	void *state;

	MUST(d->make(&state) == 0);
	for (int i = 0; i < FILLS_MAX && o.result > 0; i++) {
		struct block b = {.data = bytes};

		o.result = d->fill(state, in, &b, room, &why);
		MUST(b.len <= room && (b.len == room || o.result <= 0));
		add_bytes(&o, bytes, b.len);
	}
	MUST(o.result >= 0 || why);
	d->free(state);
	block_drop(in->block);
	return o;
}

static struct outcome unpack_pieces(
	const struct decoder_ops *d, const uint8_t *data, size_t size, size_t piece, size_t room)
{
	struct input in = {.n = 0};
	struct outcome o;

	MUST(source_memory_blocks(data, size, piece, &in.from) == 0);
	o = fill_all(d, &in, room);
	source_free(in.from);
	return o;
}

static const struct decoder_ops *decoder_of(enum compression found)
{
#ifdef CONFIG_GZIP
	if (found == COMPRESS_GZIP)
		return &gzip_decoder;
#endif
#ifdef CONFIG_ZSTD
	if (found == COMPRESS_ZSTD)
		return &zstd_decoder;
#endif
	return NULL;
}

/* The first two bytes say how long the pieces are. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum compression found = COMPRESS_NONE;
	struct outcome whole, pieces;

	if (size < 2)
		return 0;
	whole = unpack(data + 2, size - 2, &found);
	MUST(found != COMPRESS_NONE || whole.len == size - 2 || whole.result == 1);
	if (!decoder_of(found))
		return 0;
	pieces = unpack_pieces(
		decoder_of(found), data + 2, size - 2, MAX(data[0], 1), MAX(data[1], 1));
	if (pieces.result == 1 || whole.result == 1)
		return 0;
	MUST(whole.result == pieces.result);
	if (whole.result == 0)
		MUST(whole.len == pieces.len && whole.sum == pieces.sum);
	return 0;
}
