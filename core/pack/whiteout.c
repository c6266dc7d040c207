// SPDX-License-Identifier: Apache-2.0
#include "core/pack/level.h"

#include "core/base/sys.h"
#include "core/owner/attr.h"
#include <sys/sysmacros.h>

/* Of each directory on the way down, the time that it had; by depth. */
struct times {
	struct timespec *at;
	size_t room;
};

static int times_note(struct times *t, size_t depth, struct timespec time)
{
	if (depth >= t->room) {
		size_t room = MAX(2 * t->room, depth + 16);
		struct timespec *at = reallocarray(t->at, room, sizeof(*at));

		if (!at)
			return -ENOMEM;
		t->at = at;
		t->room = room;
	}
	t->at[depth] = time;
	return 0;
}

/* What stays keeps its time, whatever was removed in it. */
static int stay(struct extract *x, const struct visit *v, const struct times *t, struct err *err)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, t->at[v->depth]};
	int r = dir_flush(x->owners, v->self, err);

	if (r == 0)
		sys_utimens_fd(v->self->fd, times); /* another's directory keeps that of the work */
	return r;
}

/* What was entered is left standing where something of the archive is in it. */
static int leave_lower(struct extract *x, const struct visit *v, const struct stat *dir,
	const struct times *t, struct err *err)
{
	int r = -ENOTEMPTY;

	if (!marks_has(x->marks, dir->st_dev, dir->st_ino, v->name))
		r = tree_unlink(v->dir->fd, v->name, AT_REMOVEDIR);
	if (r == -ENOTEMPTY || r == -EEXIST)
		return stay(x, v, t, err);
	return r < 0 && r != -ENOENT ? err_set(err, r, "cannot remove", v->path) : 0;
}

/* Removes what the archive has not put there itself. */
static int remove_unmarked(
	struct extract *x, struct walk *w, const struct visit *v, struct times *t, struct err *err)
{
	struct dir *holder = v->depth ? v->dir : &level_top(x)->dir;
	struct stat dir, st;
	int r;

	if (fstat(v->dir->fd, &dir) < 0)
		return err_set(err, -errno, "cannot remove", v->path);
	if (v->leaving)
		return leave_lower(x, v, &dir, t, err);
	if (fstatat(v->dir->fd, v->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_set(err, -errno, "cannot remove", v->path);
	if (S_ISDIR(st.st_mode) && times_note(t, v->depth, st.st_mtim) < 0)
		return err_set(err, -ENOMEM, NULL, v->path);
	if (S_ISDIR(st.st_mode))
		return walk_enter(w, false, err);
	if (marks_has(x->marks, dir.st_dev, dir.st_ino, v->name))
		return 0;
	r = tree_remove(v->dir->fd, v->name, err);
	return r < 0 ? r : node_forget(x->owners, holder, v->name, &st, err);
}

static int remove_lower(struct extract *x, const char *name, struct err *err)
{
	cleanup_walk struct walk *w = NULL;
	struct level *in = level_top(x);
	cleanup_free char *path = NULL;
	struct times times = {NULL, 0};
	struct visit v;
	int r;

	if (!x->marks)
		return 0;
	path = dir_path(&in->dir, name);
	r = path ? walk_start_at(in->dir.fd, name, path, &w) : -ENOMEM;
	while (r >= 0 && (r = walk_next(w, &v)) > 0) {
		r = remove_unmarked(x, w, &v, &times, err);
		if (r < 0)
			break;
	}
	free(times.at);
	return r;
}

static int make_opaque(int fd)
{
	return attr_set(fd, NULL, "user.overlay.opaque", "y", 1);
}

int whiteout_opaque(struct extract *x, struct err *err)
{
	cleanup_listing struct listing l = LISTING_NONE;
	struct level *in = level_top(x);
	int r;

	if (x->options->whiteouts == WHITEOUTS_OVERLAY) {
		r = make_opaque(in->dir.fd);
		return r < 0 ? err_set(err, r, "cannot make it opaque", in->path) : 0;
	}
	if (!x->marks)
		return 0;
	r = listing_read(in->dir.fd, false, &l);
	for (size_t i = 0; r >= 0 && i < l.count; i++)
		r = remove_lower(x, listing_name(&l, i), err);
	return r < 0 ? err_set(err, r, "cannot remove", in->path) : 0;
}

bool whiteout_stands(const struct extract *x, const char *name)
{
	const struct levels *l = &x->levels;
	struct stat st;

	return x->options->whiteouts == WHITEOUTS_OVERLAY &&
	       fstatat(l->at[l->depth - 1].dir.fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0);
}

/* What this archive has put there hides the lower layer's by itself; a directory has to say so. */
static int hide_below(struct extract *x, const char *name, struct err *err)
{
	struct level *in = level_top(x);
	cleanup_fd int fd = tree_subdir(in->dir.fd, name);
	int r = fd >= 0 ? make_opaque(fd) : fd;

	if (r == 0 || r == -ENOTDIR || r == -ELOOP || r == -ENOENT)
		return 0;
	return err_set_at(err, r, "cannot make it opaque", in->path, name);
}

static int make_overlay_whiteout(struct extract *x, const char *name, struct err *err)
{
	struct level *in = level_top(x);
	int r;

	if (x->marks && marks_has(x->marks, in->dev, in->ino, name))
		return hide_below(x, name, err);
	r = tree_remove(in->dir.fd, name, err);

	if (r < 0)
		return r;
	if (mknodat(in->dir.fd, name, S_IFCHR, makedev(0, 0)) < 0)
		return err_set_at(err, -errno, "cannot make the whiteout", in->path, name);
	return 0;
}

int whiteout_apply(struct extract *x, const char *name, struct err *err)
{
	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return err_set_at(
			err, -EINVAL, "refused: a whiteout of nothing", level_top(x)->path, name);
	if (strcmp(name, ".wh..opq") == 0)
		return whiteout_opaque(x, err);
	/* Other names of this form are aufs's own bookkeeping. */
	if (strncmp(name, ".wh.", 4) == 0)
		return 0;
	if (x->options->whiteouts == WHITEOUTS_OVERLAY)
		return make_overlay_whiteout(x, name, err);
	return remove_lower(x, name, err);
}
