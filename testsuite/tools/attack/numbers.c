// SPDX-License-Identifier: Apache-2.0
/* System calls that a filter may not know: other tables, and those that make calls for others. */
#include "testsuite/tools/attack/attack.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>

/* In a child, since the filter may kill. Its call must not claim to have done what was not kept. */
static int in_child(int (*attack)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(attack());
	status = status_of(pid);
	return broken(status == 0 || status >= 128, "the child says %d", status) |
	       not_kept("after");
}

static int run_io_uring(char **argv)
{
	char params[256] = {0};

	(void)argv;
	return broken(syscall(425 /* io_uring_setup */, 8, params) < 0 && errno == ENOSYS,
		"io_uring_setup is not refused with ENOSYS");
}

#ifdef __x86_64__
static int chown_x32(void)
{
	int bad = make_file("x32", 0644, 1, 1);

	if (syscall(0x40000000 | SYS_chown, "x32", 5, 6) == 0)
		bad |= broken(looks("x32", 0644, 5, 6), "chown of x32 is lost");
	if (syscall(0x40000000 | SYS_setuid, 1000) == 0)
		bad |= broken(getuid() == 1000, "setuid of x32 is lost");
	return bad;
}

static long call_i386(long number, const void *first, long second, long third)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "0"(number), "b"(first), "c"(second), "d"(third)
			 : "memory", "r8", "r9", "r10", "r11");
	return result;
}

static int chown_i386(void)
{
	enum { CHOWN32 = 212, SETUID32 = 213, LCHOWN16 = 16, CHMOD = 15, GETUID32 = 199 };
	int bad = make_file("i386", 0644, 1, 1);
	char *name = mmap(
		NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (name == MAP_FAILED)
		return 1;
	strcpy(name, "i386");
	if (call_i386(CHOWN32, name, 5, 6) == 0)
		bad |= broken(looks("i386", 0644, 5, 6), "chown32 of i386 is lost");
	if (call_i386(LCHOWN16, name, 7, 8) == 0)
		bad |= broken(looks("i386", 0644, 7, 8), "lchown of i386 is lost");
	if (call_i386(SETUID32, (const void *)1000, 0, 0) == 0)
		bad |= broken(getuid() == 1000 && call_i386(GETUID32, NULL, 0, 0) == 1000,
			"setuid32 of i386 is lost");
	return bad;
}

static int run_x32(char **argv)
{
	(void)argv;
	return in_child(chown_x32);
}

static int run_i386(char **argv)
{
	(void)argv;
	return in_child(chown_i386);
}
#endif

/* Filters of the guest's own: none of them takes a call away from the supervisor. */
static int own_filter(void)
{
	struct sock_filter code[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog p = {1, code};
	long fd =
		syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &p);
	int bad = broken(fd < 0, "a listener of the guest's own");

	bad |= broken(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
			      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &p) == 0,
		"a filter that allows all is refused: %s", strerror(errno));
	return bad | not_kept("filtered");
}

static int run_filter(char **argv)
{
	(void)argv;
	return in_child(own_filter);
}

const struct attack attacks_numbers[] = {
	{"io_uring", run_io_uring},
#ifdef __x86_64__
	{"x32", run_x32},
	{"i386", run_i386},
#endif
	{"filter", run_filter},
	{0},
};
