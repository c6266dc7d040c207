// SPDX-License-Identifier: Apache-2.0
#include "core/base/sys.h"

#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>

/* The numbers are the same on every architecture that has these calls. */
enum {
	NR_pidfd_open = 434,
	NR_openat2 = 437,
	NR_pidfd_getfd,
	NR_fchmodat2 = 452,
	NR_setxattrat = 463,
	NR_getxattrat,
	NR_listxattrat,
	NR_removexattrat
};

struct open_how_v0 {
	uint64_t flags, mode, resolve;
};

struct xattr_args_v0 {
	uint64_t value;
	uint32_t size, flags;
};

static long result(long r)
{
	return r < 0 ? -errno : r;
}

int sys_openat2(int dirfd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	struct open_how_v0 how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.mode = mode,
		.resolve = resolve,
	};

	return (int)result(syscall(NR_openat2, dirfd, path, &how, sizeof(how)));
}

ssize_t sys_getxattrat(int dirfd, const char *name, const char *attr, void *value, size_t room)
{
	struct xattr_args_v0 args = {(uint64_t)(uintptr_t)value, (uint32_t)room, 0};

	return result(syscall(
		NR_getxattrat, dirfd, name, AT_SYMLINK_NOFOLLOW, attr, &args, sizeof(args)));
}

ssize_t sys_listxattrat(int dirfd, const char *name, char *list, size_t room)
{
	return result(syscall(NR_listxattrat, dirfd, name, AT_SYMLINK_NOFOLLOW, list, room));
}

int sys_setxattrat(int dirfd, const char *name, const char *attr, const void *value, size_t len)
{
	struct xattr_args_v0 args = {(uint64_t)(uintptr_t)value, (uint32_t)len, 0};

	return (int)result(syscall(
		NR_setxattrat, dirfd, name, AT_SYMLINK_NOFOLLOW, attr, &args, sizeof(args)));
}

int sys_removexattrat(int dirfd, const char *name, const char *attr)
{
	return (int)result(syscall(NR_removexattrat, dirfd, name, AT_SYMLINK_NOFOLLOW, attr));
}

int sys_statx(int dirfd, const char *name, int flags, unsigned int mask, struct sys_statx *st)
{
	return (int)result(syscall(SYS_statx, dirfd, name, flags, mask, st));
}

int sys_birth(int dirfd, const char *name, struct timespec *birth)
{
	struct sys_statx st = {.mask = 0};
	int r = sys_statx(dirfd, name, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, SYS_STATX_BIRTH, &st);

	if (r < 0)
		return r;
	if (!(st.mask & SYS_STATX_BIRTH))
		return -ENODATA;
	*birth = (struct timespec){st.birth.sec, st.birth.nsec};
	return 0;
}

int sys_mount_id(int fd, uint64_t *id)
{
	struct sys_statx st = {.mask = 0};
	int r = sys_statx(fd, "", AT_EMPTY_PATH, SYS_STATX_MOUNT, &st);

	*id = st.mount;
	return r;
}

int sys_pidfd_open(pid_t pid, unsigned int flags)
{
	return (int)result(syscall(NR_pidfd_open, pid, flags));
}

int sys_pidfd_getfd(int pidfd, int fd)
{
	return (int)result(syscall(NR_pidfd_getfd, pidfd, fd, 0));
}

int sys_proc_path(struct sys_path *path, int fd, const char *name)
{
	int n = snprintf(path->text, sizeof(path->text), "/proc/self/fd/%d%s%s", fd,
		name ? "/" : "", name ? name : "");

	return n < (int)sizeof(path->text) ? 0 : -ENAMETOOLONG;
}

/* AT_EMPTY_PATH is known here since Linux 5.8. */
int sys_utimens_fd(int fd, const struct timespec times[2])
{
	struct sys_path path;

	if (futimens(fd, times) == 0)
		return 0;
	if (errno != EBADF)
		return -errno;
	if (utimensat(fd, "", times, AT_EMPTY_PATH) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOENT)
		return -errno;
	sys_proc_path(&path, fd, NULL);
	return utimensat(AT_FDCWD, path.text, times, 0) < 0 ? -errno : 0;
}

/* Some filters say EPERM of calls that they do not know; if it is true, the old way says so too. */
static bool is_unknown(int code)
{
	return code == ENOSYS || code == EPERM;
}

/* A descriptor that is not O_PATH needs neither the new call nor /proc. */
int sys_chmod_fd(int fd, mode_t mode)
{
	struct sys_path path;

	if (fchmod(fd, mode) == 0)
		return 0;
	if (errno != EBADF)
		return -errno;
	if (syscall(NR_fchmodat2, fd, "", mode, AT_EMPTY_PATH) == 0)
		return 0;
	if (!is_unknown(errno))
		return -errno;
	sys_proc_path(&path, fd, NULL);
	return chmod(path.text, mode) < 0 ? -errno : 0;
}

int sys_chmod_at(int dirfd, const char *name, mode_t mode)
{
	cleanup_fd int fd = -1;
	struct stat st;

	if (syscall(NR_fchmodat2, dirfd, name, mode, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (!is_unknown(errno))
		return -errno;
	fd = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return -EOPNOTSUPP;
	return sys_chmod_fd(fd, mode);
}

bool sys_is_guest(void)
{
	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, SYS_GREETING_FLAGS, NULL) < 0 &&
	       errno == SYS_GREETING;
}

unsigned int sys_processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) < 0 ? 1 : (unsigned int)CPU_COUNT(&set);
}

struct timespec sys_later(long ms)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += ms * 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}
