// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_MADE_H
#define RLC_MADE_H

#include "core/emu/view.h"
#include "core/emu/who.h"

/* An inode that is about to be made: where, in what directory, and whose it will be. */
struct made {
	struct place place;
	struct node dir; /* the directory */
	struct new_inode inode;
	mode_t mask; /* the guest's umask */
};

#define MADE_NONE                                                                                  \
	{                                                                                          \
		.place = PLACE_NONE                                                                \
	}
#define cleanup_made cleanup(made_end)

/*
 * Finds the place of path below dirfd, where nothing may be yet, and whose an inode of that mode
 * (with its type) would be there. 0: made_finish is to follow, once it is made; CALL_CONTINUE: root
 * makes its own, which the kernel can do; negative errno: the caller may not.
 */
long made_prepare(const struct call *c, int dirfd, uint64_t path, mode_t mode, struct made *m);

/* The same where m->place has been found. */
long made_at(const struct call *c, mode_t mode, struct made *m);

/* The same for what has a directory (m->dir), but no name. who: NULL for root. */
int made_owner(const struct call *c, const struct creds *who, mode_t mode, struct made *m);

/* The answer to what does not work: root hears it from the kernel. */
long made_refuse(const struct call *c, int r);

/* Forgets what the directory's map still says of the name. */
void made_forget(const struct call *c, struct made *m);

bool made_is_device(mode_t mode);

/*
 * Writes down whose it is, or takes it away again. fd: open on it, -1 for a symlink, FIFO or
 * socket. 0 or negative errno.
 */
long made_finish(const struct call *c, struct made *m, int fd);

void made_end(struct made *m);

#endif
