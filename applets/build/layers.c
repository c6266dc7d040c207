// SPDX-License-Identifier: Apache-2.0
/* Layers that are not made by steps: archives, and other images' layers. */
#include "applets/build/stage.h"

#include "core/image/apply.h"

/* What is no file may have no end, or never begin. The descriptor or negative errno with err. */
static int open_file(int dirfd, const char *path, const char *url, struct err *err)
{
	cleanup_fd int fd = openat(dirfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(err, -errno, "cannot read", url);
	return S_ISREG(st.st_mode) ? take_fd(&fd) : err_tell(err, -EINVAL, "is no file", url);
}

/* Opens what 'url' of a base of type tar names. The descriptor or negative errno with err. */
static int open_archive(struct making *m, struct stage *s, struct err *err)
{
	const char *url = m->r->from.url;
	const struct import grabbed = {.path = (char *)url};

	if (*url == '/')
		return open_file(AT_FDCWD, url, url, err);
	if (stage_begin(s, m, &m->image, err) < 0 ||
		import_fetch(m, &grabbed, s->upper.lock, "archive", err) < 0)
		return err->code;
	return open_file(s->upper.lock, "archive", url, err);
}

static int pump(int fd, struct sink *sink)
{
	enum compression found;
	struct source *s = NULL;
	int r = source_fd(fd, &s);

	if (r == 0)
		r = source_decompress(s, &found, &s);
	if (r < 0)
		return r;
	r = sink_pump(sink, s);
	source_free(s);
	return r;
}

int add_tar(struct making *m, struct err *err)
{
	cleanup_stage struct stage s = STAGE_NONE;
	cleanup_fd int fd = open_archive(m, &s, err);
	cleanup_layer_out struct layer_out out = LAYER_OUT_NONE;
	cleanup_descriptor struct descriptor d = DESCRIPTOR_NONE;
	char diff_id[DIGEST_MAX];
	struct sink *sink = NULL;
	int r = fd < 0 ? fd : layer_begin(&m->layout, making_compression(m), 0, &out, &sink, err);

	if (r < 0)
		return r;
	r = pump(fd, sink);
	if (r == 0)
		r = layer_commit(&out, &d, diff_id, err);
	sink_free(sink);
	if (r == 0)
		r = layer_check(&m->layout, &d, diff_id, m->r->from.url, err);
	if (r < 0)
		return err_set(err, r, "cannot make a layer of it", m->r->from.url);
	return add_made_layer(m, &d, diff_id, "archive", err);
}

struct applying {
	struct making *m;
	const char *name; /* of the image that is applied */
	bool stopped;
	bool rpm; /* both have packages of it that the other has not */
};

static void tell(void *applying, enum apply_kind kind, const char *path, const char *what)
{
	struct applying *a = applying;

	if (kind == APPLY_NOTE && strcmp(path, "etc/ld.so.cache") == 0) {
		a->m->ldconfig = true;
		return;
	}
	if (kind == APPLY_DATABASE) {
		a->rpm = true;
		return;
	}
	a->stopped |= kind != APPLY_NOTE;
	report(&a->m->self, "apply: %s: %s: %s", a->name, path, what);
}

static void fault(void *applying, struct err *err)
{
	making_fault(((struct applying *)applying)->m, err);
}

static int add_merged(struct applying *a, struct apply *apply, struct err *err)
{
	cleanup_descriptor struct descriptor d = DESCRIPTOR_NONE;
	char diff_id[DIGEST_MAX];
	int r = apply_layer(apply, &a->m->layout, making_compression(a->m), &d, diff_id, err);

	/* Their layers come first: the lists are merged from what both have now */
	if (r == 0 && !a->stopped)
		r = apply_add_layers(&a->m->image, apply->theirs, apply->base);
	return r == 0 && !a->stopped ? add_made_layer(a->m, &d, diff_id, "merged lists", err) : r;
}

static int add_all(struct applying *a, struct apply *apply, struct err *err)
{
	cleanup_buf struct buf packages = BUF_NONE;
	int r = 0;

	if (a->rpm)
		r = rpm_unite(a->m, apply->theirs, apply->base, &packages, err);
	if (r == 0)
		r = apply_merges(apply)
			    ? add_merged(a, apply, err)
			    : apply_add_layers(&a->m->image, apply->theirs, apply->base);
	return r == 0 && a->rpm && !a->stopped ? rpm_rebuild(a->m, &packages, err) : r;
}

static int apply_one(struct making *m, const char *name, struct err *err)
{
	cleanup_image struct image theirs = IMAGE_NONE;
	struct applying a = {m, name, false, false};
	struct apply apply = {.layout = &m->layout,
		.ours = &m->image,
		.theirs = &theirs,
		.fault = fault,
		.tell = tell,
		.arg = &a};
	int r = base_named(m, name, &theirs, err);

	if (r < 0)
		return r;
	apply.base = apply_base(&m->image, &theirs);
	r = apply_check(&apply, err);
	if (r == 0 && !a.stopped)
		r = add_all(&a, &apply, err);
	apply_end(&apply);
	if (r == 0 && a.stopped)
		return err_tell(err, -EEXIST, "cannot be applied", name);
	return r < 0 ? err_set(err, r, "cannot apply", name) : 0;
}

int add_applied_images(struct making *m, struct err *err)
{
	int r = 0;

	for (size_t n = 0; r == 0 && n < m->r->apply_count; n++)
		r = apply_one(m, m->r->apply[n].image, err);
	return r;
}
