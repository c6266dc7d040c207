// SPDX-License-Identifier: Apache-2.0
#include "core/image/upper.h"

#include "core/tree/walk.h"

/* What the archive's maker asks comes here first. */
struct packing {
	const struct upper_options *o;
	struct tree *lowers;
	size_t count;
};

static void packing_end(struct packing *p)
{
	while (p->count)
		tree_close(&p->lowers[--p->count]);
	free(p->lowers);
}

static int open_lowers(struct packing *p, struct err *err)
{
	cleanup_free char *text = p->o->lowers ? strdup(p->o->lowers) : NULL;
	char *rest = text, *name;
	size_t most = 1;

	for (const char *c = text; c && *c; c++)
		most += *c == ':';
	p->lowers = calloc(most, sizeof(*p->lowers));
	if (!p->lowers || (p->o->lowers && !text))
		return err_set(err, -ENOMEM, NULL, NULL);
	while (rest && (name = strsep(&rest, ":")) && *name) {
		int fd = openat(p->o->lowers_at, name, O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0)
			return err_set(err, -errno, "cannot open", name);
		p->lowers[p->count++].fd = fd;
	}
	return 0;
}

/* A symlink above it may lead to another one: then it is called opaque without need. */
static bool hides(void *packing, const char *path)
{
	const struct packing *p = packing;

	for (size_t i = 0; i < p->count; i++) {
		cleanup_fd int fd =
			tree_openat(&p->lowers[i], path, O_PATH | O_DIRECTORY | O_NOFOLLOW);

		if (fd >= 0)
			return true;
	}
	return false;
}

static bool want(void *packing, const char *path)
{
	const struct upper_options *o = ((struct packing *)packing)->o;

	return o->want(o->arg, path);
}

static struct owner inside(void *packing, struct owner owner)
{
	const struct upper_options *o = ((struct packing *)packing)->o;

	return o->inside(o->arg, owner);
}

static void fault(void *packing, struct err *err)
{
	const struct upper_options *o = ((struct packing *)packing)->o;

	o->fault(o->arg, err);
}

static struct create_options options(struct packing *p)
{
	const struct upper_options *o = p->o;

	return (struct create_options){.format = FORMAT_PAX,
		.whiteouts = WHITEOUTS_OCI,
		.no_hidden = true,
		.no_holes = o->no_holes,
		.numeric = true,
		.whole_seconds = true,
		.owner = {OWNER_KEEP, OWNER_KEEP},
		.set_mtime = o->clamp,
		.clamp_mtime = o->clamp,
		.mtime = o->mtime,
		.want = o->want ? want : NULL,
		.inside = o->inside ? inside : NULL,
		.hides = o->lowers ? hides : NULL,
		.fault = fault,
		.arg = p};
}

/* The layer's digests are there once its sink is finished, and until that is freed. */
static int pack(const struct tree *upper, const struct upper_options *o, struct layer_out *layer,
	struct sink *sink, struct descriptor *d, char diff_id[DIGEST_MAX], struct err *err)
{
	cleanup(packing_end) struct packing p = {.o = o};
	const struct create_options how = options(&p);
	struct create *c = NULL;
	int r = create_start(sink, o->owners, &how, &c, err);

	if (r == 0)
		r = open_lowers(&p, err);
	if (r < 0) {
		create_free(c);
		return r;
	}
	r = create_path(c, upper, NULL, ".", err);
	if (r == 0)
		r = create_finish(c, err);
	if (r == 0)
		r = layer_commit(layer, d, diff_id, err);
	create_free(c);
	return r;
}

/* 1 or 0, or negative errno. */
static int has_entries(const struct tree *upper)
{
	cleanup_listing struct listing l = LISTING_NONE;
	int r = listing_read(upper->fd, false, &l);

	return r < 0 ? r : l.count > 0;
}

/* The time that the layer has. Whether it is another one. */
static bool layer_time(const struct upper_options *o, struct timespec *t)
{
	struct timespec was = *t;

	t->tv_nsec = 0;
	if (o->clamp && t->tv_sec >= o->mtime.tv_sec)
		t->tv_sec = o->mtime.tv_sec;
	return t->tv_sec != was.tv_sec || was.tv_nsec != 0;
}

static int settle_one(const struct upper_options *o, const struct visit *v, struct stat *st)
{
	if (fstatat(v->dir->fd, v->name, st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!layer_time(o, &st->st_mtim))
		return 0;
	return utimensat(v->dir->fd, v->name, (const struct timespec[2]){st->st_mtim, st->st_mtim},
		       AT_SYMLINK_NOFOLLOW) < 0
		       ? -errno
		       : 0;
}

/* Steps that come later see the same times, whether the layer was just made or unpacked. */
static int settle(const struct tree *upper, const struct upper_options *o, struct err *err)
{
	cleanup_walk struct walk *w = NULL;
	struct stat st;
	struct visit v;
	int r = walk_start_at(upper->fd, ".", ".", &w);

	while (r == 0 && (r = walk_next(w, &v)) > 0) {
		r = v.leaving ? 0 : settle_one(o, &v, &st);
		if (r == 0 && !v.leaving && S_ISDIR(st.st_mode))
			r = walk_enter(w, false, err);
		if (r < 0)
			return err_set(err, r, "cannot set the time of", v.path);
	}
	return r;
}

int upper_pack(struct layout *l, const struct tree *upper, const struct upper_options *o,
	struct descriptor *d, char diff_id[DIGEST_MAX], struct err *err)
{
	struct layer_out layer = LAYER_OUT_NONE;
	struct sink *sink;
	int r = has_entries(upper);

	if (r <= 0)
		return r < 0 ? err_set(err, r, "cannot read", "upper") : 0;
	r = layer_begin(l, o->how, 0, &layer, &sink, err);
	if (r == 0 && o->wrap)
		r = o->wrap(o->arg, &sink);
	if (r == 0)
		r = pack(upper, o, &layer, sink, d, diff_id, err);
	if (r == 0 && o->settle)
		r = settle(upper, o, err);
	layer_abandon(&layer);
	return r < 0 ? err_set(err, r, "cannot write a layer", NULL) : 1;
}
