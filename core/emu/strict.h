// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_STRICT_H
#define RLC_STRICT_H

#include "core/emu/view.h"
#include "core/emu/who.h"

/*
 * What users who are not root may search and read. It is asked with --strict only: without, these
 * calls are not looked at.
 */

/* Whether it has to be asked for this call; the credentials to ask for. */
bool strict_asks(const struct call *c, struct creds *who);

/* Whether the directory (O_PATH will do) may be searched; other files may. 0 or -EACCES. */
int strict_search(const struct call *c, int fd);

/* Whether the symlink at p, the last of a path, may be followed. 0 or -EACCES. */
int strict_follow(const struct call *c, struct place *p);

/* Whether what is at p, which node describes, grants want (ACCESS_*). 0 or -EACCES. */
int strict_may(const struct creds *who, struct place *p, const struct node *node, unsigned want);

/*
 * The answer where a path was not found, or may not be gone: root hears it from the kernel, and who
 * is not asked about, too.
 */
long strict_refuse(const struct call *c, int r);

/* Whether the way to the path may be gone, where nothing more is asked: CALL_CONTINUE or errno. */
long strict_way(struct call *c, int dirfd, uint64_t path, int flags);

#endif
