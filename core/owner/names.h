// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_NAMES_H
#define RLC_NAMES_H

#include "core/base/err.h"

/*
 * The names of one tree's users and groups, from its own etc/passwd and
 * etc/group, never the host's. Where two lines have the same name or number, the first counts.
 */
struct names;

/*
 * Reads passwd_fd and group_fd (each may be -1: no such file; they stay the
 * caller's; regular files of 16 MiB at the most, malformed lines are passed over). 0 or negative
 * errno.
 */
int names_read(int passwd_fd, int group_fd, struct names **out);

/* The number of a name: 0, or -ENOENT. login_group (may be NULL) is the group of the passwd line.
 */
int names_uid(const struct names *n, const char *name, uint32_t *uid, uint32_t *login_group);
int names_gid(const struct names *n, const char *name, uint32_t *gid);

/* The login group of a user number: 0 or -ENOENT. */
int names_login_group(const struct names *n, uint32_t uid, uint32_t *gid);

/* The name of a number, or NULL. Fast: asked for every line of a listing. n may be NULL. */
const char *names_user(const struct names *n, uint32_t uid);
const char *names_group(const struct names *n, uint32_t gid);

void names_free(struct names *n);

#endif
