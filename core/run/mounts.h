// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_MOUNTS_H
#define RLC_MOUNTS_H

#include "core/ns/mount.h"
#include "core/run/container.h"

/*
 * Within core/run: parts of what container_mount does, in the first process of a container. What is
 * named is found beneath the root. 0 or negative errno with err.
 */

/* The mounts of the configuration. */
int mounts_all(const struct container *c, struct root *r, struct err *err);

/* A mount of memory starts as what it covers: copies all of one directory to the other. 0, -errno.
 */
int mounts_copy_up(int from, int to);

/* Devices and links in /dev. */
int mounts_devices(const struct container *c, struct root *r, struct err *err);

/* What is read-only although mount points were made in it. */
int mounts_finish(const struct container *c, struct root *r, struct err *err);

/* Masked paths, and those that nobody may write to. */
int mounts_hide(const struct container *c, struct root *r, struct err *err);

/* Says that something is skipped; -ENOTSUP with err where nothing may be. */
int mounts_skip(const struct container *c, const char *what, struct err *err);

#endif
