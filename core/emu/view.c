// SPDX-License-Identifier: Apache-2.0
#include "core/emu/view.h"

#include "core/base/sys.h"
#include "core/emu/strict.h"
#include <stdio.h>

enum { SYMLINKS_MAX = 40 };

static int view_base(const struct call *c, int dirfd, const char *path)
{
	if (*path == '/')
		return AT_FDCWD;
	return dirfd == AT_FDCWD ? guest_dir(c, "cwd") : guest_fd(c, dirfd);
}

/* A symlink or the like that is known by its descriptor has its record beside its name. */
static int name_of_fd(const struct call *c, struct place *p, const struct stat *st)
{
	char path[32], target[PATH_MAX];
	cleanup_fd int parent = -1;
	struct stat found;
	char *slash;
	ssize_t n;

	snprintf(path, sizeof(path), "self/fd/%d", p->dir.fd);
	n = readlinkat(c->emu->proc, path, target, sizeof(target) - 1);
	if (n <= 0)
		return 0;
	target[n] = '\0';
	slash = strrchr(target, '/');
	if (!slash || strlen(slash + 1) > NAME_MAX)
		return 0;
	memcpy(p->text, slash + 1, strlen(slash));
	*slash = '\0';
	parent = place_reopen(AT_FDCWD, slash == target ? "/" : target, O_RDONLY | O_DIRECTORY);
	if (parent < 0 || fstatat(parent, p->text, &found, AT_SYMLINK_NOFOLLOW) < 0 ||
		found.st_ino != st->st_ino || found.st_dev != st->st_dev)
		return 0;
	dir_end(&p->dir);
	dir_start(&p->dir, take_fd(&parent), ".");
	p->name = p->text;
	return 0;
}

static int place_of_fd(const struct call *c, int fd, struct place *p)
{
	struct stat st;
	int flags;

	if (fd < 0)
		return fd;
	dir_start(&p->dir, fd, ".");
	p->name = NULL;
	flags = fcntl(fd, F_GETFL);
	p->path_only = flags >= 0 && flags & O_PATH;
	if (fstat(fd, &st) < 0)
		return -errno;
	p->foreign = st.st_dev == c->emu->proc_st.st_dev;
	return S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) ? 0 : name_of_fd(c, p, &st);
}

int view_fd(const struct call *c, int fd, struct place *p)
{
	return place_of_fd(c, guest_fd(c, fd), p);
}

/* The last component of path and what is before it; false where there is no name to speak of. */
static bool split(char *path, char **parent, char **name, bool *slash)
{
	size_t n = strlen(path);

	*slash = n > 0 && path[n - 1] == '/';
	while (n > 0 && path[n - 1] == '/')
		path[--n] = '\0';
	*name = strrchr(path, '/');
	*parent = path;
	if (*name) {
		**name = '\0';
		++*name;
	} else {
		*name = path;
		*parent = NULL;
	}
	return **name && strcmp(*name, ".") != 0 && strcmp(*name, "..") != 0;
}

/* A directory by its whole path: it is "." in itself. */
static int whole(const struct call *c, int base, const char *path, struct place *p)
{
	int fd = view_open(c, base, path, O_RDONLY | O_DIRECTORY);

	if (fd == -EACCES)
		fd = view_open(c, base, path, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return fd;
	dir_start(&p->dir, fd, ".");
	memcpy(p->text, ".", 2);
	p->name = p->text;
	return 0;
}

static int parent_of(const struct call *c, int base, const char *path, struct place *p)
{
	int fd = view_open(c, base, path, O_RDONLY | O_DIRECTORY);

	if (fd == -EACCES)
		fd = view_open(c, base, path, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return fd;
	dir_end(&p->dir);
	dir_start(&p->dir, fd, ".");
	return 0;
}

/* Reads the symlink at p into path, with what the slash demands. 0 or negative errno. */
static int read_target(const struct place *p, char path[PATH_MAX])
{
	ssize_t n = readlinkat(p->dir.fd, p->name, path, PATH_MAX - 2);

	if (n < 0)
		return -errno;
	if (n == 0)
		return -ENOENT;
	path[n] = '\0';
	if (p->slash)
		memcpy(path + n, "/", 2);
	return 0;
}

/* One name found in its directory: 1 where it is a symlink to be followed, now in path. */
static int settle(const struct call *c, int flags, struct place *p, char path[PATH_MAX])
{
	struct stat st;
	int fd, r = place_stat(p, &st);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	p->foreign = st.st_dev == c->emu->proc_st.st_dev;
	if (flags & VIEW_LAST)
		return 0;
	if (!S_ISLNK(st.st_mode))
		return p->slash && !S_ISDIR(st.st_mode) ? -ENOTDIR : 0;
	if (flags & AT_SYMLINK_NOFOLLOW && !p->slash)
		return 0;
	if (p->foreign) {
		fd = view_open_by_hand(c, p->dir.fd, p->name, O_PATH);
		dir_end(&p->dir);
		r = place_of_fd(c, fd, p);
		p->path_only = false;
		return r;
	}
	if (c->resolve & SYS_RESOLVE_NO_SYMLINKS)
		return -ELOOP;
	r = strict_follow(c, p);
	if (r == 0)
		r = read_target(p, path);
	return r < 0 ? r : 1;
}

static int find(const struct call *c, int base, char path[PATH_MAX], int flags, struct place *p)
{
	bool absolute, slash;
	char *parent, *name;
	int r;

	for (int links = 0; links <= SYMLINKS_MAX; links++) {
		absolute = *path == '/';
		if (p->dir.fd >= 0 && !absolute)
			base = p->dir.fd;
		else if (absolute)
			base = AT_FDCWD;
		if (!split(path, &parent, &name, &slash)) {
			if (parent && name != path)
				name[-1] = '/';
			return whole(c, base, *path ? path : absolute ? "/" : ".", p);
		}
		r = parent_of(c, base, parent ? *parent ? parent : "/" : ".", p);
		if (r == 0)
			r = strict_search(c, p->dir.fd);
		if (r == 0 && strlen(name) > NAME_MAX)
			r = -ENAMETOOLONG;
		if (r < 0)
			return r;
		memcpy(p->text, name, strlen(name) + 1);
		p->name = p->text;
		p->slash |= slash;
		r = settle(c, flags, p, path);
		if (r <= 0)
			return r;
	}
	return -ELOOP;
}

int view_place(const struct call *c, int dirfd, const char *path, int flags, struct place *p)
{
	cleanup_fd int base = -1;
	char copy[PATH_MAX];
	int r;

	if (!*path) {
		if (!(flags & AT_EMPTY_PATH))
			return -ENOENT;
		r = dirfd == AT_FDCWD ? guest_dir(c, "cwd") : guest_fd(c, dirfd);
		return place_of_fd(c, r, p);
	}
	base = view_base(c, dirfd, path);
	if (base < 0 && base != AT_FDCWD)
		return base;
	snprintf(copy, sizeof(copy), "%s", path);
	return find(c, base, copy, flags, p);
}

int view_read(const struct call *c, int dirfd, uint64_t path, int flags, struct place *p)
{
	char text[PATH_MAX];
	int r;

	if (!path && flags & AT_EMPTY_PATH)
		*text = '\0';
	else {
		r = guest_path(c, path, text);
		if (r < 0)
			return r;
	}
	return view_place(c, dirfd, text, flags, p);
}
