// SPDX-License-Identifier: Apache-2.0
#include "core/owner/widen.h"
#include "core/tree/walk.h"

/* A directory without write permission keeps its owner from emptying it. */
int tree_unlink(int dirfd, const char *name, int flags)
{
	cleanup_widen struct widen w = WIDEN_NONE;

	if (unlinkat(dirfd, name, flags) == 0)
		return 0;
	if (errno != EACCES || widen(&w, dirfd, NULL, S_IWUSR | S_IXUSR) < 0)
		return -errno;
	return unlinkat(dirfd, name, flags) < 0 ? -errno : 0;
}

static int remove_visited(struct walk *w, const struct visit *v, struct err *err)
{
	int r = tree_unlink(v->dir->fd, v->name, v->leaving ? AT_REMOVEDIR : 0);

	if (r == -EISDIR || r == -EPERM) {
		r = tree_unlink(v->dir->fd, v->name, AT_REMOVEDIR);
		if (r == -ENOTEMPTY || r == -EEXIST)
			return walk_enter(w, false, err);
	}
	return r < 0 && r != -ENOENT ? err_set(err, r, "cannot remove", v->path) : 0;
}

int tree_remove(int dirfd, const char *name, struct err *err)
{
	cleanup_walk struct walk *w = NULL;
	struct visit v;
	int r;

	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	r = walk_start_at(dirfd, name, name, &w);
	if (r < 0)
		return err_set(err, r, "cannot remove", name);
	while ((r = walk_next(w, &v)) > 0) {
		r = remove_visited(w, &v, err);
		if (r < 0)
			return r;
	}
	return r;
}
