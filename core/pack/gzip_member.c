// SPDX-License-Identifier: Apache-2.0
/* One gzip member, by libdeflate. */
#include "core/pack/gzip_member.h"

#ifdef CONFIG_GZIP_FAST
#include <libdeflate.h>

static struct libdeflate_compressor *compressor(struct gzip_member *g)
{
	return (struct libdeflate_compressor *)g;
}

struct gzip_member *gzip_member_new(int level)
{
	return (struct gzip_member *)libdeflate_alloc_compressor(level);
}

int gzip_member_threads(int level)
{
	return level < 10 ? 16 : 2;
}

size_t gzip_member_bound(size_t n)
{
	return libdeflate_gzip_compress_bound(NULL, n);
}

size_t gzip_member_write(struct gzip_member *g, const void *data, size_t n, void *out, size_t room)
{
	return libdeflate_gzip_compress(compressor(g), data, n, out, room);
}

void gzip_member_free(struct gzip_member *g)
{
	libdeflate_free_compressor(compressor(g));
}
#endif
