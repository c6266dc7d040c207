// SPDX-License-Identifier: Apache-2.0
/* Calls that make, move and remove names. */
#include "testsuite/tools/calls/calls.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static unsigned draw_type(struct actor *a)
{
	static const unsigned types[] = {
		S_IFCHR, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK, S_IFREG, 0, S_IFDIR};
	static const char names[] = "ccbps-0d";
	unsigned i = draw(a, 8);

	say(a, ", %c", names[i]);
	return types[i];
}

static void make_mknod(struct actor *a)
{
	struct place p;
	unsigned mode;

	say(a, "mknodat(");
	draw_place(a, &p);
	mode = draw_type(a);
	mode |= draw_mode(a, false);
	say_result(a, syscall(SYS_mknodat, p.dir, p.path, mode, draw_dev(a)));
	say_place(a, &p);
}

static void make_mkdir(struct actor *a)
{
	struct place p;

	say(a, "mkdirat(");
	draw_place(a, &p);
	say_result(a, syscall(SYS_mkdirat, p.dir, p.path, draw_mode(a, true)));
	say_place(a, &p);
}

static void make_symlink(struct actor *a)
{
	char target[SCRATCH_MAX];
	struct place p;

	say(a, "symlinkat(");
	draw_path(a, target);
	say_path(a, target);
	say(a, ", ");
	draw_place(a, &p);
	say_result(a, syscall(SYS_symlinkat, target, p.dir, p.path));
	say_place(a, &p);
}

static void make_link(struct actor *a)
{
	static const unsigned flags[] = {AT_SYMLINK_FOLLOW, AT_EMPTY_PATH};
	struct place from, to;
	unsigned how;

	say(a, "linkat(");
	draw_place(a, &from);
	say(a, ", ");
	draw_place(a, &to);
	how = DRAW_FLAGS(a, flags);
	/* Of a descriptor, its opener's credentials decide, which only the kernel knows. */
	if (a->flags & IDS)
		how &= ~(unsigned)AT_EMPTY_PATH;
	if (limit_link(a, &from, how & AT_SYMLINK_FOLLOW))
		return;
	say_result(a, syscall(SYS_linkat, from.dir, from.path, to.dir, to.path, how));
	say_place(a, &from);
	say_place(a, &to);
}

static void make_rename(struct actor *a)
{
	static const unsigned flags[] = {0, 0, 0, 1 /* NOREPLACE */, 2 /* EXCHANGE */, 3};
	struct place from, to;
	unsigned how;

	say(a, "renameat2(");
	draw_place(a, &from);
	say(a, ", ");
	draw_place(a, &to);
	how = DRAW(a, flags);
	say(a, ", %u", how);
	say_result(a, syscall(SYS_renameat2, from.dir, from.path, to.dir, to.path, how));
	say_place(a, &from);
	say_place(a, &to);
}

static void make_unlink(struct actor *a)
{
	unsigned flags = draw(a, 3) ? 0 : AT_REMOVEDIR;
	struct place p;

	say(a, "unlinkat(");
	draw_place(a, &p);
	say(a, ", 0x%x", flags);
	say_result(a, syscall(SYS_unlinkat, p.dir, p.path, flags));
	say_place(a, &p);
}

#ifdef SYS_unlink
/* The calls without a directory descriptor, which some processors have */
static void make_old_node(struct actor *a)
{
	static const char *const names[] = {"mkdir", "rmdir", "unlink", "creat", "mknod"};
	unsigned which = draw(a, 5), mode;
	struct place p;
	long result;

	say(a, "%s(", names[which]);
	draw_name(a, &p);
	mode = draw_mode(a, which == 0);
	if (which == 0)
		result = syscall(SYS_mkdir, p.path, mode);
	else if (which == 1)
		result = syscall(SYS_rmdir, p.path);
	else if (which == 2)
		result = syscall(SYS_unlink, p.path);
	else if (which == 3)
		result = syscall(SYS_creat, p.path, mode);
	else
		result = syscall(SYS_mknod, p.path, mode | S_IFCHR, draw_dev(a));
	if (which == 3 && result >= 0) {
		close((int)result);
		result = 0;
	}
	say_result(a, result);
	say_place(a, &p);
}

static void make_old_pair(struct actor *a)
{
	static const char *const names[] = {"rename", "link", "symlink"};
	static const long numbers[] = {SYS_rename, SYS_link, SYS_symlink};
	unsigned which = draw(a, 3);
	struct place from, to;

	say(a, "%s(", names[which]);
	draw_name(a, &from);
	say(a, ", ");
	draw_name(a, &to);
	if (which == 1 && limit_link(a, &from, false))
		return;
	say_result(a, syscall(numbers[which], from.path, to.path));
	say_place(a, &from);
	say_place(a, &to);
}
#endif

static void make_bind(struct actor *a)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int type = draw(a, 2) ? SOCK_STREAM : SOCK_DGRAM, fd;
	struct place p;

	say(a, "bind(");
	draw_name(a, &p);
	if (strlen(p.path) >= sizeof(address.sun_path) || !p.path[0])
		strcpy(p.path, "a");
	strcpy(address.sun_path, p.path);
	fd = socket(AF_UNIX, type, 0);
	say_result(a, syscall(SYS_bind, fd, &address,
			      offsetof(struct sockaddr_un, sun_path) + strlen(p.path) + 1));
	close(fd);
	say_place(a, &p);
}

static void make_readlink(struct actor *a)
{
	char target[SCRATCH_MAX];
	struct place p;
	long n;

	say(a, "readlinkat(");
	draw_place(a, &p);
	n = syscall(SYS_readlinkat, p.dir, p.path, target, sizeof(target) - 1);
	if (say_result(a, n)) {
		target[n] = '\0';
		say(a, " ");
		say_path(a, target);
	}
}

const struct call calls_nodes[] = {
	{"mknod", 40, 0, make_mknod},
	{"mkdir", 20, 0, make_mkdir},
	{"symlink", 25, 0, make_symlink},
	{"link", 25, 0, make_link},
	{"rename", 24, 0, make_rename},
	{"unlink", 16, 0, make_unlink},
#ifdef SYS_unlink
	{"old", 25, 0, make_old_node},
	{"pair", 20, 0, make_old_pair},
#endif
	{"bind", 12, 0, make_bind},
	{"readlink", 5, STRICT, make_readlink},
	{0},
};
