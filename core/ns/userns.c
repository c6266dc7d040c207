// SPDX-License-Identifier: Apache-2.0
#include "core/ns/userns.h"

#include "core/ns/idmap.h"
#include <sched.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static int enter(uid_t uid, gid_t gid)
{
	const struct userns_ids ids = {
		.uids = {{{0, uid, 1}}, 1},
		.gids = {{{0, gid, 1}}, 1},
		.setgroups = SETGROUPS_DENY,
	};

	return unshare(CLONE_NEWUSER) < 0 ? -errno : idmap_write(0, &ids);
}

/* Some hosts let the namespace be made, and then refuse every use of its privileges. */
static int try_privilege(void)
{
	return prctl(PR_CAPBSET_DROP, CAP_SYS_BOOT, 0, 0, 0) < 0 ? -EACCES : 0;
}

/*
 * There is no way back out of a namespace that turned out to be useless, so
 * a child goes first.
 */
static int rehearse(uid_t uid, gid_t gid)
{
	int status;
	pid_t child = _Fork();

	if (child < 0)
		return -errno;
	if (child == 0) {
		int r = enter(uid, gid);

		if (r == 0)
			r = try_privilege();
		_exit(-r);
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EPERM;
}

int userns_become_root(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int r = rehearse(uid, gid);

	return r < 0 ? r : enter(uid, gid);
}

int userns_try(void)
{
	return rehearse(geteuid(), getegid());
}

/* An ordinary user may map one id, the own one; without maps there is nothing to do. */
static bool mapped_by_self(const struct userns_map *map, uint32_t mine)
{
	return map->count == 0 ||
	       (map->count == 1 && map->lines[0].count == 1 && map->lines[0].outside == mine);
}

static void tell_map(const struct ns_log *log, const char *name, const struct userns_map *map)
{
	size_t i;

	for (i = 0; i < map->count; i++)
		ns_tell(log, "these ids inside are those outside",
			"write(\"/proc/self/%s\", \"%u %u %u\")", name, map->lines[i].inside,
			map->lines[i].outside, map->lines[i].count);
}

int userns_enter(int flags, const struct userns_ids *ids, const struct ns_log *log, struct err *err)
{
	bool self = mapped_by_self(&ids->uids, geteuid()) && mapped_by_self(&ids->gids, getegid());
	struct idmap_helper helper;
	int r;

	if (!self && idmap_helper_start(&helper, ids) < 0)
		return err_set(err, -errno, "cannot start a process", NULL);
	ns_tell(log, "inside it this process has root's privileges, over what is its own",
		"unshare(CLONE_NEWUSER%s)", flags & CLONE_NEWPID ? "|CLONE_NEWPID" : "");
	r = unshare(flags) < 0 ? -errno : 0;
	if (r < 0) {
		if (!self)
			idmap_helper_finish(&helper, false);
		return err_set(err, r, "cannot make a user namespace", NULL);
	}
	if (self && ids->gids.count)
		ns_tell(log, "without it an ordinary user may not map groups",
			"write(\"/proc/self/setgroups\", \"deny\")");
	tell_map(log, "uid_map", &ids->uids);
	tell_map(log, "gid_map", &ids->gids);
	r = self ? idmap_write(0, ids) : idmap_helper_finish(&helper, true);
	if (r == 0)
		return 0;
	if (self && userns_restricted())
		return err_set(err, r, "cannot map ids", NULL);
	return err_set(err, -ENOPKG,
		r == -ENOENT && !self
			? "newuidmap and newgidmap, which map subordinate ids, are not installed (package "
			  "uidmap)"
			: "cannot map these ids",
		NULL);
}
