// SPDX-License-Identifier: Apache-2.0
#include "core/image/upper.h"

#include "core/image/upper_changes.h"
#include "core/tree/walk.h"

/* What the writer of changes asks comes here first. */
struct packing {
	const struct upper_options *o;
	struct layer_out layer;
	struct descriptor *d;
	char *diff_id;
};

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

/* The layer's digests are there once its sink is finished, and until that is freed. */
static int finished(void *packing, struct err *err)
{
	struct packing *p = packing;

	return layer_commit(&p->layer, p->d, p->diff_id, err);
}

static void drop_unwanted(const struct upper_options *o, struct changes *c)
{
	size_t n = 0;

	for (size_t i = 0; o->want && i < c->count; i++)
		if (o->want(o->arg, c->at[i].path))
			c->at[n++] = c->at[i];
		else
			free(c->at[i].path);
	c->count = o->want ? n : c->count;
}

static int pack(struct layout *l, const struct tree *upper, const struct changes *c,
	struct packing *p, struct err *err)
{
	const struct upper_options *o = p->o;
	const struct changes_layer how = {.tree = upper,
		.owners = o->owners,
		.clamp = o->clamp,
		.no_holes = o->no_holes,
		.mtime = o->mtime,
		.inside = o->inside ? inside : NULL,
		.fault = fault,
		.finished = finished,
		.arg = p};
	struct sink *sink;
	int r = layer_begin(l, o->how, 0, &p->layer, &sink, err);

	if (r == 0 && o->wrap)
		r = o->wrap(o->arg, &sink);
	return r < 0 ? r : changes_write(&how, c, sink, err);
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

/* A directory's once all in it is done. */
static int settle_time(const struct upper_options *o, const struct visit *v, struct stat *st)
{
	if (!layer_time(o, &st->st_mtim))
		return 0;
	return utimensat(v->dir->fd, v->name, (const struct timespec[2]){st->st_mtim, st->st_mtim},
		       AT_SYMLINK_NOFOLLOW) < 0
		       ? -errno
		       : 0;
}

/* No layer has sockets: what one stands for is gone. */
static int settle_socket(const struct visit *v, const struct change *c)
{
	int r = tree_unlink(v->dir->fd, v->name, 0);

	if (r == 0 && c && c->kind == CHANGE_CHANGED &&
		mknodat(v->dir->fd, v->name, S_IFCHR, 0) < 0)
		r = -errno;
	return r;
}

static int settle_one(struct walk *w, const struct visit *v, const struct upper_options *o,
	const struct changes *c, struct err *err)
{
	const char *path = v->depth ? v->path + 2 : "."; /* "./a" is "a" */
	const struct change *change = changes_find(c, path);
	struct stat st;

	if (fstatat(v->dir->fd, v->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISSOCK(st.st_mode))
		return settle_socket(v, change);
	if (S_ISDIR(st.st_mode) && !v->leaving)
		return walk_enter(w, false, err);
	return change ? settle_time(o, v, &st) : 0;
}

/* Steps that come later see the same, whether the layer was just made or unpacked. */
static int settle(const struct tree *upper, const struct upper_options *o, const struct changes *c,
	struct err *err)
{
	cleanup_walk struct walk *w = NULL;
	struct visit v;
	int r = walk_start_at(upper->fd, ".", ".", &w);

	while (r == 0 && (r = walk_next(w, &v)) > 0) {
		r = settle_one(w, &v, o, c, err);
		if (r < 0)
			return err_set(err, r, "cannot set the time of", v.path);
	}
	return r;
}

int upper_pack(struct layout *l, const struct tree *upper, const struct upper_options *o,
	struct descriptor *d, char diff_id[DIGEST_MAX], struct err *err)
{
	cleanup_changes struct changes c = CHANGES_NONE;
	struct packing p = {o, LAYER_OUT_NONE, d, diff_id};
	int r = upper_changes(upper, o->owners, o->lowers, o->lowers_at, o->settle, &c, err);

	if (r == 0)
		drop_unwanted(o, &c);
	if (r < 0 || c.count == 0)
		return r;
	r = changes_add_parents(&c);
	if (r == 0)
		r = pack(l, upper, &c, &p, err);
	if (r == 0 && o->settle)
		r = settle(upper, o, &c, err);
	layer_abandon(&p.layer);
	return r < 0 ? err_set(err, r, "cannot write a layer", NULL) : 1;
}
