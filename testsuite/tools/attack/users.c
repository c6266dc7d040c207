// SPDX-License-Identifier: Apache-2.0
/* A process that has become another user, and that tries to be root again or to use root's files.
 */
#include "testsuite/tools/attack/attack.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>

/* What one thread changes while the other makes calls */
struct flip {
	int own, not ;
	int slot; /* the descriptor that is each of them in turn; -1: the working directory is */
	atomic_bool end;
};

static void *flip(void *arg)
{
	struct flip *f = arg;

	while (!f->end) {
		if (f->slot >= 0) {
			dup2(f->own, f->slot);
			dup2(f->not, f->slot);
		} else if (fchdir(f->own) < 0 || fchdir(f->not ) < 0) {
			break;
		}
	}
	return NULL;
}

static void try_file(int fd)
{
	struct timespec times[2] = {{77, 0}, {77, 0}};

	syscall(SYS_fchmod, fd, 04777);
	syscall(SYS_fchown, fd, 1000, 1000);
	syscall(SYS_fchownat, fd, "", 1000, 1000, AT_EMPTY_PATH);
	syscall(SYS_utimensat, fd, NULL, times, 0);
	syscall(SYS_fsetxattr, fd, "user.x", "v", 1, 0);
}

static void try_below(int dir)
{
	struct timespec times[2] = {{77, 0}, {77, 0}};

	syscall(SYS_fchmodat, dir, "f", 04777);
	syscall(SYS_fchownat, dir, "f", 1000, 1000, 0);
	syscall(SYS_utimensat, dir, "f", times, 0);
	syscall(SYS_mkdirat, dir, "made", 0777);
	syscall(SYS_unlinkat, dir, "made", AT_REMOVEDIR);
	close((int)syscall(SYS_openat, dir, "opened", O_CREAT | O_WRONLY | O_CLOEXEC, 0666));
	syscall(SYS_unlinkat, dir, "opened", 0);
	syscall(SYS_symlinkat, "x", dir, "link");
	syscall(SYS_unlinkat, dir, "link", 0);
}

static int prepare(struct stat *before)
{
	return broken(mkdir("own", 0755) == 0 && mkdir("not", 0755) == 0, "mkdir") |
	       make_file("own/f", 0644, 1000, 1000) | make_file("not/f", 0644, 0, 0) |
	       broken(chown("own", 1000, 1000) == 0 && stat("not/f", before) == 0, "chown");
}

static int compare(const struct stat *before)
{
	struct stat after;
	char value[8];

	return broken(looks("not/f", 0644, 0, 0), "root's file has another mode or owner") |
	       broken(stat("not/f", &after) == 0 && after.st_mtim.tv_sec == before->st_mtim.tv_sec,
		       "root's file has another time") |
	       broken(syscall(SYS_getxattr, "not/f", "user.x", value, 8) < 0,
		       "root's file has an attribute") |
	       broken(access("not/made", F_OK) < 0 && access("not/opened", F_OK) < 0,
		       "something was made in root's directory") |
	       not_kept("after");
}

/* As user 1000: the calls on what flips */
static int flipping(struct flip *f, bool file)
{
	pthread_t thread;
	pid_t pid = fork();
	int i;

	if (pid != 0)
		return broken(status_of(pid) == 0, "the other user's process failed");
	become(1000);
	pthread_create(&thread, NULL, flip, f);
	for (i = 0; i < 3000; i++) {
		if (file)
			try_file(f->slot);
		else
			try_below(f->slot >= 0 ? f->slot : AT_FDCWD);
	}
	_exit(0);
}

static int run_fd(char **argv)
{
	struct flip files = {.slot = 20}, dirs = {.slot = 21};
	struct stat before;
	int bad = prepare(&before);

	(void)argv;
	files.own = open("own/f", O_RDONLY | O_CLOEXEC);
	files.not = open("not/f", O_RDONLY | O_CLOEXEC);
	bad |= flipping(&files, true);
	dirs.own = open("own", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dirs.not = open("not", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return bad | flipping(&dirs, false) | compare(&before);
}

static int run_cwd(char **argv)
{
	struct flip f = {.slot = -1};
	struct stat before;
	int bad = prepare(&before);

	(void)argv;
	f.own = open("own", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	f.not = open("not", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return bad | flipping(&f, false) | compare(&before);
}

/*
 * Who a process is may hang on one of its limits, which the kernel passes on. No limit that a
 * process sets, of its own or of another, makes anybody somebody else.
 */
static int try_limits(pid_t root)
{
	const rlim_t top = (rlim_t)1 << 62;
	struct rlimit limit;
	int bad = 0;
	rlim_t i;

	bad |= broken(getrlimit(RLIMIT_RTTIME, &limit) == 0 && limit.rlim_max == RLIM_INFINITY,
		"RLIMIT_RTTIME is shown");
	for (i = 0; i < 3000 && !bad; i++) {
		limit = (struct rlimit){top - i, top - i};
		prlimit(0, RLIMIT_RTTIME, &limit, NULL);
		if (i % 3 == 0)
			setrlimit(RLIMIT_RTTIME, &limit);
		prlimit(root, RLIMIT_RTTIME, &limit, NULL);
		bad |= broken(getuid() == 1000 && geteuid() == 1000 && setuid(0) < 0,
			"limit %llu makes root", (unsigned long long)i);
		bad |= broken(chown("not/f", 1000, 1000) < 0, "limit %llu gives root's files",
			(unsigned long long)i);
	}
	return bad;
}

static int run_limit(char **argv)
{
	int ends[2], bad;
	struct stat before;
	gid_t group = 0;
	char byte;
	pid_t pid;

	(void)argv;
	bad = prepare(&before) | broken(pipe2(ends, O_CLOEXEC) == 0, "pipe");
	pid = fork();
	if (pid == 0) {
		become(1000);
		close(ends[1]);
		if (read(ends[0], &byte, 1) != 0)
			_exit(1);
		_exit(try_limits(getppid()));
	}
	for (group = 0; group < 200; group++) /* newer than what the child has */
		bad |= broken(syscall(SYS_setgroups, 1, &group) == 0, "setgroups");
	close(ends[1]);
	bad |= broken(status_of(pid) == 0, "the other user's process failed");
	bad |= broken(getuid() == 0 && setresgid(7, 7, 7) == 0, "this process is root no more");
	return bad | compare(&before);
}

/* Each way back to root that there is; raw calls, since a C library makes them in all threads */
static int root_again(void)
{
	return broken(syscall(SYS_setresuid, 0, 0, 0) < 0 && syscall(SYS_setuid, 0) < 0 &&
			       syscall(SYS_setreuid, 0, 0) < 0,
		       "root again") |
	       broken(syscall(SYS_setresgid, 0, 0, 0) < 0 && syscall(SYS_setgid, 0) < 0,
		       "root's group again") |
	       broken(syscall(SYS_setfsuid, 0) == 1000 && syscall(SYS_setfsuid, 0) == 1000,
		       "root's fsuid") |
	       broken(chown("not/f", 1000, 1000) < 0, "root's file");
}

static void *root_again_in_thread(void *arg)
{
	*(int *)arg |= root_again();
	return NULL;
}

static int run_again(char **argv)
{
	struct stat before;
	int bad = prepare(&before), i;
	pthread_t thread;
	pid_t pid;

	(void)argv;
	pid = fork();
	if (pid == 0) {
		become(1000);
		bad |= root_again();
		for (i = 0; i < 20; i++) {
			pthread_create(&thread, NULL, root_again_in_thread, &bad);
			pthread_join(thread, NULL);
			pid = i % 2 ? vfork() : fork();
			if (pid == 0 && i % 2)
				_exit(0);
			if (pid == 0)
				_exit(root_again());
			bad |= status_of(pid);
		}
		_exit(bad);
	}
	return bad | broken(status_of(pid) == 0, "the other user's process failed") |
	       compare(&before);
}

/* A grandchild, whose parent has ended before it makes its first call, says whether it is root. */
static int orphan(void)
{
	int before[2], after[2];
	char bad = 1;
	pid_t pid;

	if (pipe2(before, O_CLOEXEC) < 0 || pipe2(after, O_CLOEXEC) < 0)
		return 1;
	pid = fork();
	if (pid == 0) {
		if (fork() != 0)
			_exit(0);
		close(before[1]);
		if (read(before[0], &bad, 1) == 0)
			bad = (char)(root_again() |
				     broken(getuid() == 1000, "the orphan is %u", getuid()));
		_exit(write(after[1], &bad, 1) != 1);
	}
	status_of(pid);
	close(before[1]);
	close(after[1]);
	if (read(after[0], &bad, 1) != 1)
		bad = 1;
	close(before[0]);
	close(after[0]);
	return bad;
}

/* A thread alone becomes another user, and so are the processes that it starts. */
static void *one_thread(void *arg)
{
	int *bad = arg, i;
	pid_t pid;

	*bad |= broken(syscall(SYS_setgroups, 0, NULL) == 0 &&
			       syscall(SYS_setresgid, 1000, 1000, 1000) == 0 &&
			       syscall(SYS_setresuid, 1000, 1000, 1000) == 0,
		"a thread cannot become a user: %s", strerror(errno));
	*bad |= root_again();
	for (i = 0; i < 10 && !*bad; i++) {
		pid = fork();
		if (pid == 0)
			_exit(root_again() | broken(getuid() == 1000, "the child is %u", getuid()));
		*bad |= broken(status_of(pid) == 0, "a child of a thread that is a user");
		*bad |= broken(orphan() == 0, "an orphan of a thread that is a user");
	}
	return NULL;
}

static int run_thread(char **argv)
{
	struct stat before;
	int bad = prepare(&before), i;
	pthread_t thread;

	(void)argv;
	for (i = 0; i < 5 && !bad; i++) {
		pthread_create(&thread, NULL, one_thread, &bad);
		pthread_join(thread, NULL);
		bad |= broken(getuid() == 0 && getgid() == 0, "the process is a user, too");
	}
	return bad | compare(&before);
}

const struct attack attacks_users[] = {
	{"thread", run_thread},
	{"fd", run_fd},
	{"cwd", run_cwd},
	{"limit", run_limit},
	{"again", run_again},
	{0},
};
