// SPDX-License-Identifier: Apache-2.0
#include "core/tree/tree.h"

#include "core/base/sys.h"
#include "core/tree/resolve.h"

int tree_open(struct tree *t, const char *dir, struct err *err)
{
	t->fd = AT_FDCWD;
	if (!dir)
		return 0;
	t->fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->fd < 0 && errno == EACCES)
		t->fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return t->fd < 0 ? err_set(err, -errno, "cannot open", dir) : 0;
}

int tree_open_or_make(struct tree *t, const char *dir, bool *made, struct err *err)
{
	*made = mkdir(dir, 0700) == 0;
	if (!*made && errno != EEXIST)
		return err_set(err, -errno, "cannot make", dir);
	return tree_open(t, dir, err);
}

int tree_make_parents(const char *path)
{
	cleanup_free char *part = strdup(path);
	char *slash;

	if (!part)
		return -ENOMEM;
	for (slash = part + strspn(part, "/"); (slash = strchr(slash, '/'));
		*slash = '/', slash += strspn(slash, "/")) {
		*slash = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

void tree_close(struct tree *t)
{
	base_close(&t->fd);
	t->fd = -1;
}

/*
 * A rename elsewhere in the tree makes the kernel give up with EAGAIN; the
 * walk by hand then decides. A kernel or a filter without the call, and paths that are too long for
 * it, take the same way.
 */
int tree_openat(const struct tree *t, const char *path, int flags)
{
	int fd;

	if (t->fd == AT_FDCWD) {
		fd = open(path, flags | O_CLOEXEC);
		return fd < 0 ? -errno : fd;
	}
	fd = sys_openat2(t->fd, *path ? path : ".", flags, 0,
		SYS_RESOLVE_IN_ROOT | SYS_RESOLVE_NO_MAGICLINKS);
	if (fd == -ENOSYS || fd == -EPERM || fd == -EAGAIN || fd == -ENAMETOOLONG)
		return resolve_by_hand(t->fd, path, flags);
	return fd;
}

static int open_dir(const struct tree *t, const char *path)
{
	int fd = tree_openat(t, path, O_RDONLY | O_DIRECTORY);

	return fd == -EACCES ? tree_openat(t, path, O_PATH | O_DIRECTORY) : fd;
}

int tree_subdir(int dirfd, const char *name)
{
	int flags = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(dirfd, name, flags | O_RDONLY);

	if (fd < 0 && errno == EACCES)
		fd = openat(dirfd, name, flags | O_PATH);
	return fd < 0 ? -errno : fd;
}

static bool is_dots(const char *name)
{
	return !*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

int tree_parent(const struct tree *t, const char *path, char name[NAME_MAX + 1])
{
	const char *slash = strrchr(path, '/');
	const char *last = slash ? slash + 1 : path;
	cleanup_free char *parent = NULL;

	if (is_dots(last)) {
		strcpy(name, ".");
		return *path ? open_dir(t, path) : -ENOENT;
	}
	if (strlen(last) > NAME_MAX)
		return -ENAMETOOLONG;
	strcpy(name, last);
	if (!slash)
		return open_dir(t, ".");
	parent = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	return parent ? open_dir(t, parent) : -ENOMEM;
}
