// SPDX-License-Identifier: Apache-2.0
/* gzip (RFC 1952) inflated by ISA-L, straight into the reader's blocks. */
#include "core/pack/stage.h"

#ifdef CONFIG_GZIP_FAST
#include <isa-l/igzip_lib.h>

/* 87 KB, more than a thread's stack is to hold. */
struct gunzip {
	struct inflate_state inflate;
	struct isal_gzip_header header;
	enum { BETWEEN, SECOND, HEADER, BODY } at;
};

static const unsigned char magic[2] = {0x1f, 0x8b};

#define RESERVED_FLAGS 0xe0

static int gunzip_make(void **state)
{
	struct gunzip *g = calloc(1, sizeof *g);

	if (!g)
		return -ENOMEM;
	isal_inflate_init(&g->inflate);
	*state = g;
	return 0;
}

static int fail(const char **why, const char *text)
{
	*why = text;
	return -EBADMSG;
}

static int cut_off(int r, const char **why)
{
	return r < 0 ? r : fail(why, "the gzip data is cut off");
}

/*
 * Is there one more member? Zero padding, or anything else that does not start like one, is
 * where the data ends, as it is for GNU gzip. The two bytes may stand in two blocks.
 */
static int gunzip_between(struct gunzip *g, struct input *in)
{
	int r = input_more(in);

	if (r <= 0 || *in->p != magic[g->at == SECOND])
		return MIN(r, 0);
	in->p++;
	in->n--;
	if (g->at == BETWEEN) {
		g->at = SECOND;
		return 1;
	}
	isal_inflate_reset(&g->inflate);
	isal_gzip_header_init(&g->header);
	g->inflate.crc_flag = ISAL_GZIP_NO_HDR_VER;
	g->inflate.next_in = (uint8_t *)magic;
	g->inflate.avail_in = sizeof magic;
	isal_read_gzip_header(&g->inflate, &g->header);
	g->at = HEADER;
	return 1;
}

static void lend_input(struct gunzip *g, const struct input *in)
{
	g->inflate.next_in = (uint8_t *)in->p;
	g->inflate.avail_in = (uint32_t)in->n;
}

static void take_input(const struct gunzip *g, struct input *in)
{
	in->p = g->inflate.next_in;
	in->n = g->inflate.avail_in;
}

static int gunzip_header(struct gunzip *g, struct input *in, const char **why)
{
	int r = input_more(in);

	if (r <= 0)
		return cut_off(r, why);
	lend_input(g, in);
	r = isal_read_gzip_header(&g->inflate, &g->header);
	take_input(g, in);
	if (r == ISAL_END_INPUT)
		return 1;
	if (r != ISAL_DECOMP_OK || g->header.flags & RESERVED_FLAGS)
		return fail(why, "damaged gzip header");
	g->at = BODY;
	return 1;
}

static int gunzip_body(
	struct gunzip *g, struct input *in, struct block *b, size_t room, const char **why)
{
	struct inflate_state *z = &g->inflate;
	size_t had = in->n, len = b->len;
	int r;

	z->next_out = b->data + b->len;
	z->avail_out = (uint32_t)(room - b->len);
	lend_input(g, in);
	r = isal_inflate(z);
	take_input(g, in);
	b->len = room - z->avail_out;
	if (r == ISAL_INCORRECT_CHECKSUM)
		return fail(why, "damaged gzip data: the checksum does not fit");
	if (r != ISAL_DECOMP_OK)
		return fail(why, "damaged gzip data");
	if (z->block_state == ISAL_BLOCK_FINISH)
		g->at = BETWEEN;
	else if (z->avail_out && in->n && in->n == had && b->len == len)
		return fail(why, "damaged gzip data");
	else if (z->avail_out && (r = input_more(in)) <= 0)
		return cut_off(r, why);
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
		else if (g->at == HEADER)
			r = gunzip_header(g, in, why);
		else
			r = gunzip_between(g, in);
	}
	return r;
}

const struct decoder_ops gzip_decoder = {.make = gunzip_make, .fill = gunzip_fill, .free = free};
#endif
