// SPDX-License-Identifier: Apache-2.0
/* Pointers that are wrong, and memory that goes away or changes while the supervisor reads it. */
#include "testsuite/tools/attack/attack.h"

#include <linux/stat.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>

enum { PAGE = 4096 };

static char *pages(size_t count)
{
	char *p = mmap(
		NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		_exit(3);
	return p;
}

/* Expects the errno that the kernel itself gives. */
static int expect(const char *what, int pointer, long result, int error)
{
	int got = result < 0 ? errno : 0;

	return broken(got == error, "%s, pointer %d: %s, not %s", what, pointer, strerror(got),
		strerror(error));
}

static int bad_pointers(const void *p, int which)
{
	struct stat st;
	int bad = 0;

	bad |= expect("chown", which, syscall(SYS_fchownat, AT_FDCWD, p, 1, 1, 0), EFAULT);
	bad |= expect("stat", which, syscall(SYS_newfstatat, AT_FDCWD, p, &st, 0), EFAULT);
	bad |= expect("stat into it", which, syscall(SYS_newfstatat, AT_FDCWD, "f", p, 0), EFAULT);
	bad |= expect("fstat into it", which, syscall(SYS_fstat, 5, p), EFAULT);
	bad |= expect("statx into it", which,
		syscall(SYS_statx, AT_FDCWD, "f", 0, STATX_BASIC_STATS, p), EFAULT);
	bad |= expect("mknod", which, syscall(SYS_mknodat, AT_FDCWD, p, S_IFCHR, 0x103), EFAULT);
	bad |= expect("mkdir", which, syscall(SYS_mkdirat, AT_FDCWD, p, 0755), EFAULT);
	bad |= expect("symlink", which, syscall(SYS_symlinkat, p, AT_FDCWD, "new"), EFAULT);
	bad |= expect("symlink to", which, syscall(SYS_symlinkat, "a", AT_FDCWD, p), EFAULT);
	bad |= expect("link", which, syscall(SYS_linkat, AT_FDCWD, p, AT_FDCWD, "new", 0), EFAULT);
	bad |= expect(
		"rename", which, syscall(SYS_renameat2, AT_FDCWD, "f", AT_FDCWD, p, 0), EFAULT);
	bad |= expect("unlink", which, syscall(SYS_unlinkat, AT_FDCWD, p, 0), EFAULT);
	bad |= expect("open", which, syscall(SYS_openat, AT_FDCWD, p, O_CREAT, 0600), EFAULT);
	bad |= expect("openat2", which, syscall(437, AT_FDCWD, "f", p, 24), EFAULT);
	bad |= expect("getxattr", which, syscall(SYS_getxattr, p, "user.x", &st, 9), EFAULT);
	bad |= expect("getxattr of it", which, syscall(SYS_getxattr, "f", p, &st, 9), EFAULT);
	bad |= expect("setxattr", which, syscall(SYS_setxattr, "f", "user.x", p, 9, 0), EFAULT);
	bad |= expect("getgroups", which, syscall(SYS_getgroups, 9, p), EFAULT);
	bad |= expect("setgroups", which, syscall(SYS_setgroups, 3, p), EFAULT);
	bad |= expect("getresuid", which, syscall(SYS_getresuid, p, p, p), EFAULT);
	return bad | expect("capget", which, syscall(SYS_capget, p, p), EFAULT);
}

static int wrong_sizes(char *end)
{
	struct {
		uint64_t flags, mode, resolve, more;
	} how = {O_RDONLY, 0, 0, 1};
	char long_path[5000];
	int bad = 0;

	memset(end - PAGE, 'a', PAGE);
	memset(long_path, 'a', sizeof(long_path));
	long_path[4999] = '\0';
	bad |= expect("chown, long path", 0, chown(long_path, 1, 1), ENAMETOOLONG);
	bad |= expect("chown, end of mapping", 0, chown(end - 4, 1, 1), EFAULT);
	bad |= expect("setxattr of 1 GiB", 0, syscall(SYS_setxattr, "f", "user.x", end, 1 << 30, 0),
		E2BIG);
	bad |= expect(
		"setxattr of -1", 0, syscall(SYS_setxattr, "f", "user.x", end, -1L, 0), E2BIG);
	bad |= expect("setgroups of 100,000", 0, syscall(SYS_setgroups, 100000, end), EINVAL);
	bad |= expect("setgroups of -1", 0, syscall(SYS_setgroups, -1, end), EINVAL);
	bad |= expect("getgroups of -1", 0, syscall(SYS_getgroups, -1, end), EINVAL);
	bad |= expect("openat2, 8 bytes", 0, syscall(437, AT_FDCWD, "f", &how, 8), EINVAL);
	bad |= expect(
		"openat2, more than is known", 0, syscall(437, AT_FDCWD, "f", &how, 32), E2BIG);
	bad |= expect(
		"openat2, a page and more", 0, syscall(437, AT_FDCWD, "f", &how, 5000), E2BIG);
	bad |= expect("stat, unknown flags", 0,
		syscall(SYS_newfstatat, AT_FDCWD, "f", &how, 0x40000000), EINVAL);
	return bad | expect("chown, unknown flags", 0,
			     syscall(SYS_fchownat, AT_FDCWD, "f", 1, 1, 0x40000000), EINVAL);
}

static int run_pointers(char **argv)
{
	char *two = pages(3), *end = two + 2 * PAGE;
	const void *const list[] = {
		(void *)1, (void *)0xffffffff81000000, (void *)0x7ffffffff000, (void *)-1, end};
	int bad = make_file("f", 0644, 0, 0), fd = open("f", O_RDONLY | O_CLOEXEC);
	const gid_t group = 0;
	size_t i;

	(void)argv;
	bad |= expect("setgroups", 0, syscall(SYS_setgroups, 1, &group), 0);
	memset(two, 'a', 2 * PAGE);
	dup2(fd, 5);
	mprotect(end, PAGE, PROT_NONE);
	for (i = 0; i < sizeof(list) / sizeof(*list); i++)
		bad |= bad_pointers(list[i], (int)i);
	bad |= expect("stat across the end", 0, syscall(SYS_newfstatat, AT_FDCWD, "f", end - 50, 0),
		EFAULT);
	bad |= wrong_sizes(end);
	end[-2] = 'f';
	end[-1] = '\0';
	bad |= expect("chown, last bytes", 0, chown(end - 2, 5, 6), 0);
	bad |= broken(looks("f", 0644, 5, 6), "f is not 5:6");
	return bad | not_kept("after");
}

/* A thread that spoils what the other hands to the kernel */
struct spoil {
	char *at;
	const char *one, *two; /* two paths of the same length, or NULL to unmap */
	atomic_bool end;
};

static void *spoil(void *arg)
{
	struct spoil *s = arg;

	while (!s->end) {
		if (s->one) {
			memcpy(s->at, s->one, strlen(s->one));
			memcpy(s->at, s->two, strlen(s->two));
			continue;
		}
		munmap(s->at, PAGE);
		mmap(s->at, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			-1, 0);
		*(volatile char *)s->at = 'f';
	}
	return NULL;
}

static int run_unmap(char **argv)
{
	struct spoil s = {.at = pages(1)};
	int bad = make_file("f", 0644, 0, 0), i;
	struct stat st;
	pthread_t thread;

	(void)argv;
	pthread_create(&thread, NULL, spoil, &s);
	for (i = 0; i < 5000; i++) {
		if (syscall(SYS_fchownat, AT_FDCWD, s.at, 5, i, 0) < 0)
			bad |= broken(
				errno == EFAULT || errno == ENOENT, "chown: %s", strerror(errno));
		if (syscall(SYS_newfstatat, AT_FDCWD, "f", s.at, 0) < 0)
			bad |= broken(errno == EFAULT, "stat: %s", strerror(errno));
		if (syscall(SYS_newfstatat, AT_FDCWD, s.at, &st, 0) < 0)
			bad |= broken(
				errno == EFAULT || errno == ENOENT, "stat: %s", strerror(errno));
		if (syscall(SYS_setxattr, "f", "user.x", s.at, 100, 0) < 0)
			bad |= broken(errno == EFAULT, "setxattr: %s", strerror(errno));
	}
	s.end = true;
	pthread_join(thread, NULL);
	return bad | not_kept("after");
}

/* One try at root's file with a name that was an own file's when it was checked */
static void try_all(const char *path, int i)
{
	static const unsigned char cap[20] = {1, 0, 0, 2, 0, 4};
	struct timespec times[2] = {{77, 0}, {77, 0}};

	syscall(SYS_fchmodat, AT_FDCWD, path, 04777);
	syscall(SYS_fchownat, AT_FDCWD, path, 1000, 1000, 0);
	syscall(SYS_utimensat, AT_FDCWD, path, times, 0);
	syscall(SYS_setxattr, path, "user.x", "v", 1, 0);
	syscall(SYS_setxattr, path, "security.capability", cap, sizeof(cap), 0);
	if (i % 4 == 0)
		syscall(SYS_renameat, AT_FDCWD, path, AT_FDCWD, "own/out");
	else if (i % 4 == 1)
		syscall(SYS_unlinkat, AT_FDCWD, path, 0);
	if (i % 4 <= 1)
		close(open("own/f", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
}

/* A user who was root has a path change between its check and its use. */
static int run_path(char **argv)
{
	struct spoil s = {.at = pages(1), .one = "own/f", .two = "not/f"};
	struct stat before, after;
	pthread_t thread;
	pid_t pid;
	int i, bad;

	(void)argv;
	bad = broken(mkdir("own", 0755) == 0 && mkdir("not", 0755) == 0, "mkdir") |
	      make_file("own/f", 0644, 1000, 1000) | make_file("not/f", 0600, 0, 0) |
	      broken(chown("own", 1000, 1000) == 0 && stat("not/f", &before) == 0, "chown");
	pid = fork();
	if (pid == 0) {
		become(1000);
		strcpy(s.at, s.one);
		pthread_create(&thread, NULL, spoil, &s);
		for (i = 0; i < 8000; i++)
			try_all(s.at, i);
		_exit(0);
	}
	bad |= broken(status_of(pid) == 0, "the other user's process failed");
	bad |= broken(looks("not/f", 0600, 0, 0), "root's file has another mode, owner or place");
	bad |= broken(stat("not/f", &after) == 0 && before.st_mtim.tv_sec == after.st_mtim.tv_sec,
		"root's file has another time");
	bad |= broken(syscall(SYS_getxattr, "not/f", "user.x", &s, 8) < 0 &&
			      syscall(SYS_getxattr, "not/f", "security.capability", &s, 8) < 0,
		"root's file has an attribute");
	return bad | not_kept("after");
}

const struct attack attacks_memory[] = {
	{"pointers", run_pointers},
	{"unmap", run_unmap},
	{"path", run_path},
	{0},
};
