// SPDX-License-Identifier: Apache-2.0
#include "core/base/io.h"
#include "core/image/layout.h"
#include "core/image/verify.h"
#include "core/pack/digest.h"

#include <stdio.h>

/* err for a blob: its path is LAYOUT/blobs/sha256/HEX. Returns code. */
static int fail(
	const struct layout *l, const char *hex, int code, const char *what, struct err *err)
{
	char name[32 + NAME_MAX];

	snprintf(name, sizeof(name), "blobs/sha256/%s", hex);
	return err_set_at(err, code, what, l->path, name);
}

int blob_err(
	const struct layout *l, const char *digest, int code, const char *what, struct err *err)
{
	return fail(l, digest_hex(digest), code, what, err);
}

/* The descriptor, whose size is as d says, or negative errno with err. */
static int open_blob(const struct layout *l, const struct descriptor *d, struct err *err)
{
	struct stat st;
	cleanup_fd int fd =
		l->blobs < 0 ? -ENOENT : layout_file(l->blobs, digest_hex(d->digest), &st);

	if (fd == -EBADMSG)
		return fail(l, digest_hex(d->digest), fd, "is no file", err);
	if (fd < 0)
		return fail(l, digest_hex(d->digest), fd, "cannot open", err);
	if (st.st_size != d->size)
		return fail(l, digest_hex(d->digest), -EBADMSG,
			"does not have the size that the document above it says", err);
	return take_fd(&fd);
}

int blob_source(
	const struct layout *l, const struct descriptor *d, struct source **out, struct err *err)
{
	int fd = open_blob(l, d, err), r;

	*out = NULL;
	if (fd < 0)
		return fd;
	r = source_fd(fd, out);
	if (r == 0)
		r = source_verify(*out, fd, d->digest, d->size, "it does not have its digest", out);
	else
		base_close(&fd);
	if (r == 0 && l->passed)
		r = source_count(*out, l->passed, out);
	if (r < 0)
		*out = NULL;
	return r < 0 ? fail(l, digest_hex(d->digest), r, "cannot read", err) : 0;
}

static int read_doc(const struct layout *l, const struct descriptor *d, const char *data, size_t n,
	json_t **out, struct err *err)
{
	cleanup_free char *path = NULL;
	char hex[65];
	int r = digest_bytes(data, n, hex);

	if (r < 0)
		return fail(l, digest_hex(d->digest), r, "cannot verify", err);
	if (strcmp(hex, digest_hex(d->digest)) != 0)
		return fail(l, digest_hex(d->digest), -EBADMSG, "does not have its digest", err);
	if (asprintf(&path, "%s/blobs/sha256/%s", l->path, hex) < 0) {
		path = NULL;
		return fail(l, hex, -ENOMEM, "cannot read", err);
	}
	return doc_parse(data, n, path, out, err);
}

int blob_doc(const struct layout *l, const struct descriptor *d, json_t **out, struct err *err)
{
	char small[16384]; /* most fit, and memory from the kernel costs more than to read them */
	cleanup_free char *large = NULL;
	cleanup_fd int fd = -1;
	char *text = small;
	ssize_t n = -ENOMEM;

	*out = NULL;
	if (d->size > DOC_MAX)
		return fail(
			l, digest_hex(d->digest), -EFBIG, "no document may have over 4 MiB", err);
	fd = open_blob(l, d, err);
	if (fd < 0)
		return fd;
	if (d->size > (int64_t)sizeof(small))
		text = large = malloc((size_t)d->size);
	if (text)
		n = io_read(fd, text, (size_t)d->size);
	return n < 0 ? fail(l, digest_hex(d->digest), (int)n, "cannot read", err)
		     : read_doc(l, d, text, (size_t)n, out, err);
}

int blob_there(const struct layout *l, const struct descriptor *d)
{
	struct stat st;

	if (l->blobs < 0)
		return -ENOENT;
	if (fstatat(l->blobs, digest_hex(d->digest), &st, AT_SYMLINK_NOFOLLOW) != 0)
		return -errno;
	return S_ISREG(st.st_mode) && st.st_size == d->size ? 0 : -EBADMSG;
}

int blob_begin(struct layout *l, struct blob_out *b, struct err *err)
{
	int fd = layout_aside(l, b->name);

	if (fd < 0)
		return err_set(err, fd, "cannot write a blob", l->path);
	b->fd = fd;
	b->layout = l;
	return 0;
}

/* Some programs make blobs/sha256 with the first blob. */
static int make_blobs(struct layout *l)
{
	int blobs = l->blobs >= 0 ? l->blobs : layout_make_blobs(l->fd);

	if (blobs < 0)
		return blobs;
	l->blobs = blobs;
	return 0;
}

/* Moves the file to its place: what has that name may be damaged, and this one is not. */
static int settle(const struct blob_out *b, const char *hex)
{
	struct layout *l = b->layout;
	int r = make_blobs(l);

	if (r < 0)
		return r;
	return renameat(l->fd, b->name, l->blobs, hex) == 0 ? 0 : -errno;
}

int blob_commit(struct blob_out *b, const char *hex, struct err *err)
{
	int r = fsync(b->fd) != 0 ? -errno : settle(b, hex);

	if (r < 0)
		return fail(b->layout, hex, r, "cannot write", err);
	base_close(&b->fd);
	*b = (struct blob_out)BLOB_OUT_NONE;
	return 0;
}

void blob_abandon(struct blob_out *b)
{
	base_close(&b->fd);
	if (b->layout)
		unlinkat(b->layout->fd, b->name, 0);
	*b = (struct blob_out)BLOB_OUT_NONE;
}

int blob_put(struct layout *l, const void *data, size_t n, const char *media,
	struct descriptor *out, struct err *err)
{
	cleanup_blob_out struct blob_out b = BLOB_OUT_NONE;
	char digest[DIGEST_MAX] = "sha256:", *hex = digest + strlen("sha256:");
	int r = digest_bytes(data, n, hex);

	if (r == 0)
		r = blob_begin(l, &b, err);
	if (r == 0)
		r = io_write(b.fd, data, n);
	if (r == 0)
		r = blob_commit(&b, hex, err);
	if (r == 0)
		r = descriptor_make(media, digest, (int64_t)n, out);
	return r < 0 ? err_set(err, r, "cannot write a blob", l->path) : 0;
}

int blob_put_doc(struct layout *l, const json_t *doc, const char *media, struct descriptor *out,
	struct err *err)
{
	cleanup_buf struct buf text = BUF_NONE;
	int r = doc_write(doc, &text);

	if (r == 0 && text.len > DOC_MAX)
		r = -EFBIG;
	return r < 0 ? err_set(err, r, "cannot write a document", l->path)
		     : blob_put(l, text.data, text.len, media, out, err);
}
