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

long made_prepare(const struct call *c, int dirfd, uint64_t path, mode_t mode, struct made *m);
long made_at(const struct call *c, const struct owners *o, mode_t mode, struct made *m);
void made_forget(const struct call *c, struct made *m);
bool made_is_device(mode_t mode);
int made_owner(const struct call *c, const struct creds *who, mode_t mode, struct made *m);
long made_finish(const struct call *c, struct made *m, int fd);
void made_end(struct made *m);

#endif
