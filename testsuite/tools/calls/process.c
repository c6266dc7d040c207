// SPDX-License-Identifier: Apache-2.0
/* New processes, of whom each starts as who its parent is, and what they are after exec. */
#include "testsuite/tools/calls/calls.h"

#include <signal.h>
#include <sys/wait.h>

/* A process of its own for a few calls; numbers beyond those of the run, so that none comes twice
 */
static void calls_of_child(struct actor *a, uint64_t base, char name)
{
	unsigned i;

	a->name = name;
	for (i = 0; i < 3; i++)
		make_call(a, base + i);
	_exit(0);
}

static uint64_t draw_base(struct actor *a)
{
	uint64_t high = draw(a, 1U << 30);

	return (high << 32) + ((uint64_t)draw(a, 1U << 24) << 8);
}

static void make_fork(struct actor *a)
{
	uint64_t base = draw_base(a);
	int status = 0;
	pid_t pid;

	say(a, "fork(");
	say_result(a, 0);
	if (a->name == 'F' || a->name == 'O')
		return; /* no deeper */
	flush(a);
	pid = fork();
	if (pid == 0)
		calls_of_child(a, base, 'F');
	waitpid(pid, &status, 0);
	say(a, "  fork: %d", status);
}

/* The same, whose parent has ended before it makes its first call */
static void make_orphan(struct actor *a)
{
	uint64_t base = draw_base(a);
	int ends[2], before[2];
	char byte;
	pid_t pid;

	say(a, "orphan(");
	say_result(a, 0);
	if (a->name == 'F' || a->name == 'O' || pipe2(ends, O_CLOEXEC) < 0 ||
		pipe2(before, O_CLOEXEC) < 0)
		return;
	flush(a);
	pid = fork();
	if (pid == 0) {
		if (fork() != 0)
			_exit(0);
		close(before[1]);
		close(ends[0]);
		if (read(before[0], &byte, 1) == 0)
			calls_of_child(a, base, 'O');
		_exit(1);
	}
	close(ends[1]);
	close(before[0]);
	waitpid(pid, NULL, 0);
	close(before[1]);
	while (read(ends[0], &byte, 1) < 0 && errno == EINTR)
		;
	close(ends[0]);
	say(a, "  orphan: ended");
}

/* What is executed is mostly a copy of this program, which then says who it is. */
static void make_exec(struct actor *a)
{
	char caps[20], *argv[] = {(char *)"calls", (char *)"--show", caps, NULL}, *envp[] = {NULL};
	unsigned by_slot = draw(a, 4) == 0;
	struct place p;
	int status = 0;
	pid_t pid;

	snprintf(caps, sizeof(caps), "%llx", (unsigned long long)a->caps);
	say(a, by_slot ? "execveat(" : "execve(");
	if (by_slot)
		draw_place(a, &p);
	else
		draw_name(a, &p);
	say_place(a, &p);
	flush(a);
	pid = fork();
	if (pid == 0) {
		if (by_slot)
			syscall(SYS_execveat, p.dir, p.path, argv, envp, AT_EMPTY_PATH);
		else
			syscall(SYS_execve, p.path, argv, envp);
		a->name = 'F';
		say(a, "  execve");
		say_result(a, -1);
		flush(a);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	say(a, "  exec: %d", status);
}

const struct call calls_process[] = {
	{"fork", 15, 0, make_fork},
	{"orphan", 6, 0, make_orphan},
	{"exec", 25, 0, make_exec},
	{0},
};
