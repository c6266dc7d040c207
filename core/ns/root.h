// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_ROOT_H
#define RLC_ROOT_H

#include "core/ns/log.h"
#include "core/ns/points.h"

/*
 * What becomes the guest's root, in a mount namespace of this process's own. Paths below are the
 * guest's: beneath this root, whatever symlinks say. Each function returns 0 or negative errno
 * with err, and needs /proc.
 */
struct root {
	struct points points; /* its tree is this root */
	const struct ns_log *log;
	bool current;   /* it is the root that this process has already */
	bool furnish;   /* /dev, /proc, /sys, names of hosts are put in */
	bool in_userns; /* sysfs and devpts are the host's */
};

#define ROOT_NONE                                                                                  \
	{                                                                                          \
		.points = POINTS_NONE                                                              \
	}
#define cleanup_root cleanup(root_close)

/* Makes the mounts of this namespace private (MS_SHARED, ...; 0: leaves them). mount_namespaces(7)
 */
int root_propagation(const struct ns_log *log, unsigned long type, struct err *err);

/* The root is dir; NULL: the current one. What is mounted below dir comes with it. */
int root_from_dir(struct root *r, const char *dir, struct err *err);

/*
 * The root is lowers (separated by ':', the uppermost first) below upper. overlayfs(5). brief: the
 * two are used this once, and nobody minds what a power cut leaves of them: nothing is synced,
 * neither when the guest asks for it nor at the end, where the kernel can (Linux 5.10).
 */
struct root_overlay {
	const char *lowers, *upper, *work;
	bool brief;
};
int root_from_overlay(struct root *r, const struct root_overlay *o, struct err *err);

/* A fresh /proc at path, or the one that is there where a new one is refused. */
int root_proc(struct root *r, const char *path, struct err *err);

/* A small /dev, /proc, /sys (read-only), the host's resolv.conf and hosts (read-only). */
int root_furnish(struct root *r, struct err *err);

/* What src of the caller's view shows, at dst. An empty file system in memory at dst. */
int root_bind(struct root *r, const char *src, const char *dst, bool read_only, struct err *err);
int root_tmpfs(struct root *r, const char *dst, struct err *err);

/* Nothing on the root's own file system can be changed from here on. */
int root_read_only(struct root *r, struct err *err);

/* Makes it the root of this namespace, and "/" the working directory; the old one is gone. */
int root_enter(struct root *r, struct err *err);

void root_close(struct root *r);

#endif
