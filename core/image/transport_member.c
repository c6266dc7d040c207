// SPDX-License-Identifier: Apache-2.0
/* What an archive of an image is made of. */
#include "core/image/transport.h"
#include "core/pack/path.h"
#include "core/pack/stage.h"

static int each_member(struct archive_in *in, member_fn *each, void *arg, struct err *err)
{
	cleanup_entry struct entry e = ENTRY_NONE;

	for (;;) {
		cleanup_free char *path = NULL;
		bool again;
		int r = archive_in_next(in, &e, &again, err);

		if (r <= 0)
			return r;
		r = path_clean(e.path, &path);
		if (r < 0)
			return err_set(err, r, "has a name that it cannot have", e.path);
		r = each(arg, path, &e, in, err);
		if (r != 0)
			return r;
	}
}

int members_each(int fd, atomic_ullong *passed, member_fn *each, void *arg, struct err *err)
{
	struct archive_in *in = NULL;
	enum compression found;
	struct source *s;
	int r = lseek(fd, 0, SEEK_SET) < 0 ? -errno : source_fd(fd, &s);

	if (r == 0 && passed)
		r = source_count(s, passed, &s);
	if (r == 0)
		r = source_decompress(s, &found, &s);
	if (r == 0)
		r = archive_in_open(s, &in);
	if (r < 0)
		return err_set(err, r, "cannot read the archive", NULL);
	r = each_member(in, each, arg, err);
	archive_in_free(in);
	return r;
}

int member_text(struct archive_in *data, const struct entry *e, struct buf *out, struct err *err)
{
	const void *block;
	int64_t offset;
	ssize_t n;

	if (!S_ISREG(e->mode) || e->size > DOC_MAX)
		return err_tell(err, -EFBIG, "is no document of at most 4 MiB", e->path);
	while ((n = archive_in_data(data, &block, &offset, err)) > 0)
		if (buf_add(out, block, (size_t)n) < 0)
			return err_set(err, -ENOMEM, NULL, e->path);
	return (int)n;
}

struct member {
	struct source stage;
	struct archive_in *data;
	struct err err;
	int64_t at; /* what was given so far; a hole comes as zeros */
	const char *block;
	size_t left;
	int64_t offset;
};

/* Sees to it that there are bytes: 1, 0 at the end, or negative errno. */
static int more(struct member *m)
{
	ssize_t n;

	if (m->left)
		return 1;
	n = archive_in_data(m->data, (const void **)&m->block, &m->offset, &m->err);
	m->left = n > 0 ? (size_t)n : 0;
	return n > 0 ? 1 : (int)n;
}

static int fill(struct member *m, struct block *b)
{
	while (b->len < STREAM_BLOCK) {
		int r = more(m);
		size_t n;

		if (r <= 0)
			return r;
		n = STREAM_BLOCK - b->len;
		if (m->at < m->offset) {
			n = (size_t)MIN((int64_t)n, m->offset - m->at);
			memset(b->data + b->len, 0, n);
		} else {
			n = MIN(n, m->left);
			memcpy(b->data + b->len, m->block, n);
			m->block += n;
			m->left -= n;
			m->offset += (int64_t)n;
		}
		m->at += (int64_t)n;
		b->len += n;
	}
	return 1;
}

static int member_next(struct source *s, struct block **out)
{
	struct member *m = (struct member *)s;
	struct block *b;
	int r = pool_take(s->pool, &b);

	if (r < 0)
		return r;
	b->len = 0;
	r = fill(m, b);
	if (r >= 0 && b->len) {
		*out = b;
		return 1;
	}
	block_drop(b);
	return r < 0 ? source_fail(s, r, m->err.what) : 0;
}

static void member_free(struct source *s)
{
	err_free(&((struct member *)s)->err);
}

static const struct source_ops member_ops = {.next = member_next, .free = member_free};

int member_source(struct archive_in *data, struct source **out)
{
	int r = source_new(&member_ops, sizeof(struct member), NULL, out);

	if (r < 0)
		return r;
	((struct member *)*out)->data = data;
	r = pool_new(STREAM_BLOCK, 8, &(*out)->pool);
	if (r < 0)
		source_free(*out);
	return r;
}

static int put_header(
	struct archive_out *out, const char *path, mode_t mode, int64_t size, struct err *err)
{
	struct entry e = {
		.path = (char *)(uintptr_t)path, .mode = mode, .size = size, .has_mtime = true};

	return archive_out_entry(out, &e, err);
}

int member_put(
	struct archive_out *out, const char *path, const void *data, size_t n, struct err *err)
{
	int r = put_header(
		out, path, data ? S_IFREG | 0644 : S_IFDIR | 0755, data ? (int64_t)n : 0, err);

	if (r == 0 && data)
		r = archive_out_data(out, data, n, err);
	return r < 0 ? r : archive_out_end(out, err);
}

int member_put_source(
	struct archive_out *out, const char *path, struct source *s, int64_t size, struct err *err)
{
	int r = put_header(out, path, S_IFREG | 0644, size, err);
	const void *block;
	ssize_t n = 0;

	while (r == 0 && (n = source_next(s, &block)) > 0)
		r = archive_out_data(out, block, (size_t)n, err);
	if (r == 0 && n < 0)
		r = err_set(err, (int)n, source_why(s) ? source_why(s) : "cannot read", path);
	source_free(s);
	return r < 0 ? r : archive_out_end(out, err);
}
