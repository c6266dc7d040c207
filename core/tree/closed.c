// SPDX-License-Identifier: Apache-2.0
#include "core/tree/closed.h"

static int add(struct opened *o, int dirfd)
{
	if (o->count == o->room) {
		size_t room = o->room ? o->room * 2 : 8;
		struct widen *at = reallocarray(o->at, room, sizeof(*at));

		if (!at)
			return -ENOMEM;
		o->at = at;
		o->room = room;
	}
	o->at[o->count] = (struct widen)WIDEN_NONE;
	return widen(&o->at[o->count++], dirfd, NULL, S_IXUSR);
}

void opened_undo(struct opened *o)
{
	while (o->count)
		widen_undo(&o->at[--o->count]);
	free(o->at);
	*o = (struct opened)OPENED_NONE;
}

/* One directory further in: at is given up for it. */
static int go_in(int *at, const char *name, struct opened *o)
{
	int fd = tree_subdir(*at, name), r;

	if (fd == -EACCES) {
		r = add(o, *at);
		fd = r < 0 ? r : tree_subdir(*at, name);
	}
	if (fd < 0)
		return fd;
	close(*at);
	*at = fd;
	return 0;
}

/* Component by component; a symlink on the way ends it. */
static int walk_in(int top, const char *path, char name[NAME_MAX + 1], struct opened *o)
{
	cleanup_fd int at = openat(top, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *slash;
	int r = at < 0 ? -errno : 0;

	for (; r == 0 && (slash = strchr(path, '/')); path = slash + 1) {
		if (slash - path > NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(name, path, (size_t)(slash - path));
		name[slash - path] = '\0';
		r = go_in(&at, name, o);
	}
	if (r == 0 && strlen(path) > NAME_MAX)
		return -ENAMETOOLONG;
	if (r == 0)
		r = add(o, at);
	if (r < 0)
		return r;
	strcpy(name, path);
	return take_fd(&at);
}

int tree_parent_closed(
	const struct tree *t, const char *path, char name[NAME_MAX + 1], struct opened *o)
{
	int fd = tree_parent(t, path, name), r;
	struct stat st;

	if (fd >= 0 && (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != EACCES))
		return fd;
	if (fd < 0 && fd != -EACCES)
		return fd;
	if (fd >= 0)
		close(fd);
	r = walk_in(t->fd, path, name, o);
	return r == -ELOOP || r == -ENOTDIR || r == -EPERM ? -EACCES : r;
}
