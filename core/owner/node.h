// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_NODE_H
#define RLC_NODE_H

#include "core/owner/dirmap.h"
#include "core/owner/foreign.h"
#include "core/owner/owners.h"

/*
 * A directory that is being worked on. Its map is read once, when first
 * asked for; changes to it wait for dir_flush.
 */
struct dir {
	int fd; /* owned; may be O_PATH */
	const char
		*path; /* in the tree, for messages and the sidecar; not owned; "." for the top */
	bool map_read;
	int map_error;         /* why the map could not be read: -EBADMSG, ... */
	struct dirmap map;     /* as it stands, changes included */
	struct dirmap changes; /* what dir_flush writes; keep:keep takes an entry out */
};

#define DIR_NONE                                                                                   \
	{                                                                                          \
		.fd = -1, .path = "."                                                              \
	}

/* An inode as the container sees it. */
struct node {
	struct stat st;    /* type, permissions, ids, device numbers and size as seen inside */
	struct stat real;  /* as the host sees it */
	struct owner own;  /* inside ids of the real owner: what counts without a record */
	struct owner kept; /* what the record says (keep:keep without one) */
	bool recorded;     /* a record stands */
	bool override;     /* user.containers.override_stat stands */
	bool disguised;    /* a device that is kept as a regular file */
	bool has_attrs;    /* the inode has attributes (any) */
	bool has_caps;     /* security.capability is among them, real or kept aside */
	bool plain;        /* the record has no other field than rlc writes */
	bool decimal;      /* the oldest dialect stands, whether it counts or not */
};

/*
 * Reads name in dir (dir->fd itself where name is NULL, and name's records are
 * then looked for on the descriptor only). 0; -EBADMSG where a record is malformed (node is filled
 * all the same, with ids OWNER_STRANGER; err->path names it, err->what its
 * bytes are for the caller to show: see node_raw); other negative errno where it cannot be looked
 * at.
 */
int node_read(const struct owners *o, struct dir *dir, const char *name, struct node *node,
	struct err *err);

/* The same where lstat was asked already: st is its answer. */
int node_read_known(const struct owners *o, struct dir *dir, const char *name,
	const struct stat *st, struct node *node, struct err *err);

/* The same without records and attributes, from a struct stat: only real ids, seen inside. */
void node_plain(const struct owners *o, const struct stat *st, struct node *node);

/* Adds the bytes of the record as stored, malformed or not. 0, -ENODATA, negative errno. */
int node_raw(struct dir *dir, const char *name, struct buf *out);

/*
 * Gives the inode the owner (OWNER_KEEP leaves an id): by chown where the ids are
 * mapped, else by a record, merged with what stood. node is what node_read said and is brought up
 * to date. Set-id bits are not touched (see node_clear_setid). 0 or negative errno with err.
 * A record of a symlink, FIFO or socket waits for dir_flush.
 */
int node_chown(const struct owners *o, struct dir *dir, const char *name, struct node *node,
	struct owner owner, struct err *err);

/*
 * Writes the record as it is said (keep stays keep), or removes it where owner
 * is keep:keep; no chown is tried. For restoring a dump. 0 or negative errno with err.
 */
int node_record(const struct owners *o, struct dir *dir, const char *name, struct node *node,
	struct owner owner, struct err *err);

/*
 * Gives the inode the permissions and set-id bits of mode, where they are kept: on the inode, or
 * in what disguises it. Not for symlinks. 0 or negative errno with err.
 */
int node_chmod(const struct owners *o, struct dir *dir, const char *name, struct node *node,
	mode_t mode, struct err *err);

/* Takes setuid, setgid (with group execution) and capabilities away, where chown(2) does. */
int node_clear_setid(struct dir *dir, const char *name, struct node *node, struct err *err);

/*
 * The owner of what this process has just made as name in dir; fd is open on it, -1 for
 * a symlink, FIFO, socket or real device (whose record then waits for dir_flush). No
 * record is looked for. 0 or negative errno with err.
 */
int node_own_new(const struct owners *o, struct dir *dir, const char *name, int fd,
	struct owner owner, struct err *err);

/*
 * name in from has just got a second name, new in to: what is kept beside the first (in the map,
 * in the sidecar) is kept beside the second too. 0 or negative errno with err.
 */
int node_link(const struct owners *o, struct dir *from, const char *name, struct dir *to,
	const char *new, struct err *err);

/*
 * name in dir, which was as st says (NULL: is a new directory), is there no more: what was
 * kept beside it says nothing about what comes next. 0 or negative errno with err.
 */
int node_forget(const struct owners *o, struct dir *dir, const char *name, const struct stat *st,
	struct err *err);

/*
 * Disguises the empty regular file fd, just made as name in dir, as a device (what->mode
 * has its type and permissions) or gives a directory a mode that it does not
 * really have. The record is node_own_new's. 0 or negative errno with err.
 */
int node_disguise(const struct owners *o, struct dir *dir, const char *name, int fd,
	const struct foreign *what, struct err *err);

/*
 * Makes a disguised device as name in dir, where nothing may be yet; what->mode has its type and
 * its permissions, which no umask cuts. 0 or negative errno with err.
 */
int node_make_device(const struct owners *o, struct dir *dir, const char *name,
	const struct foreign *what, struct err *err);

/* Whether user attributes can be kept in the file system of fd: 0, -EOPNOTSUPP, others. */
int node_probe(int fd);

/* Starts a directory; fd is owned from here on. path stays the caller's. */
void dir_start(struct dir *dir, int fd, const char *path);

/* The map as it stands, read at the first call: 0, -EBADMSG, negative errno. */
int dir_read_map(struct dir *dir);

/* Lets a change of the map wait for dir_flush (e->name is copied). 0 or -ENOMEM. */
int dir_change(struct dir *dir, const struct dirmap_entry *e);

/* The path in the tree of name in dir (of dir where name is NULL), to be freed; NULL: no memory. */
char *dir_path(const struct dir *dir, const char *name);

/*
 * Writes the waiting changes of the map, under a lock; it is read anew when asked for again.
 * 0 or negative errno with err.
 */
int dir_flush(const struct owners *o, struct dir *dir, struct err *err);

/* Closes and frees; changes that were not flushed are lost. */
void dir_end(struct dir *dir);

#endif
