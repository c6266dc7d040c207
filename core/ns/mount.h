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

/* /dev with its devices, on a file system of its own: core/ns/dev.c */
int dev_furnish(struct root *r, struct err *err);

#endif
