// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_MERGE_TREE_H
#define RLC_MERGE_TREE_H

#include "core/image/merge_store.h"
#include "core/pack/entry.h"

/*
 * What a tree would hold after layers were extracted into it one after the other, as
 * core/pack/extract.h does it: names and types only, 28 bytes a name.
 *
 * Each entry has a number, counted over all layers. What is removed is not searched for: a
 * directory remembers the number before which all in it is gone (at), and each place the number of
 * the entry that last had to do with it (mark).
 */
struct place {
	uint32_t hash, parent, name; /* name: in the store, its length (a byte) before it */
	uint32_t mark;
	uint32_t from; /* a directory's description in the store; else the entry's number */
	uint32_t at;   /* a symlink's target in the store; of what is PLACE_TIED, its inode */
	uint8_t kind, flags;
};

enum { PLACE_NONE, PLACE_DIR, PLACE_FILE, PLACE_SYMLINK };

enum {
	PLACE_IMPLIED = 1,  /* no entry has described this directory */
	PLACE_TIED = 2,     /* one of several hard links */
	PLACE_WAS = 4,      /* it was there at merge_base */
	PLACE_OLD = 8,      /* and nothing has been put in its place, or described it anew */
	PLACE_REMADE = 16,  /* a directory where something was: nothing of that is in it */
	PLACE_COVERED = 32, /* after merge_settle: it lies in one that is PLACE_REMADE */
};

/* What several names share. */
struct inode {
	uint32_t from;   /* the entry that brought it */
	uint32_t target; /* of a symlink */
	uint32_t first;  /* after merge_settle: its first name that is left, 0 for none */
};

enum { MERGE_TOP = 1 }; /* place 0 is none */

/* A directory on the way to where an entry goes. */
struct way {
	uint32_t id, clear; /* what has an older mark than clear is gone */
};

struct ways {
	struct way *at;
	size_t depth, room;
	unsigned links; /* symlinks followed */
};

/* Items in pieces, so that growing copies none. */
struct pieces {
	char **at;
	size_t count, room, size;
};

struct merge_tree {
	uint32_t now, layer; /* this entry; the first of this layer */
	struct pieces places, inodes;
	uint32_t *slots; /* of places by hash; 0 is free */
	size_t room;     /* a power of two */
	uint64_t key[2];
	struct merge_store *store;
	struct ways ways;
};

/* 0 or negative errno. */
int merge_tree_new(struct merge_tree **out);
void merge_tree_free(struct merge_tree *t);

struct place *merge_place(const struct merge_tree *t, uint32_t id);
struct inode *merge_inode(const struct merge_tree *t, uint32_t number);
int merge_inode_add(struct merge_tree *t, uint32_t from, uint32_t target, uint32_t *number);

/* The number of the last place. */
uint32_t merge_last(const struct merge_tree *t);

/* A new layer begins. */
void merge_layer(struct merge_tree *t);

/* What is there now is what the layers from here on are laid over. */
void merge_base(struct merge_tree *t);

/* The next entry begins, readable or not. 0, or -EFBIG after 2^32 - 2 of them. */
int merge_next(struct merge_tree *t);

/*
 * What the next entry does to the tree. *id (may be NULL) is what it made or described, 0 for
 * nothing. 0; negative errno with err: it does nothing, as extracting it would fail. *fatal: nor
 * could another (no memory, too many names, the store's file).
 */
int merge_entry(
	struct merge_tree *t, const struct entry *e, uint32_t *id, bool *fatal, struct err *err);

/*
 * After the last entry: what is gone becomes PLACE_NONE, inodes know their first names. Nothing
 * can be added after it.
 */
void merge_settle(struct merge_tree *t);

/* Adds the name of a place to buf, or the whole path of it ("." for the top). 0 or -errno. */
struct buf;
int merge_name(struct merge_tree *t, uint32_t id, struct buf *out);
int merge_path(struct merge_tree *t, uint32_t id, struct buf *out);

/*
 * A directory's description, or what else is kept of an entry: owner, mode, times, attributes, and
 * size. The store has it under *at. 0 or negative errno.
 */
int merge_meta_put(struct merge_tree *t, const struct entry *e, uint32_t *at);
int merge_meta_get(struct merge_tree *t, uint32_t at, struct entry *e);

/* The rest is between the files merge_*.c. */

/* The place of that name (n bytes) in a directory; 0: none. Made where make is set. 0 or -errno. */
int merge_find(struct merge_tree *t, uint32_t dir, const char *name, bool make, uint32_t *id);

/* Whether a place that lies in that directory is there. */
bool merge_there(const struct merge_tree *t, const struct way *in, uint32_t id);

/*
 * Goes to the directory of the first n of parts, from the top, as level_go does. t->ways is the
 * way to it then. 0; -ENOENT, -ENOTDIR, -ELOOP as openat(2); *fatal as above.
 */
int merge_go(struct merge_tree *t, const char *parts, size_t n, bool make, bool *fatal);

static inline struct way *merge_here(const struct merge_tree *t)
{
	return &t->ways.at[t->ways.depth - 1];
}

/* What stands there goes, with all that is in it. */
void merge_remove(struct merge_tree *t, uint32_t id);

/* Makes a directory that no entry describes. */
void merge_imply(struct merge_tree *t, uint32_t id);

#endif
