// SPDX-License-Identifier: Apache-2.0
#include "core/image/merge_tree.h"

#include "core/base/buf.h"
#include "core/base/siphash.h"
#include <sys/random.h>

enum {
	PIECE = 1 << 14,      /* items */
	PLACES_MAX = 2 << 20, /* 84 MiB with all that belongs to them */
	INODES_MAX = 1 << 19,
	SLOTS_MIN = 1 << 12
};

static int pieces_add(struct pieces *p, size_t max, uint32_t *number)
{
	size_t piece = p->count / PIECE;

	if (p->count >= max)
		return -EFBIG;
	if (p->count % PIECE == 0) {
		if (piece == p->room) {
			size_t room = p->room ? 2 * p->room : 16;
			char **at = reallocarray(p->at, room, sizeof(*at));

			if (!at)
				return -ENOMEM;
			p->at = at;
			p->room = room;
		}
		p->at[piece] = calloc(PIECE, p->size);
		if (!p->at[piece])
			return -ENOMEM;
	}
	*number = (uint32_t)p->count++;
	return 0;
}

static void pieces_free(struct pieces *p)
{
	for (size_t i = 0; i * PIECE < p->count; i++)
		free(p->at[i]);
	free(p->at);
}

static void *pieces_at(const struct pieces *p, uint32_t number)
{
	return p->at[number / PIECE] + number % PIECE * p->size;
}

struct place *merge_place(const struct merge_tree *t, uint32_t id)
{
	return pieces_at(&t->places, id);
}

struct inode *merge_inode(const struct merge_tree *t, uint32_t number)
{
	return pieces_at(&t->inodes, number);
}

int merge_inode_add(struct merge_tree *t, uint32_t from, uint32_t target, uint32_t *number)
{
	int r = pieces_add(&t->inodes, INODES_MAX, number);

	if (r == 0)
		*merge_inode(t, *number) = (struct inode){.from = from, .target = target};
	return r;
}

uint32_t merge_last(const struct merge_tree *t)
{
	return (uint32_t)t->places.count - 1;
}

static int begin(struct merge_tree *t)
{
	uint32_t none, top, inode;
	int r = merge_store_new(&t->store);

	t->slots = calloc(SLOTS_MIN, sizeof(*t->slots));
	t->room = SLOTS_MIN;
	if (r < 0 || !t->slots)
		return -ENOMEM;
	if (getrandom(t->key, sizeof(t->key), 0) != sizeof(t->key))
		return -EIO;
	r = pieces_add(&t->places, PLACES_MAX, &none);
	if (r == 0)
		r = pieces_add(&t->places, PLACES_MAX, &top);
	if (r == 0)
		r = pieces_add(&t->inodes, INODES_MAX, &inode);
	if (r < 0)
		return r;
	merge_place(t, top)->kind = PLACE_DIR;
	merge_place(t, top)->flags = PLACE_IMPLIED;
	return 0;
}

int merge_tree_new(struct merge_tree **out)
{
	struct merge_tree *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return -ENOMEM;
	t->places.size = sizeof(struct place);
	t->inodes.size = sizeof(struct inode);
	r = begin(t);
	if (r < 0) {
		merge_tree_free(t);
		return r;
	}
	*out = t;
	return 0;
}

void merge_tree_free(struct merge_tree *t)
{
	if (!t)
		return;
	pieces_free(&t->places);
	pieces_free(&t->inodes);
	merge_store_free(t->store);
	free(t->slots);
	free(t->ways.at);
	free(t);
}

void merge_layer(struct merge_tree *t)
{
	t->layer = t->now + 1;
}

int merge_next(struct merge_tree *t)
{
	if (t->now >= UINT32_MAX - 1)
		return -EFBIG;
	t->now++;
	return 0;
}

/* 1: it is this name; 0: another. */
static int is_named(struct merge_tree *t, const struct place *p, const char *name, size_t n)
{
	unsigned char text[1 + NAME_MAX];
	int r = merge_store_read(t->store, p->name, text, 1 + n);

	return r < 0 ? r : text[0] == n && memcmp(text + 1, name, n) == 0;
}

static int grow(struct merge_tree *t)
{
	size_t room = t->room * 2;
	uint32_t *slots = calloc(room, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (uint32_t id = MERGE_TOP + 1; id <= merge_last(t); id++) {
		size_t i = merge_place(t, id)->hash & (room - 1);

		while (slots[i])
			i = (i + 1) & (room - 1);
		slots[i] = id;
	}
	free(t->slots);
	t->slots = slots;
	t->room = room;
	return 0;
}

static int add(struct merge_tree *t, const struct place *p, const char *name, size_t n, size_t slot,
	uint32_t *id)
{
	char text[1 + NAME_MAX] = {(char)n};
	struct place *new;
	uint32_t at;
	int r;

	memcpy(text + 1, name, n);
	r = merge_store_add(t->store, text, 1 + n, &at);
	if (r == 0)
		r = pieces_add(&t->places, PLACES_MAX, id);
	if (r < 0)
		return r;
	new = merge_place(t, *id);
	*new = *p;
	new->name = at;
	t->slots[slot] = *id;
	return t->places.count * 4 > t->room * 3 ? grow(t) : 0;
}

int merge_find(struct merge_tree *t, uint32_t dir, const char *name, bool make, uint32_t *id)
{
	const uint64_t number = dir;
	size_t n = strlen(name), i;
	struct place p = {.parent = dir};

	*id = 0;
	p.hash = (uint32_t)siphash(t->key, &number, 1, name, n);
	for (i = p.hash & (t->room - 1); t->slots[i]; i = (i + 1) & (t->room - 1)) {
		const struct place *old = merge_place(t, t->slots[i]);
		int r = 0;

		if (old->hash == p.hash && old->parent == dir)
			r = is_named(t, old, name, n);
		if (r < 0)
			return r;
		if (r) {
			*id = t->slots[i];
			return 0;
		}
	}
	return make ? add(t, &p, name, n, i, id) : 0;
}

int merge_name(struct merge_tree *t, uint32_t id, struct buf *out)
{
	unsigned char text[1 + NAME_MAX];
	int r = merge_store_read(t->store, merge_place(t, id)->name, text, sizeof(text));

	return r < 0 ? r : buf_add(out, text + 1, text[0]);
}

int merge_path(struct merge_tree *t, uint32_t id, struct buf *out)
{
	cleanup_free uint32_t *ids = NULL;
	size_t depth = 0;
	int r = 0;

	if (id == MERGE_TOP)
		return buf_adds(out, ".");
	for (uint32_t up = id; up != MERGE_TOP; up = merge_place(t, up)->parent)
		depth++;
	ids = calloc(depth, sizeof(*ids));
	if (!ids)
		return -ENOMEM;
	for (size_t i = depth; i-- > 0; id = merge_place(t, id)->parent)
		ids[i] = id;
	for (size_t i = 0; i < depth && r == 0; i++) {
		r = i ? buf_adds(out, "/") : 0;
		if (r == 0)
			r = merge_name(t, ids[i], out);
	}
	return r;
}

/* Of the names of an inode that are left, the oldest is the first. */
static void settle_inode(struct merge_tree *t, uint32_t id, const struct place *p)
{
	struct inode *inode = merge_inode(t, p->at);

	if (!inode->first || merge_place(t, inode->first)->from > p->from)
		inode->first = id;
}

static bool is_gone(const struct merge_tree *t, const struct place *p)
{
	const struct place *in = merge_place(t, p->parent);

	return p->kind == PLACE_NONE || in->kind != PLACE_DIR || p->mark < in->at;
}

/*
 * What holds a place has a smaller number, so one pass over all will do: a directory's number is
 * raised to those of the directories that it lies in, and by its own what is gone can be told.
 */
static void settle(struct merge_tree *t, struct place *p)
{
	if (is_gone(t, p))
		p->kind = PLACE_NONE;
	if (p->kind == PLACE_DIR)
		p->at = MAX(p->at, merge_place(t, p->parent)->at);
}

void merge_base(struct merge_tree *t)
{
	merge_place(t, MERGE_TOP)->flags |= PLACE_WAS | PLACE_OLD;
	for (uint32_t id = MERGE_TOP + 1; id <= merge_last(t); id++) {
		struct place *p = merge_place(t, id);

		settle(t, p);
		if (p->kind != PLACE_NONE)
			p->flags |= PLACE_WAS | PLACE_OLD;
	}
}

void merge_settle(struct merge_tree *t)
{
	for (uint32_t id = MERGE_TOP + 1; id <= merge_last(t); id++) {
		struct place *p = merge_place(t, id);

		settle(t, p);
		if (merge_place(t, p->parent)->flags & (PLACE_REMADE | PLACE_COVERED))
			p->flags |= PLACE_COVERED;
		if (p->kind != PLACE_NONE && p->kind != PLACE_DIR && (p->flags & PLACE_TIED))
			settle_inode(t, id, p);
	}
	free(t->slots);
	t->slots = NULL;
}
