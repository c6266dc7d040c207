// SPDX-License-Identifier: Apache-2.0
/* Where no overlay can be mounted: a tree of the image's own, and what changed in it. */
#include "applets/build/stage.h"

#include "core/image/apart.h"
#include "core/image/known.h"
#include "core/image/mtree.h"

struct unpacking {
	struct making *m;
	struct known *known;
};

static void unpack_fault(void *unpacking, struct err *err)
{
	making_fault(((struct unpacking *)unpacking)->m, err);
}

static void unpack_filled(void *unpacking, const struct stat *st, const char *hex)
{
	known_add(((struct unpacking *)unpacking)->known, st, hex);
}

static int unpack(struct stage *s, const struct image *i, struct known *known, struct err *err)
{
	struct unpacking u = {s->m, known};
	const struct unpack_options o = {.owners = &s->m->w->context.owners,
		.whiteouts = WHITEOUTS_APPLY,
		.fault = unpack_fault,
		.filled = unpack_filled,
		.arg = &u};
	int r = layer_top(-1, s->whole.fd, err);

	return r < 0 ? r : image_unpack(&s->m->layout, i, 0, i->layer_count, &s->whole, &o, err);
}

static struct mtree_view view_of(const struct stage *s)
{
	const struct owner mine = s->m->w->context.owners.mine;

	return (struct mtree_view){.tree = &s->whole, .mine = mine, .outside = mine};
}

static int new_file(const struct stage *s, const char *name)
{
	int fd = openat(s->upper.lock, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

int plain_begin(struct stage *s, const struct image *i, struct err *err)
{
	struct known *known = known_new();
	const struct mtree_view view = view_of(s);
	int r = known ? 0 : -ENOMEM;

	if (r == 0 && mkdirat(s->upper.lock, "whole", 0755) < 0)
		r = -errno;
	if (r == 0)
		r = s->whole.fd =
			openat(s->upper.lock, "whole", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r >= 0)
		r = unpack(s, i, known, err);
	if (r >= 0)
		r = links_apart(&s->whole, s->upper.lock, known, err);
	if (r >= 0)
		r = s->manifest = new_file(s, "mtree");
	if (r >= 0)
		r = s->stamps = new_file(s, "stamps");
	if (r >= 0)
		r = mtree_write(&view, s->manifest, s->stamps, known, err);
	known_free(known);
	return r < 0 ? err_set(err, r, "cannot prepare the tree", s->m->r->name) : 0;
}

/* What steps left in /stacker is no part of an image. */
static void drop_own(struct changes *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->count; i++) {
		const char *path = c->at[i].path;

		if (strncmp(path, "stacker", 7) == 0 && (!path[7] || path[7] == '/'))
			free(c->at[i].path);
		else
			c->at[n++] = c->at[i];
	}
	c->count = n;
}

struct packing {
	struct making *m;
	struct layer_out out;
	struct descriptor *d;
	char *diff_id;
};

static void pack_fault(void *packing, struct err *err)
{
	making_fault(((struct packing *)packing)->m, err);
}

static int pack_finished(void *packing, struct err *err)
{
	struct packing *p = packing;

	return layer_commit(&p->out, p->d, p->diff_id, err);
}

static int write_changes(struct stage *s, const struct changes *c, struct descriptor *d,
	char diff_id[DIGEST_MAX], struct err *err)
{
	const enum compression how = making_compression(s->m);
	struct packing p = {s->m, LAYER_OUT_NONE, d, diff_id};
	const struct changes_layer l = {.tree = &s->whole,
		.owners = &s->m->w->context.owners,
		.clamp = s->m->w->has_epoch,
		.no_holes = making_no_holes(s->m),
		.mtime = s->m->w->epoch,
		.fault = pack_fault,
		.finished = pack_finished,
		.arg = &p};
	struct sink *sink;
	int r = layer_begin(&s->m->layout, how, 0, &p.out, &sink, err);

	if (r == 0)
		r = changes_write(&l, c, sink, err);
	layer_abandon(&p.out);
	return r;
}

int plain_pack(struct stage *s, struct descriptor *d, char diff_id[DIGEST_MAX], struct err *err)
{
	cleanup_changes struct changes c = CHANGES_NONE;
	const struct mtree_view view = view_of(s);
	int r = lseek(s->manifest, 0, SEEK_SET) < 0 || lseek(s->stamps, 0, SEEK_SET) < 0 ? -errno
											 : 0;

	if (r == 0)
		r = mtree_compare(&view, s->manifest, s->stamps, &c, err);
	if (r == 0)
		drop_own(&c);
	if (r == 0)
		r = changes_add_parents(&c);
	if (r == 0 && c.count)
		r = write_changes(s, &c, d, diff_id, err);
	return r < 0 ? err_set(err, r, "cannot make a layer", s->m->r->name) : c.count > 0;
}
