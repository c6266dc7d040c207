// SPDX-License-Identifier: Apache-2.0
/* What is printed: nothing in it may differ between two runs with one seed. */
#include "testsuite/tools/calls/calls.h"

#include <linux/capability.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/sysmacros.h>

void say(struct actor *a, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(a->line + a->len, sizeof(a->line) - a->len, format, args);
	va_end(args);
	if (n > 0)
		a->len += (size_t)n < sizeof(a->line) - a->len ? (size_t)n : 0;
}

void flush(struct actor *a)
{
	say(a, "\n");
	if (write(1, a->line, a->len) != (ssize_t)a->len)
		_exit(3);
	a->len = 0;
}

void say_path(struct actor *a, const char *path)
{
	if (strlen(path) > 200)
		say(a, "\"%.5s...%zu\"", path, strlen(path));
	else
		say(a, "\"%s\"", path);
}

const char *error_name(int error)
{
	static const struct {
		int number;
		const char *name;
	} names[] = {
		{EPERM, "EPERM"},
		{ENOENT, "ENOENT"},
		{EACCES, "EACCES"},
		{EEXIST, "EEXIST"},
		{ENOTDIR, "ENOTDIR"},
		{EISDIR, "EISDIR"},
		{EINVAL, "EINVAL"},
		{EBADF, "EBADF"},
		{ELOOP, "ELOOP"},
		{ENOTEMPTY, "ENOTEMPTY"},
		{ENODATA, "ENODATA"},
		{EXDEV, "EXDEV"},
		{EOPNOTSUPP, "EOPNOTSUPP"},
		{ENOSYS, "ENOSYS"},
		{ENXIO, "ENXIO"},
		{EBUSY, "EBUSY"},
		{ENAMETOOLONG, "ENAMETOOLONG"},
		{ERANGE, "ERANGE"},
		{EFAULT, "EFAULT"},
		{ENODEV, "ENODEV"},
		{EADDRINUSE, "EADDRINUSE"},
		{EAGAIN, "EAGAIN"},
		{ENOEXEC, "ENOEXEC"},
		{ETXTBSY, "ETXTBSY"},
		{EMLINK, "EMLINK"},
		{EIO, "EIO"},
		{ESRCH, "ESRCH"},
		{ENOMEM, "ENOMEM"},
		{EMFILE, "EMFILE"},
		{EINTR, "EINTR"},
		{ENOTSOCK, "ENOTSOCK"},
		{ENOSPC, "ENOSPC"},
		{EROFS, "EROFS"},
		{E2BIG, "E2BIG"},
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].number == error)
			return names[i].name;
	return strerror(error);
}

bool say_result(struct actor *a, long result)
{
	if (result < 0)
		say(a, ") = %s", error_name(errno));
	else
		say(a, ") = %ld", result);
	return result >= 0;
}

static char type_letter(mode_t mode)
{
	static const char letters[] = "?pc?d?b?-?l?s???";

	return letters[(mode >> 12) & 15];
}

/* A directory's links and size are the file system's affair; "/" has more in it as a guest. */
bool stat_place(const struct place *p, bool follow, struct stat *st)
{
	int flags = AT_EMPTY_PATH | (follow ? 0 : AT_SYMLINK_NOFOLLOW);

	return syscall(SYS_newfstatat, p->dir, p->path, st, flags) == 0;
}

bool limit_attribute(struct actor *a, const char *attribute, const struct stat *st)
{
	if (strncmp(attribute, "user.", 5) == 0 || S_ISREG(st->st_mode) || S_ISDIR(st->st_mode))
		return false;
	say(a, ") is a stated limit");
	return true;
}

bool limit_link(struct actor *a, const struct place *p, bool follow)
{
	struct stat st;

	if (!stat_place(p, follow, &st) || !S_ISLNK(st.st_mode))
		return false;
	say(a, ") is a stated limit");
	return true;
}

/* Whose a symlink was that has no name any more, nobody keeps. */
void say_stat(struct actor *a, const struct stat *st)
{
	if (S_ISLNK(st->st_mode) && !st->st_nlink) {
		say(a, " [deleted symlink]");
		return;
	}
	say(a, " [%c%04o %d:%d", type_letter(st->st_mode), st->st_mode & 07777, (int)st->st_uid,
		(int)st->st_gid);
	if (S_ISBLK(st->st_mode) || S_ISCHR(st->st_mode))
		say(a, " %u:%u", major(st->st_rdev), minor(st->st_rdev));
	if (!S_ISDIR(st->st_mode))
		say(a, " n%u z%lld", (unsigned)st->st_nlink, (long long)st->st_size);
	say(a, "]");
}

void say_place(struct actor *a, const struct place *p)
{
	struct stat st;

	if (syscall(SYS_newfstatat, p->dir, p->path, &st, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) == 0)
		say_stat(a, &st);
	else
		say(a, " [%s]", error_name(errno));
}

void say_slot(struct actor *a, unsigned slot)
{
	struct stat st;

	if (syscall(SYS_fstat, a->slots[slot], &st) == 0)
		say_stat(a, &st);
	else
		say(a, " [%s]", error_name(errno));
}

static void say_groups(struct actor *a)
{
	gid_t groups[32];
	long n = syscall(SYS_getgroups, 32, groups), i;

	say(a, " groups");
	for (i = 0; i < n; i++)
		say(a, ",%d", (int)groups[i]);
}

static unsigned long long both(unsigned low, unsigned high)
{
	return (uint64_t)high << 32 | low;
}

static void say_caps(struct actor *a)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];

	memset(data, 0, sizeof(data));
	if (syscall(SYS_capget, &head, data) < 0) {
		say(a, " capget %s", error_name(errno));
		return;
	}
	say(a, " caps %llx", both(data[0].effective, data[1].effective) & a->caps);
	say(a, " %llx", both(data[0].permitted, data[1].permitted) & a->caps);
	say(a, " %llx", both(data[0].inheritable, data[1].inheritable) & a->caps);
	say(a, " bits %x keep %d", (unsigned)prctl(PR_GET_SECUREBITS, 0, 0, 0, 0),
		prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0));
}

void say_ids(struct actor *a)
{
	unsigned u[3] = {7, 7, 7}, g[3] = {7, 7, 7};

	syscall(SYS_getresuid, &u[0], &u[1], &u[2]);
	syscall(SYS_getresgid, &g[0], &g[1], &g[2]);
	say(a, " {%d,%d,%d,%d", (int)u[0], (int)u[1], (int)u[2], (int)syscall(SYS_setfsuid, -1));
	say(a, " %d,%d,%d,%d", (int)g[0], (int)g[1], (int)g[2], (int)syscall(SYS_setfsgid, -1));
	say(a, " %d,%d", (int)syscall(SYS_getuid) - (int)u[0],
		(int)syscall(SYS_geteuid) - (int)u[1]);
	say(a, ",%d,%d", (int)syscall(SYS_getgid) - (int)g[0],
		(int)syscall(SYS_getegid) - (int)g[1]);
	say_groups(a);
	say_caps(a);
	say(a, "}");
}
