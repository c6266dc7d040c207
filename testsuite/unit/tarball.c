// SPDX-License-Identifier: Apache-2.0
#include "testsuite/unit/tarball.h"
#include "core/pack/archive.h"
#include <stdio.h>

#define BLOCK 512

static void octal(char *field, size_t width, uint64_t value)
{
	for (size_t i = width - 1; i-- > 0; value >>= 3)
		field[i] = (char)('0' + (value & 7));
}

static void text(char *field, size_t width, const char *value)
{
	if (value)
		memcpy(field, value, MIN(strlen(value), width));
}

static void gnu_fields(char *block, const struct tar_header *h)
{
	memcpy(block + 257, "ustar  ", 8);
	if (!h->realsize)
		return;
	octal(block + 386, 12, (uint64_t)h->offset);
	octal(block + 398, 12, (uint64_t)h->length);
	octal(block + 483, 12, (uint64_t)h->realsize);
}

void tar_header(struct buf *out, const struct tar_header *h)
{
	char block[BLOCK] = {0};
	unsigned sum = 0;

	text(block, 100, h->name ? h->name : "name");
	octal(block + 100, 8, h->mode ? h->mode : 0644);
	octal(block + 108, 8, h->uid);
	octal(block + 116, 8, 0);
	octal(block + 124, 12, (uint64_t)h->size);
	octal(block + 136, 12, 0);
	memset(block + 148, ' ', 8);
	block[156] = h->type;
	text(block + 157, 100, h->link);
	memcpy(block + 257, "ustar\00000", 8);
	text(block + 265, 32, h->uname);
	octal(block + 329, 8, h->major);
	octal(block + 337, 8, h->minor);
	if (h->gnu)
		gnu_fields(block, h);
	for (size_t i = 0; i < BLOCK; i++)
		sum += (unsigned char)block[i];
	octal(block + 148, 7, sum);
	block[154] = '\0';
	buf_add(out, block, BLOCK);
}

static void zeros(struct buf *out, size_t n)
{
	while (n--)
		buf_add(out, "", 1);
}

void tar_body(struct buf *out, const void *data, size_t n)
{
	buf_add(out, data, n);
	zeros(out, -n % BLOCK);
}

void tar_file(struct buf *out, const char *name, const char *body)
{
	tar_header(out,
		&(struct tar_header){.type = '0', .name = name, .size = (int64_t)strlen(body)});
	tar_body(out, body, strlen(body));
}

void tar_special(struct buf *out, char type, const char *body, size_t n)
{
	tar_header(out, &(struct tar_header){.type = type, .name = "special", .size = (int64_t)n});
	tar_body(out, body, n);
}

void pax_record(struct buf *out, const char *key, const void *value, size_t n)
{
	size_t least = strlen(key) + n + 3, digits = 1, length;
	char number[32];

	do {
		length = least + digits;
		digits = (size_t)snprintf(number, sizeof(number), "%zu", length);
	} while (length != least + digits);
	buf_addf(out, "%s %s=", number, key);
	buf_add(out, value, n);
	buf_add(out, "\n", 1);
}

void tar_pax(struct buf *out, const char *key, const char *value)
{
	cleanup_buf struct buf record = BUF_NONE;

	pax_record(&record, key, value, strlen(value));
	tar_special(out, 'x', record.data, record.len);
}

void tar_end(struct buf *out)
{
	zeros(out, 2 * BLOCK);
}

void cpio_entry(struct buf *out, const struct cpio_entry *e)
{
	size_t name = strlen(e->name) + 1, body = e->body ? strlen(e->body) : 0;

	buf_addf(out, "070701%08X%08X%08X%08X%08X%08X%08zX%08X%08X%08X%08X%08zX%08X", e->ino,
		e->mode, 1000U, 1000U, e->nlink, 0U, body, 0U, 0U, 0U, 0U, name, 0U);
	buf_add(out, e->name, name);
	zeros(out, -(110 + name) % 4);
	buf_add(out, e->body, body);
	zeros(out, -body % 4);
}

/* Text with what is not printable, and the backslash, as \xXX. */
static void add_text(struct buf *out, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c < 0x21 || c > 0x7e || c == '\\')
			buf_addf(out, "\\x%02x", c);
		else
			buf_add(out, &s[i], 1);
	}
}

static void add_time(struct buf *out, char which, bool has, const struct timespec *t)
{
	if (has && (t->tv_sec || t->tv_nsec))
		buf_addf(out, " %c=%lld.%09ld", which, (long long)t->tv_sec, t->tv_nsec);
}

static void add_data(struct archive_in *in, struct buf *out)
{
	cleanup_err struct err err = ERR_NONE;
	const void *block;
	int64_t offset, end = -1;
	ssize_t n;

	while ((n = archive_in_data(in, &block, &offset, &err)) > 0) {
		if (offset != end)
			buf_addf(out, " @%lld:", (long long)offset);
		add_text(out, block, MIN((size_t)n, 64));
		end = offset + n;
	}
	if (n < 0)
		buf_addf(out, " ! %s", err.what);
}

static void add_entry(struct archive_in *in, const struct entry *e, struct buf *out)
{
	add_text(out, e->path, strlen(e->path));
	if (e->link) {
		buf_adds(out, e->hardlink ? " == " : " -> ");
		add_text(out, e->link, strlen(e->link));
	}
	buf_addf(out, " %o", e->mode);
	if (e->uid || e->gid)
		buf_addf(out, " %u:%u", e->uid, e->gid);
	if (e->uname && *e->uname) {
		buf_adds(out, " uname=");
		add_text(out, e->uname, strlen(e->uname));
	}
	if (e->major || e->minor)
		buf_addf(out, " %u,%u", e->major, e->minor);
	add_time(out, 'm', e->has_mtime, &e->mtime);
	add_time(out, 'a', e->has_atime, &e->atime);
	add_time(out, 'c', e->has_ctime, &e->ctime);
	for (size_t i = 0; i < e->attr_count; i++) {
		buf_adds(out, " ");
		add_text(out, e->attrs[i].name, strlen(e->attrs[i].name));
		buf_adds(out, "=");
		add_text(out, e->attrs[i].value, e->attrs[i].len);
	}
	for (size_t i = 0; i < e->run_count; i++)
		buf_addf(out, " %lld+%lld", (long long)e->runs[i].offset,
			(long long)e->runs[i].length);
	if (e->size)
		buf_addf(out, " size=%lld", (long long)e->size);
	add_data(in, out);
	buf_adds(out, "\n");
}

char *archive_text(const void *data, size_t n)
{
	struct entry e = ENTRY_NONE;
	struct source *s = NULL;
	struct archive_in *in = NULL;
	struct buf out = BUF_NONE;
	bool again = true;
	int r = 0;

	buf_adds(&out, "");
	if (source_memory(data, n, &s) || archive_in_open(s, &in))
		return out.data;
	while (r > 0 || again) {
		cleanup_err struct err err = ERR_NONE;

		r = archive_in_next(in, &e, &again, &err);
		if (r > 0)
			add_entry(in, &e, &out);
		else if (r < 0)
			buf_addf(&out, "! %s%s%s%s\n", err.path ? err.path : "",
				err.path ? ": " : "", err.what, again ? " (again)" : "");
	}
	entry_free(&e);
	archive_in_free(in);
	return out.data;
}
