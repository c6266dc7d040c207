// SPDX-License-Identifier: Apache-2.0
#include "core/pack/make.h"

#include "core/base/sys.h"
#include "core/owner/widen.h"
#include "core/pack/path.h"
#include "core/tree/closed.h"
#include "core/tree/resolve.h"

/* The name that a hard link is made of. */
struct target {
	struct dir *dir; /* own, or that of an open level */
	struct dir own;
	char *path; /* owned; own.path */
	struct opened opened;
	char name[NAME_MAX + 1];
	struct stat st;
};

static bool is_target(const struct job *j, const struct target *t)
{
	struct stat st;

	return fstatat(job_dirfd(j), j->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_dev == t->st.st_dev && st.st_ino == t->st.st_ino;
}

static int link_it(const struct job *j, const struct target *t)
{
	return linkat(t->dir->fd, t->name, job_dirfd(j), j->name, 0) < 0 ? -errno : 0;
}

/*
 * newc has the content of an inode behind the last of its names. It is written to what this
 * archive has left empty for it, and to nothing else: another inode may have names elsewhere.
 */
static int fill_later(const struct job *j, const struct target *t)
{
	struct timespec times[2] = {t->st.st_atim, t->st.st_mtim};
	cleanup_widen struct widen w = WIDEN_NONE;
	cleanup_fd int fd = -1;
	struct stat st;
	int r;

	if (j->e->size == 0 || !level_awaits(j->x, &t->st))
		return 0;
	if (!j->x->privileged)
		widen(&w, job_dirfd(j), j->name, S_IRUSR | S_IWUSR);
	fd = openat(job_dirfd(j), j->name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return job_fail(j, -errno, "cannot write");
	if (st.st_dev != t->st.st_dev || st.st_ino != t->st.st_ino)
		return job_fail(j, -ESTALE, "replaced while it was being made");
	r = content_write(j->x, fd, j->e, j->data, j->err);
	if (r < 0)
		return r;
	r = sys_chmod_fd(fd, t->st.st_mode & 07777);
	if (r == 0)
		r = sys_utimens_fd(fd, times);
	return r < 0 ? job_fail(j, r, "cannot set its times") : 0;
}

static int link_to(const struct job *j, struct target *t)
{
	bool stays;
	int r;

	if (fstatat(t->dir->fd, t->name, &t->st, AT_SYMLINK_NOFOLLOW) < 0)
		return job_fail(j, -errno, "cannot find what it is a hard link to");
	if (S_ISDIR(t->st.st_mode))
		return job_fail(j, -EPERM, "refused: a hard link to a directory");
	r = link_it(j, t);
	if (r == -EEXIST) {
		if (is_target(j, t))
			return fill_later(j, t);
		r = make_way(j, &stays);
		if (r < 0 || stays)
			return r;
		r = link_it(j, t);
	}
	if (r < 0)
		return job_fail(j, r, "cannot make the hard link");
	r = node_link(j->x->owners, t->dir, t->name, &level_top(j->x)->dir, j->name, j->err);
	return r < 0 ? r : fill_later(j, t);
}

/*
 * The map of the directory that holds the other name may still be waiting in an open level:
 * then that level's own struct dir is the one to ask.
 */
static int choose_dir(struct extract *x, struct target *t)
{
	struct stat st;

	t->dir = &t->own;
	if (fstat(t->own.fd, &st) < 0)
		return -errno;
	for (size_t i = x->levels.depth; i-- > 0;)
		if (x->levels.at[i].dev == st.st_dev && x->levels.at[i].ino == st.st_ino) {
			t->dir = &x->levels.at[i].dir;
			break;
		}
	return 0;
}

/* The path of the directory as a walk would come to it: what a sidecar has its records under. */
static int real_path(const struct job *j, const char *target, char **path)
{
	const char *slash = strrchr(target, '/');
	cleanup_free char *holder = slash ? strndup(target, (size_t)(slash - target)) : strdup(".");

	if (!holder)
		return -ENOMEM;
	return resolve_path(j->x->tree->fd, holder, path);
}

static int find_target(const struct job *j, const char *path, struct target *t)
{
	int r = j->x->owners->sidecar ? real_path(j, path, &t->path) : 0;

	if (r == 0)
		r = tree_parent_closed(j->x->tree, path, t->name, &t->opened);
	if (r < 0)
		return r;
	dir_start(&t->own, r, t->path ? t->path : ".");
	return choose_dir(j->x, t);
}

int make_hardlink(const struct job *j)
{
	struct target t = {.own = DIR_NONE, .opened = OPENED_NONE};
	cleanup_free char *path = NULL;
	int r = path_clean(j->e->link, &path);

	if (r == 0)
		r = find_target(j, path, &t);
	r = r < 0 ? job_fail(j, r, "cannot find what it is a hard link to") : link_to(j, &t);
	dir_end(&t.own);
	opened_undo(&t.opened);
	free(t.path);
	return r;
}
