// SPDX-License-Identifier: Apache-2.0
/* What zstd:chunked has behind the archive: JSON about its entries, compressed as it comes. */
#include "core/image/chunked.h"
#include "core/image/image.h"
#include "core/image/vis.h"

#ifdef CONFIG_ZSTD
#include <zstd.h>

/* The table's readers refuse more. */
#define TEXT_MAX (64 << 20)

int packed_start(struct packed *p, int level)
{
	p->context = ZSTD_createCCtx();
	if (!p->context ||
		ZSTD_isError(ZSTD_CCtx_setParameter(p->context, ZSTD_c_compressionLevel, level)))
		return -ENOMEM;
	return 0;
}

static int step(struct packed *p, ZSTD_inBuffer *from, ZSTD_EndDirective end)
{
	size_t left;

	do {
		char block[16384];
		ZSTD_outBuffer to = {block, sizeof(block), 0};

		left = ZSTD_compressStream2(p->context, &to, from, end);
		if (ZSTD_isError(left) || buf_add(&p->out, block, to.pos) < 0)
			return -ENOMEM;
	} while (end == ZSTD_e_end ? left : from->pos < from->size);
	return 0;
}

int packed_add(struct packed *p, const void *data, size_t n)
{
	ZSTD_inBuffer from = {data, n, 0};

	p->in += n;
	return p->in > TEXT_MAX ? -EFBIG : step(p, &from, ZSTD_e_continue);
}

int packed_end(struct packed *p)
{
	ZSTD_inBuffer from = {NULL, 0, 0};

	return step(p, &from, ZSTD_e_end);
}

void packed_free(struct packed *p)
{
	ZSTD_freeCCtx(p->context);
	buf_free(&p->out);
}
#endif

void chunk_entry_free(struct chunk_entry *e)
{
	free(e->name);
	free(e->link);
	json_decref(e->attrs);
	memset(e, 0, sizeof(*e));
}

void chunk_crc_start(uint64_t table[256])
{
	static const uint64_t polynomial = UINT64_C(0xd800000000000000);

	for (unsigned i = 0; i < 256; i++) {
		uint64_t crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (polynomial & -(crc & 1));
		table[i] = crc;
	}
}

uint64_t chunk_crc(const uint64_t table[256], uint64_t crc, const void *data, size_t n)
{
	const unsigned char *p = data;

	crc = ~crc;
	while (n--)
		crc = crc >> 8 ^ table[(crc ^ *p++) & 0xff];
	return ~crc;
}

/* As one line. json is gone then. */
static int add_json(struct packed *to, json_t *json, const char *end)
{
	char *line = json ? json_dumps(json, JSON_COMPACT) : NULL;
	int r = line ? packed_add(to, line, strlen(line)) : -ENOMEM;

	if (r == 0)
		r = packed_add(to, end, strlen(end));
	json_decref(json);
	free(line);
	return r;
}

/* Fails for text that is not UTF-8, and for no memory. */
static int set_text(json_t *o, const char *key, const char *value)
{
	return json_object_set_new(o, key, json_string(value));
}

static int set_number(json_t *o, const char *key, int64_t value)
{
	return value ? json_object_set_new(o, key, json_integer(value)) : 0;
}

static int set_time(json_t *o, const char *key, const struct chunk_time *t)
{
	char time[IMAGE_TIME_MAX];

	if (!t->set)
		return 0;
	image_time(t->at, time);
	return set_text(o, key, time);
}

static int set_content(json_t *o, const struct chunk_entry *e)
{
	char digest[DIGEST_MAX] = "sha256:";

	if (!e->size)
		return 0;
	strcat(digest, e->digest);
	return set_text(o, "digest", digest) | set_number(o, "offset", (int64_t)e->start) |
	       set_number(o, "endOffset", (int64_t)e->end);
}

int chunk_table_add(struct packed *table, const struct chunk_entry *e)
{
	json_t *o = json_object();
	int r = table->in ? packed_add(table, ",", 1)
			  : packed_add(table, "{\"version\":1,\"entries\":[", 24);

	if (r == 0 && (set_text(o, "name", e->name) < 0 ||
			      (e->link && set_text(o, "linkName", e->link) < 0)))
		r = o ? -EILSEQ : -ENOMEM;
	if (r == 0 &&
		(set_text(o, "type", e->type) | set_number(o, "mode", e->mode) |
			set_number(o, "size", e->size) | set_number(o, "uid", e->uid) |
			set_number(o, "gid", e->gid) | set_time(o, "modtime", &e->mtime) |
			set_time(o, "accesstime", &e->atime) |
			set_time(o, "changetime", &e->ctime) | set_number(o, "devMajor", e->major) |
			set_number(o, "devMinor", e->minor) | set_content(o, e)))
		r = -ENOMEM;
	if (r == 0 && e->attrs && json_object_set(o, "xattrs", e->attrs) != 0)
		r = -ENOMEM;
	if (r == 0)
		return add_json(table, o, "");
	json_decref(o);
	return r;
}

static json_t *base64(const void *data, size_t n)
{
	cleanup_buf struct buf text = BUF_NONE;

	return base64_add(&text, data, n) < 0 ? NULL : json_stringn(text.data, text.len);
}

int chunk_split_bytes(struct packed *split, unsigned *position, const void *data, size_t n)
{
	json_t *payload = n ? base64(data, n) : NULL;

	if (!n)
		return 0;
	return add_json(split,
		json_pack("{s:i, s:o, s:I}", "type", 2, "payload", payload, "position",
			(json_int_t)(*position)++),
		"\n");
}

int chunk_split_file(struct packed *split, unsigned *position, const struct chunk_entry *e)
{
	unsigned char crc[8];
	json_t *payload;

	for (int i = 0; i < 8; i++)
		crc[i] = (unsigned char)(e->crc >> (56 - 8 * i));
	payload = e->size ? base64(crc, sizeof(crc)) : json_null();
	return add_json(split,
		json_pack("{s:i, s:s, s:I, s:o, s:I}", "type", 1, "name", e->name, "size",
			(json_int_t)e->size, "payload", payload, "position",
			(json_int_t)(*position)++),
		"\n");
}
