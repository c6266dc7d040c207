// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_MOUNT_H
#define RLC_MOUNT_H

#include "core/ns/root.h"

/*
 * Mounts on descriptors, so that no path is walked twice. what and why are for the log. 0 or
 * negative errno.
 */
struct mount_to {
	const struct ns_log *log;
	int fd;           /* of the mount point */
	const char *name; /* what people call it */
};

/* mount(2) of a new file system of that type. */
int mount_new(const struct mount_to *to, const char *type, unsigned long flags, const char *data,
	const char *why);

/* A bind mount of fd with all that is mounted below it. */
int mount_bind(const struct mount_to *to, int fd, const char *from, const char *why);

/*
 * Makes the mount that to->fd is the top of read-only; those below it too where all is
 * set (and the kernel can, Linux 5.12).
 */
int mount_read_only(const struct mount_to *to, bool all);

/*
 * A copy of what is mounted from fd on (all: with what is mounted below it), which is mounted
 * nowhere yet: a descriptor, or negative errno (-ENOSYS before Linux 5.2). open_tree(2)
 */
int mount_copy(int fd, bool all);

/* Mounts such a copy, to which copy then leads. */
int mount_move(const struct mount_to *to, int copy, const char *from, const char *why);

/* What mount_change is to do: flags of mount(2), a propagation (MS_PRIVATE, ...) or 0. */
struct mount_change {
	unsigned long set, clear, propagation;
	bool all; /* to those below it, too */
};

/* Changes the mount that fd is the top of. -ENOSYS before Linux 5.12. mount_setattr(2) */
int mount_change(int fd, const struct mount_change *change);

/* Devices that every guest has, bound into the open directory dev, and links of theirs, as far as
 * they are not there. 0 or negative errno. core/ns/dev.c */
int dev_fill(const struct root *r, int dev);

/* The host's device of that name in /dev, bound over the open file to->fd. As above. */
int dev_bind(const struct mount_to *to, const char *name);

/* /dev with its devices, on a file system of its own: core/ns/dev.c */
int dev_furnish(struct root *r, struct err *err);

#endif
