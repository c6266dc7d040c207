// SPDX-License-Identifier: Apache-2.0
#include "core/pack/make.h"

#include "core/base/sys.h"
#include "core/pack/digest.h"
#include <sys/sysmacros.h>

int job_fail(const struct job *j, int r, const char *what)
{
	return err_set_at(j->err, r, what, level_top(j->x)->path, j->name);
}

bool job_is_not_newer(const struct job *j, const struct stat *st)
{
	const struct timespec *a = &st->st_mtim, *b = &j->e->mtime;

	return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec >= b->tv_nsec;
}

int make_way(const struct job *j, bool *stays)
{
	const struct extract_options *o = j->x->options;
	struct stat st;
	int r;

	*stays = false;
	if (fstatat(job_dirfd(j), j->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : job_fail(j, -errno, NULL);
	if (o->keep_old)
		return job_fail(j, -EEXIST, "not replaced");
	if (o->keep_newer && job_is_not_newer(j, &st)) {
		*stays = true;
		return 0;
	}
	r = tree_remove(job_dirfd(j), j->name, j->err);
	return r < 0 ? r : node_forget(j->x->owners, &level_top(j->x)->dir, j->name, &st, j->err);
}

int make_new(const struct job *j, make_fn *make, const char *what, bool *stays)
{
	int r = make(j);

	*stays = false;
	if (r == -EEXIST) {
		r = make_way(j, stays);
		if (r < 0 || *stays)
			return r;
		r = make(j);
	}
	return r < 0 ? job_fail(j, r, what) : r;
}

static int set_times(const struct job *j, int fd)
{
	const struct entry *e = j->e;
	struct timespec times[2] = {e->atime, e->mtime};
	int r;

	if (!e->has_mtime)
		return 0;
	if (!e->has_atime)
		times[0].tv_nsec = UTIME_OMIT;
	if (fd >= 0)
		r = sys_utimens_fd(fd, times);
	else
		r = utimensat(job_dirfd(j), j->name, times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
	return r < 0 ? job_fail(j, r, "cannot set its times") : 0;
}

/* The mode that a file is made with: what its owner needs to work on it, and no set-id bits yet. */
static mode_t birth_mode(const struct extract *x, mode_t mode)
{
	return (mode & 0777) | (x->privileged ? 0 : 0600);
}

static int open_new(const struct job *j)
{
	int fd = openat(job_dirfd(j), j->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		birth_mode(j->x, meta_mode(j->x, j->e)));

	return fd < 0 ? -errno : fd;
}

static int finish_mode(const struct job *j, int fd)
{
	mode_t mode = meta_mode(j->x, j->e);
	int r;

	/* A chown takes bits away, as does what the directory hands down; else birth_mode's stay.
	 */
	if (birth_mode(j->x, mode) == mode && !j->x->owners->chown && !level_top(j->x)->hands_down)
		return 0;
	r = sys_chmod_fd(fd, mode);
	return r < 0 ? job_fail(j, r, "cannot set its mode") : 0;
}

int make_disguise(const struct job *j, int fd)
{
	struct foreign what = {.owner = {j->e->uid, j->e->gid},
		.mode = (j->e->mode & S_IFMT) | meta_mode(j->x, j->e),
		.has_mode = true,
		.major = j->e->major,
		.minor = j->e->minor};

	return node_disguise(j->x->owners, &level_top(j->x)->dir, j->name, fd, &what, j->err);
}

/* A writer takes set-id bits and capabilities away: they come after the content. */
static int fill_file(const struct job *j, int fd)
{
	int r = 0;

	if (S_ISREG(j->e->mode))
		r = content_write(j->x, fd, j->e, j->data, j->err);
	if (r == 0)
		r = meta_apply(j->x, j->e, j->name, fd, j->err);
	if (r == 0 && !S_ISREG(j->e->mode))
		r = make_disguise(j, fd);
	if (r == 0)
		r = finish_mode(j, fd);
	return r < 0 ? r : set_times(j, fd);
}

static int tell_filled(const struct job *j, int fd)
{
	const struct extract *x = j->x;
	char hex[65];
	struct stat st;

	if (!x->options->filled || !S_ISREG(j->e->mode))
		return 0;
	if (fstat(fd, &st) < 0)
		return job_fail(j, -errno, NULL);
	if (x->summed)
		digest_end(x->digest, hex);
	x->options->filled(x->options->filled_arg, &st, x->summed ? hex : NULL);
	return 0;
}

static int remove_partial(const struct job *j, int r)
{
	unlinkat(job_dirfd(j), j->name, 0);
	return r;
}

int make_file(const struct job *j)
{
	bool stays;
	int r = make_new(j, open_new, "cannot make", &stays), fd = r;

	if (r < 0 || stays)
		return r;
	r = level_shed(j->x, fd, NULL);
	if (r < 0)
		job_fail(j, r, "cannot make");
	else
		r = fill_file(j, fd);
	if (r == 0)
		r = tell_filled(j, fd);
	if (r == 0 && j->e->nlink > 1 && j->e->size == 0 && level_await(j->x, fd) < 0)
		r = job_fail(j, -ENOMEM, NULL);
	/* Some file systems tell only here that there was no room. */
	if (close(fd) < 0 && r == 0 && errno != EINTR)
		r = job_fail(j, -errno, "cannot write");
	return r < 0 ? remove_partial(j, r) : 0;
}

static int make_symlink(const struct job *j)
{
	return symlinkat(j->e->link, job_dirfd(j), j->name) < 0 ? -errno : 0;
}

static int make_node(const struct job *j)
{
	enum { MAJOR_MAX = 0xfff, MINOR_MAX = 0xfffff }; /* what mknod(2) can say */
	mode_t mode = (j->e->mode & S_IFMT) | birth_mode(j->x, meta_mode(j->x, j->e));

	if (j->e->major > MAJOR_MAX || j->e->minor > MINOR_MAX)
		return -EINVAL;
	return mknodat(job_dirfd(j), j->name, mode, makedev(j->e->major, j->e->minor)) < 0 ? -errno
											   : 0;
}

/*
 * Where a chown follows, the name must still be what was just made: in a directory that others
 * can write to, they may have put something else there. *fd is -1 where it does not matter.
 */
static int hold_special(const struct job *j, int *fd)
{
	struct stat st;

	*fd = -1;
	if (!j->x->owners->chown)
		return 0;
	*fd = openat(job_dirfd(j), j->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (*fd < 0 || fstat(*fd, &st) < 0)
		return -errno;
	return (st.st_mode & S_IFMT) == (j->e->mode & S_IFMT) && st.st_nlink == 1 &&
			       st.st_uid == geteuid()
		       ? 0
		       : -ESTALE;
}

static int special_mode(const struct job *j, int fd)
{
	mode_t mode = meta_mode(j->x, j->e);
	int r;

	if (S_ISLNK(j->e->mode))
		return 0;
	r = fd >= 0 ? sys_chmod_fd(fd, mode) : sys_chmod_at(job_dirfd(j), j->name, mode);
	return r < 0 ? job_fail(j, r, "cannot set its mode") : 0;
}

/* A directory of very many symlinks must not have them all wait in memory. */
static int spill(const struct job *j)
{
	enum { WAITING_MAX = 1024 };
	struct dir *dir = &level_top(j->x)->dir;
	struct err err = ERR_NONE;

	if (dir->changes.count >= WAITING_MAX && dir_flush(j->x->owners, dir, &err) < 0)
		extract_fault(j->x, &err);
	return 0;
}

/* What has no descriptor: symlinks, FIFOs, real devices. */
int make_special(const struct job *j)
{
	cleanup_fd int fd = -1;
	bool stays;
	int r = make_new(j, S_ISLNK(j->e->mode) ? make_symlink : make_node, "cannot make", &stays);

	if (r < 0 || stays)
		return r;
	r = hold_special(j, &fd);
	if (r < 0)
		return job_fail(j, r, "replaced while it was being made");
	r = level_shed(j->x, fd, j->name);
	if (r < 0)
		job_fail(j, r, "cannot make");
	if (r == 0)
		r = meta_apply(j->x, j->e, j->name, fd, j->err);
	if (r == 0)
		r = special_mode(j, fd);
	if (r == 0)
		r = set_times(j, fd);
	return r < 0 ? remove_partial(j, r) : spill(j);
}
