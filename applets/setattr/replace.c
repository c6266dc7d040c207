// SPDX-License-Identifier: Apache-2.0
#include "applets/setattr/stores.h"

#include "core/base/io.h"
#include <stdio.h>

#ifdef CONFIG_FOREIGN

/* The name that an inode is made under, before it takes the place of another. */
struct aside {
	char name[32];
};

static struct aside aside(void)
{
	struct aside a;

	snprintf(a.name, sizeof(a.name), ".rlc-setattr.%ld", (long)getpid());
	return a;
}

/* The times stay those of what is replaced. */
static int take_place(
	const struct dir *dir, const struct aside *a, const char *name, const struct stat *real)
{
	struct timespec times[] = {real->st_atim, real->st_mtim};
	int r = 0;

	if (utimensat(dir->fd, a->name, times, AT_SYMLINK_NOFOLLOW) < 0 ||
		renameat(dir->fd, a->name, dir->fd, name) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(dir->fd, a->name, 0);
	return r;
}

static int read_target(const struct dir *dir, const char *name, char target[PATH_MAX])
{
	cleanup_fd int fd = openat(dir->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t n = fd < 0 ? -errno : io_read(fd, target, PATH_MAX);

	if (n < 0)
		return (int)n;
	if (n == 0 || n == PATH_MAX || memchr(target, '\0', (size_t)n))
		return -EINVAL;
	target[n] = '\0';
	return 0;
}

int replace_by_special(
	const struct dir *dir, const char *name, const struct stat *real, mode_t mode)
{
	char target[PATH_MAX];
	struct aside a = aside();
	int r = 0;

	if (!S_ISREG(real->st_mode) || (!S_ISLNK(mode) && real->st_size != 0))
		return -EINVAL;
	if (S_ISLNK(mode)) {
		r = read_target(dir, name, target);
		if (r == 0 && symlinkat(target, dir->fd, a.name) < 0)
			r = -errno;
	} else if (mknodat(dir->fd, a.name, (mode & S_IFMT) | 0600, 0) < 0) {
		r = -errno;
	}
	return r < 0 ? r : take_place(dir, &a, name, real);
}

int replace_by_file(const struct dir *dir, const char *name, const struct stat *real)
{
	cleanup_fd int fd = -1;
	char target[PATH_MAX];
	struct aside a = aside();
	ssize_t n = 0;
	int r;

	if (S_ISLNK(real->st_mode))
		n = readlinkat(dir->fd, name, target, sizeof(target));
	if (n < 0)
		return -errno;
	fd = openat(dir->fd, a.name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = io_write(fd, target, (size_t)n);
	if (r < 0)
		unlinkat(dir->fd, a.name, 0);
	return r < 0 ? r : take_place(dir, &a, name, real);
}

#endif
