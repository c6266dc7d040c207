// SPDX-License-Identifier: Apache-2.0
/* Which stages there are: chosen by the first bytes when reading, by name when writing. */
#include "core/base/sys.h"
#include "core/pack/stage.h"

static bool starts(const struct block *b, const char *magic, size_t n)
{
	return b->len >= n && memcmp(b->data, magic, n) == 0;
}

/* RFC 8878: a frame, or a skippable frame (16 magic numbers). */
static bool is_zstd(const struct block *b)
{
	return starts(b, "\x28\xb5\x2f\xfd", 4) ||
	       (b->len >= 4 && b->data[0] >> 4 == 5 && memcmp(b->data + 1, "\x2a\x4d\x18", 3) == 0);
}

static enum compression recognise(const struct block *b)
{
	if (starts(b, "\x1f\x8b", 2))
		return COMPRESS_GZIP;
	return is_zstd(b) ? COMPRESS_ZSTD : COMPRESS_NONE;
}

static const struct decoder_ops *decoder(enum compression how)
{
	switch (how) {
#ifdef CONFIG_GZIP
	case COMPRESS_GZIP:
		return &gzip_decoder;
#endif
#ifdef CONFIG_ZSTD
	case COMPRESS_ZSTD:
		return &zstd_decoder;
#endif
	default:
		return NULL;
	}
}

int source_decompress(struct source *inner, enum compression *found, struct source **out)
{
	struct block *b;

	*found = COMPRESS_NONE;
	*out = inner;
	if (source_peek(inner, &b) <= 0) /* nothing, or what source_next will say */
		return 0;
	*found = recognise(b);
	if (*found == COMPRESS_NONE)
		return 0;
	if (decoder(*found))
		return source_decode(inner, decoder(*found), out);
	source_free(inner);
	return -ENOTSUP;
}

typedef int compressor(struct sink *inner, int level, int threads, struct sink **out);

static compressor *find_compressor(enum compression how)
{
	switch (how) {
#ifdef CONFIG_GZIP
	case COMPRESS_GZIP:
		return sink_gzip;
#endif
#ifdef CONFIG_ZSTD
	case COMPRESS_ZSTD:
		return sink_zstd;
#endif
	default:
		return NULL;
	}
}

int sink_compress(
	struct sink *inner, enum compression how, int level, int threads, struct sink **out)
{
	static const struct {
		int standard, max;
	} levels[] = {
		[COMPRESS_NONE] = {0, 0},
		[COMPRESS_GZIP] = {6, SINK_GZIP_LEVEL_MAX},
		[COMPRESS_ZSTD] = {3, 19},
	};
	compressor *make = find_compressor(how);

	*out = inner;
	if (how == COMPRESS_NONE)
		return 0;
	if (make && level >= 0 && level <= levels[how].max && threads >= 0)
		return make(inner, level ? level : levels[how].standard,
			threads ? threads : (int)MIN(sys_processors(), 64u), out);
	sink_free(inner);
	return make ? -EINVAL : -ENOTSUP;
}
