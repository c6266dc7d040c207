// SPDX-License-Identifier: Apache-2.0
#include "core/pack/level.h"

#include "core/base/sys.h"

void extract_fault(const struct extract *x, struct err *err)
{
	x->options->fault(x->options->fault_arg, err);
	err_free(err);
}

static int grow(struct levels *l)
{
	size_t room = l->room ? l->room * 2 : 32;
	struct level *at = reallocarray(l->at, room, sizeof(*at));

	if (!at)
		return -ENOMEM;
	l->at = at;
	l->room = room;
	/* The strings that directories borrow are on the heap and have not moved. */
	return 0;
}

/* "a/b" below "a" is called so; below the top it is just "b". */
static char *child_path(const struct extract *x, const char *name)
{
	const struct levels *l = &x->levels;

	return l->depth ? dir_path(&l->at[l->depth - 1].dir, name) : strdup(".");
}

/* Whether a mode keeps its owner from working in the directory. */
static bool in_the_way(const struct extract *x, mode_t mode)
{
	return !x->privileged && (mode & S_IRWXU) != S_IRWXU;
}

static int look_at(struct extract *x, struct level *l, struct err *err)
{
	struct stat st;

	if (fstat(l->dir.fd, &st) < 0)
		return err_set(err, -errno, "cannot open", l->path);
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	l->mode = st.st_mode & 07777;
	l->times[0] = (struct timespec){.tv_nsec = UTIME_OMIT};
	l->times[1] = st.st_mtim;
	l->set_times = true;
	l->set_mode = in_the_way(x, l->mode) && sys_chmod_fd(l->dir.fd, l->mode | S_IRWXU) == 0;
	return 0;
}

int level_push(struct extract *x, int fd, const char *name, struct err *err)
{
	struct level l = {.path = child_path(x, name), .name = strdup(name)};
	int r = -ENOMEM;

	dir_start(&l.dir, fd, l.path);
	if (l.path && l.name && (x->levels.depth < x->levels.room || grow(&x->levels) == 0))
		r = look_at(x, &l, err);
	if (r < 0) {
		dir_end(&l.dir);
		free(l.path);
		free(l.name);
		return err_set(err, r, "cannot open", name);
	}
	x->levels.at[x->levels.depth++] = l;
	return 0;
}

static void settle(struct extract *x, struct level *l)
{
	struct err err = ERR_NONE;
	struct sys_path path;
	int r;

	if (dir_flush(x->owners, &l->dir, &err) < 0)
		extract_fault(x, &err);
	if (l->set_mode) {
		r = sys_chmod_fd(l->dir.fd, l->mode);
		if (r < 0) {
			err_set(&err, r, "cannot set its mode", l->path);
			extract_fault(x, &err);
		}
	}
	if (!l->set_times || futimens(l->dir.fd, l->times) == 0)
		return;
	sys_proc_path(&path, l->dir.fd, NULL);
	if (errno == EBADF && utimensat(AT_FDCWD, path.text, l->times, 0) == 0)
		return;
	/* Somebody else's directory keeps the time that this work gave it. */
	if (errno == EPERM && !l->described)
		return;
	err_set(&err, -errno, "cannot set its times", l->path);
	extract_fault(x, &err);
}

void level_pop(struct extract *x)
{
	struct level *l = &x->levels.at[--x->levels.depth];

	settle(x, l);
	dir_end(&l->dir);
	free(l->path);
	free(l->name);
}

/* A directory that no entry has described (yet): plain, and its own user's. */
static int make_implied(struct extract *x, const char *name)
{
	struct level *in = level_top(x);

	if (mkdirat(in->dir.fd, name, 0755 & ~x->options->mask) < 0 && errno != EEXIST)
		return -errno;
	return tree_subdir(in->dir.fd, name);
}

static int open_step(struct extract *x, const char *name, bool make)
{
	struct level *in = level_top(x);
	int fd = tree_subdir(in->dir.fd, name);
	cleanup_free char *path = NULL;
	struct stat st;

	if (fd == -ENOENT && make)
		return make_implied(x, name);
	if (fd != -ENOTDIR && fd != -ELOOP)
		return fd;
	if (fstatat(in->dir.fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISLNK(st.st_mode))
		return -ENOTDIR;
	path = child_path(x, name);
	return path ? tree_openat(x->tree, path, O_RDONLY | O_DIRECTORY) : -ENOMEM;
}

static int step(struct extract *x, const char *name, bool make, struct err *err)
{
	int fd = open_step(x, name, make);

	if (fd < 0) {
		cleanup_free char *path = child_path(x, name);

		return err_set(err, fd, "cannot go into", path);
	}
	if (x->marks && make && marks_add(x->marks, level_top(x), name) < 0) {
		close(fd);
		return err_set(err, -ENOMEM, NULL, name);
	}
	return level_push(x, fd, name, err);
}

int level_go(struct extract *x, const char *parts, size_t n, bool make, struct err *err)
{
	size_t same = 0;
	int r;

	while (same < n && same + 1 < x->levels.depth &&
		strcmp(x->levels.at[same + 1].name, parts) == 0) {
		parts += strlen(parts) + 1;
		same++;
	}
	while (x->levels.depth > same + 1)
		level_pop(x);
	for (; same < n; same++) {
		r = step(x, parts, make, err);
		if (r < 0)
			return r;
		parts += strlen(parts) + 1;
	}
	return 0;
}
