// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_SYS_H
#define RLC_SYS_H

#include "core/base/base.h"

/*
 * System calls and constants that the C library or the kernel's headers may
 * lack. Each returns 0 or a count, or negative errno; -ENOSYS where the kernel
 * does not know the call.
 */

#define SYS_RESOLVE_NO_MAGICLINKS 0x02
#define SYS_RESOLVE_NO_SYMLINKS 0x04
#define SYS_RESOLVE_BENEATH 0x08
#define SYS_RESOLVE_IN_ROOT 0x10

/* openat2(2); flags as open's (O_CLOEXEC is added), resolve as above. */
int sys_openat2(int dirfd, const char *path, int flags, mode_t mode, uint64_t resolve);

/* getxattrat(2) and its family (Linux 6.13), never following a symlink at the end. */
ssize_t sys_getxattrat(int dirfd, const char *name, const char *attr, void *value, size_t room);
ssize_t sys_listxattrat(int dirfd, const char *name, char *list, size_t room);
int sys_setxattrat(int dirfd, const char *name, const char *attr, const void *value, size_t len);
int sys_removexattrat(int dirfd, const char *name, const char *attr);

/*
 * Changes the permissions of exactly the inode that fd is open on (O_PATH will
 * do), or of name in dirfd, which is never followed: a symlink is -EOPNOTSUPP.
 */
int sys_chmod_fd(int fd, mode_t mode);
int sys_chmod_at(int dirfd, const char *name, mode_t mode);

/*
 * When name in dirfd (dirfd itself where it is "") was made, never following a symlink: 0,
 * -ENODATA where the file system does not say, -ENOSYS before Linux 4.11.
 */
int sys_birth(int dirfd, const char *name, struct timespec *birth);

/* Sets the times (as futimens) of the inode that fd is open on; O_PATH will do, a symlink too. */
int sys_utimens_fd(int fd, const struct timespec times[2]);

/* What statx(2) fills, as the kernel has it on every architecture. */
struct sys_statx {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, unused;
	uint64_t ino, size, blocks, attributes_mask;
	struct sys_statx_time {
		int64_t sec;
		uint32_t nsec, unused;
	} access, birth, change, modify;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t mount, rest[13];
};

#define SYS_STATX_BIRTH 0x800u
#define SYS_STATX_MOUNT 0x1000u

/* statx(2), Linux 4.11. 0 or negative errno. */
int sys_statx(int dirfd, const char *name, int flags, unsigned int mask, struct sys_statx *st);

/* The mount that fd is in: a number that no other mount has at the time. 0 or negative errno. */
int sys_mount_id(int fd, uint64_t *id);

/*
 * How the filter of rlc-unshare answers seccomp(2) with SECCOMP_GET_ACTION_AVAIL and these flags,
 * which no kernel knows; and whether it does: this process is a guest, whose owners are kept for
 * it, and another rlc-unshare joins in.
 */
enum { SYS_GREETING_FLAGS = 0x726c63, SYS_GREETING = EALREADY };
bool sys_is_guest(void);

#define SYS_PIDFD_THREAD O_EXCL /* a thread that need not be a process (Linux 6.9) */

/* pidfd_open(2) and pidfd_getfd(2): a descriptor (close-on-exec), or negative errno. */
int sys_pidfd_open(pid_t pid, unsigned int flags);
int sys_pidfd_getfd(int pidfd, int fd);

/* On how many processors this process may run; at least 1. */
unsigned int sys_processors(void);

/* The time of now and ms milliseconds, as pthread_cond_timedwait(3) takes it. */
struct timespec sys_later(long ms);

/* The path /proc/self/fd/FD, or /proc/self/fd/FD/NAME where name is not NULL. */
struct sys_path {
	char text[32 + NAME_MAX + 1];
};
int sys_proc_path(struct sys_path *path, int fd, const char *name);

#endif
