// SPDX-License-Identifier: Apache-2.0
#include "core/image/chunked.h"

#if defined(CONFIG_ZSTD) && defined(CONFIG_SHA256)
#include "core/pack/digest.h"
#include "core/pack/stage.h"

#include <endian.h>
#include <stdio.h>
#include <zstd.h>

enum { HEAD_SIZE = 512, LEVEL = 3, CRFS = 1 };

struct chunked {
	struct sink stage;
	ZSTD_CCtx *zstd;
	struct pool *pool;
	struct block *b; /* what comes out */
	uint64_t sent;   /* before what is in b */
	bool in_frame;
	enum { HEAD, EXTENDED, CONTENT, PADDING } state;
	unsigned char head[HEAD_SIZE];
	size_t have;        /* of head */
	int64_t left, pad;  /* of content or an extended header; behind it */
	struct buf between; /* bytes that are no content, not yet in the split */
	struct chunk_tar tar;
	struct chunk_entry entry;
	struct digest *digest; /* of content */
	uint64_t crc_table[256];
	struct packed table, split;
	unsigned position; /* in the split */
	uint64_t at_table, at_split;
	char table_sum[65];
};

static int flush(struct chunked *z)
{
	struct block *b = z->b;
	int r;

	z->b = NULL;
	z->sent += b->len;
	r = b->len ? sink_push(z->stage.inner, b) : 0;
	block_drop(b);
	return r;
}

static int need_block(struct chunked *z)
{
	int r = z->b ? 0 : pool_take(z->pool, &z->b);

	return r;
}

static uint64_t offset(const struct chunked *z)
{
	return z->sent + (z->b ? z->b->len : 0);
}

static ssize_t step(struct chunked *z, ZSTD_inBuffer *from, ZSTD_EndDirective end)
{
	int r = need_block(z);
	ZSTD_outBuffer to;
	size_t left;

	if (r < 0)
		return r;
	to = (ZSTD_outBuffer){.dst = z->b->data, .size = STREAM_BLOCK, .pos = z->b->len};
	left = ZSTD_compressStream2(z->zstd, &to, from, end);
	if (ZSTD_isError(left))
		return -ENOMEM;
	z->b->len = to.pos;
	if (to.pos == to.size)
		r = flush(z);
	return r < 0 ? r : (ssize_t)(end == ZSTD_e_end ? left : from->size - from->pos);
}

static int compress(struct chunked *z, const void *data, size_t n)
{
	ZSTD_inBuffer from = {data, n, 0};
	ssize_t r;

	z->in_frame = true;
	do
		r = step(z, &from, ZSTD_e_continue);
	while (r > 0);
	return (int)r;
}

static int end_frame(struct chunked *z)
{
	ZSTD_inBuffer from = {NULL, 0, 0};
	ssize_t r = 0;

	if (z->in_frame)
		do
			r = step(z, &from, ZSTD_e_end);
		while (r > 0);
	z->in_frame = false;
	return (int)r;
}

static int flush_between(struct chunked *z)
{
	int r = chunk_split_bytes(&z->split, &z->position, z->between.data, z->between.len);

	buf_cut(&z->between, 0);
	return r;
}

/* Bytes that are no file's content. */
static int other(struct chunked *z, const void *data, size_t n)
{
	int r = buf_add(&z->between, data, n);

	if (r == 0 && z->between.len >= 1 << 20)
		r = flush_between(z);
	return r < 0 ? r : compress(z, data, n);
}

static int start_content(struct chunked *z)
{
	int r = end_frame(z);

	if (r < 0)
		return r;
	if (ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(z->zstd, (uint64_t)z->entry.size)))
		return -ENOMEM;
	z->entry.start = offset(z);
	digest_start(z->digest);
	z->state = CONTENT;
	return 0;
}

static int end_entry(struct chunked *z)
{
	int r = chunk_table_add(&z->table, &z->entry);

	if (r == 0)
		r = chunk_split_file(&z->split, &z->position, &z->entry);
	chunk_entry_free(&z->entry);
	return r;
}

static int end_content(struct chunked *z)
{
	int r = end_frame(z);

	digest_end(z->digest, z->entry.digest);
	z->entry.end = offset(z);
	return r < 0 ? r : end_entry(z);
}

static int take_head(struct chunked *z)
{
	int r = chunk_tar_header(&z->tar, z->head, &z->entry, &z->left);

	z->have = 0;
	if (r < 0 || r == 2)
		return MIN(r, 0);
	z->pad = -z->left & (HEAD_SIZE - 1);
	if (r == 0) {
		z->state = EXTENDED;
		return 0;
	}
	z->left = z->entry.size;
	z->pad = -z->left & (HEAD_SIZE - 1);
	r = flush_between(z);
	if (r < 0)
		return r;
	return z->left ? start_content(z) : end_entry(z);
}

static int in_head(struct chunked *z, const unsigned char *p, size_t n)
{
	int r = other(z, p, n);

	memcpy(z->head + z->have, p, n);
	z->have += n;
	return r < 0 || z->have < HEAD_SIZE ? r : take_head(z);
}

static int in_extended(struct chunked *z, const unsigned char *p, size_t n)
{
	int r = other(z, p, n);

	z->left -= (int64_t)n;
	if (r == 0)
		r = buf_add(&z->tar.extended, p, n);
	if (r == 0 && z->left == 0) {
		z->state = PADDING;
		r = chunk_tar_extended(&z->tar);
	}
	return r;
}

static int in_content(struct chunked *z, const unsigned char *p, size_t n)
{
	int r = compress(z, p, n);

	z->left -= (int64_t)n;
	digest_add(z->digest, p, n);
	z->entry.crc = chunk_crc(z->crc_table, z->entry.crc, p, n);
	if (r < 0 || z->left)
		return r;
	z->state = PADDING;
	return end_content(z);
}

static int in_padding(struct chunked *z, const unsigned char *p, size_t n)
{
	z->pad -= (int64_t)n;
	if (z->pad == 0)
		z->state = HEAD;
	return n ? other(z, p, n) : 0;
}

static int push(struct sink *s, struct block *b)
{
	struct chunked *z = (struct chunked *)s;
	const unsigned char *p = b->data;
	size_t n = b->len, part;
	int r = 0;

	for (; r == 0 && (n || (z->state == PADDING && !z->pad)); p += part, n -= part)
		switch (z->state) {
		case HEAD:
			part = MIN(n, HEAD_SIZE - z->have);
			r = in_head(z, p, part);
			break;
		case EXTENDED:
			part = MIN(n, (size_t)z->left);
			r = in_extended(z, p, part);
			break;
		case CONTENT:
			part = MIN(n, (size_t)z->left);
			r = in_content(z, p, part);
			break;
		default:
			part = MIN(n, (size_t)z->pad);
			r = in_padding(z, p, part);
		}
	return r;
}

static int put(struct chunked *z, const void *data, size_t n)
{
	const char *p = data;
	int r = 0;

	while (r == 0 && n) {
		size_t part;

		r = need_block(z);
		if (r < 0)
			return r;
		part = MIN(n, STREAM_BLOCK - z->b->len);
		memcpy(z->b->data + z->b->len, p, part);
		z->b->len += part;
		p += part;
		n -= part;
		if (z->b->len == STREAM_BLOCK)
			r = flush(z);
	}
	return r;
}

/* A frame that decompressors skip (RFC 8878, 3.1.2); where its content is. */
static int put_skippable(struct chunked *z, const void *data, size_t n, uint64_t *at)
{
	uint32_t head[2] = {htole32(0x184d2a50), htole32((uint32_t)n)};
	int r = put(z, head, sizeof(head));

	*at = offset(z);
	return r < 0 ? r : put(z, data, n);
}

static int end_table(struct chunked *z)
{
	char text[128], sum[65];
	int r = packed_end(&z->split);

	if (r == 0)
		r = digest_bytes(z->split.out.data, z->split.out.len, sum);
	if (r < 0)
		return r;
	snprintf(text, sizeof(text), "%s],\"tarSplitDigest\":\"sha256:%s\"}",
		z->table.in ? "" : "{\"version\":1,\"entries\":[", sum);
	r = packed_add(&z->table, text, strlen(text));
	if (r == 0)
		r = packed_end(&z->table);
	return r < 0 ? r : digest_bytes(z->table.out.data, z->table.out.len, z->table_sum);
}

static int put_footer(struct chunked *z)
{
	uint64_t at, words[8] = {z->at_table, z->table.out.len, z->table.in, CRFS, z->at_split,
			     z->split.out.len, z->split.in};

	for (int i = 0; i < 7; i++)
		words[i] = htole64(words[i]);
	memcpy(&words[7], "GNUlInUx", 8);
	return put_skippable(z, words, sizeof(words), &at);
}

static int finish(struct sink *s)
{
	struct chunked *z = (struct chunked *)s;
	bool cut_off = (z->have && !z->tar.ended) || z->state == EXTENDED || z->state == CONTENT ||
		       z->pad > 0;
	int r = cut_off ? -EBADMSG : 0;

	if (r == 0)
		r = flush_between(z);
	if (r == 0)
		r = end_frame(z);
	if (r == 0)
		r = end_table(z);
	if (r == 0)
		r = put_skippable(z, z->table.out.data, z->table.out.len, &z->at_table);
	if (r == 0)
		r = put_skippable(z, z->split.out.data, z->split.out.len, &z->at_split);
	if (r == 0)
		r = put_footer(z);
	return r == 0 && z->b ? flush(z) : r;
}

static void stop(struct sink *s)
{
	struct chunked *z = (struct chunked *)s;

	ZSTD_freeCCtx(z->zstd);
	digest_free(z->digest);
	block_drop(z->b);
	buf_free(&z->between);
	chunk_tar_free(&z->tar);
	chunk_entry_free(&z->entry);
	packed_free(&z->table);
	packed_free(&z->split);
}

static void free_pool(struct sink *s)
{
	pool_free(((struct chunked *)s)->pool);
}

static const struct sink_ops ops = {
	.push = push, .finish = finish, .stop = stop, .free = free_pool};

static int prepare(struct chunked *z, int level)
{
	int r = pool_new(STREAM_BLOCK, 24, &z->pool);

	if (r == 0)
		r = digest_new(&z->digest);
	z->zstd = ZSTD_createCCtx();
	if (r == 0 &&
		(!z->zstd ||
			ZSTD_isError(
				ZSTD_CCtx_setParameter(z->zstd, ZSTD_c_compressionLevel, level)) ||
			ZSTD_isError(ZSTD_CCtx_setParameter(z->zstd, ZSTD_c_checksumFlag, 1))))
		r = -ENOMEM;
	if (r == 0)
		r = packed_start(&z->table, level);
	return r < 0 ? r : packed_start(&z->split, level);
}

int sink_chunked(struct sink *inner, int level, struct sink **out)
{
	int r = sink_new(&ops, sizeof(struct chunked), inner, out);

	if (r < 0)
		return r;
	chunk_crc_start(((struct chunked *)*out)->crc_table);
	r = prepare((struct chunked *)*out, level ? level : LEVEL);
	if (r < 0)
		sink_free(*out);
	return r;
}

int chunked_annotate(const struct sink *s, json_t *descriptor)
{
	const struct chunked *z = (const struct chunked *)s;
	json_t *notes = doc_object(descriptor, "annotations");
	char table[100], split[100], sum[80];

	snprintf(table, sizeof(table), "%llu:%zu:%llu:%d", (unsigned long long)z->at_table,
		z->table.out.len, (unsigned long long)z->table.in, CRFS);
	snprintf(split, sizeof(split), "%llu:%zu:%llu", (unsigned long long)z->at_split,
		z->split.out.len, (unsigned long long)z->split.in);
	snprintf(sum, sizeof(sum), "sha256:%s", z->table_sum);
	return !notes || doc_set_text(notes, CHUNKED_TOC, table) < 0 ||
			       doc_set_text(notes, CHUNKED_TOC_SUM, sum) < 0 ||
			       doc_set_text(notes, CHUNKED_SPLIT, split) < 0
		       ? -ENOMEM
		       : 0;
}

#else

int sink_chunked(struct sink *inner, int level, struct sink **out)
{
	(void)level;
	*out = inner;
	sink_free(inner);
	return -ENOTSUP;
}

int chunked_annotate(const struct sink *s, json_t *descriptor)
{
	(void)s, (void)descriptor;
	return 0;
}
#endif
