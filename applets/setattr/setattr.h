// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_SETATTR_H
#define RLC_SETATTR_H

#include "applets/lib/each.h"

#define KEEP_BOTH ((struct owner){OWNER_KEEP, OWNER_KEEP})

/* What rlc-setattr was asked to do. */
struct setattr {
	struct context c;
	struct each each;
	enum { SET, CLEAR, RESTORE, IMPORT, EXPORT } verb;
	struct owner owner;
	const char *store, *file; /* as given; file NULL or "-" is standard input or output */
};

/* Puts back what a dump says: an exit status. */
int setattr_restore(struct setattr *s);

/* Takes over from, or writes to, another program's store: an exit status. */
int setattr_exchange(struct setattr *s, char **operands);

/* A message about err: EXIT_SOME. */
int setattr_fail(const struct setattr *s, struct err *err);

#endif
