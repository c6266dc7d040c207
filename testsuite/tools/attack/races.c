// SPDX-License-Identifier: Apache-2.0
/* What is there when a call is looked at is not what is there when it is made. */
#include "testsuite/tools/attack/attack.h"

#include <sched.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

static pid_t swapper(const char *a, const char *b)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	for (;;)
		syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2 /* RENAME_EXCHANGE */);
}

static void stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* own/d is a directory of the user's, and then a symlink to root's. */
static int run_symlink(char **argv)
{
	int bad = 0, i;
	pid_t pid, swap;

	(void)argv;
	mkdir("own", 0777);
	mkdir("own/d", 0777);
	mkdir("not", 0755);
	bad |= broken(chown("own", 1000, 1000) == 0 && chown("own/d", 1000, 1000) == 0 &&
			      symlink("../not", "own/l") == 0,
		"cannot prepare");
	bad |= make_file("own/d/f", 0644, 1000, 1000) | make_file("not/f", 0600, 0, 0);
	swap = swapper("own/d", "own/l");
	pid = fork();
	if (pid == 0) {
		become(1000);
		for (i = 0; i < 8000; i++) {
			syscall(SYS_fchmodat, AT_FDCWD, "own/d/f", 04777);
			syscall(SYS_fchownat, AT_FDCWD, "own/d/f", 1000, 1000, 0);
			syscall(SYS_mknodat, AT_FDCWD, "own/d/made", S_IFREG | 0666, 0);
			syscall(SYS_mkdirat, AT_FDCWD, "own/d/dir", 0777);
			syscall(SYS_unlinkat, AT_FDCWD, "own/d/made", 0);
			close(open("own/d/opened", O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
			syscall(SYS_unlinkat, AT_FDCWD, "own/d/opened", 0);
		}
		_exit(0);
	}
	bad |= broken(status_of(pid) == 0, "the other user's process failed");
	stop(swap);
	bad |= broken(looks("not/f", 0600, 0, 0), "root's file has another mode or owner");
	bad |= broken(access("not/made", F_OK) < 0 && access("not/dir", F_OK) < 0 &&
			      access("not/opened", F_OK) < 0,
		"something was made in root's directory");
	return bad | not_kept("after");
}

/* A directory moves out of the changed root while a path goes up from below it. */
static int run_dotdot(char **argv)
{
	int bad = 0, i;
	pid_t pid, swap;

	(void)argv;
	bad |= make_file("secret", 0600, 0, 0);
	bad |= broken(mkdir("jail", 0755) == 0 && mkdir("jail/a", 0755) == 0 &&
			      mkdir("jail/a/b", 0755) == 0 && mkdir("away", 0755) == 0,
		"cannot prepare");
	swap = swapper("jail/a", "away");
	pid = fork();
	if (pid == 0) {
		if (chroot("jail") < 0 || chdir("/") < 0)
			_exit(1);
		for (i = 0; i < 8000; i++) {
			syscall(SYS_fchownat, AT_FDCWD, "a/../../secret", 5, 5, 0);
			syscall(SYS_fchownat, AT_FDCWD, "a/b/../../../secret", 5, 5, 0);
			syscall(SYS_fchmodat, AT_FDCWD, "/a/b/../../../secret", 0777);
			syscall(SYS_mknodat, AT_FDCWD, "a/../../made", S_IFCHR | 0666, 0x103);
		}
		_exit(0);
	}
	bad |= broken(status_of(pid) == 0, "the jailed process failed");
	stop(swap);
	bad |= broken(looks("secret", 0600, 0, 0), "a file above the root was changed");
	bad |= broken(access("made", F_OK) < 0, "a device was made above the root");
	return bad | not_kept("after");
}

static void tick(int sig)
{
	(void)sig;
}

static long make_one(unsigned i, const char *name)
{
	switch (i % 4) {
	case 0:
		return syscall(SYS_mkdirat, AT_FDCWD, name, 0755);
	case 1:
		return syscall(SYS_mknodat, AT_FDCWD, name, S_IFCHR | 0600, 0x103);
	case 2:
		return syscall(SYS_symlinkat, "x", AT_FDCWD, name);
	default:
		return syscall(SYS_openat, AT_FDCWD, name, O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	}
}

/*
 * Signals during calls: each is done once. A call that no supervisor has taken up yet ends with
 * EINTR where the handler asks for that; it must not have been done then.
 */
static int run_timer(char **argv)
{
	struct itimerval timer = {{0, 50}, {0, 50}}, off = {{0, 0}, {0, 0}};
	struct sigaction action = {.sa_handler = tick};
	unsigned twice = 0, other = 0, i;
	char name[64];
	long result;

	action.sa_flags = argv[1] ? SA_RESTART : 0;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	for (i = 0; i < 4000; i++) {
		snprintf(name, sizeof(name), "timer%u", i);
		while ((result = make_one(i, name)) < 0 && errno == EINTR && !argv[1])
			;
		if (result > 0)
			close((int)result);
		twice += result < 0 && errno == EEXIST;
		other += result < 0 && errno != EEXIST;
	}
	setitimer(ITIMER_REAL, &off, NULL);
	return broken(twice == 0 && other == 0, "%u calls of 4000 were done twice, %u failed",
		       twice, other) |
	       not_kept("after");
}

struct clone3_args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
		set_tid_size, cgroup;
};

/* A process with a number that another had; fork where the guest may not choose it */
static pid_t fork_as(pid_t number)
{
	struct clone3_args args = {
		.exit_signal = SIGCHLD, .set_tid = (uint64_t)(uintptr_t)&number, .set_tid_size = 1};
	pid_t pid = (pid_t)syscall(435 /* clone3 */, &args, sizeof(args));

	if (pid < 0 && errno != EEXIST)
		return fork();
	return pid;
}

/*
 * A process is killed in its call, and another gets its number: it must not get the answer, nor
 * what is kept of the first one's ids and directory.
 */
static int reuse(unsigned round)
{
	enum { NUMBER = 20000 };
	pid_t pid = fork_as(NUMBER);
	int bad = 0;

	if (pid == 0) {
		if (chdir("first") < 0)
			_exit(1);
		become(1000);
		for (;;)
			syscall(SYS_fchownat, AT_FDCWD, "f", 1000, 1000, 0);
	}
	usleep(round * 37 % 900);
	stop(pid);
	pid = fork_as(NUMBER);
	if (pid == 0) {
		bad = broken(getuid() == 0 && geteuid() == 0, "the new process is not root");
		bad |= broken(chdir("second") == 0, "chdir");
		bad |= broken(looks("f", 0644, 2, 2), "second/f was changed");
		_exit(bad);
	}
	return broken(status_of(pid) == 0, "round %u", round);
}

static int run_reuse(char **argv)
{
	unsigned round;
	int bad = 0;

	(void)argv;
	bad |= broken(mkdir("first", 0755) == 0 && mkdir("second", 0755) == 0, "mkdir");
	bad |= make_file("first/f", 0644, 1000, 1) | make_file("second/f", 0644, 2, 2);
	for (round = 0; round < 300 && !bad; round++)
		bad |= reuse(round);
	bad |= broken(looks("second/f", 0644, 2, 2), "second/f was changed in the end");
	bad |= broken(getuid() == 0, "this process is not root any more");
	return bad | not_kept("after");
}

const struct attack attacks_races[] = {
	{"symlink", run_symlink},
	{"dotdot", run_dotdot},
	{"timer", run_timer},
	{"reuse", run_reuse},
	{0},
};
