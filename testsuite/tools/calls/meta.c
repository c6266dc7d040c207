// SPDX-License-Identifier: Apache-2.0
/* Calls about what an inode says of itself: owner, mode, times, and who may use it. */
#include "testsuite/tools/calls/calls.h"

#include <linux/stat.h>
#include <sys/sysmacros.h>

static const unsigned nofollow_empty[] = {AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH};

#ifdef SYS_chown
static void make_chown(struct actor *a)
{
	bool follow = draw(a, 2);
	struct place p;
	unsigned uid, gid;

	say(a, follow ? "chown(" : "lchown(");
	draw_name(a, &p);
	uid = draw_id(a);
	gid = draw_id(a);
	say_result(a, syscall(follow ? SYS_chown : SYS_lchown, p.path, uid, gid));
	say_place(a, &p);
}

static void make_chmod(struct actor *a)
{
	struct place p;

	say(a, "chmod(");
	draw_name(a, &p);
	say_result(a, syscall(SYS_chmod, p.path, draw_mode(a, true)));
	say_place(a, &p);
}

static void make_old_stat(struct actor *a)
{
	bool follow = draw(a, 2);
	struct place p;
	struct stat st;

	say(a, follow ? "stat(" : "lstat(");
	draw_name(a, &p);
	if (say_result(a, syscall(follow ? SYS_stat : SYS_lstat, p.path, &st)))
		say_stat(a, &st);
}
#endif

static void make_fchown(struct actor *a)
{
	unsigned slot, uid, gid;

	say(a, "fchown(");
	slot = draw_slot(a);
	uid = draw_id(a);
	gid = draw_id(a);
	say_result(a, syscall(SYS_fchown, a->slots[slot], uid, gid));
	say_slot(a, slot);
}

static void make_fchownat(struct actor *a)
{
	struct place p;
	unsigned uid, gid;

	say(a, "fchownat(");
	draw_place(a, &p);
	uid = draw_id(a);
	gid = draw_id(a);
	say_result(
		a, syscall(SYS_fchownat, p.dir, p.path, uid, gid, DRAW_FLAGS(a, nofollow_empty)));
	say_place(a, &p);
}

static void make_fchmod(struct actor *a)
{
	unsigned slot;

	say(a, "fchmod(");
	slot = draw_slot(a);
	say_result(a, syscall(SYS_fchmod, a->slots[slot], draw_mode(a, true)));
	say_slot(a, slot);
}

static void make_fchmodat(struct actor *a)
{
	bool flags = draw(a, 2);
	struct place p;
	unsigned mode;

	say(a, flags ? "fchmodat2(" : "fchmodat(");
	draw_place(a, &p);
	mode = draw_mode(a, true);
	if (flags)
		say_result(a, syscall(CALL_FCHMODAT2, p.dir, p.path, mode,
				      DRAW_FLAGS(a, nofollow_empty)));
	else
		say_result(a, syscall(SYS_fchmodat, p.dir, p.path, mode));
	say_place(a, &p);
}

static void make_fstat(struct actor *a)
{
	struct stat st;
	unsigned slot;

	say(a, "fstat(");
	slot = draw_slot(a);
	if (say_result(a, syscall(SYS_fstat, a->slots[slot], &st)))
		say_stat(a, &st);
}

static void make_fstatat(struct actor *a)
{
	struct place p;
	struct stat st;

	say(a, "newfstatat(");
	draw_place(a, &p);
	if (say_result(
		    a, syscall(SYS_newfstatat, p.dir, p.path, &st, DRAW_FLAGS(a, nofollow_empty))))
		say_stat(a, &st);
}

static void stat_of_statx(const struct statx *x, struct stat *st)
{
	*st = (struct stat){
		.st_mode = x->stx_mode,
		.st_uid = x->stx_uid,
		.st_gid = x->stx_gid,
		.st_nlink = x->stx_nlink,
		.st_size = (off_t)x->stx_size,
		.st_rdev = makedev(x->stx_rdev_major, x->stx_rdev_minor),
	};
}

static void make_statx(struct actor *a)
{
	struct place p;
	struct statx x;
	struct stat st;

	say(a, "statx(");
	draw_place(a, &p);
	if (say_result(a, syscall(SYS_statx, p.dir, p.path, DRAW_FLAGS(a, nofollow_empty),
				  STATX_BASIC_STATS, &x))) {
		stat_of_statx(&x, &st);
		say_stat(a, &st);
	}
}

static void make_utimensat(struct actor *a)
{
	static const long nanoseconds[] = {0x3fffffff /* now */, 0x3ffffffe /* omit */, 5};
	const struct timespec *pointer;
	unsigned form = draw(a, 4), empty = draw(a, 6);
	struct timespec times[2];
	struct place p;

	times[0] = (struct timespec){1000, nanoseconds[form % 3]};
	times[1] = (struct timespec){2000, nanoseconds[draw(a, 3)]};
	pointer = form == 3 ? NULL : times;
	say(a, "utimensat(");
	draw_place(a, &p);
	say(a, "%s, form %u:%ld", empty ? "" : " NULL", form, times[1].tv_nsec);
	say_result(a, syscall(SYS_utimensat, p.dir, empty ? p.path : NULL, pointer,
			      DRAW_FLAGS(a, nofollow_empty)));
	say_place(a, &p);
}

static void make_access(struct actor *a)
{
	static const unsigned flags[] = {AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH, AT_EACCESS};
	unsigned mode = draw(a, 8), old = draw(a, 2);
	struct place p;

	say(a, old ? "faccessat(" : "faccessat2(");
	draw_place(a, &p);
	say(a, ", %u", mode);
	if (old)
		say_result(a, syscall(SYS_faccessat, p.dir, p.path, mode));
	else
		say_result(a, syscall(CALL_FACCESSAT2, p.dir, p.path, mode, DRAW_FLAGS(a, flags)));
}

static void make_truncate(struct actor *a)
{
	unsigned by_slot = draw(a, 3), slot = 0;
	long size = (long)draw(a, 3) * 100;
	struct place p;

	if (by_slot == 0) {
		say(a, "ftruncate(");
		slot = draw_slot(a);
		say(a, ", %ld", size);
		say_result(a, syscall(SYS_ftruncate, a->slots[slot], size));
		say_slot(a, slot);
		return;
	}
	say(a, "truncate(");
	draw_name(a, &p);
	say(a, ", %ld", size);
	say_result(a, syscall(SYS_truncate, p.path, size));
	say_place(a, &p);
}

const struct call calls_meta[] = {
#ifdef SYS_chown
	{"chown", 40, 0, make_chown},
	{"chmod", 25, 0, make_chmod},
	{"stat", 25, 0, make_old_stat},
#endif
	{"fchown", 15, 0, make_fchown},
	{"fchownat", 40, 0, make_fchownat},
	{"fchmod", 10, 0, make_fchmod},
	{"fchmodat", 25, 0, make_fchmodat},
	{"fstat", 10, 0, make_fstat},
	{"newfstatat", 25, 0, make_fstatat},
	{"statx", 25, 0, make_statx},
	{"utimensat", 20, 0, make_utimensat},
	{"access", 25, STRICT, make_access},
	{"truncate", 15, STRICT, make_truncate},
	{0},
};
