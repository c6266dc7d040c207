// SPDX-License-Identifier: Apache-2.0
#include "core/image/mtree_inode.h"

#include "core/image/shared.h"
#include "core/image/stamps.h"
#include "core/image/sums.h"
#include <sys/sysmacros.h>

/*
 * The walk and the manifest go side by side: both have the names of a directory in the same order,
 * files before directories. So only what differs is kept in memory.
 */
struct compare {
	const struct mtree_view *view;
	struct changes *out;
	struct sums *sums;
	struct stamps *stamps;
	struct shared shared;
	struct mtree_in *in;
	const struct mtree_entry *old; /* where event is MTREE_ENTRY */
	int event;
	struct buf last; /* the name before old in its directory, to see that they are in order */
	bool last_directory;
	size_t added; /* how deep we are in a directory that the manifest does not have */
};

static int out_of_memory(struct err *err)
{
	return err_set(err, -ENOMEM, NULL, NULL);
}

static int add(struct compare *c, enum change_kind kind, const char *path, struct err *err)
{
	return changes_add(c->out, kind, path) < 0 ? out_of_memory(err) : 0;
}

/* Files before directories, names by their bytes. */
static int order(bool a_directory, const char *a, bool b_directory, const char *b)
{
	return a_directory != b_directory ? a_directory - b_directory : strcmp(a, b);
}

static int remember_last(struct compare *c, const char *name, bool directory)
{
	buf_cut(&c->last, 0);
	c->last_directory = directory;
	return name ? buf_adds(&c->last, name) : 0;
}

/* Goes on in the manifest, one step. */
static int step(struct compare *c, struct err *err)
{
	c->event = mtree_in_next(c->in, &c->old, err);
	if (c->event < 0)
		return c->event;
	if (c->event != MTREE_ENTRY)
		return 0;
	if (c->last.len &&
		order(c->last_directory, c->last.data, S_ISDIR(c->old->type), c->old->name) >= 0)
		return err_tell(
			err, -EBADMSG, "the manifest's names are not in their order", c->old->name);
	return remember_last(c, c->old->name, S_ISDIR(c->old->type)) < 0 ? out_of_memory(err) : 0;
}

/* Into the directory that old is. */
static int step_into(struct compare *c, struct err *err)
{
	buf_cut(&c->last, 0);
	return step(c, err);
}

/* Out of a directory called name. */
static int step_up(struct compare *c, const char *name, struct err *err)
{
	return remember_last(c, name, true) < 0 ? out_of_memory(err) : step(c, err);
}

/* Past old and all that is in it. */
static int skip_old(struct compare *c, struct err *err)
{
	cleanup_free char *name = strdup(c->old->name);
	size_t depth = S_ISDIR(c->old->type);
	int r = name ? 0 : out_of_memory(err);

	while (r == 0 && depth) {
		buf_cut(&c->last, 0);
		c->event = r = mtree_in_next(c->in, &c->old, err);
		if (r == MTREE_UP)
			depth--;
		else if (r == MTREE_ENTRY)
			depth += S_ISDIR(c->old->type);
		else if (r == MTREE_END)
			return err_tell(err, -EBADMSG, "the manifest ends too soon", NULL);
		r = MIN(r, 0);
	}
	if (r < 0)
		return r;
	return c->last.len ? step(c, err) : step_up(c, name, err);
}

/* dir is the directory's path, of n bytes; old is in it. */
static int tell_removed(struct compare *c, const char *dir, size_t n, struct err *err)
{
	cleanup_buf struct buf path = BUF_NONE;
	int r = n ? buf_addf(&path, "%.*s/%s", (int)n, dir, c->old->name)
		  : buf_adds(&path, c->old->name);

	if (r < 0)
		return out_of_memory(err);
	r = add(c, CHANGE_REMOVED, path.data, err);
	return r < 0 ? r : skip_old(c, err);
}

/*
 * Whether all but the content is the same. A directory's size is its file system's own business,
 * and what is in it is compared by itself. A link count that went down tells that other names are
 * gone.
 */
static bool same(const struct mtree_entry *old, const struct mtree_inode *i)
{
	const struct stat *st = &i->st;
	bool directory = S_ISDIR(st->st_mode);

	return old->type == (st->st_mode & S_IFMT) &&
	       (!(old->has & MTREE_MODE) || S_ISLNK(old->type) ||
		       old->mode == (st->st_mode & 07777)) &&
	       (!(old->has & MTREE_UID) || old->uid == st->st_uid) &&
	       (!(old->has & MTREE_GID) || old->gid == st->st_gid) &&
	       (!(old->has & MTREE_TIME) || old->time == st->st_mtim.tv_sec) &&
	       (directory || !(old->has & MTREE_NLINK) || old->nlink >= st->st_nlink) &&
	       (!(old->has & MTREE_DEVICE) || st->st_rdev == makedev(old->major, old->minor)) &&
	       (!S_ISREG(old->type) || !(old->has & MTREE_SIZE) || old->size == st->st_size) &&
	       (!i->link || !(old->has & MTREE_LINK) || strcmp(old->link, i->link) == 0) &&
	       mtree_same_attrs(old->attrs, old->attr_count, i->attrs.attrs, i->attrs.attr_count);
}

/* Each file's text is the sum that it had and its path, each with its NUL. */
static int compare_sums(void *compare, struct sum_batch *b, struct err *err)
{
	struct compare *c = compare;

	if (b->text.failed)
		return out_of_memory(err);
	for (size_t i = 0; i < b->count; i++) {
		const char *sum = b->text.data + b->files[i].at;

		if (strcmp(sum, b->files[i].hex) == 0)
			continue;
		if (changes_add(c->out, CHANGE_CHANGED, sum + strlen(sum) + 1) < 0)
			return out_of_memory(err);
	}
	return 0;
}

static int compare_content(struct compare *c, const struct visit *v, const char *path,
	const struct stat *st, struct err *err)
{
	struct buf *text = sums_text(c->sums);
	size_t at = text->len;

	if (!(c->old->has & MTREE_SUM))
		return add(c, CHANGE_CHANGED, path, err);
	buf_add(text, c->old->sum, strlen(c->old->sum) + 1);
	buf_add(text, path, strlen(path) + 1);
	return sums_add(c->sums, v->dir->fd, v->name, st, at, path, NULL, err);
}

static const struct entry_attr *map_attr(const struct entry_attr *attrs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(attrs[i].name, DIRMAP_ATTR) == 0)
			return &attrs[i];
	return NULL;
}

/* A map that is damaged says nothing about anybody. */
static void read_map(const struct entry_attr *attr, struct dirmap *map)
{
	if (attr)
		dirmap_decode(attr->value, attr->len, map);
}

/* The entries of a whose owner b does not have, as far as they are in the directory. */
static int tell_map(struct compare *c, int dirfd, const char *dir, const struct dirmap *a,
	const struct dirmap *b, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < a->count; i++) {
		const struct dirmap_entry *e = &a->entries[i], *f = dirmap_find(b, e->name);
		cleanup_buf struct buf path = BUF_NONE;
		struct stat st;

		if (f && owner_same(e->owner, f->owner))
			continue;
		if (fstatat(dirfd, e->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (strcmp(dir, ".") != 0)
			buf_addf(&path, "%s/", dir);
		if (buf_adds(&path, e->name) < 0)
			return out_of_memory(err);
		r = add(c, CHANGE_CHANGED, path.data, err);
	}
	return r;
}

static int compare_maps(struct compare *c, const struct visit *v, const char *path,
	const struct mtree_inode *i, struct err *err)
{
	const struct entry_attr *a = map_attr(c->old->attrs, c->old->attr_count);
	const struct entry_attr *b = map_attr(i->attrs.attrs, i->attrs.attr_count);
	cleanup_dirmap struct dirmap was = DIRMAP_NONE, is = DIRMAP_NONE;
	cleanup_fd int fd = -1;
	int r;

	if ((!a && !b) || (a && b && a->len == b->len && memcmp(a->value, b->value, a->len) == 0))
		return 0;
	read_map(a, &was);
	read_map(b, &is);
	fd = tree_subdir(v->dir->fd, v->name);
	if (fd < 0)
		return err_set(err, fd, "cannot open", path);
	r = tell_map(c, fd, path, &was, &is, err);
	return r < 0 ? r : tell_map(c, fd, path, &is, &was, err);
}

/* old and the inode are of the same name. */
static int compare_inode(struct compare *c, const struct visit *v, const char *path,
	const struct stat *st, struct err *err)
{
	struct mtree_inode i = {.link = NULL};
	int r;

	if (S_ISREG(st->st_mode) && S_ISREG(c->old->type) && stamps_match(c->stamps, path, st))
		return 0;
	r = mtree_inode_read(c->view, v->dir->fd, v->name, st, path, &i, err);
	if (r == 0 && !same(c->old, &i))
		r = add(c, CHANGE_CHANGED, path, err);
	else if (r == 0 && S_ISREG(st->st_mode))
		r = compare_content(c, v, path, st, err);
	if (r == 0 && S_ISDIR(st->st_mode))
		r = compare_maps(c, v, path, &i, err);
	mtree_inode_free(&i);
	return r;
}

/* What the manifest has before name in this directory is gone. */
static int catch_up(struct compare *c, const struct visit *v, const char *path,
	const struct stat *st, struct err *err)
{
	const char *slash = strrchr(path, '/');
	int r = 0;

	while (r == 0 && v->depth && c->event == MTREE_ENTRY &&
		order(S_ISDIR(c->old->type), c->old->name, S_ISDIR(st->st_mode), v->name) < 0)
		r = tell_removed(c, path, slash ? (size_t)(slash - path) : 0, err);
	return r;
}

static bool is_old(const struct compare *c, const struct visit *v, const struct stat *st)
{
	return c->event == MTREE_ENTRY &&
	       order(S_ISDIR(c->old->type), c->old->name, S_ISDIR(st->st_mode),
		       v->depth ? v->name : ".") == 0;
}

static int enter_visit(struct compare *c, struct walk *walk, const struct visit *v,
	const char *path, struct err *err)
{
	struct stat st;
	int r = 0;

	if (fstatat(v->dir->fd, v->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(err, -errno, "cannot read", path);
	if (shared_note(&c->shared, &st, path) < 0)
		return out_of_memory(err);
	if (!c->added)
		r = catch_up(c, v, path, &st, err);
	if (r < 0)
		return r;
	if (c->added || !is_old(c, v, &st)) {
		c->added += S_ISDIR(st.st_mode);
		r = add(c, CHANGE_ADDED, path, err);
	} else {
		r = compare_inode(c, v, path, &st, err);
		if (r == 0)
			r = S_ISDIR(st.st_mode) ? step_into(c, err) : step(c, err);
	}
	if (r == 0)
		r = sums_pass(c->sums, err);
	return r == 0 && S_ISDIR(st.st_mode) ? walk_enter(walk, false, err) : r;
}

static int leave_visit(struct compare *c, const struct visit *v, const char *path, struct err *err)
{
	size_t n = v->depth ? strlen(path) : 0;
	int r = 0;

	if (c->added) {
		c->added--;
		return 0;
	}
	while (r == 0 && c->event == MTREE_ENTRY)
		r = tell_removed(c, path, n, err);
	if (r == 0 && c->event != MTREE_UP)
		return err_tell(err, -EBADMSG, "the manifest ends too soon", path);
	return r < 0 ? r : step_up(c, v->name, err);
}

static int compare_all(struct compare *c, struct err *err)
{
	cleanup_walk struct walk *walk = NULL;
	struct visit v;
	int r = walk_start(c->view->tree, ".", &walk, err);

	if (r == 0)
		r = step(c, err);
	if (r < 0)
		return r;
	/* Else all that is there would be new. */
	if (c->event != MTREE_ENTRY)
		return err_set(err, -EBADMSG, "the manifest does not have the top", NULL);
	walk_directories_last(walk);
	while ((r = walk_next(walk, &v)) > 0) {
		const char *path = v.depth ? v.path + 2 : v.path; /* "./a" is "a" */

		r = v.leaving ? leave_visit(c, &v, path, err) : enter_visit(c, walk, &v, path, err);
		if (r < 0)
			return r;
	}
	if (r == 0)
		r = sums_finish(c->sums, err);
	if (r < 0)
		return err_set(err, r, NULL, NULL);
	changes_sort(c->out);
	return shared_tell(&c->shared, c->out) < 0 ? out_of_memory(err) : 0;
}

static void compare_end(struct compare *c)
{
	sums_free(c->sums);
	stamps_free(c->stamps);
	mtree_in_free(c->in);
	buf_free(&c->last);
	shared_free(&c->shared);
}

int mtree_compare(
	const struct mtree_view *view, int fd, int stamps, struct changes *out, struct err *err)
{
	struct compare c = {.view = view, .out = out, .last = BUF_NONE, .shared = SHARED_NONE};
	int r = stamps >= 0 ? stamps_read(stamps, fd, &c.stamps) : 0;

	if (r == 0)
		r = mtree_in_open(fd, &c.in);
	if (r == 0)
		r = sums_start(compare_sums, &c, &c.sums);
	if (r < 0)
		err_set(err, r, NULL, NULL);
	else
		r = compare_all(&c, err);
	compare_end(&c);
	return r;
}
