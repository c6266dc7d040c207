// SPDX-License-Identifier: Apache-2.0
/* Calls that open, and that say where relative paths start. */
#include "testsuite/tools/calls/calls.h"

#include <linux/openat2.h>
#include <sys/socket.h>

/* What was opened takes the place of what the slot held. */
static void keep(struct actor *a, unsigned slot, int fd)
{
	say(a, ") -> s%u", slot);
	if (fd < 0) {
		say(a, " = %s", error_name(errno));
		return;
	}
	if (a->slots[slot] >= 0)
		close(a->slots[slot]);
	a->slots[slot] = fd;
	say_slot(a, slot);
}

/* Nothing may block, and a dropped user's plain opens are emulated with --strict only. */
static unsigned draw_open_flags(struct actor *a)
{
	static const unsigned how[] = {O_RDONLY, O_RDONLY, O_WRONLY, O_RDWR};
	static const unsigned more[] = {0, 0, 0, O_PATH, O_PATH | O_NOFOLLOW, O_NOFOLLOW,
		O_DIRECTORY, O_DIRECTORY, O_TRUNC, O_PATH | O_DIRECTORY};
	static const unsigned make[] = {0, 0, 0, O_CREAT, O_CREAT, O_CREAT | O_EXCL, O_TMPFILE};
	unsigned mode = DRAW(a, how), extra = DRAW(a, more), create = DRAW(a, make);

	if (create == O_TMPFILE)
		return O_TMPFILE | O_RDWR;
	if ((a->flags & (IDS | STRICT)) == IDS && !create) {
		mode = O_RDONLY;
		extra &= ~(unsigned)O_TRUNC;
	}
	return mode | extra | create | O_NONBLOCK | O_CLOEXEC;
}

/* A device that is only read from is emulated with --strict. */
static bool limit_device(struct actor *a, const struct place *p, unsigned flags)
{
	struct stat st;

	if (a->flags & STRICT || flags & (O_WRONLY | O_RDWR | O_TRUNC | O_CREAT | O_PATH) ||
		!stat_place(p, true, &st) || (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode)))
		return false;
	say(a, ") is a stated limit");
	return true;
}

static void make_open(struct actor *a)
{
	unsigned slot = draw(a, SLOTS), flags = draw_open_flags(a), mode;
	struct place p;

	say(a, "openat(");
	draw_place(a, &p);
	say(a, ", 0x%x", flags);
	mode = draw_mode(a, false);
	if (!limit_device(a, &p, flags))
		keep(a, slot, (int)syscall(SYS_openat, p.dir, p.path, flags, mode));
}

static void make_openat2(struct actor *a)
{
	static const unsigned ways[] = {0, 0, RESOLVE_BENEATH, RESOLVE_IN_ROOT, RESOLVE_NO_SYMLINKS,
		RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS};
	unsigned slot = draw(a, SLOTS), flags = draw_open_flags(a);
	struct open_how how = {.flags = flags};
	struct place p;

	say(a, "openat2(");
	draw_place(a, &p);
	how.resolve = DRAW(a, ways);
	say(a, ", 0x%x, %llu", flags, (unsigned long long)how.resolve);
	how.mode = draw_mode(a, false);
	if (!(flags & O_CREAT) && (flags & O_TMPFILE) != O_TMPFILE)
		how.mode = 0;
	if (!limit_device(a, &p, flags))
		keep(a, slot, (int)syscall(CALL_OPENAT2, p.dir, p.path, &how, sizeof(how)));
}

static void make_dir_open(struct actor *a)
{
	unsigned slot = draw(a, SLOTS);
	unsigned flags = O_DIRECTORY | O_CLOEXEC | (draw(a, 2) ? O_PATH : O_RDONLY);
	struct place p;

	say(a, "openat(");
	draw_place(a, &p);
	say(a, ", 0x%x", flags);
	keep(a, slot, (int)syscall(SYS_openat, p.dir, p.path, flags));
}

static void make_dup(struct actor *a)
{
	unsigned from, slot = draw(a, SLOTS);

	say(a, "dup(");
	from = draw_slot(a);
	keep(a, slot, fcntl(a->slots[from], F_DUPFD_CLOEXEC, 10));
}

static void make_chdir(struct actor *a)
{
	static const struct place here = {.dir = AT_FDCWD, .path = "."};
	struct place p;

	say(a, "chdir(");
	draw_name(a, &p);
	say_result(a, syscall(SYS_chdir, p.path));
	say_place(a, &here);
}

static void make_fchdir(struct actor *a)
{
	static const struct place here = {.dir = AT_FDCWD, .path = "."};
	unsigned slot;

	say(a, "fchdir(");
	slot = draw_slot(a);
	say_result(a, syscall(SYS_fchdir, a->slots[slot]));
	say_place(a, &here);
}

static void make_chroot(struct actor *a)
{
	static const struct place top = {.dir = AT_FDCWD, .path = "/"};
	bool twice = draw(a, 2);
	struct place p;

	say(a, twice ? "chroot and chdir(" : "chroot(");
	draw_name(a, &p);
	if (say_result(a, syscall(SYS_chroot, p.path)) && twice)
		say(a, " %ld", syscall(SYS_chdir, "/"));
	say_place(a, &top);
}

static void make_umask(struct actor *a)
{
	static const unsigned open_masks[] = {0, 022, 022, 02};
	static const unsigned masks[] = {0, 022, 027, 077, 0111, 0777};
	unsigned any = DRAW(a, masks), mask = DRAW(a, open_masks);

	if (!(a->flags & IDS) || a->flags & STRICT)
		mask = any;
	say(a, "umask(%03o", mask);
	say_result(a, syscall(SYS_umask, mask));
}

/* A descriptor goes into the mail here and is taken out by whoever reads it next. */
static void make_send(struct actor *a)
{
	char byte = 'x', control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec iov = {&byte, 1};
	struct msghdr m = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control)};
	unsigned slot;

	say(a, "send(");
	slot = draw_slot(a);
	CMSG_FIRSTHDR(&m)->cmsg_level = SOL_SOCKET;
	CMSG_FIRSTHDR(&m)->cmsg_type = SCM_RIGHTS;
	CMSG_FIRSTHDR(&m)->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), &a->slots[slot], sizeof(int));
	say_result(a, sendmsg(a->mail[0], &m, MSG_DONTWAIT));
}

static void make_receive(struct actor *a)
{
	char byte, control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec iov = {&byte, 1};
	struct msghdr m = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control)};
	unsigned slot = draw(a, SLOTS);
	int fd = -1;

	say(a, "receive(");
	if (recvmsg(a->mail[1], &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) >= 0 && CMSG_FIRSTHDR(&m))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(int));
	keep(a, slot, fd);
}

const struct call calls_open[] = {
	{"open", 45, 0, make_open},
	{"openat2", 20, 0, make_openat2},
	{"dir", 30, 0, make_dir_open},
	{"dup", 5, 0, make_dup},
	{"chdir", 20, 0, make_chdir},
	{"fchdir", 12, 0, make_fchdir},
	{"chroot", 4, 0, make_chroot},
	{"umask", 6, 0, make_umask},
	{"send", 5, 0, make_send},
	{"receive", 5, 0, make_receive},
	{0},
};
