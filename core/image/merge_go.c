// SPDX-License-Identifier: Apache-2.0
#include "core/image/merge_tree.h"

#include "core/base/buf.h"

/* The depth is that of path_split: what lies deeper could not be named in an archive. */
enum { LINKS_MAX = 40, DEPTH_MAX = 2048 };

static int push(struct merge_tree *t, struct way w)
{
	struct ways *ways = &t->ways;

	if (ways->depth == DEPTH_MAX)
		return -ENAMETOOLONG;
	if (ways->depth == ways->room) {
		size_t room = ways->room ? 2 * ways->room : 32;
		struct way *at = reallocarray(ways->at, room, sizeof(*at));

		if (!at)
			return -ENOMEM;
		ways->at = at;
		ways->room = room;
	}
	ways->at[ways->depth++] = w;
	return 0;
}

static int go_top(struct merge_tree *t)
{
	const struct place *top = merge_place(t, MERGE_TOP);

	t->ways.depth = 0;
	return push(t, (struct way){MERGE_TOP, top->at});
}

static int push_place(struct merge_tree *t, uint32_t id)
{
	const struct place *p = merge_place(t, id);
	const struct way *in = merge_here(t);

	return push(t, (struct way){id, MAX(in->clear, p->at)});
}

bool merge_there(const struct merge_tree *t, const struct way *in, uint32_t id)
{
	const struct place *p = merge_place(t, id);

	return id && p->kind != PLACE_NONE && p->mark >= in->clear;
}

void merge_remove(struct merge_tree *t, uint32_t id)
{
	struct place *p = merge_place(t, id);

	p->kind = PLACE_NONE;
	p->flags &= PLACE_WAS;
	p->at = t->now;
}

void merge_imply(struct merge_tree *t, uint32_t id)
{
	struct place *p = merge_place(t, id);

	p->kind = PLACE_DIR;
	p->flags = (p->flags & PLACE_WAS) | PLACE_IMPLIED;
	if (p->flags & PLACE_WAS)
		p->flags |= PLACE_REMADE;
	p->mark = p->at = t->now;
}

/* The place of that name in the innermost directory; 0 where none is. */
static int look(struct merge_tree *t, const char *name, bool make, uint32_t *id)
{
	int r = merge_find(t, merge_here(t)->id, name, make, id);

	if (r < 0 || merge_there(t, merge_here(t), *id))
		return r;
	if (make)
		merge_imply(t, *id);
	else
		*id = 0;
	return 0;
}

/* What is left of the way that symlinks go: from at on. */
struct rest {
	struct buf text;
	size_t at;
};

static const char *left_of(const struct rest *rest)
{
	return rest->text.len ? rest->text.data + rest->at : "";
}

/* A symlink's target goes before what is left of the way. */
static int prepend_target(struct merge_tree *t, uint32_t link, struct rest *rest)
{
	const struct place *p = merge_place(t, link);
	uint32_t at = p->flags & PLACE_TIED ? merge_inode(t, p->at)->target : p->at;
	cleanup_buf struct buf all = BUF_NONE;
	char target[PATH_MAX];
	int r = merge_store_read(t->store, at, target, sizeof(target));

	target[sizeof(target) - 1] = '\0';
	if (r == 0 && *target == '/')
		r = go_top(t);
	if (r == 0)
		r = buf_addf(&all, "%s/%s", target, left_of(rest));
	if (r < 0)
		return r;
	buf_free(&rest->text);
	*rest = (struct rest){all, 0};
	all = (struct buf)BUF_NONE;
	return ++t->ways.links > LINKS_MAX ? -ELOOP : 0;
}

/* Goes on to one component of a symlink's target. */
static int go_component(struct merge_tree *t, const char *name, struct rest *rest)
{
	uint32_t id;
	int r;

	if (!*name || strcmp(name, ".") == 0)
		return 0;
	if (strcmp(name, "..") == 0) {
		t->ways.depth -= t->ways.depth > 1;
		return 0;
	}
	if (strlen(name) > NAME_MAX)
		return -ENAMETOOLONG;
	r = look(t, name, false, &id);
	if (r < 0 || !id)
		return r < 0 ? r : -ENOENT;
	switch (merge_place(t, id)->kind) {
	case PLACE_SYMLINK:
		return prepend_target(t, id, rest);
	case PLACE_FILE:
		return -ENOTDIR;
	default:
		return push_place(t, id);
	}
}

static int follow(struct merge_tree *t, uint32_t link)
{
	struct rest rest = {BUF_NONE, 0};
	int r = prepend_target(t, link, &rest);

	while (r == 0 && *left_of(&rest)) {
		const char *left = left_of(&rest);
		size_t n = strcspn(left, "/");
		cleanup_free char *name = strndup(left, n);

		rest.at += n + (left[n] == '/');
		r = name ? go_component(t, name, &rest) : -ENOMEM;
	}
	buf_free(&rest.text);
	return r;
}

static int step(struct merge_tree *t, const char *name, bool make)
{
	uint32_t id;
	int r = look(t, name, make, &id);

	if (r < 0 || !id)
		return r < 0 ? r : -ENOENT;
	if (merge_place(t, id)->kind == PLACE_FILE)
		return -ENOTDIR;
	if (merge_place(t, id)->kind == PLACE_SYMLINK)
		r = follow(t, id);
	else
		r = push_place(t, id);
	if (r == 0 && make)
		merge_place(t, id)->mark = t->now;
	return r;
}

int merge_go(struct merge_tree *t, const char *parts, size_t n, bool make, bool *fatal)
{
	int r = go_top(t);

	t->ways.links = 0;
	for (; r == 0 && n > 0; n--, parts += strlen(parts) + 1)
		r = step(t, parts, make);
	*fatal = r < 0 && r != -ENOENT && r != -ENOTDIR && r != -ELOOP && r != -ENAMETOOLONG;
	return r;
}
