// SPDX-License-Identifier: Apache-2.0
/*
 * deny RULE... -- COMMAND...: runs a command for which some system calls fail, as on
 * an older kernel or a locked-down host. Children inherit it.
 * A rule: openat2, xattrat, fchmodat2, vmcopy (process_vm_readv and writev), pidfd, listener (of
 * seccomp notifications), userns (each ENOSYS but userns and vmcopy, EPERM, and listener, EINVAL),
 * or with another error: openat2=EPERM.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined __x86_64__
#define ARCH AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define ARCH AUDIT_ARCH_AARCH64
#else
#error "deny does not know this processor"
#endif

enum {
	PIDFD_OPEN = 434,
	CLONE3 = 435,
	OPENAT2 = 437,
	PIDFD_GETFD = 438,
	FCHMODAT2 = 452,
	SETXATTRAT = 463,
	REMOVEXATTRAT = 466
};

struct program {
	struct sock_filter code[64];
	unsigned short len;
};

static void add(struct program *p, struct sock_filter f)
{
	p->code[p->len++] = f;
}

static void load(struct program *p, size_t offset)
{
	add(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offset));
}

static void answer(struct program *p, int error)
{
	add(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error));
}

/* The number is loaded before and after. */
static void deny_range(struct program *p, unsigned first, unsigned last, int error)
{
	add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, first, 0, 2));
	add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last, 1, 0));
	answer(p, error);
}

/* The call fails where that argument has the flag. */
static void deny_flag(struct program *p, unsigned call, unsigned arg, unsigned flag, int error)
{
	add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 4));
	load(p, offsetof(struct seccomp_data, args) + 8 * arg);
	add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, flag, 0, 1));
	answer(p, error);
	load(p, offsetof(struct seccomp_data, nr));
}

static int error_number(const char *name, int preset)
{
	if (!name)
		return preset;
	if (strcmp(name, "EPERM") == 0)
		return EPERM;
	if (strcmp(name, "ENOSYS") == 0)
		return ENOSYS;
	if (strcmp(name, "ENOSPC") == 0)
		return ENOSPC;
	return -1;
}

static int usual_error(const char *rule)
{
	if (strncmp(rule, "listener", 8) == 0)
		return EINVAL;
	return strncmp(rule, "userns", 6) == 0 || strncmp(rule, "vmcopy", 6) == 0 ? EPERM : ENOSYS;
}

static int add_rule(struct program *p, char *rule)
{
	char *equals = strchr(rule, '=');
	int error = error_number(equals ? equals + 1 : NULL, usual_error(rule));

	if (equals)
		*equals = '\0';
	if (error < 0 || p->len > 48)
		return -1;
	if (strcmp(rule, "openat2") == 0) {
		deny_range(p, OPENAT2, OPENAT2, error);
	} else if (strcmp(rule, "fchmodat2") == 0) {
		deny_range(p, FCHMODAT2, FCHMODAT2, error);
	} else if (strcmp(rule, "xattrat") == 0) {
		deny_range(p, SETXATTRAT, REMOVEXATTRAT, error);
	} else if (strcmp(rule, "vmcopy") == 0) {
		deny_range(p, SYS_process_vm_readv, SYS_process_vm_writev, error);
	} else if (strcmp(rule, "pidfd") == 0) {
		deny_range(p, PIDFD_OPEN, PIDFD_OPEN, error);
		deny_range(p, PIDFD_GETFD, PIDFD_GETFD, error);
	} else if (strcmp(rule, "listener") == 0) {
		deny_flag(p, SYS_seccomp, 1, SECCOMP_FILTER_FLAG_NEW_LISTENER, error);
	} else if (strcmp(rule, "userns") == 0) {
		deny_flag(p, SYS_unshare, 0, CLONE_NEWUSER, error);
		deny_flag(p, SYS_clone, 0, CLONE_NEWUSER, error);
		deny_range(p, CLONE3, CLONE3, ENOSYS); /* its flags are out of a filter's reach */
	} else {
		return -1;
	}
	return 0;
}

static int install(struct program *p)
{
	struct sock_fprog prog = {.len = p->len, .filter = p->code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog);
}

int main(int argc, char **argv)
{
	struct program p = {.len = 0};
	int i;

	load(&p, offsetof(struct seccomp_data, arch));
	add(&p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0));
	answer(&p, ENOSYS);
	load(&p, offsetof(struct seccomp_data, nr));
	for (i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		if (add_rule(&p, argv[i]) < 0) {
			fprintf(stderr, "deny: no such rule: %s\n", argv[i]);
			return 2;
		}
	}
	if (i + 1 >= argc) {
		fprintf(stderr, "usage: deny RULE... -- COMMAND...\n");
		return 2;
	}
	add(&p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
	if (install(&p) < 0) {
		perror("deny: seccomp");
		return 125;
	}
	execvp(argv[i + 1], argv + i + 1);
	perror(argv[i + 1]);
	return 127;
}
