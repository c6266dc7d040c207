// SPDX-License-Identifier: Apache-2.0
/* Many at once, some who never come back from a call, and a guest that is rlc-unshare itself. */
#include "testsuite/tools/attack/attack.h"

#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { MANY = 2000, LIMIT_NS = 50 * 1000 * 1000 };

static int one_of_many(unsigned i)
{
	char name[64];
	int bad;

	snprintf(name, sizeof(name), "many%u", i);
	bad = make_file(name, 0644, i, i + 1);
	bad |= broken(looks(name, 0644, i, i + 1), "%s has another owner", name);
	if (i % 3 == 0)
		become(i + 5);
	return bad | broken(getuid() == (i % 3 ? 0 : i + 5), "process %u is another user", i);
}

static int run_many(char **argv)
{
	unsigned i, failed = 0;
	pid_t *pids = calloc(MANY, sizeof(*pids));

	(void)argv;
	for (i = 0; pids && i < MANY; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(one_of_many(i));
	}
	for (i = 0; pids && i < MANY; i++)
		failed += pids[i] < 0 || status_of(pids[i]) != 0;
	free(pids);
	return broken(failed == 0, "%u of %d processes failed", failed, MANY) | not_kept("after");
}

static void bomb(const char *path)
{
	struct stat st;

	for (;;) {
		fork();
		lstat(path, &st);
		if (chown(path, 5, 5) < 0 && errno != EAGAIN)
			continue;
	}
}

/* As many processes as are allowed, who all call; all go when their group is killed. */
static int run_bomb(char **argv)
{
	struct rlimit limit = {300, 300};
	int bad = make_file("bomb", 0644, 0, 0), i;
	pid_t pid;

	(void)argv;
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		setrlimit(RLIMIT_NPROC, &limit);
		bomb("bomb");
	}
	setpgid(pid, pid);
	for (i = 0; i < 20; i++) {
		usleep(100000);
		bad |= broken(lchown("bomb", 7, 7) == 0, "chown beside it: %s", strerror(errno));
	}
	for (i = 0; i < 50 && kill(-pid, SIGKILL) == 0; i++)
		usleep(20000);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return bad | not_kept("after");
}

/* Each hangs in a call that is notified, since it may create. */
static void hang(const char *fifo, unsigned i)
{
	struct {
		uint64_t flags, mode, resolve;
	} how = {O_RDONLY, 0, 0};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (i % 3 == 0)
		open(fifo, O_RDONLY | O_CLOEXEC);
	else if (i % 3 == 1)
		open(fifo, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	else
		syscall(437 /* openat2 */, AT_FDCWD, fifo, &how, sizeof(how));
	_exit(broken(false, "an open of a FIFO came back: %s", strerror(errno)));
}

static long long longest_stat(long long duration)
{
	long long start = now_ns(), at = start, after, longest = 0;
	struct stat st;

	while (at - start < duration) {
		if (lstat("other", &st) < 0 || lstat("fifo0", &st) < 0 || chown("other", 3, 4) < 0)
			return LLONG_MAX;
		after = now_ns();
		longest = after - at > longest ? after - at : longest;
		at = after;
	}
	return longest;
}

/* How long a stat takes at most while many hang; the machine may be busy, so three tries */
static int run_fifo(char **argv)
{
	unsigned count = argv[1] ? (unsigned)atoi(argv[1]) : 40, i;
	long long longest = 0, start;
	pid_t pids[400];
	char name[64];
	int bad = make_file("other", 0644, 1, 1);

	for (i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "fifo%u", i);
		bad |= broken(mkfifo(name, 0600) == 0 && chown(name, 1, i) == 0, "mkfifo");
	}
	for (i = 0; i < count && i < 400; i++) {
		snprintf(name, sizeof(name), "fifo%u", i % 4 / 2 * 2 + (i % 3 == 1));
		pids[i] = fork();
		if (pids[i] == 0)
			hang(name, i);
	}
	usleep(300000);
	for (i = 0; i < 3 && (i == 0 || longest > LIMIT_NS); i++)
		longest = longest_stat(1000000000);
	bad |= broken(longest <= LIMIT_NS, "a stat took %lld us beside %u that hang",
		longest / 1000, count);
	start = now_ns();
	for (i = 0; i < count && i < 400; i++)
		kill(pids[i], SIGKILL);
	for (i = 0; i < count && i < 400; i++)
		bad |= broken(status_of(pids[i]) == 128 + SIGKILL, "process %u was not hanging", i);
	bad |= broken(now_ns() - start < 2000000000, "those that hang do not end when killed");
	return bad | not_kept("after");
}

static int run_program(char **argv)
{
	pid_t pid = fork();

	if (pid == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
	return status_of(pid);
}

/* nested RLC ATTACK: the guest runs `RLC unshare -- ATTACK check`, which joins in. */
static int run_nested(char **argv)
{
	char *plain[] = {argv[1], (char *)"unshare", (char *)"--", argv[2], (char *)"check", NULL};
	char *pid_only[] = {argv[1], (char *)"unshare", (char *)"-p", (char *)"-f", (char *)"--",
		argv[2], (char *)"check", NULL};
	int status, bad = 0;

	if (!argv[1] || !argv[2])
		return 2;
	status = run_program(plain);
	bad |= broken(status == 0, "rlc unshare in it: exit %d", status);
	status = run_program(pid_only);
	bad |= broken(status == 0, "rlc unshare -p -f in it: exit %d", status);
	return bad | not_kept("after");
}

/* A process without a free descriptor: what cannot be opened is not made either. */
static int run_descriptors(char **argv)
{
	struct rlimit limit = {3, 3};
	int bad = 0, fd;
	pid_t pid;

	(void)argv;
	pid = fork();
	if (pid == 0) {
		setrlimit(RLIMIT_NOFILE, &limit);
		become(1000);
		fd = open("none", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
		_exit(broken(fd < 0, "a descriptor beyond the limit"));
	}
	bad |= broken(status_of(pid) == 0, "the process failed");
	return bad | not_kept("after");
}

/* A figure of process 1's status */
static long status_of_first(const char *name)
{
	FILE *f = fopen("/proc/1/status", "re");
	char line[256];
	long value = -1;

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, name, strlen(name)) == 0)
			value = atol(line + strlen(name));
	if (f)
		fclose(f);
	return value;
}

/* Calls of each kind, with what they leave removed again */
static int one_turn(unsigned i)
{
	struct stat st;
	pid_t pid;
	int bad;

	bad = make_file("turn", 0644, i, 1) |
	      broken(lstat("turn", &st) == 0 && st.st_uid == i, "lstat");
	bad |= broken(rename("turn", "turned") == 0 && chmod("turned", 04755) == 0, "rename");
	bad |= broken(symlink("x", "link") == 0 && lchown("link", 3, i) == 0, "symlink");
	bad |= broken(mknod("device", S_IFCHR | 0600, 0x103) == 0, "mknod");
	bad |= broken(stat("/proc/self/cwd", &st) == 0 && access("nothing", F_OK) < 0, "stat");
	if (i % 50 == 0) {
		pid = fork();
		if (pid == 0) {
			become(1000 + i);
			_exit(getuid() == 1000 + i ? 0 : 1);
		}
		bad |= broken(status_of(pid) == 0, "a process of another user");
	}
	return bad | broken(unlink("turned") == 0 && unlink("link") == 0 && unlink("device") == 0,
			     "unlink: %s", strerror(errno));
}

/* spin TURNS: what serves takes no more memory and descriptors as it goes on */
static int run_spin(char **argv)
{
	unsigned turns = argv[1] ? (unsigned)atoi(argv[1]) : 1000, i;
	long memory = 0, table = 0;
	int bad = 0;

	for (i = 0; i < turns && !bad; i++) {
		if (i == turns / 4) {
			memory = status_of_first("VmRSS:");
			table = status_of_first("FDSize:");
		}
		bad |= one_turn(i);
	}
	bad |= broken(memory > 0 && table > 0, "/proc/1/status says nothing");
	bad |= broken(status_of_first("FDSize:") == table, "a table of %ld descriptors was %ld",
		status_of_first("FDSize:"), table);
	return bad | broken(status_of_first("VmRSS:") <= memory + 512, "%ld KiB of memory were %ld",
			     status_of_first("VmRSS:"), memory);
}

/* loop: changes owners until it is killed; "started" is made when the first was */
static int run_loop(char **argv)
{
	unsigned i;
	int bad = make_file("looped", 0644, 0, 0);

	(void)argv;
	for (i = 1; !bad; i++) {
		bad |= broken(chown("looped", i % 1000, i % 1000) == 0 &&
				      looks("looped", 0644, i % 1000, i % 1000),
			"chown: %s", strerror(errno));
		if (i == 100)
			bad |= make_file("started", 0644, 0, 0);
	}
	return bad;
}

const struct attack attacks_crowd[] = {
	{"spin", run_spin},
	{"loop", run_loop},
	{"many", run_many},
	{"bomb", run_bomb},
	{"fifo", run_fifo},
	{"nested", run_nested},
	{"descriptors", run_descriptors},
	{0},
};
