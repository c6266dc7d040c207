// SPDX-License-Identifier: Apache-2.0
#include "core/pack/make.h"

#include "core/base/sys.h"

/*
 * Nobody else works in it until it is left: a mode of 01777 would have to be there without its
 * sticky bit for a while, or its entries would be replaced while they are made.
 */
static int open_or_make(const struct job *j, bool *existed)
{
	int fd, r;

	*existed = mkdirat(job_dirfd(j), j->name, 0700) < 0;
	if (*existed && errno != EEXIST)
		return -errno;
	fd = tree_subdir(job_dirfd(j), j->name);
	if (fd < 0 || *existed)
		return fd;
	r = level_shed(j->x, fd, NULL);
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

/*
 * A directory stands for the lower layer's, whatever else stands there goes. *opaque: it takes the
 * place of overlayfs's whiteout, so that nothing of the lower layer shows in it.
 */
static int find_dir(const struct job *j, bool *existed, bool *opaque, bool *stays)
{
	int fd = open_or_make(j, existed), r;

	*stays = *opaque = false;
	if (fd == -ENOTDIR || fd == -ELOOP) {
		*opaque = whiteout_stands(j->x, j->name);
		r = make_way(j, stays);
		if (r < 0 || *stays)
			return r;
		fd = open_or_make(j, existed);
	}
	return fd < 0 ? job_fail(j, fd, "cannot make the directory") : fd;
}

static void describe(const struct job *j, struct level *l)
{
	const struct entry *e = j->e;

	l->described = true;
	l->mode = meta_mode(j->x, e);
	l->set_mode = true;
	l->set_times = e->has_mtime;
	l->times[0] = e->atime;
	l->times[1] = e->mtime;
	if (!e->has_atime)
		l->times[0].tv_nsec = UTIME_OMIT;
}

/* The record is written by the descriptor; its holder's name is not needed for that. */
static int describe_dir(const struct job *j, bool existed)
{
	struct level *l = level_top(j->x);
	int r = existed ? meta_clear(&l->dir, j->err) : 0;

	if (r == 0)
		r = meta_apply(j->x, j->e, NULL, l->dir.fd, j->err);
	if (r == 0)
		describe(j, l);
	l->hands_down = level_hands_down(j->x, l);
	return r;
}

/* With -k and --keep-newer-files, what stands keeps what it says of itself. */
static bool dir_stays(const struct job *j)
{
	const struct extract_options *o = j->x->options;
	struct stat st;

	if (!o->keep_old && !o->keep_newer)
		return false;
	return fstatat(job_dirfd(j), j->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode) && (o->keep_old || job_is_not_newer(j, &st));
}

int make_dir(const struct job *j)
{
	bool existed, opaque, stays;
	int fd, r;

	if (dir_stays(j))
		return 0;
	fd = find_dir(j, &existed, &opaque, &stays);
	if (fd < 0 || stays)
		return fd;
	r = level_push(j->x, fd, j->name, NULL, j->err);
	if (r == 0)
		r = describe_dir(j, existed);
	return r == 0 && opaque ? whiteout_opaque(j->x, j->err) : r;
}

/* The mode of a top that was made for this stays 0700 for the host: setuid files lie beneath. */
int make_top(const struct job *j)
{
	struct level *l = level_top(j->x);
	mode_t host = l->mode;
	int r;

	if (!S_ISDIR(j->e->mode))
		return err_set(
			j->err, -EINVAL, "refused: the top must stay a directory", j->e->path);
	if (j->x->options->keep_old)
		return 0;
	j->x->top_described = true;
	r = describe_dir(j, true);
	if (r < 0 || !j->x->options->made_top || !j->x->owners->records)
		return r;
	l->mode = host;
	return make_disguise(&(struct job){j->x, j->e, NULL, NULL, j->err}, l->dir.fd);
}
