// SPDX-License-Identifier: Apache-2.0
#include "core/pack/level.h"

#include "core/base/sys.h"
#include "core/owner/attr.h"
#include "core/pack/acl.h"
#include "core/tree/resolve.h"

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

/* A directory that could not be read gets another descriptor once it can. */
static void open_again(struct level *l)
{
	int fd = openat(l->dir.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	close(l->dir.fd);
	l->dir.fd = fd;
}

bool level_hands_down(const struct extract *x, const struct level *l)
{
	gid_t mine = x->owners->mine.gid;

	return (x->owners->records && (l->inherit & S_ISGID) && l->gid != mine) ||
	       attr_get(l->dir.fd, NULL, ACL_DEFAULT_ATTR, NULL, 0) > 0;
}

int level_shed(struct extract *x, int fd, const char *name)
{
	static const char *const inherited[] = {ACL_ACCESS_ATTR, ACL_DEFAULT_ATTR};
	const struct level *in = level_top(x);
	int dirfd = fd >= 0 ? fd : in->dir.fd;

	if (!in->hands_down)
		return 0;
	name = fd >= 0 ? NULL : name;
	if (x->owners->records && fchownat(dirfd, name ? name : "", (uid_t)-1, x->owners->mine.gid,
					  AT_SYMLINK_NOFOLLOW | (name ? 0 : AT_EMPTY_PATH)) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(inherited); i++) {
		int r = attr_remove(dirfd, name, inherited[i]);

		if (r < 0 && r != -ENODATA && r != -EOPNOTSUPP && r != -EACCES)
			return r;
	}
	return 0;
}

bool level_awaits(const struct extract *x, const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_size == 0 && x->awaited &&
	       marks_has(x->awaited, st->st_dev, st->st_ino, "");
}

int level_await(struct extract *x, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!x->awaited)
		x->awaited = marks_new();
	return x->awaited ? marks_add(x->awaited, st.st_dev, st.st_ino, "") : -ENOMEM;
}

static int look_at(struct extract *x, struct level *l, struct err *err)
{
	struct stat st;

	if (fstat(l->dir.fd, &st) < 0)
		return err_set(err, -errno, "cannot open", l->path);
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	l->gid = st.st_gid;
	l->mode = l->inherit = st.st_mode & 07777;
	l->times[0] = (struct timespec){.tv_nsec = UTIME_OMIT};
	l->times[1] = st.st_mtim;
	l->set_times = true;
	l->set_mode = in_the_way(x, l->mode) && sys_chmod_fd(l->dir.fd, l->mode | S_IRWXU) == 0;
	if (l->set_mode && !(l->mode & S_IRUSR))
		open_again(l);
	l->hands_down = level_hands_down(x, l);
	return 0;
}

static bool is_open(const struct extract *x, const struct level *l)
{
	for (size_t i = 0; i < x->levels.depth; i++)
		if (x->levels.at[i].ino == l->ino && x->levels.at[i].dev == l->dev)
			return true;
	return false;
}

/* The map of a directory that is open twice must be read anew by both. */
static void flush_all(struct extract *x)
{
	for (size_t i = 0; i < x->levels.depth; i++) {
		struct err err = ERR_NONE;

		if (dir_flush(x->owners, &x->levels.at[i].dir, &err) < 0)
			extract_fault(x, &err);
	}
}

int level_push(struct extract *x, int fd, const char *name, char *path, struct err *err)
{
	struct level l = {.path = path ? path : child_path(x, name), .name = strdup(name)};
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
	if (is_open(x, &l)) {
		x->aliased = true;
		flush_all(x);
	}
	x->levels.at[x->levels.depth++] = l;
	return 0;
}

void level_rest(struct extract *x)
{
	if (!x->aliased)
		return;
	while (x->levels.depth > 1)
		level_pop(x);
	flush_all(x);
	x->aliased = false;
}

static void settle(struct extract *x, struct level *l)
{
	struct err err = ERR_NONE;
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
	r = l->set_times ? sys_utimens_fd(l->dir.fd, l->times) : 0;
	/* Somebody else's directory keeps the time that this work gave it. */
	if (r == 0 || (r == -EPERM && !l->described))
		return;
	err_set(&err, r, "cannot set its times", l->path);
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
	mode_t mode = 0755 & ~x->options->mask;
	int fd, r = 0;

	if (mkdirat(in->dir.fd, name, mode) < 0 && errno != EEXIST)
		return -errno;
	fd = tree_subdir(in->dir.fd, name);
	if (fd < 0)
		return fd;
	if (in->hands_down)
		r = level_shed(x, fd, NULL);
	if (in->hands_down && r == 0)
		r = sys_chmod_fd(fd, mode);
	if (r == 0)
		r = node_forget(x->owners, &in->dir, name, NULL, NULL);
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

/* What lies behind a symlink has its records under its own path, not under the symlink's. */
static int follow(struct extract *x, const char *name, char **path)
{
	cleanup_free char *link = child_path(x, name);
	int fd = link ? tree_openat(x->tree, link, O_RDONLY | O_DIRECTORY) : -ENOMEM, r;

	if (fd < 0 || !x->owners->sidecar)
		return fd;
	r = resolve_path(x->tree->fd, link, path);
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

/* The directory goes into a lower layer's file's place: only overlayfs's whiteouts hide one. */
static int replace_whiteout(struct extract *x, const char *name, bool *opaque)
{
	int r;

	*opaque = whiteout_stands(x, name);
	r = *opaque ? tree_remove(level_top(x)->dir.fd, name, NULL) : -ENOTDIR;
	return r < 0 ? r : make_implied(x, name);
}

static int open_step(struct extract *x, const char *name, bool make, char **path, bool *opaque)
{
	struct level *in = level_top(x);
	int fd = tree_subdir(in->dir.fd, name);
	struct stat st;

	if (fd == -ENOENT && make)
		return make_implied(x, name);
	if (fd != -ENOTDIR && fd != -ELOOP)
		return fd;
	if (fstatat(in->dir.fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return follow(x, name, path);
	return make ? replace_whiteout(x, name, opaque) : -ENOTDIR;
}

static int step(struct extract *x, const char *name, bool make, struct err *err)
{
	bool opaque = false;
	char *path = NULL;
	int fd = open_step(x, name, make, &path, &opaque), r;

	if (fd < 0) {
		cleanup_free char *whole = child_path(x, name);

		return err_set(err, fd, "cannot go into", whole);
	}
	if (x->marks && make &&
		marks_add(x->marks, level_top(x)->dev, level_top(x)->ino, name) < 0) {
		close(fd);
		free(path);
		return err_set(err, -ENOMEM, NULL, name);
	}
	r = level_push(x, fd, name, path, err);
	return r == 0 && opaque ? whiteout_opaque(x, err) : r;
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
