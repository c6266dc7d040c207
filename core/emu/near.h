// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_NEAR_H
#define RLC_NEAR_H

#include "core/emu/call.h"

/*
 * A path that the kernel walks for us as it would for the guest: for looking only, in one step.
 * What is found there may be gone by the next one.
 */
struct near {
	int fd;           /* for *at calls */
	bool owned;       /* fd is ours to close */
	const char *name; /* NULL: fd itself */
	char text[PATH_MAX + 32];
};

/*
 * 1; 0 where the guest has another root than ours, or the path may lead through links that /proc
 * makes for each process anew; -EBADF. path has to live as long as n. near_end is to follow.
 */
int near_start(const struct call *c, int dirfd, const char *path, struct near *n);

void near_end(struct near *n);

#define cleanup_near cleanup(near_end)

/* Whether the directory that holds it says nothing about the owners of any of its names. */
bool near_without_map(const struct near *n);

/*
 * For root, who may do everything, and whose own things are the kernel's to make. With the path in
 * the guest's memory; false where that cannot be told in a few steps.
 */

/* Whether the directory that would hold the name has no owners to say of names. */
bool near_is_unmapped(const struct call *c, int dirfd, uint64_t path);

/* Whether what root makes there is root's: the directory does not pass on its group. */
bool near_makes_own(const struct call *c, int dirfd, uint64_t path, mode_t type);

/* Whether a file is there that is what the kernel takes it for, without set-id bits. */
bool near_is_ordinary(const struct call *c, int dirfd, uint64_t path);

/* Whether that, or where creates is set nothing, is there, and what is made would be root's. */
bool near_opens_own(const struct call *c, int dirfd, uint64_t path, bool creates);

#endif
