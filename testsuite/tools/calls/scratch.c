// SPDX-License-Identifier: Apache-2.0
/* The directory that all happens in. */
#include "testsuite/tools/calls/calls.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

static int empty(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const struct dirent *e;
	DIR *d;

	if (fd < 0)
		return -1;
	d = fdopendir(fd);
	if (!d)
		return -1;
	while ((e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(d), e->d_name, 0) == 0)
			continue;
		empty(dirfd(d), e->d_name);
		unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR);
	}
	closedir(d);
	return 0;
}

/* Calls can have led above the scratch directory, too. */
static void clean(const char *top)
{
	static const char *const names[] = {"/a", "/b", "/c", "/d", "/e", "/l", "/m", "/s"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (unlink(names[i]) < 0 && empty(AT_FDCWD, names[i]) == 0)
			rmdir(names[i]);
	empty(AT_FDCWD, top);
	if (mkdir(top, 0755) < 0 && errno != EEXIST)
		return;
	removexattr(top, "system.posix_acl_access");
	removexattr("/", "system.posix_acl_access");
	removexattr(top, "trusted.x");
	removexattr("/", "trusted.x");
	removexattr(top, "user.x");
	removexattr("/", "user.x");
	removexattr(top, "user.y");
	removexattr("/", "user.y");
	removexattr(top, "security.capability");
	removexattr("/", "security.capability");
	if (chown(top, 0, 0) < 0 || chown("/", 0, 0) < 0 || chmod("/", 0755) < 0)
		return;
}

static int make_file(int dir, const char *name, mode_t mode, unsigned uid, unsigned gid)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return -1;
	if (write(fd, "text\n", 5) != 5 || fchown(fd, uid, gid) < 0 || fchmod(fd, mode) < 0) {
		close(fd);
		return -1;
	}
	return close(fd);
}

static int make_dir(int dir, const char *name, mode_t mode, unsigned uid, unsigned gid)
{
	if (mkdirat(dir, name, 0700) < 0 || fchownat(dir, name, uid, gid, 0) < 0)
		return -1;
	return fchmodat(dir, name, mode, 0);
}

static int make_link(int dir, const char *name, const char *prefix, const char *target)
{
	char path[SCRATCH_MAX];

	snprintf(path, sizeof(path), "%s%s", prefix, target);
	return symlinkat(path, dir, name);
}

static int copy_self(int dir, int self)
{
	int fd = openat(dir, "s", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	char part[65536];
	off_t at = 0;
	ssize_t n;

	if (fd < 0)
		return -1;
	while ((n = pread(self, part, sizeof(part), at)) > 0) {
		if (write(fd, part, (size_t)n) != n)
			break;
		at += n;
	}
	fchmod(fd, 06755);
	return close(fd) < 0 || n != 0 ? -1 : 0;
}

int scratch_make(const char *top, const char *prefix, int self)
{
	int dir, failed;

	umask(022);
	clean(top);
	dir = openat(AT_FDCWD, top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -1;
	failed = make_dir(dir, "d", 0777, 0, 0) | make_dir(dir, "d/d", 0755, 1000, 1000) |
		 make_dir(dir, "e", 01777, 0, 0) | make_dir(dir, "e/d", 02775, 0, 33) |
		 make_dir(dir, "e/e", 03777, 1000, 33) | make_file(dir, "a", 0644, 0, 0) |
		 make_file(dir, "d/a", 0666, 1000, 1000) | make_file(dir, "e/a", 04755, 1001, 33) |
		 make_file(dir, "e/b", 0644, 1000, 33) | make_link(dir, "l", "", "d") |
		 make_link(dir, "d/l", "", "../e") | make_link(dir, "e/l", prefix, "/d") |
		 make_link(dir, "m", "", "a") | make_link(dir, "d/m", prefix, "/e/a") |
		 mknodat(dir, "e/c", S_IFCHR | 0666, makedev(511, 3)) |
		 fchownat(dir, "l", 33, 1000, AT_SYMLINK_NOFOLLOW) | copy_self(dir, self) |
		 fchmodat(dir, ".", 0777, 0);
	close(dir);
	return failed ? -1 : 0;
}

static void list_attributes(struct actor *a, const char *path)
{
	static const char *const names[] = {"security.capability", "system.posix_acl_access",
		"trusted.x", "user.x", "user.y", "user.rootlesscontainers"};
	unsigned char value[300];
	ssize_t n, j;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		n = lgetxattr(path, names[i], value, sizeof(value));
		if (n >= 0)
			say(a, " %s=", names[i]);
		for (j = 0; j < n && j < 52; j++)
			say(a, "%02x", value[j]);
	}
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_entry(const struct dirent *e)
{
	return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

static void list(struct actor *a, const char *path, unsigned depth)
{
	struct dirent **entries = NULL;
	char below[PATH_MAX];
	struct stat st;
	int n, i;

	say(a, "= %s", path);
	if (lstat(path, &st) == 0)
		say_stat(a, &st);
	else
		say(a, " %s", error_name(errno));
	list_attributes(a, path);
	flush(a);
	if (!S_ISDIR(st.st_mode) || depth > 12)
		return;
	n = scandir(path, &entries, is_entry, by_name);
	for (i = 0; i < n; i++) {
		snprintf(below, sizeof(below), "%s/%s", path, entries[i]->d_name);
		list(a, below, depth + 1);
		free(entries[i]);
	}
	free(entries);
}

void scratch_list(struct actor *a, const char *top)
{
	list(a, top, 0);
}
