// SPDX-License-Identifier: Apache-2.0
/*
 * failnth N COMMAND...: runs a command whose Nth system call after its start (counted over all
 * its threads and children) fails without being done: ENOMEM for memory, EIO for the rest.
 * Calls that cannot fail, or not so (exit, futex, signals, the clock), are not counted.
 * With FAILNTH_KILL in the environment, all of it is killed there instead (SIGKILL).
 * The command's exit status; 100 where there were fewer calls than N (and the
 * command's was 0).
 */
#include <errno.h>
#include <elf.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <linux/ptrace.h>
#include <unistd.h>

enum { TASKS = 4096, FEWER = 100, TROUBLE = 125 };

struct task {
	pid_t pid;
	bool inside; /* of a system call */
	int error;   /* what it is to answer */
};

struct run {
	struct task tasks[TASKS];
	long wanted, count;
	bool failed; /* the call has failed */
	pid_t first;
	int status;
};

static struct task *find_task(struct run *r, pid_t pid)
{
	struct task *free_one = NULL;

	for (struct task *t = r->tasks; t < r->tasks + TASKS; t++) {
		if (t->pid == pid)
			return t;
		if (!t->pid && !free_one)
			free_one = t;
	}
	if (!free_one)
		exit(TROUBLE);
	*free_one = (struct task){.pid = pid};
	return free_one;
}

/* 0: not to be counted. */
static int error_of(unsigned long call)
{
	switch (call) {
	case SYS_exit:
	case SYS_exit_group:
	case SYS_futex:
	case SYS_rt_sigreturn:
	case SYS_rt_sigaction:
	case SYS_rt_sigprocmask:
	case SYS_set_tid_address:
	case SYS_set_robust_list:
	case SYS_clock_gettime:
	case SYS_getpid:
	case SYS_gettid:
	case SYS_getuid:
	case SYS_geteuid:
	case SYS_getgid:
	case SYS_getegid:
	case SYS_umask:
	case SYS_munmap:
	case SYS_madvise:
	case SYS_restart_syscall:
#ifdef SYS_arch_prctl
	case SYS_arch_prctl:
#endif
		return 0;
	case SYS_brk:
	case SYS_mmap:
	case SYS_mprotect:
	case SYS_mremap:
	case SYS_clone:
		return ENOMEM;
	default:
		return EIO;
	}
}

#if defined __x86_64__
struct registers {
	unsigned long r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, result, rcx, rdx, rsi, rdi,
		call, rip, cs, eflags, rsp, ss, fs_base, gs_base, ds, es, fs, gs;
};
#else
#error "failnth does not know this processor"
#endif

static void change(pid_t pid, int error, bool entering)
{
	struct registers regs;
	struct iovec iov = {&regs, sizeof(regs)};

	if (ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &iov) < 0)
		return;
	if (entering)
		regs.call = (unsigned long)-1;
	else
		regs.result = (unsigned long)-error;
	ptrace(PTRACE_SETREGSET, pid, (void *)NT_PRSTATUS, &iov);
}

static void kill_all(const struct run *r)
{
	for (const struct task *t = r->tasks; t < r->tasks + TASKS; t++)
		if (t->pid)
			kill(t->pid, SIGKILL);
}

static void at_call(struct run *r, struct task *t)
{
	struct ptrace_syscall_info info;
	int error;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, t->pid, (void *)sizeof(info), &info) <= 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
		if (t->error)
			change(t->pid, t->error, false);
		t->error = 0;
		return;
	}
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return;
	error = error_of(info.entry.nr);
	if (!error || ++r->count != r->wanted)
		return;
	r->failed = true;
	t->error = error;
	if (getenv("FAILNTH_SAY"))
		fprintf(stderr, "failnth: call %llu\n", (unsigned long long)info.entry.nr);
	if (getenv("FAILNTH_KILL"))
		kill_all(r);
	else
		change(t->pid, error, true);
}

/* FAILNTH_SAY: where a fault of the program is, for addr2line. */
static void say_fault(pid_t pid, int sig)
{
	struct registers regs = {0};
	struct iovec iov = {&regs, sizeof(regs)};

	if (sig != SIGSEGV || !getenv("FAILNTH_SAY"))
		return;
	ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &iov);
	fprintf(stderr, "failnth: segmentation fault at %#lx\n", regs.rip);
}

/* Goes on to the next stop; signals but ptrace's own are passed on. */
static void at_stop(struct run *r, pid_t pid, int status)
{
	struct task *t = find_task(r, pid);
	int sig = WSTOPSIG(status);

	if (sig == (SIGTRAP | 0x80)) {
		at_call(r, t);
		sig = 0;
	} else if (status >> 16 || sig == SIGSTOP || sig == SIGTRAP) {
		sig = 0;
	} else {
		say_fault(pid, sig);
	}
	ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)sig);
}

static void watch(struct run *r)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFSTOPPED(status)) {
			at_stop(r, pid, status);
			continue;
		}
		find_task(r, pid)->pid = 0;
		if (pid == r->first)
			r->status = status;
	}
}

int main(int argc, char **argv)
{
	static struct run r;
	long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
		       PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
	int status;

	if (argc < 3)
		return 2;
	r.wanted = atol(argv[1]);
	r.first = fork();
	if (r.first == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	/* the first stop is after the exec */
	if (r.first < 0 || waitpid(r.first, &status, 0) < 0 || !WIFSTOPPED(status))
		return TROUBLE;
	ptrace(PTRACE_SETOPTIONS, r.first, NULL, (void *)options);
	ptrace(PTRACE_SYSCALL, r.first, NULL, NULL);
	watch(&r);
	if (WIFSIGNALED(r.status))
		return 128 + WTERMSIG(r.status);
	return !r.failed && WEXITSTATUS(r.status) == 0 ? FEWER : WEXITSTATUS(r.status);
}
