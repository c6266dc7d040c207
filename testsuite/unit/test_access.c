// SPDX-License-Identifier: Apache-2.0
#include "core/emu/access.h"
#include "testsuite/unit/test.h"

#include <sys/sysmacros.h>

static const struct access_sysctl usual = {.hardlinks = 1, .symlinks = 1, .fifos = 1, .regular = 2};

/* root, or a user with one more group. */
static struct creds as(uid_t uid, gid_t group)
{
	const gid_t groups[] = {uid, group};
	struct creds c;

	creds_root(&c, CREDS_LAST_CAP);
	if (uid && (creds_setgroups(&c, 2, groups) < 0 || creds_setgid(&c, uid) < 0 ||
			   creds_setuid(&c, uid) < 0))
		abort();
	return c;
}

static struct stat inode(mode_t mode, uid_t uid, gid_t gid)
{
	static ino_t number;

	return (struct stat){.st_ino = ++number, .st_mode = mode, .st_uid = uid, .st_gid = gid};
}

static void test_modes(void)
{
	static const struct {
		mode_t mode;
		uid_t uid, gid;
		int root, user; /* what root and user 1000 of groups 1000 and 50 may, as a sum */
	} cases[] = {
		{S_IFREG | 0640, 0, 50, 6, 4},
		{S_IFREG | 0640, 0, 51, 6, 0},
		{S_IFREG | 0604, 0, 50, 6, 0},
		{S_IFREG | 0077, 1000, 50, 7, 0},
		{S_IFREG | 0001, 1, 1, 7, 1},
		{S_IFREG | 0000, 1, 1, 6, 0},
		{S_IFDIR | 0000, 1, 1, 7, 0},
		{S_IFDIR | 01777, 0, 0, 7, 7},
		{S_IFCHR | 0620, 1000, 5, 6, 6},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct stat st = inode(cases[i].mode, cases[i].uid, cases[i].gid);
		struct creds root = as(0, 0), user = as(1000, 50);
		bool good = true;

		for (int want = 0; want < 8; want++)
			good = good &&
			       (access_check(&root, &st, want) == 0) == !(want & ~cases[i].root) &&
			       (access_check(&user, &st, want) == 0) == !(want & ~cases[i].user);
		CHECK(good, "%o %u:%u", st.st_mode, st.st_uid, st.st_gid);
	}
}

static void test_acl(void)
{
	static const unsigned char acl[] = {2, 0, 0,
		0, /* u::rw u:1000:rw g::r g:50:rwx m::rx o::w */
		1, 0, 6, 0, 255, 255, 255, 255, 2, 0, 6, 0, 0xe8, 3, 0, 0, 4, 0, 4, 0, 255, 255,
		255, 255, 8, 0, 7, 0, 50, 0, 0, 0, 16, 0, 5, 0, 255, 255, 255, 255, 32, 0, 2, 0,
		255, 255, 255, 255};
	struct stat st = inode(S_IFREG | 0652, 0, 7);
	struct creds named = as(1000, 1), group = as(1001, 50), owning = as(1002, 7),
		     other = as(1003, 1);

	CHECK(access_check_acl(&named, &st, acl, sizeof(acl), ACCESS_READ) == 0 &&
			access_check_acl(&named, &st, acl, sizeof(acl), ACCESS_WRITE) == -EACCES,
		"a named user, masked");
	CHECK(access_check_acl(&group, &st, acl, sizeof(acl), ACCESS_EXEC) == 0 &&
			access_check_acl(&group, &st, acl, sizeof(acl), ACCESS_WRITE) == -EACCES,
		"a named group, masked");
	CHECK(access_check_acl(&owning, &st, acl, sizeof(acl), ACCESS_READ) == 0 &&
			access_check_acl(&owning, &st, acl, sizeof(acl), ACCESS_WRITE) == -EACCES,
		"the file's group is not other");
	CHECK(access_check_acl(&other, &st, acl, sizeof(acl), ACCESS_WRITE) == 0 &&
			access_check_acl(&other, &st, acl, sizeof(acl), ACCESS_READ) == -EACCES,
		"others");
	for (size_t n = 1; n < 12; n++)
		CHECK(access_check_acl(&other, &st, acl, n, ACCESS_WRITE) == 0,
			"%zu bytes of it are none", n);
}

static void test_chown(void)
{
	struct stat st = inode(S_IFREG | 06755, 1000, 1000),
		    dir = inode(S_IFDIR | 06755, 1000, 1000);
	struct creds root = as(0, 0), user = as(1000, 50), other = as(1001, 50);
	mode_t mode;

	CHECK(access_chown(&root, &st, 5, 6, &mode) == 0 && mode == (S_IFREG | 0755),
		"root's chown takes setuid and setgid");
	CHECK(access_chown(&root, &dir, 5, 6, &mode) == 0 && mode == dir.st_mode,
		"directories keep");
	st.st_mode = S_IFREG | 02745;
	CHECK(access_chown(&root, &st, 5, 6, &mode) == 0 && mode == st.st_mode,
		"mandatory locking");
	root.effective &= ~((uint64_t)1 << CAP_FSETID);
	st.st_gid = 0;
	CHECK(access_chown(&root, &st, 5, 0, &mode) == 0 && mode == st.st_mode,
		"of one's own group");
	st.st_mode |= S_ISUID;
	CHECK(access_chown(&root, &st, 5, 6, &mode) == 0 && mode == (S_IFREG | 0745),
		"not when it becomes another's");
	st = inode(S_IFREG | 0644, 1000, 1000);
	CHECK(access_chown(&user, &st, -1, 50, &mode) == 0 &&
			access_chown(&user, &st, 1000, 1000, &mode) == 0 &&
			access_chown(&user, &st, -1, 51, &mode) == -EPERM &&
			access_chown(&user, &st, 1001, -1, &mode) == -EPERM,
		"an owner may give to own groups");
	CHECK(access_chown(&other, &st, -1, 50, &mode) == -EPERM &&
			access_chown(&other, &st, -1, -1, &mode) == 0,
		"another one, nothing");
	st.st_mode |= S_ISUID;
	CHECK(access_chown(&other, &st, -1, -1, &mode) == -EPERM,
		"not even that where it is setuid");
}

static void test_mode(void)
{
	struct stat st = inode(S_IFREG | 0644, 1000, 51);
	struct creds root = as(0, 0), user = as(1000, 50), other = as(1001, 50);
	mode_t mode;

	CHECK(access_chmod(&root, &st, 07777, &mode) == 0 && mode == (S_IFREG | 07777), "root");
	CHECK(access_chmod(&user, &st, 06755, &mode) == 0 && mode == (S_IFREG | 04755),
		"no setgid for a group that is not the owner's");
	CHECK(access_chmod(&other, &st, 0644, &mode) == -EPERM, "not the owner");
	CHECK(access_utimes(&other, &st, true) == -EACCES &&
			access_utimes(&other, &st, false) == -EPERM,
		"times");
	st.st_mode |= S_IWOTH;
	CHECK(access_utimes(&other, &st, true) == 0, "a writer may touch");
	st.st_mode |= S_ISUID;
	access_written(&other, &st, &mode);
	CHECK(mode == (S_IFREG | 0646), "a write takes setuid");
	access_written(&root, &st, &mode);
	CHECK(mode == st.st_mode, "root's does not");
}

static void test_new(void)
{
	struct stat plain = inode(S_IFDIR | 0777, 0, 0), shared = inode(S_IFDIR | 02777, 0, 60);
	struct creds user = as(1000, 50), root = as(0, 0);
	struct new_inode n;

	access_new(&user, &plain, S_IFREG | 06666, 022, &n);
	CHECK(n.uid == 1000 && n.gid == 1000 && n.mode == (S_IFREG | 06644), "a file");
	access_new(&user, &shared, S_IFDIR | 06777, 027, &n);
	CHECK(n.gid == 60 && n.mode == (S_IFDIR | 02750), "a shared directory's directory");
	access_new(&user, &plain, S_IFDIR | 07777, 0, &n);
	CHECK(n.mode == (S_IFDIR | 01777), "mkdir makes nothing setgid");
	access_new(&user, &shared, S_IFREG | 02775, 011, &n);
	CHECK(n.gid == 60 && n.mode == (S_IFREG | 0764),
		"setgid of another's group, before the umask");
	access_new(&root, &shared, S_IFREG | 02775, 0, &n);
	CHECK(n.gid == 60 && n.mode == (S_IFREG | 02775), "root may");
	access_new(&user, &plain, S_IFLNK, 077, &n);
	CHECK(n.mode == (S_IFLNK | 0777), "a symlink");
	CHECK(access_mknod(&user, &plain, S_IFCHR, makedev(1, 3)) == -EPERM &&
			access_mknod(&user, &plain, S_IFBLK, 0) == -EPERM &&
			access_mknod(&user, &plain, S_IFCHR, 0) == 0 &&
			access_mknod(&user, &plain, S_IFIFO, 0) == 0 &&
			access_mknod(&root, &plain, S_IFCHR, makedev(1, 3)) == 0,
		"mknod");
}

static void test_sticky(void)
{
	struct stat tmp = inode(S_IFDIR | 01777, 0, 0), own = inode(S_IFDIR | 01777, 1000, 1000);
	struct stat theirs = inode(S_IFREG | 0666, 1001, 1001),
		    mine = inode(S_IFREG | 0, 1000, 1000);
	struct stat sub = inode(S_IFDIR | 0555, 1000, 1000);
	struct creds user = as(1000, 50);
	struct access_rename r = {.old_dir = &tmp, .old = &mine, .new_dir = &tmp, .new = &theirs};

	CHECK(access_delete(&user, &tmp, &theirs, false) == -EPERM &&
			access_delete(&user, &tmp, &mine, false) == 0 &&
			access_delete(&user, &own, &theirs, false) == 0 &&
			access_delete(&user, &tmp, &mine, true) == -ENOTDIR &&
			access_delete(&user, &tmp, &sub, false) == -EISDIR,
		"unlink and rmdir");
	CHECK(access_rename(&user, &r) == -EPERM, "rename over another's");
	r.new = &mine;
	CHECK(access_rename(&user, &r) == 0, "rename of one inode's two names");
	r = (struct access_rename){.old_dir = &tmp, .old = &sub, .new_dir = &own};
	CHECK(access_rename(&user, &r) == -EACCES,
		"a directory that cannot be written cannot move");
	r.new_dir = &tmp;
	CHECK(access_rename(&user, &r) == 0, "but be renamed");
	r = (struct access_rename){&tmp, &mine, &own, &sub, true};
	CHECK(access_rename(&user, &r) == -EACCES, "nor be exchanged");
}

static void test_protected(void)
{
	static const struct access_sysctl off;
	struct stat tmp = inode(S_IFDIR | 01777, 0, 0), team = inode(S_IFDIR | 01775, 0, 50);
	struct stat theirs = inode(S_IFREG | 0644, 1001, 1001),
		    fifo = inode(S_IFIFO | 0666, 1001, 1);
	struct stat link = inode(S_IFLNK | 0777, 1001, 1001),
		    shared = inode(S_IFREG | 0666, 1001, 1);
	struct creds user = as(1000, 50), root = as(0, 0);

	CHECK(access_link(&user, &theirs, &tmp, &usual) == -EPERM &&
			access_link(&user, &theirs, &tmp, &off) == 0 &&
			access_link(&user, &shared, &tmp, &usual) == 0 &&
			access_link(&root, &theirs, &tmp, &usual) == 0 &&
			access_link(&root, &tmp, &tmp, &usual) == -EPERM,
		"links");
	CHECK(access_follow(&user, &tmp, &link, &usual) == -EACCES &&
			access_follow(&root, &tmp, &link, &usual) == -EACCES &&
			access_follow(&user, &tmp, &link, &off) == 0 &&
			access_follow(&user, &team, &link, &usual) == 0,
		"symlinks");
	CHECK(access_open_create(&root, &tmp, &shared, &usual) == -EACCES &&
			access_open_create(&user, &tmp, &fifo, &usual) == -EACCES &&
			access_open_create(&user, &team, &shared, &usual) == -EACCES &&
			access_open_create(&user, &team, &fifo, &usual) == 0 &&
			access_open_create(&user, &tmp, &shared, &off) == 0,
		"O_CREAT of what is there");
}

static void test_open(void)
{
	struct stat file = inode(S_IFREG | 0444, 1001, 1001), dir = inode(S_IFDIR | 0777, 0, 0);
	struct creds user = as(1000, 50), real = as(1000, 50);

	CHECK(access_open(&user, &file, O_RDONLY) == 0 &&
			access_open(&user, &file, O_RDONLY | O_TRUNC) == -EACCES &&
			access_open(&user, &file, O_RDWR) == -EACCES &&
			access_open(&user, &file, O_PATH | O_RDWR) == 0 &&
			access_open(&user, &file, O_RDONLY | O_NOATIME) == -EPERM &&
			access_open(&user, &dir, O_WRONLY) == -EISDIR &&
			access_open(&user, &dir, O_RDONLY | O_DIRECTORY) == 0,
		"open");
	CHECK(access_exec(&user, &file) == -EACCES && access_exec(&user, &dir) == -EACCES, "exec");
	user = as(0, 0);
	creds_setresuid(&user, 1000, -1, -1);
	creds_for_access(&user, &real);
	CHECK(access_check(&user, &file, ACCESS_WRITE) == 0 &&
			access_check(&real, &file, ACCESS_WRITE) == -EACCES,
		"access(2) looks as the real user");
}

int main(void)
{
	test_modes();
	test_acl();
	test_chown();
	test_mode();
	test_new();
	test_sticky();
	test_protected();
	test_open();
	return test_done();
}
