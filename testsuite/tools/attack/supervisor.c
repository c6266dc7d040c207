// SPDX-License-Identifier: Apache-2.0
/* What serves the guest is process 1 of its namespace, or its parent: nothing may be had from it.
 */
#include "testsuite/tools/attack/attack.h"

#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>

enum { PIDFD_OPEN = 434, PIDFD_GETFD = 438 };

/* Process 1 and those above this one */
static unsigned targets(pid_t list[2])
{
	list[0] = 1;
	list[1] = getppid();
	return list[1] > 1 ? 2 : 1;
}

static int each_target(int (*attack)(pid_t pid))
{
	pid_t list[2];
	unsigned count = targets(list), i;
	int bad = 0;

	for (i = 0; i < count; i++)
		bad |= attack(list[i]);
	return bad | not_kept("after");
}

static int getfd_of(pid_t pid)
{
	int pidfd = (int)syscall(PIDFD_OPEN, pid, 0), fd, got, bad = 0;

	for (fd = 0; pidfd >= 0 && fd < 2048; fd++) {
		got = (int)syscall(PIDFD_GETFD, pidfd, fd, 0);
		bad |= broken(got < 0, "got descriptor %d of process %d", fd, pid);
		if (got >= 0)
			close(got);
	}
	if (pidfd >= 0)
		close(pidfd);
	return bad;
}

static int ptrace_of(pid_t pid)
{
	int bad = broken(ptrace(PTRACE_SEIZE, pid, 0, 0) < 0, "seized process %d", pid);

	return bad | broken(ptrace(PTRACE_ATTACH, pid, 0, 0) < 0, "attached to process %d", pid);
}

/* Whether a file below /proc/PID can be opened, in each way that there is */
static int open_each_way(const char *path)
{
	static const int flags[] = {
		O_RDONLY, O_RDWR, O_RDWR | O_CREAT, O_WRONLY | O_CREAT | O_APPEND};
	struct {
		uint64_t flags, mode, resolve;
	} how = {O_RDONLY, 0, 0};
	int bad = 0, fd;
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		fd = open(path, flags[i] | O_NONBLOCK | O_CLOEXEC, 0600);
		bad |= broken(fd < 0, "opened %s with 0x%x", path, flags[i]);
		if (fd >= 0)
			close(fd);
	}
	fd = (int)syscall(437 /* openat2 */, AT_FDCWD, path, &how, sizeof(how));
	bad |= broken(fd < 0, "opened %s by openat2", path);
	if (fd >= 0)
		close(fd);
	return bad;
}

static int try_memory(pid_t pid)
{
	static const char *const names[] = {"mem", "environ", "maps", "auxv", "syscall"};
	char path[64], byte;
	int bad = 0, fd;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, names[i]);
		fd = open(path, i ? O_RDONLY : O_RDWR | O_CLOEXEC);
		bad |= broken(fd < 0 || read(fd, &byte, 1) < 0, "read %s", path);
		if (fd >= 0)
			close(fd);
	}
	return bad;
}

static int memory_of(pid_t pid)
{
	char byte = 0;
	struct iovec here = {&byte, 1}, there = {(void *)0x400000, 1};
	int bad = try_memory(pid);

	bad |= broken(process_vm_readv(pid, &here, 1, &there, 1, 0) < 0, "read memory of %d", pid);
	errno = 0;
	bad |= broken(process_vm_writev(pid, &here, 1, &there, 1, 0) < 0 && errno == EPERM,
		"wrote memory of %d: %s", pid, strerror(errno));
	return bad;
}

/*
 * The calls that are answered by the supervisor, with paths that lead into the supervisor itself:
 * for it these doors are open.
 */
static int door(const char *path)
{
	int bad = open_each_way(path), fd;
	struct stat st;

	bad |= broken(stat(path, &st) < 0, "stat of %s", path);
	bad |= broken(chown(path, 7, 7) < 0, "chown of %s", path);
	bad |= broken(chmod(path, 0) < 0, "chmod of %s", path);
	bad |= broken(truncate(path, 0) < 0, "truncate of %s", path);
	bad |= broken(linkat(AT_FDCWD, path, AT_FDCWD, "linked", AT_SYMLINK_FOLLOW) < 0,
		"link of %s", path);
	fd = open(path, O_PATH | O_CLOEXEC);
	bad |= broken(fd < 0, "opened %s as a path", path);
	if (fd >= 0)
		close(fd);
	return bad;
}

static int through(const char *path)
{
	char name[128];

	snprintf(name, sizeof(name), "%s/left", path);
	return broken(mkdir(name, 0700) < 0, "mkdir %s", name) |
	       broken(mknod(name, S_IFCHR, 0x103) < 0, "mknod %s", name) |
	       broken(symlink("x", name) < 0, "symlink %s", name);
}

static int doors_of(pid_t pid)
{
	static const char *const names[] = {"root", "cwd", "exe", "root/."};
	char path[64];
	int bad = 0, i;

	for (i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, names[i]);
		bad |= door(path);
	}
	for (i = 0; i < 64; i++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, i);
		bad |= door(path);
		snprintf(path, sizeof(path), "/proc/%d/task/%d/fd/%d", pid, pid, i);
		bad |= door(path);
	}
	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	bad |= through(path);
	snprintf(path, sizeof(path), "/proc/%d/cwd", pid);
	return bad | through(path);
}

/* Where pid 1 is not process of this guest's namespace, its signals are the kernel's affair. */
static int kill_of(pid_t pid)
{
	int sig, tid;

	for (sig = 1; sig < 65; sig++) {
		kill(pid, sig);
		for (tid = 1; tid < 24; tid++)
			syscall(SYS_tgkill, pid, tid, sig);
	}
	return 0;
}

static int run_kill(char **argv)
{
	int bad = 0, i;

	(void)argv;
	if (getppid() != 1)
		return broken(false, "this needs a process namespace");
	bad |= kill_of(1);
	kill(-1, SIGSTOP);
	kill(-1, SIGKILL);
	for (i = 0; i < 200; i++)
		bad |= not_kept("after");
	return bad;
}

/*
 * Limits and priorities of the supervisor may be the guest's to change, as those of any process of
 * the same user. Then calls may fail, but none may seem to be done that is not.
 */
static int limits_of(pid_t pid)
{
	static const int which[] = {
		RLIMIT_NOFILE, RLIMIT_FSIZE, RLIMIT_AS, RLIMIT_STACK, RLIMIT_DATA, RLIMIT_NPROC};
	struct rlimit none = {0, 0};
	unsigned i, n;
	int bad = 0;

	for (i = 0; i < sizeof(which) / sizeof(*which); i++) {
		if (prlimit(pid, which[i], &none, NULL) < 0)
			continue;
		for (n = 0; n < 100; n++) {
			if (chown("limited", n, n + 1) == 0)
				bad |= broken(looks("limited", 0644, n, n + 1),
					"chown is lost after limit %d", which[i]);
		}
	}
	return bad;
}

static int run_limits(char **argv)
{
	(void)argv;
	return make_file("limited", 0644, 3, 4) | limits_of(1);
}

static int run_getfd(char **argv)
{
	(void)argv;
	return each_target(getfd_of);
}

static int run_ptrace(char **argv)
{
	(void)argv;
	return each_target(ptrace_of);
}

static int run_memory(char **argv)
{
	(void)argv;
	return each_target(memory_of);
}

static int run_doors(char **argv)
{
	(void)argv;
	return each_target(doors_of);
}

/* Namespaces of the supervisor that the guest is not in */
static int run_setns(char **argv)
{
	static const char *const names[] = {"user", "mnt", "net", "pid", "cgroup"};
	char path[64];
	int bad = 0, fd;
	size_t i;

	(void)argv;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "/proc/1/ns/%s", names[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		bad |= broken(fd < 0 || setns(fd, 0) < 0, "entered %s", path);
	}
	return bad | not_kept("after");
}

const struct attack attacks_supervisor[] = {
	{"getfd", run_getfd},
	{"ptrace", run_ptrace},
	{"memory", run_memory},
	{"doors", run_doors},
	{"setns", run_setns},
	{"kill", run_kill},
	{"limits", run_limits},
	{0},
};
