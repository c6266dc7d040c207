// SPDX-License-Identifier: Apache-2.0
#include "core/tree/tree.h"

#include "core/base/buf.h"

static int open_file(const struct tree *t, const char *path)
{
	return tree_openat(t, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
}

/* Only a regular file is worth reading; anything else counts as missing. */
static int open_regular(const struct tree *t, const char *path)
{
	cleanup_fd int fd = open_file(t, path);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -1;
	return take_fd(&fd);
}

static int read_names(const struct tree *t, struct names **out)
{
	cleanup_fd int passwd = open_regular(t, "etc/passwd");
	cleanup_fd int group = open_regular(t, "etc/group");

	return names_read(passwd, group, out);
}

static bool same_inode(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool has_passwd(int fd)
{
	struct tree t = {fd};
	cleanup_fd int passwd = open_regular(&t, "etc/passwd");

	return passwd >= 0;
}

/* The nearest directory at or above fd (which is owned) that has users; none is the host's own
 * root. */
static int find_root(int fd)
{
	struct stat host, here;

	if (stat("/", &host) < 0)
		host = (struct stat){.st_ino = 0};
	while (fd >= 0) {
		int above;

		if (fstat(fd, &here) < 0 || same_inode(&here, &host))
			break;
		if (has_passwd(fd))
			return fd;
		above = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close(fd);
		fd = above;
	}
	base_close(&fd);
	return -1;
}

static int start_dir(const char *path)
{
	char name[NAME_MAX + 1];
	struct tree whole = {AT_FDCWD};
	int fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd >= 0 ? fd : tree_parent(&whole, path, name);
}

int tree_names(const struct tree *t, const char *path, struct names **out, struct err *err)
{
	cleanup_tree struct tree found = TREE_NONE;
	int r;

	if (t->fd != AT_FDCWD) {
		r = read_names(t, out);
	} else {
		found.fd = find_root(start_dir(path));
		r = found.fd >= 0 ? read_names(&found, out) : names_read(-1, -1, out);
	}
	return r < 0 ? err_set(err, r, "cannot read etc/passwd", path) : 0;
}
