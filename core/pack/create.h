// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_CREATE_H
#define RLC_CREATE_H

#include "core/pack/extract.h"

struct create_options {
	enum archive_format format;
	enum whiteouts whiteouts;
	bool one_file_system, no_recursion;
	bool whole_seconds;       /* times lose their fractions, as in layers */
	bool no_holes;            /* sparse files as long as they are, in zeros */
	bool numeric;             /* no names of users and groups */
	struct owner owner;       /* for all entries; OWNER_KEEP: each has its own */
	const char *user, *group; /* their names; where the number is OWNER_KEEP it is the tree's */
	bool set_mtime;           /* all entries get mtime, or only later ones where clamp is set */
	bool clamp_mtime;
	struct timespec mtime;
	/* Whether the path (as it will stand in the archive) goes in; NULL: all do. */
	bool (*want)(void *arg, const char *path);
	/* Told of each entry before its content is written; may be NULL. */
	void (*tell)(void *arg, const struct entry *e);
	/* The ids to write for those that the tree has; may be NULL. */
	struct owner (*inside)(void *arg, struct owner owner);
	fault_fn *fault;
	void *arg; /* for these */
};

/*
 * The owner that the options give to all entries: names that stand without a number are the tree's
 * own, and root is 0 in any tree. 0, or -ENOENT with err.
 */
int create_owner(const struct create_options *o, const struct names *names, struct owner *owner,
	struct err *err);

struct create;

/*
 * Starts an archive in sink, which it owns from here on (also on failure). owners and options live
 * as long as it. 0 or negative errno with err.
 */
int create_start(struct sink *sink, const struct owners *owners,
	const struct create_options *options, struct create **out, struct err *err);

/*
 * Adds path in the tree and all below it, names sorted, with the owners that its records say; names
 * (may be NULL) are the tree's users. What cannot be read is told to fault and left
 * out. 0; negative errno with err where nothing more can be written.
 */
int create_path(struct create *c, const struct tree *tree, const struct names *names,
	const char *path, struct err *err);

/* The same for name in dirfd (which stays the caller's), called as in the archive. */
int create_path_as(struct create *c, int dirfd, const char *name, const char *as, struct err *err);

/*
 * Adds the one inode that is name in dir, as path; nothing below it, and whatever options->want and
 * options->whiteouts say. As create_path otherwise.
 */
int create_inode(
	struct create *c, struct dir *dir, const char *name, const char *path, struct err *err);

/* Adds a layer's whiteout of path (".wh.NAME" beside it). 0 or negative errno with err. */
int create_whiteout(struct create *c, const char *path, struct err *err);

/* How many entries so far had attributes that the format cannot hold (all but pax). */
size_t create_bared(const struct create *c);

/* Ends the archive and finishes the sink. 0 or negative errno with err. */
int create_finish(struct create *c, struct err *err);

void create_free(struct create *c);

/*
 * The runs of data of the sparse file fd of that size: holes are whole MiB of zeros, wherever the
 * file system happened to allocate. *runs is the caller's to free. 0 or negative errno.
 */
int sparse_runs(int fd, int64_t size, struct entry_run **runs, size_t *count);

/* The first name under which inodes with several names were met. */
struct links;

struct links *links_new(void);

/*
 * The path of the first name of that inode; where this is the first, path is kept and NULL
 * returned. *number is the inode's own, counted from 1. -ENOMEM, else 0.
 */
int links_meet(struct links *l, dev_t dev, ino_t ino, const char *path, const char **first,
	uint64_t *number);

void links_free(struct links *l);

#endif
