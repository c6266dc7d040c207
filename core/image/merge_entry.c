// SPDX-License-Identifier: Apache-2.0
#include "core/image/merge_tree.h"

#include "core/pack/path.h"

/* One entry on its way into the tree. */
struct job {
	struct merge_tree *t;
	const struct entry *e;
	const char *name;
	uint32_t id;
	bool *fatal;
	struct err *err;
};

static int refuse(const struct job *j, int r, const char *what)
{
	return err_set(j->err, r, what, j->e->path);
}

static int fatal(const struct job *j, int r)
{
	*j->fatal = true;
	return refuse(j, r, r == -EFBIG ? "too many names to merge" : "cannot merge");
}

static int went(const struct job *j, int r, const char *what)
{
	return r < 0 ? refuse(j, r, *j->fatal ? "cannot merge" : what) : 0;
}

/* The place of the name in the directory where the way ends; what stands there is removed. */
static int make_way(struct job *j)
{
	struct merge_tree *t = j->t;
	int r = merge_find(t, merge_here(t)->id, j->name, true, &j->id);

	if (r < 0)
		return fatal(j, r);
	merge_remove(t, j->id);
	return 0;
}

/* What holds the place stays even where a whiteout of this layer names it. */
static void touch(struct job *j)
{
	for (size_t i = 0; i < j->t->ways.depth; i++)
		merge_place(j->t, j->t->ways.at[i].id)->mark = j->t->now;
	merge_place(j->t, j->id)->mark = j->t->now;
}

static void put(struct job *j, uint8_t kind, uint32_t from, uint32_t at)
{
	struct place *p = merge_place(j->t, j->id);

	p->kind = kind;
	p->flags &= ~PLACE_OLD;
	p->from = from;
	p->at = at;
	touch(j);
}

static int make_file(struct job *j)
{
	int r = make_way(j);

	if (r == 0)
		put(j, PLACE_FILE, j->t->now, 0);
	return r;
}

static int make_symlink(struct job *j)
{
	size_t n = strlen(j->e->link) + 1;
	uint32_t at;
	int r;

	if (n > PATH_MAX)
		return refuse(j, -ENAMETOOLONG, "cannot make");
	r = make_way(j);
	if (r < 0)
		return r;
	r = merge_store_add(j->t->store, j->e->link, n, &at);
	if (r < 0)
		return fatal(j, r);
	put(j, PLACE_SYMLINK, j->t->now, at);
	return 0;
}

/* A directory stands for the lower layer's; what else stands there goes. */
static int make_dir(struct job *j)
{
	struct merge_tree *t = j->t;
	uint32_t from, at;
	int r = merge_find(t, merge_here(t)->id, j->name, true, &j->id);

	if (r == 0)
		r = merge_meta_put(t, j->e, &from);
	if (r < 0)
		return fatal(j, r);
	if (merge_there(t, merge_here(t), j->id) && merge_place(t, j->id)->kind != PLACE_DIR)
		make_way(j);
	if (!merge_there(t, merge_here(t), j->id))
		merge_imply(t, j->id);
	at = merge_place(t, j->id)->at;
	merge_place(t, j->id)->flags &= ~PLACE_IMPLIED;
	put(j, PLACE_DIR, from, at);
	return 0;
}

/* The name that a hard link is made of. */
struct target {
	uint32_t id;
	bool there;
	int r;
};

/* Looked for before the way to the new name is gone, since there is only one way. */
static void find_target(struct job *j, struct target *target)
{
	struct merge_tree *t = j->t;
	cleanup_free char *parts = NULL;
	size_t count;

	target->r = path_split(j->e->link, &parts, &count);
	if (target->r == 0 && count == 0)
		target->r = -EPERM;
	if (target->r == 0)
		target->r = merge_go(t, parts, count - 1, false, j->fatal);
	if (target->r < 0)
		return;
	target->r =
		merge_find(t, merge_here(t)->id, path_part(parts, count - 1), false, &target->id);
	*j->fatal = target->r < 0;
	target->there = merge_there(t, merge_here(t), target->id);
}

static int tie(struct job *j, uint32_t id)
{
	struct place *p = merge_place(j->t, id);
	uint32_t number;
	int r;

	if (p->flags & PLACE_TIED)
		return 0;
	r = merge_inode_add(j->t, p->from, p->kind == PLACE_SYMLINK ? p->at : 0, &number);
	if (r < 0)
		return fatal(j, r);
	p->at = number;
	p->flags |= PLACE_TIED;
	return 0;
}

static bool is_within(const struct merge_tree *t, uint32_t id, uint32_t dir)
{
	for (; id != MERGE_TOP; id = merge_place(t, id)->parent)
		if (id == dir)
			return true;
	return false;
}

/* Both are names of one inode: nothing is to do. */
static bool is_same(const struct job *j, uint32_t id, uint32_t target)
{
	const struct place *p = merge_place(j->t, id), *q = merge_place(j->t, target);

	return id == target || (merge_there(j->t, merge_here(j->t), id) && p->kind != PLACE_DIR &&
				       (p->flags & q->flags & PLACE_TIED) && p->at == q->at);
}

static int make_hardlink(struct job *j, const struct target *target)
{
	struct merge_tree *t = j->t;
	bool inside;
	int r;

	if (target->r < 0 || !target->there)
		return refuse(j, target->r < 0 ? target->r : -ENOENT,
			"cannot find what it is a hard link to");
	if (merge_place(t, target->id)->kind == PLACE_DIR)
		return refuse(j, -EPERM, "refused: a hard link to a directory");
	r = merge_find(t, merge_here(t)->id, j->name, true, &j->id);
	if (r < 0)
		return fatal(j, r);
	if (is_same(j, j->id, target->id)) {
		touch(j);
		return 0;
	}
	inside = is_within(t, target->id, j->id);
	r = make_way(j);
	if (r < 0 || inside)
		return r < 0 ? r : refuse(j, -ENOENT, "cannot make the hard link");
	r = tie(j, target->id);
	if (r < 0)
		return r;
	merge_place(t, j->id)->flags |= PLACE_TIED;
	put(j, merge_place(t, target->id)->kind, t->now, merge_place(t, target->id)->at);
	return 0;
}

static int make(struct job *j, const struct target *target)
{
	if (j->e->hardlink)
		return make_hardlink(j, target);
	switch (j->e->mode & S_IFMT) {
	case S_IFREG:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
		return make_file(j);
	case S_IFDIR:
		return make_dir(j);
	case S_IFLNK:
		return make_symlink(j);
	default:
		return refuse(j, -EINVAL, "refused: a type that no file can have");
	}
}

static int make_top(struct job *j)
{
	struct place *top = merge_place(j->t, MERGE_TOP);
	int r;

	if (j->e->hardlink || !S_ISDIR(j->e->mode))
		return refuse(j, -EINVAL, "refused: the top must stay a directory");
	r = merge_meta_put(j->t, j->e, &top->from);
	if (r < 0)
		return fatal(j, r);
	top->flags &= ~(PLACE_IMPLIED | PLACE_OLD);
	top->mark = j->t->now;
	j->id = MERGE_TOP;
	return 0;
}

/* Of what is in the directory, this layer's stays. */
static void clear_lower(struct merge_tree *t, struct place *dir)
{
	dir->at = MAX(dir->at, t->layer);
}

static int hide(struct job *j, const char *name)
{
	struct merge_tree *t = j->t;
	uint32_t id;
	int r = merge_find(t, merge_here(t)->id, name, false, &id);
	struct place *p = merge_place(t, id);

	if (r < 0)
		return fatal(j, r);
	if (merge_there(t, merge_here(t), id)) {
		if (p->mark < t->layer)
			merge_remove(t, id);
		else if (p->kind == PLACE_DIR)
			clear_lower(t, p);
	}
	return 0;
}

/* name is what follows ".wh.". */
static int whiteout(struct job *j, const char *name)
{
	struct place *dir = merge_place(j->t, merge_here(j->t)->id);

	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return refuse(j, -EINVAL, "refused: a whiteout of nothing");
	if (strcmp(name, ".wh..opq") == 0) {
		clear_lower(j->t, dir);
		return 0;
	}
	/* Other names of this form are aufs's own bookkeeping. */
	return strncmp(name, ".wh.", 4) == 0 ? 0 : hide(j, name);
}

/* The name that a whiteout hides, in a layer's notation or overlayfs's; NULL: it is none. */
static const char *whiteout_of(const struct job *j)
{
	const struct entry *e = j->e;

	if (strncmp(j->name, ".wh.", 4) == 0)
		return j->name + 4;
	return S_ISCHR(e->mode) && !e->hardlink && e->major == 0 && e->minor == 0 ? j->name : NULL;
}

/* As the extractor has it: what lies in aufs's own directories is no part of the tree. */
static int refuse_hidden(const struct job *j, const char *parts, size_t count, bool *ours)
{
	*ours = false;
	for (size_t i = 0; i + 1 < count; i++, parts += strlen(parts) + 1) {
		*ours |= strncmp(parts, ".wh..wh.", 8) == 0;
		if (!*ours && strncmp(parts, ".wh.", 4) == 0)
			return refuse(j, -EINVAL, "refused: below a whiteout");
	}
	return 0;
}

static int place(struct job *j, const char *parts, size_t count)
{
	struct target target = {0};
	const char *hidden;
	bool ours;
	int r = refuse_hidden(j, parts, count, &ours);

	if (r < 0 || ours)
		return r;
	if (count == 0)
		return make_top(j);
	j->name = path_part(parts, count - 1);
	hidden = whiteout_of(j);
	if (j->e->hardlink && !hidden)
		find_target(j, &target);
	if (*j->fatal)
		return fatal(j, target.r);
	r = merge_go(j->t, parts, count - 1, !hidden, j->fatal);
	if (hidden && (r == -ENOENT || r == -ENOTDIR))
		return 0;
	if (r < 0)
		return went(j, r, "cannot go into its directory");
	return hidden ? whiteout(j, hidden) : make(j, &target);
}

int merge_entry(
	struct merge_tree *t, const struct entry *e, uint32_t *id, bool *no_more, struct err *err)
{
	struct job j = {.t = t, .e = e, .fatal = no_more, .err = err};
	cleanup_free char *parts = NULL;
	size_t count;
	int r = path_split(e->path, &parts, &count);

	*no_more = r == -ENOMEM;
	r = r < 0 ? refuse(&j, r, "refused") : place(&j, parts, count);
	if (id)
		*id = r == 0 ? j.id : 0;
	return r;
}
