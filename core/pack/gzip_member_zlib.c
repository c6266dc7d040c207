// SPDX-License-Identifier: Apache-2.0
/* One gzip member, by zlib. */
#include "core/pack/gzip_member.h"

#ifdef CONFIG_GZIP_ZLIB
#include <zlib.h>

#define GZIP_WRAPPER 16

struct gzip_member {
	z_stream z;
};

struct gzip_member *gzip_member_new(int level)
{
	struct gzip_member *g = calloc(1, sizeof *g);
	int bits = MAX_WBITS + GZIP_WRAPPER;

	if (g && deflateInit2(&g->z, level, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) == Z_OK)
		return g;
	free(g);
	return NULL;
}

int gzip_member_threads(int level)
{
	(void)level;
	return 16;
}

size_t gzip_member_bound(size_t n)
{
	return compressBound(n) + 32;
}

size_t gzip_member_write(struct gzip_member *g, const void *data, size_t n, void *out, size_t room)
{
	deflateReset(&g->z);
	g->z.next_in = (unsigned char *)data;
	g->z.avail_in = (uInt)n;
	g->z.next_out = out;
	g->z.avail_out = (uInt)room;
	return deflate(&g->z, Z_FINISH) == Z_STREAM_END ? room - g->z.avail_out : 0;
}

void gzip_member_free(struct gzip_member *g)
{
	if (g)
		deflateEnd(&g->z);
	free(g);
}
#endif
