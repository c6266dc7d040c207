// SPDX-License-Identifier: Apache-2.0
#include "core/ns/userns.h"

#include "core/base/io.h"
#include <sched.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static int write_file(const char *file, const char *text)
{
	cleanup_fd int fd = open(file, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : io_write(fd, text, strlen(text));
}

static int enter(uid_t uid, gid_t gid)
{
	char uids[32], gids[32];
	int r;

	snprintf(uids, sizeof(uids), "0 %u 1\n", uid);
	snprintf(gids, sizeof(gids), "0 %u 1\n", gid);
	if (unshare(CLONE_NEWUSER) < 0)
		return -errno;
	r = write_file("/proc/self/setgroups", "deny");
	if (r < 0 && r != -ENOENT)
		return r;
	r = write_file("/proc/self/uid_map", uids);
	return r < 0 ? r : write_file("/proc/self/gid_map", gids);
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
