// SPDX-License-Identifier: Apache-2.0
/* What an image is based on. */
#include "applets/build/making.h"
#include "core/build/blob.h"
#include "core/image/transport.h"

#include <stdio.h>

/* The platform that the recipe wants, of this machine where it does not say. */
static int platform_of(const struct recipe *r, struct platform *p)
{
	int code = platform_here(p);

	if (code == 0 && r->os) {
		free(p->os);
		p->os = strdup(r->os);
	}
	if (code == 0 && r->arch) {
		free(p->arch);
		p->arch = strdup(r->arch);
	}
	if (code == 0 && (r->arch || r->os)) {
		free(p->variant);
		p->variant = NULL;
	}
	return code < 0 || !p->os || !p->arch ? -ENOMEM : 0;
}

static int make_empty(struct making *m, struct err *err)
{
	cleanup_platform struct platform p = PLATFORM_NONE;
	int r = platform_of(m->r, &p);

	if (r == 0)
		r = image_make(&p, image_now(), &m->image);
	return r < 0 ? err_set(err, r, "cannot begin an image", m->r->name) : 0;
}

/* What is built of it stands alone under its own name. */
static void detach(struct image *i)
{
	while (i->path_count)
		descriptor_done(&i->path[--i->path_count]);
}

static int open_image(const struct layout *l, const char *tag, const struct recipe *r,
	struct image *out, struct err *err)
{
	cleanup_platform struct platform p = PLATFORM_NONE;
	bool chosen = r->os || r->arch;
	int code = chosen ? platform_of(r, &p) : 0;

	if (code == 0)
		code = image_open(l, tag, chosen ? &p : NULL, out, err);
	detach(out);
	return code < 0 ? err_set(err, code, "cannot be a base", tag) : 0;
}

/* "DIR:TAG": what follows the last colon that stands behind the last slash, or latest. */
static int split(const char *url, const char *tag, char **dir, const char **name)
{
	const char *slash = strrchr(url, '/');
	const char *colon = strrchr(slash ? slash : url, ':');

	*name = tag ? tag : colon ? colon + 1 : "latest";
	*dir = colon ? strndup(url, (size_t)(colon - url)) : strdup(url);
	return *dir ? 0 : -ENOMEM;
}

static int from_layout(struct making *m, const char *url, struct err *err)
{
	cleanup_free char *dir = NULL;
	const char *tag;
	int r = split(url, m->r->from.tag, &dir, &tag);

	if (r < 0)
		return err_set(err, r, NULL, NULL);
	if (access(dir, F_OK) < 0 && errno == ENOENT)
		return place_err(err, -ENOENT, m->file->path, &m->r->from.place,
			"%s: there is no such layout; skopeo copy docker://IMAGE oci:DIR:TAG "
			"makes one of a registry's image",
			dir);
	r = layout_open(&m->from, dir, LAYOUT_READ, err);
	return r < 0 ? r : open_image(&m->from, tag, m->r, &m->image, err);
}

/* An archive is read once; what it was is known by its content. */
static int known_archive(struct making *m, const char *memo, struct err *err)
{
	cleanup_buf struct buf text = BUF_NONE;
	cleanup_json json_t *doc = NULL;
	cleanup_descriptor struct descriptor d = DESCRIPTOR_NONE;
	cleanup_err struct err ignored = ERR_NONE;

	(void)err;
	if (work_load(m->w, "cache", memo, &text) < 0 ||
		doc_parse(text.data, text.len, memo, &doc, &ignored) < 0 ||
		descriptor_read(doc, memo, &d, &ignored) < 0 ||
		image_open_descriptor(&m->layout, &d, NULL, &m->image, &ignored) < 0)
		return 0;
	if (layers_sound(m, &m->layout, &m->image))
		return 1;
	image_done(&m->image);
	m->image = (struct image)IMAGE_NONE;
	return 0;
}

static int read_archive(
	struct making *m, const char *file, const char *ref, bool docker, struct err *err)
{
	cleanup_fd int fd = open(file, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	cleanup_descriptor struct descriptor d = DESCRIPTOR_NONE;
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(err, -errno, "cannot read", file);
	if (!S_ISREG(st.st_mode))
		return err_tell(err, -EINVAL, "is no file", file);
	making_say(m, "reading %s", file);
	if (docker) {
		r = docker_archive_read(fd, &m->layout, ref, COMPRESS_GZIP, &m->image, err);
		return r < 0 ? r : image_put_manifest(&m->layout, &m->image, false, err);
	}
	r = oci_archive_read(fd, &m->layout, ref, &d, err);
	return r < 0 ? r : image_open_descriptor(&m->layout, &d, NULL, &m->image, err);
}

static int from_archive(struct making *m, const char *text, bool docker, struct err *err)
{
	size_t n = strcspn(text, ":");
	cleanup_free char *file = strndup(text, n);
	const char *ref = text[n] ? text + n + 1 : NULL;
	cleanup_key struct key key = KEY_NONE;
	cleanup_buf struct buf doc = BUF_NONE;
	char hex[65], memo[80];
	int r = file ? key_adds(&key, "archive", ref) : -ENOMEM;

	if (r == 0)
		r = key_add_path(&key, "file", file, m->sums, err);
	if (r == 0)
		r = key_hex(&key, hex);
	if (r < 0)
		return err_set(err, r, "cannot read", file);
	snprintf(memo, sizeof(memo), "archive-%s", hex);
	r = known_archive(m, memo, err);
	if (r != 0)
		return MIN(r, 0);
	r = read_archive(m, file, ref, docker, err);
	if (r < 0)
		return err_set(err, r, "cannot read", file);
	detach(&m->image);
	if (doc_write(m->image.top.json, &doc) == 0)
		work_save(m->w, "cache", memo, doc.data, doc.len);
	return 0;
}

/* Paths of a docker url are as the file's others. */
static int relative(const struct making *m, const char *path, char **out)
{
	return asprintf(out, "%s%s%s", *path == '/' ? "" : m->file->dir, *path == '/' ? "" : "/",
		       path) < 0
		       ? -ENOMEM
		       : 0;
}

static int from_url(struct making *m, const char *url, struct err *err)
{
	static const char *const kinds[] = {"oci:", "docker-archive:", "oci-archive:"};
	cleanup_free char *path = NULL;

	for (size_t n = 0; n < ARRAY_SIZE(kinds); n++) {
		size_t len = strlen(kinds[n]);

		if (strncmp(url, kinds[n], len) != 0 || strncmp(url + len, "//", 2) == 0)
			continue;
		if (relative(m, url + len, &path) < 0)
			return err_set(err, -ENOMEM, NULL, path = NULL);
		return n == 0 ? from_layout(m, path, err) : from_archive(m, path, n == 1, err);
	}
	return place_err(err, -ENOTSUP, m->file->path, &m->r->from.place,
		"'%s' is not on this machine; copy it into a layout "
		"(skopeo copy %s%s oci:DIR:TAG, or rlc-image copy) and give its url as oci:DIR:TAG",
		url, strstr(url, "://") ? "" : "docker://", url);
}

static int refuse_fetch(const struct making *m, struct err *err)
{
	return place_err(err, -ENOTSUP, m->file->path, &m->r->from.place,
		"rlc-build fetches nothing: fetch '%s' first and name the file", m->r->from.url);
}

int base_find(struct making *m, struct err *err)
{
	const struct from *f = &m->r->from;
	int r;

	if (f->type == FROM_SCRATCH || f->type == FROM_TAR)
		r = f->type == FROM_TAR && strncmp(f->url, "http", 4) == 0 ? refuse_fetch(m, err)
									   : make_empty(m, err);
	else if (f->type == FROM_BUILT)
		r = open_image(&m->layout, f->tag, m->r, &m->image, err);
	else if (f->type == FROM_OCI && *f->url == '/')
		r = from_layout(m, f->url, err);
	else
		r = from_url(m, f->url, err);
	m->base_layers = m->image.layer_count;
	return r;
}

struct bring {
	struct making *m;
	const struct layout *from;
	struct layout *to;
};

static int bring_blob(void *arg, const struct descriptor *d, struct err *err)
{
	struct bring *b = arg;

	return blob_sound(b->m, b->to, d) ? 0 : blob_copy(b->from, b->to, d, true, err);
}

static int bring_image(struct making *m, const struct layout *from, struct layout *to,
	const struct image *i, struct err *err)
{
	struct bring b = {m, from, to};

	return blobs_each(from, &i->top, bring_blob, &b, err);
}

int base_bring(struct making *m, struct err *err)
{
	if (m->from.fd < 0)
		return 0;
	return bring_image(m, &m->from, &m->layout, &m->image, err);
}

int base_named(struct making *m, const char *name, struct image *out, struct err *err)
{
	cleanup_layout struct layout from = LAYOUT_NONE;
	cleanup_free char *dir = NULL;
	const char *tag;
	int r;

	if (strncmp(name, "stacker://", 10) == 0)
		return open_image(&m->layout, name + 10, m->r, out, err);
	if (strncmp(name, "oci:", 4) != 0)
		return open_image(&m->layout, name, m->r, out, err);
	r = split(name + 4, NULL, &dir, &tag);
	if (r == 0)
		r = layout_open(&from, dir, LAYOUT_READ, err);
	if (r == 0)
		r = open_image(&from, tag, m->r, out, err);
	return r < 0 ? err_set(err, r, NULL, name) : bring_image(m, &from, &m->layout, out, err);
}

static bool is_delivered(
	struct making *m, const struct layout *to, const struct image *i, const char *tag)
{
	cleanup_err struct err err = ERR_NONE;
	cleanup_image struct image there = IMAGE_NONE;

	return image_open(to, tag, NULL, &there, &err) == 0 &&
	       strcmp(there.top.digest, i->top.digest) == 0 && layers_sound(m, to, &there);
}

int deliver(struct making *m, const char *dir, const char *tag, struct err *err)
{
	cleanup_layout struct layout to = LAYOUT_NONE;
	cleanup_image struct image i = IMAGE_NONE;
	int r = image_open(&m->layout, m->r->name, NULL, &i, err);

	if (r == 0)
		r = work_layout(m->w, dir, LAYOUT_WRITE, &to, err);
	if (r == 0 && !is_delivered(m, &to, &i, tag)) {
		r = bring_image(m, &m->layout, &to, &i, err);
		/* What is linked from one layout to another has other times from then on. */
		layers_known(m, &to, &i);
		layers_known(m, &m->layout, &i);
		if (r == 0)
			r = image_tag(&to, tag, &i.top, err);
	}
	return r;
}
