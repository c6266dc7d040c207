// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_WALK_H
#define RLC_WALK_H

#include "core/owner/node.h"
#include "core/tree/tree.h"

/* The names in a directory, without "." and "..". Starts as LISTING_NONE. */
struct listing {
	struct buf names;
	struct listing_entry {
		uint32_t name;      /* offset in names */
		unsigned char type; /* DT_..., DT_UNKNOWN where the file system does not say */
	} * entries;
	size_t count, room;
};

#define LISTING_NONE                                                                               \
	{                                                                                          \
		BUF_NONE, NULL, 0, 0                                                               \
	}
#define cleanup_listing cleanup(listing_free)

/* Reads the names of the directory fd (not O_PATH), from its start; sorted by bytes. 0 or -errno.
 */
int listing_read(int fd, bool sorted, struct listing *l);

/* Adds a name, and sorts by bytes what was not sorted. 0, -ENOMEM or -EFBIG. */
int listing_add(struct listing *l, const char *name, unsigned char type);
int listing_sort(struct listing *l);

/* Puts directories behind all else, without changing the order otherwise; types of entries that are
 * not known are looked up in fd. 0 or -ENOMEM. */
int listing_directories_last(int fd, struct listing *l);

static inline const char *listing_name(const struct listing *l, size_t i)
{
	return l->names.data + l->entries[i].name;
}

void listing_free(struct listing *l);

/*
 * A walk over a path and, where it is asked to, everything below: parents before children, names
 * sorted by bytes. Nothing is opened but by the descriptor of its own directory.
 */
struct walk;

struct visit {
	bool leaving;       /* a directory that was entered has been done; name is its own again */
	struct dir *dir;    /* the directory that holds it; valid until the next walk_next */
	const char *name;   /* in dir */
	const char *path;   /* the start's path and the way down from it, for people */
	unsigned char type; /* DT_..., may be DT_UNKNOWN */
	size_t depth;       /* 0 for the start itself */
	struct dir *self;   /* leaving only: the directory itself, with its map's changes */
};

/* Starts at path in the tree. 0 or negative errno with err. */
int walk_start(const struct tree *t, const char *path, struct walk **out, struct err *err);

/* Starts at name in dirfd (which is duplicated); path is what visits call it. */
int walk_start_at(int dirfd, const char *name, const char *path, struct walk **out);

/* Directories come after all else that is in their directory: the order of mtree(5) files. */
void walk_directories_last(struct walk *w);

/* The next visit: 1, 0 at the end, -ENOMEM. */
int walk_next(struct walk *w, struct visit *v);

/*
 * Goes into the directory just visited: its entries come next, then its leaving. Where follow is
 * set, a symlink is followed (within the tree); a directory that is being walked already is -ELOOP.
 * A mode that keeps the owner out is widened until it is left. 0 or negative errno with err.
 */
int walk_enter(struct walk *w, bool follow, struct err *err);

/* The directory that walk_enter went into, until the next walk_next. */
struct dir *walk_dir(struct walk *w);

/* Its names, as long as it is being walked. */
const struct listing *walk_listing(struct walk *w);

void walk_free(struct walk *w);
#define cleanup_walk cleanup(walk_cleanup)
static inline void walk_cleanup(struct walk **w)
{
	walk_free(*w);
}

/* unlinkat(2), also in a directory whose mode keeps its owner out. 0 or negative errno. */
int tree_unlink(int dirfd, const char *name, int flags);

/* Removes name in dirfd and all below it, following nothing. 0 (also where nothing is there) or
 * -errno with err. */
int tree_remove(int dirfd, const char *name, struct err *err);

#endif
