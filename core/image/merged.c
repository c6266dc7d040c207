// SPDX-License-Identifier: Apache-2.0
#include "core/image/merged.h"

/* A directory that is one below, too, and is still to be entered. */
struct known_dir {
	char *name; /* owned */
	struct below_list in;
};

/* Those that are in one directory, in the order of their names. */
struct level {
	struct known_dir *at;
	size_t count, room, next;
	bool opaque; /* that one, or one above it */
};

struct walking {
	const struct below *below;
	bool through;
	merged_fn *each;
	void *arg;
	struct walk *walk;
	struct level *levels; /* one for each directory that the walk is in */
	size_t depth, room;
};

static void level_free(struct level *l)
{
	for (size_t i = 0; i < l->count; i++) {
		free(l->at[i].name);
		below_list_free(&l->at[i].in);
	}
	free(l->at);
	*l = (struct level){NULL, 0, 0, 0, false};
}

/* in is the level's from here on. */
static int level_add(struct level *l, const char *name, struct below_list *in)
{
	if (l->count == l->room) {
		size_t room = l->room ? l->room * 2 : 16;
		void *at = reallocarray(l->at, room, sizeof(*l->at));

		if (!at)
			return -ENOMEM;
		l->at = at;
		l->room = room;
	}
	l->at[l->count] = (struct known_dir){strdup(name), *in};
	if (!l->at[l->count].name)
		return -ENOMEM;
	*in = (struct below_list){NULL, 0};
	l->count++;
	return 0;
}

/* The layers that have the directory, which comes after those that were asked for before. */
static struct below_list level_take(struct level *l, const char *name)
{
	struct below_list in = {NULL, 0};

	while (l->next < l->count && strcmp(l->at[l->next].name, name) < 0)
		l->next++;
	if (l->next < l->count && strcmp(l->at[l->next].name, name) == 0) {
		in = l->at[l->next].in;
		l->at[l->next].in = (struct below_list){NULL, 0};
	}
	return in;
}

static int push_level(struct walking *c)
{
	if (c->depth == c->room) {
		size_t room = c->room ? c->room * 2 : 16;
		void *levels = reallocarray(c->levels, room, sizeof(*c->levels));

		if (!levels)
			return -ENOMEM;
		c->levels = levels;
		c->room = room;
	}
	c->levels[c->depth++] = (struct level){NULL, 0, 0, 0, false};
	return 0;
}

/* A directory that is one below, too. */
static int note(struct walking *w, const struct below_dir *d, const char *name)
{
	struct below_list in = {NULL, 0};
	struct below_part *part;
	struct stat st;
	int r = below_find(d, name, &part, &st);

	if (r <= 0 || !S_ISDIR(st.st_mode))
		return MIN(r, 0);
	r = below_merged(d, part, name, &in);
	if (r == 0)
		r = level_add(&w->levels[w->depth - 1], name, &in);
	below_list_free(&in);
	return r;
}

static bool is_dir(const struct dir *dir, const struct listing *l, size_t i)
{
	struct stat st;

	if (l->entries[i].type != DT_UNKNOWN)
		return l->entries[i].type == DT_DIR;
	return fstatat(dir->fd, listing_name(l, i), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode);
}

/* All that is to be known of the directory that the walk has just entered. */
static int enter_merged(
	struct walking *w, const struct below_list *in, const char *path, struct err *err)
{
	struct level *level = &w->levels[w->depth - 1];
	struct below_dir d;
	const struct merged_dir m = {.dir = walk_dir(w->walk),
		.names = walk_listing(w->walk),
		.path = path,
		.below = &d,
		.opaque = (w->depth > 1 && level[-1].opaque) ||
			  below_is_opaque(walk_dir(w->walk)->fd, NULL)};
	const struct below_list none = {NULL, 0};
	int r = below_enter(w->below, m.opaque && !w->through ? &none : in, path, &d, err);

	level->opaque = m.opaque;
	if (r == 0)
		r = w->each(w->arg, &m, err);
	for (size_t i = 0; r == 0 && d.count && i < m.names->count; i++)
		if (is_dir(m.dir, m.names, i))
			r = note(w, &d, listing_name(m.names, i));
	below_leave(&d);
	return r < 0 ? err_set(err, r, "cannot find in the layers", path) : r;
}

static int enter(struct walking *w, const struct visit *v, struct err *err)
{
	cleanup_free char *path = strdup(v->depth ? v->path + 2 : "."); /* "./a" is "a" */
	struct below_list in = {NULL, 0};
	int r = path ? 0 : -ENOMEM;

	if (v->depth)
		in = level_take(&w->levels[w->depth - 1], v->name);
	else if (r == 0)
		r = below_top(w->below, &in);
	if (r == 0)
		r = push_level(w);
	if (r == 0)
		r = walk_enter(w->walk, false, err);
	if (r == 0)
		r = enter_merged(w, &in, path, err);
	below_list_free(&in);
	return r < 0 ? err_set(err, r, "cannot read", path) : r;
}

static int walk_all(struct walking *w, struct err *err)
{
	struct visit v;
	struct stat st;
	int r;

	while ((r = walk_next(w->walk, &v)) > 0) {
		r = 0;
		if (v.leaving)
			level_free(&w->levels[--w->depth]);
		else if (fstatat(v.dir->fd, v.name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			r = err_set(err, -errno, "cannot read", v.path);
		else if (S_ISDIR(st.st_mode))
			r = enter(w, &v, err);
		if (r != 0)
			return r;
	}
	return r;
}

int merged_walk(const struct tree *upper, const struct below *below, bool through, merged_fn *each,
	void *arg, struct err *err)
{
	struct walking w = {.below = below, .through = through, .each = each, .arg = arg};
	int r = walk_start_at(upper->fd, ".", ".", &w.walk);

	if (r == 0)
		r = walk_all(&w, err);
	while (w.depth)
		level_free(&w.levels[--w.depth]);
	free(w.levels);
	walk_free(w.walk);
	return r < 0 ? err_set(err, r, NULL, NULL) : r;
}
