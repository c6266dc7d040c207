// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_WIDEN_H
#define RLC_WIDEN_H

#include "core/base/base.h"

/*
 * Permission bits that were added to an inode of one's own for a moment,
 * because its mode stands in the owner's way and no user namespace helps.
 * Starts as WIDEN_NONE; the bits are put back when the variable ends.
 */
struct widen {
	int fd; /* the inode itself, O_PATH; -1 while nothing was changed */
	mode_t mode;
};

#define WIDEN_NONE                                                                                 \
	{                                                                                          \
		-1, 0                                                                              \
	}
#define cleanup_widen cleanup(widen_undo)

/*
 * Adds the bits to name in dirfd (to dirfd itself where name is NULL). 0, also
 * where they are there already; -EPERM where the inode is somebody else's; -EOPNOTSUPP
 * for a symlink; other negative errno.
 */
int widen(struct widen *w, int dirfd, const char *name, mode_t bits);

/* Puts the permissions back; harmless a second time. */
void widen_undo(struct widen *w);

#endif
