// SPDX-License-Identifier: Apache-2.0
/* Blobs from layout to layout. */
#include "core/base/io.h"
#include "core/image/read.h"
#include "core/image/transport.h"
#include "core/image/verify.h"
#include "core/pack/digest.h"

#include <linux/fs.h>
#include <sys/ioctl.h>

struct visit {
	const struct layout *l;
	blob_fn *each;
	void *arg;
	json_t *seen; /* digests, as keys */
};

static int each_of(struct visit *v, const struct descriptor *d, size_t depth, struct err *err);

static int each_in_index(struct visit *v, const struct descriptor *d, size_t depth, struct err *err)
{
	cleanup_json json_t *doc = NULL;
	json_t *list, *one;
	size_t n;
	int r = blob_doc(v->l, d, &doc, err);

	if (r < 0)
		return r;
	list = index_manifests(v->l, d, doc, err);
	if (!list)
		return -EBADMSG;
	json_array_foreach(list, n, one)
	{
		cleanup_descriptor struct descriptor inner = DESCRIPTOR_NONE;

		r = descriptor_read(one, d->digest, &inner, err);
		if (r == 0)
			r = each_of(v, &inner, depth + 1, err);
		if (r != 0)
			return r;
	}
	return 0;
}

static int each_blob(struct visit *v, const struct descriptor *in, json_t *json, struct err *err)
{
	cleanup_descriptor struct descriptor d = DESCRIPTOR_NONE;
	int r = descriptor_read(json, in->digest, &d, err);

	return r == 0 ? v->each(v->arg, &d, err) : r;
}

/* Not every manifest is an image's: BuildKit's word about one has no root file system. */
static int each_in_manifest(struct visit *v, const struct descriptor *d, struct err *err)
{
	cleanup_json json_t *doc = NULL;
	const json_t *layers;
	json_t *one;
	size_t n;
	int r = blob_doc(v->l, d, &doc, err);

	layers = json_object_get(doc, "layers");
	json_array_foreach(layers, n, one)
	{
		if (r == 0)
			r = each_blob(v, d, one, err);
	}
	return r == 0 ? each_blob(v, d, json_object_get(doc, "config"), err) : r;
}

/* Indexes that name each other often would make many ways of few documents: each is gone once. */
static int each_of(struct visit *v, const struct descriptor *d, size_t depth, struct err *err)
{
	int r;

	if (json_object_get(v->seen, d->digest))
		return 0;
	if (depth > INDEX_DEPTH_MAX)
		return err_tell(err, -EBADMSG, "its indexes are nested too deeply", d->digest);
	if (media_is_index(d->media))
		r = each_in_index(v, d, depth, err);
	else if (media_is_manifest(d->media))
		r = each_in_manifest(v, d, err);
	else
		return err_tell(err, -ENOTSUP, "is neither a manifest nor an index", d->digest);
	if (r == 0 && json_object_set_new(v->seen, d->digest, json_true()) != 0)
		r = err_set(err, -ENOMEM, "cannot read", d->digest);
	return r == 0 ? v->each(v->arg, d, err) : r;
}

int blobs_each(const struct layout *l, const struct descriptor *d, blob_fn *each, void *arg,
	struct err *err)
{
	cleanup_json json_t *seen = json_object();
	struct visit v = {l, each, arg, seen};

	return each_of(&v, d, 0, err);
}

static int read_through(struct source *s)
{
	int64_t n = source_drain(s);

	source_free(s);
	return (int)MIN(n, 0);
}

/* Verifies what the new file holds. */
static int verify_clone(const struct blob_out *b, const struct descriptor *d)
{
	struct source *s;
	int fd = openat(b->layout->fd, b->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	r = source_fd(fd, &s);
	if (r < 0) {
		close(fd);
		return r;
	}
	r = source_verify(s, fd, d->digest, d->size, "it does not have its digest", &s);
	return r < 0 ? r : read_through(s);
}

/* 0: the new file shares the blob's bytes, which are right; else it is to be copied. */
static int try_clone(
	const struct layout *from, const struct blob_out *b, const struct descriptor *d)
{
	struct stat st;
	cleanup_fd int fd = openat(
		from->blobs, digest_hex(d->digest), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size != d->size)
		return -EINVAL;
	if (ioctl(b->fd, FICLONE, fd) < 0)
		return -errno;
	return verify_clone(b, d);
}

/* Whether one inode can serve both layouts: nobody but its owner changes it. */
static bool is_safe_to_link(
	const struct layout *from, const struct layout *to, const struct descriptor *d)
{
	struct stat st;

	return to->blobs >= 0 && from->blobs >= 0 &&
	       fstatat(from->blobs, digest_hex(d->digest), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & 0022);
}

/* The file was written by somebody else: what is in it is synced before it gets its name here. */
static int link_blob(const struct layout *from, const struct layout *to, const char *hex)
{
	struct stat st;
	cleanup_fd int fd = layout_file(from->blobs, hex, &st);

	if (fd < 0)
		return fd;
	return fsync(fd) == 0 && linkat(from->blobs, hex, to->blobs, hex, 0) == 0 ? 0 : -errno;
}

static int try_link(const struct layout *from, struct layout *to, const struct descriptor *d)
{
	cleanup_err struct err err = ERR_NONE;
	struct source *s;
	int r;

	if (!is_safe_to_link(from, to, d))
		return -EPERM;
	r = blob_source(from, d, &s, &err);
	if (r == 0)
		r = read_through(s);
	return r < 0 ? r : link_blob(from, to, digest_hex(d->digest));
}

static int copy_bytes(
	const struct layout *from, const struct descriptor *d, int fd, struct err *err)
{
	struct sink *to = NULL;
	struct source *s;
	int r = blob_source(from, d, &s, err);

	if (r < 0)
		return r;
	r = ftruncate(fd, 0) < 0 ? -errno : sink_fd(fd, &to);
	if (r == 0)
		r = sink_pump(to, s);
	sink_free(to);
	if (r < 0)
		blob_err(from, d->digest, r, source_why(s) ? source_why(s) : "cannot copy", err);
	source_free(s);
	return r;
}

int blob_copy(const struct layout *from, struct layout *to, const struct descriptor *d, bool link,
	struct err *err)
{
	cleanup_blob_out struct blob_out b = BLOB_OUT_NONE;
	int r;

	if (blob_there(to, d) == 0 || (link && try_link(from, to, d) == 0))
		return 0;
	r = blob_begin(to, &b, err);
	if (r == 0 && try_clone(from, &b, d) < 0)
		r = copy_bytes(from, d, b.fd, err);
	return r < 0 ? r : blob_commit(&b, digest_hex(d->digest), err);
}

int image_put_manifest(struct layout *l, struct image *i, bool docker, struct err *err)
{
	json_t *config = json_deep_copy(i->config_blob.json);
	int r = config ? doc_set_text(
				 config, "mediaType", docker ? MEDIA_DOCKER_CONFIG : MEDIA_CONFIG)
		       : -ENOMEM;

	if (r == 0 && json_object_set(i->manifest, "config", config) != 0)
		r = -ENOMEM;
	json_decref(config);
	if (r == 0)
		r = image_set_docker(i, docker);
	if (r == 0)
		r = doc_set_text(
			i->manifest, "mediaType", docker ? MEDIA_DOCKER_MANIFEST : MEDIA_MANIFEST);
	if (r < 0)
		return err_set(err, r, "cannot write a manifest", l->path);
	descriptor_done(&i->top);
	return blob_put_doc(
		l, i->manifest, docker ? MEDIA_DOCKER_MANIFEST : MEDIA_MANIFEST, &i->top, err);
}
