// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_USERNS_H
#define RLC_USERNS_H

#include "core/ns/log.h"

/*
 * Puts this process into a user namespace of its own where it is root and its ids are 0, so that
 * the modes of its own files do not stand in its way. Call it before any thread starts. 0; negative
 * errno where the host refuses (then nothing has changed): -EPERM, -ENOSPC for
 * none allowed, -EACCES where the namespace comes without its privileges. user_namespaces(7)
 */
int userns_become_root(void);

/* Whether userns_become_root would work, found out in a child: 0 or the same errors. */
int userns_try(void);

/* Lines of an id map: count ids from inside on are those from outside on. */
enum { USERNS_LINES = 8 };
struct userns_map {
	struct userns_line {
		uint32_t inside, outside, count;
	} lines[USERNS_LINES];
	size_t count; /* 0: nothing is mapped */
};

enum userns_setgroups { SETGROUPS_KEEP, SETGROUPS_ALLOW, SETGROUPS_DENY };

struct userns_ids {
	struct userns_map uids, gids;
	enum userns_setgroups setgroups;
};

/*
 * Adds a line, and takes from those before it what it maps already (either side): -E2BIG where the
 * map has no room, -EINVAL for no ids or numbers beyond 32 bits.
 */
int userns_map_add(struct userns_map *map, struct userns_line line);

/* The first range that file (/etc/subuid) gives to user (name or number). subuid(5)
 * 0, -ENOENT where it gives none. */
int userns_subordinate(const char *file, const char *user, uint32_t id, struct userns_line *out);

/* Whether AppArmor takes their privileges from user namespaces. */
bool userns_restricted(void);

/*
 * unshare(flags), which has CLONE_NEWUSER, and the maps. What an ordinary user may not map
 * newuidmap(1) and newgidmap(1) map. 0 or negative errno with err (-ENOPKG: the maps alone
 * failed); then
 * the process may be in a namespace that is of no use.
 */
int userns_enter(
	int flags, const struct userns_ids *ids, const struct ns_log *log, struct err *err);

/*
 * What refused a user namespace, for a person who wants one: sentences, and a profile to install
 * where that is what it takes. code is what userns_try said. The caller frees; NULL: no memory.
 */
char *userns_why(int code);

#endif
