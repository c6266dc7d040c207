// SPDX-License-Identifier: Apache-2.0
#include "core/emu/call.h"

#include "core/base/io.h"
#include "core/base/sys.h"
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>

enum { PAGE = 4096 };

/* Where a filter of the host forbids process_vm_readv. */
static ssize_t copy_by_file(const struct call *c, uint64_t at, void *data, size_t n, bool in)
{
	cleanup_fd int fd = -1;
	char path[32];
	ssize_t done;

	snprintf(path, sizeof(path), "%d/mem", c->tid);
	fd = openat(c->emu->proc, path, (in ? O_RDONLY : O_WRONLY) | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	done = in ? pread(fd, data, n, (off_t)at) : pwrite(fd, data, n, (off_t)at);
	return done < 0 ? -errno : done;
}

static ssize_t copy(const struct call *c, uint64_t at, void *data, size_t n, bool in)
{
	struct iovec here = {data, n}, there = {(void *)(uintptr_t)at, n};
	ssize_t done = in ? process_vm_readv(c->tid, &here, 1, &there, 1, 0)
			  : process_vm_writev(c->tid, &here, 1, &there, 1, 0);

	if (done < 0 && errno != EFAULT && errno != ESRCH)
		done = copy_by_file(c, at, data, n, in);
	return done < 0 ? -EFAULT : done;
}

int guest_read(const struct call *c, uint64_t at, void *data, size_t n)
{
	return copy(c, at, data, n, true) == (ssize_t)n ? 0 : -EFAULT;
}

int guest_write(const struct call *c, uint64_t at, const void *data, size_t n)
{
	return copy(c, at, (void *)data, n, false) == (ssize_t)n ? 0 : -EFAULT;
}

/* Page by page: what follows the string may not be there. */
int guest_string(const struct call *c, uint64_t at, char *text, size_t room)
{
	size_t have = 0;

	while (have < room) {
		size_t n = MIN(room - have, PAGE - (at + have) % PAGE);
		ssize_t done = copy(c, at + have, text + have, n, true);

		if (done <= 0)
			return -EFAULT;
		if (memchr(text + have, '\0', (size_t)done))
			return 0;
		have += (size_t)done;
	}
	return -ENAMETOOLONG;
}

int guest_path(const struct call *c, uint64_t at, char path[PATH_MAX])
{
	return guest_string(c, at, path, PATH_MAX);
}

int guest_dir(const struct call *c, const char *which)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "%d/%s", c->tid, which);
	fd = openat(c->emu->proc, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

bool guest_has_our_root(const struct call *c)
{
	cleanup_fd int fd = -1;
	uint64_t mount;
	struct stat st;

	if (!atomic_load_explicit(&c->emu->roots_differ, memory_order_relaxed))
		return true;
	fd = guest_dir(c, "root");
	if (fd < 0 || fstat(fd, &st) < 0 || sys_mount_id(fd, &mount) < 0)
		return false;
	return st.st_ino == c->emu->root_ino && mount == c->emu->root_mount;
}

/* "Name:\tvalue" out of the guest's /proc/TID/status. */
static int status_number(const struct call *c, const char *name, int base, unsigned long *value)
{
	cleanup_fd int fd = -1;
	char path[32], text[4096], *line;
	ssize_t n;

	snprintf(path, sizeof(path), "%d/status", c->tid);
	fd = openat(c->emu->proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = io_read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return (int)n;
	text[n] = '\0';
	line = strstr(text, name);
	if (!line)
		return -ENODATA;
	*value = strtoul(line + strlen(name), NULL, base);
	return 0;
}

mode_t guest_umask(const struct call *c)
{
	unsigned long mask = 022;

	status_number(c, "\nUmask:", 8, &mask);
	return (mode_t)(mask & 0777);
}

pid_t guest_process(const struct call *c)
{
	unsigned long tgid = 0;

	status_number(c, "\nTgid:", 10, &tgid);
	return (pid_t)tgid;
}

bool guest_no_new_privs(const struct call *c)
{
	unsigned long set = 0;

	status_number(c, "\nNoNewPrivs:", 10, &set);
	return set != 0;
}

static int open_pidfd(const struct call *c)
{
	int fd = sys_pidfd_open(c->tid, SYS_PIDFD_THREAD);
	pid_t process;

	if (fd != -EINVAL)
		return fd;
	fd = sys_pidfd_open(c->tid, 0);
	if (fd >= 0)
		return fd;
	process = guest_process(c);
	return process ? sys_pidfd_open(process, 0) : -ESRCH;
}

/* A number that was used before belongs to a process that is gone, and then says so. */
static int fd_by_pidfd(const struct call *c, int fd, bool anew)
{
	typeof(c->worker->guests[0]) *slot = &c->worker->guests[(unsigned int)c->tid % GUEST_SLOTS];
	int r;

	if (anew || slot->tid != c->tid) {
		base_close(&slot->pidfd);
		slot->tid = c->tid;
		slot->pidfd = open_pidfd(c);
	}
	if (slot->pidfd < 0)
		return slot->pidfd;
	r = sys_pidfd_getfd(slot->pidfd, fd);
	return r == -ESRCH && !anew ? fd_by_pidfd(c, fd, true) : r;
}

int guest_fd(const struct call *c, int fd)
{
	char path[40];
	int r = fd_by_pidfd(c, fd, false);

	if (r >= 0 || r == -EBADF)
		return r;
	snprintf(path, sizeof(path), "%d/fd/%d", c->tid, fd);
	r = openat(c->emu->proc, path, O_PATH | O_CLOEXEC);
	return r < 0 ? -EBADF : r;
}

bool call_valid(const struct call *c)
{
	return ioctl(c->emu->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &c->id) == 0;
}
