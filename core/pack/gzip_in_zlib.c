// SPDX-License-Identifier: Apache-2.0
/* gzip (RFC 1952) inflated by zlib, which reads a member's header and trailer itself. */
#include "core/pack/stage.h"

#ifdef CONFIG_GZIP_ZLIB
#include <zlib.h>

#define GZIP_WRAPPER 16

struct gunzip {
	z_stream z;
	enum { BETWEEN, SECOND, BODY } at;
};

static const unsigned char magic[2] = {0x1f, 0x8b};

static int gunzip_make(void **state)
{
	struct gunzip *g = calloc(1, sizeof *g);

	if (g && inflateInit2(&g->z, MAX_WBITS + GZIP_WRAPPER) == Z_OK) {
		*state = g;
		return 0;
	}
	free(g);
	return -ENOMEM;
}

static int fail(const char **why, const char *text)
{
	*why = text;
	return -EBADMSG;
}

/*
 * Is there one more member? Zero padding, or anything else that does not start like one, is
 * where the data ends, as it is for GNU gzip. The two bytes may stand in two blocks.
 */
static int gunzip_between(struct gunzip *g, struct input *in)
{
	unsigned char nowhere;
	int r = input_more(in);

	if (r <= 0 || *in->p != magic[g->at == SECOND])
		return MIN(r, 0);
	in->p++;
	in->n--;
	if (g->at == BETWEEN) {
		g->at = SECOND;
		return 1;
	}
	inflateReset(&g->z);
	g->z.next_in = (unsigned char *)magic;
	g->z.avail_in = sizeof magic;
	g->z.next_out = &nowhere; /* zlib refuses NULL */
	g->z.avail_out = 0;
	inflate(&g->z, Z_NO_FLUSH);
	g->at = BODY;
	return 1;
}

static int gunzip_body(
	struct gunzip *g, struct input *in, struct block *b, size_t room, const char **why)
{
	int r;

	g->z.next_out = b->data + b->len;
	g->z.avail_out = (uInt)(room - b->len);
	g->z.next_in = (unsigned char *)in->p;
	g->z.avail_in = (uInt)in->n;
	r = inflate(&g->z, Z_NO_FLUSH);
	in->p = g->z.next_in;
	in->n = g->z.avail_in;
	b->len = room - g->z.avail_out;
	if (r == Z_STREAM_END)
		g->at = BETWEEN;
	else if (r == Z_MEM_ERROR)
		return -ENOMEM;
	else if (r != Z_OK && r != Z_BUF_ERROR)
		return fail(why, "damaged gzip data");
	else if (g->z.avail_out && (r = input_more(in)) <= 0)
		return r < 0 ? r : fail(why, "the gzip data is cut off");
	return 1;
}

static int gunzip_fill(
	void *state, struct input *in, struct block *b, size_t room, const char **why)
{
	struct gunzip *g = state;
	int r = 1;

	while (r > 0 && b->len < room) {
		if (g->at == BODY)
			r = gunzip_body(g, in, b, room, why);
		else
			r = gunzip_between(g, in);
	}
	return r;
}

static void gunzip_free(void *state)
{
	struct gunzip *g = state;

	inflateEnd(&g->z);
	free(g);
}

const struct decoder_ops gzip_decoder = {
	.make = gunzip_make, .fill = gunzip_fill, .free = gunzip_free};
#endif
