// SPDX-License-Identifier: Apache-2.0
#include "core/image/upper_changes.h"

#include "core/base/io.h"
#include "core/image/maps.h"
#include "core/image/merged.h"
#include "core/image/mtree_inode.h"
#include "core/image/shared.h"

struct comparing {
	const struct owners *owners;
	bool trusted;
	struct changes *out;
	struct below below;
	struct shared shared;
	char *block; /* for two pieces of content */
};

enum { PIECE = 1 << 16 };

/* One name in the upper directory. */
struct upper_name {
	struct dir *dir;
	const char *name, *path;
	struct stat st;
};

/* All that an inode itself tells; a directory's size is its file system's own business. */
static bool same_stat(const struct stat *a, const struct stat *b)
{
	mode_t type = a->st_mode & S_IFMT;

	return type == (b->st_mode & S_IFMT) &&
	       (type == S_IFLNK || (a->st_mode & 07777) == (b->st_mode & 07777)) &&
	       a->st_uid == b->st_uid && a->st_gid == b->st_gid &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       (type != S_IFREG || a->st_size == b->st_size) &&
	       ((type != S_IFCHR && type != S_IFBLK) || a->st_rdev == b->st_rdev);
}

/* Where no attribute says it: of symlinks and the like. A damaged map says nothing. */
static bool same_owner(
	const struct comparing *c, const struct upper_name *u, struct dir *b, const struct stat *st)
{
	cleanup_err struct err err = ERR_NONE;
	struct node x, y;

	return node_read_known(c->owners, u->dir, u->name, &u->st, &x, &err) == 0 &&
	       node_read_known(c->owners, b, u->name, st, &y, &err) == 0 &&
	       x.st.st_uid == y.st.st_uid && x.st.st_gid == y.st.st_gid;
}

static int open_file(int dirfd, const char *name)
{
	static const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	cleanup_widen struct widen w = WIDEN_NONE;
	int fd = openat(dirfd, name, flags);

	if (fd < 0 && errno == EACCES && widen(&w, dirfd, name, S_IRUSR) == 0)
		fd = openat(dirfd, name, flags);
	return fd < 0 ? -errno : fd;
}

/* 1 or 0, or negative errno. */
static int same_content(struct comparing *c, int a, int b)
{
	for (;;) {
		ssize_t n = io_read(a, c->block, PIECE), m = io_read(b, c->block + PIECE, PIECE);

		if (n < 0 || m < 0)
			return (int)(n < 0 ? n : m);
		if (n != m || memcmp(c->block, c->block + PIECE, (size_t)n) != 0)
			return 0;
		if (n == 0)
			return 1;
	}
}

static int same_files(struct comparing *c, const struct upper_name *u, int below)
{
	cleanup_fd int a = -1, b = -1;

	if (u->st.st_size == 0)
		return 1;
	a = open_file(u->dir->fd, u->name);
	b = a < 0 ? a : open_file(below, u->name);
	return b < 0 ? b : same_content(c, a, b);
}

/* 1 where what is below, which st tells of, is the same; 0; negative errno with err. */
static int same(struct comparing *c, const struct upper_name *u, struct dir *below,
	const struct stat *st, struct err *err)
{
	const struct mtree_view view = {.mine = c->owners->mine, .outside = c->owners->mine};
	struct mtree_inode a = {.link = NULL}, b = {.link = NULL};
	int r;

	if (!same_stat(&u->st, st) || !same_owner(c, u, below, st))
		return 0;
	r = mtree_inode_read(&view, u->dir->fd, u->name, &u->st, u->path, &a, err);
	if (r == 0)
		r = mtree_inode_read(&view, below->fd, u->name, st, u->path, &b, err);
	if (r == 0)
		r = (!a.link || strcmp(a.link, b.link) == 0) &&
		    mtree_same_attrs(
			    a.attrs.attrs, a.attrs.attr_count, b.attrs.attrs, b.attrs.attr_count);
	if (r > 0 && S_ISREG(st->st_mode))
		r = same_files(c, u, below->fd);
	mtree_inode_free(&a);
	mtree_inode_free(&b);
	return r < 0 ? err_set(err, r, "cannot compare", u->path) : r;
}

static int tell(struct comparing *c, enum change_kind kind, const char *path, struct err *err)
{
	return changes_add(c->out, kind, path) < 0 ? err_set(err, -ENOMEM, NULL, NULL) : 0;
}

/*
 * A directory's map knows its entries by their inode numbers, and what overlayfs copies up gets
 * another one, which it shows to nobody as long as it is mounted. below is what the name was
 * there; NULL: nothing.
 */
static int mend_map(const struct comparing *c, const struct upper_name *u, const struct stat *below)
{
	const struct dirmap_entry *e;
	struct dirmap_entry now;

	if (!c->owners->records || S_ISREG(u->st.st_mode) || S_ISDIR(u->st.st_mode) ||
		dir_read_map(u->dir) < 0)
		return 0;
	e = dirmap_find(&u->dir->map, u->name);
	if (!e || e->ino == u->st.st_ino || e->type != (u->st.st_mode & S_IFMT) ||
		!(c->trusted || (below && below->st_ino == e->ino)))
		return 0;
	now = *e;
	now.name = (char *)u->name;
	now.ino = u->st.st_ino;
	return map_set(u->dir, &now);
}

static int compare_name(
	struct comparing *c, const struct below_dir *d, const struct upper_name *u, struct err *err)
{
	struct below_part *part = NULL;
	struct stat st;
	int r = below_find(d, u->name, &part, &st);

	if (r < 0)
		return err_set(err, r, "cannot find in the layers", u->path);
	if (below_is_whiteout(&u->st))
		return r ? tell(c, CHANGE_REMOVED, u->path, err) : 0;
	if (shared_note(&c->shared, &u->st, u->path) < 0)
		return err_set(err, -ENOMEM, NULL, NULL);
	if (mend_map(c, u, r ? &st : NULL) < 0)
		return err_set(err, -EIO, "cannot keep its owner", u->path);
	if (r == 0)
		return tell(c, CHANGE_ADDED, u->path, err);
	r = same(c, u, &part->dir, &st, err);
	return r == 0 ? tell(c, CHANGE_CHANGED, u->path, err) : MIN(r, 0);
}

/* The path of name in the directory at path ("." for the top), in b. */
static int path_in(struct buf *b, const char *path, const char *name)
{
	buf_cut(b, 0);
	return strcmp(path, ".") == 0 ? buf_adds(b, name) : buf_addf(b, "%s/%s", path, name);
}

static int compare_names(struct comparing *c, const struct merged_dir *m, struct err *err)
{
	cleanup_buf struct buf b = BUF_NONE;
	int r = 0;

	for (size_t i = 0; r == 0 && i < m->names->count; i++) {
		struct upper_name u = {.dir = m->dir, .name = listing_name(m->names, i)};

		if (path_in(&b, m->path, u.name) < 0)
			return err_set(err, -ENOMEM, NULL, NULL);
		u.path = b.data;
		if (fstatat(u.dir->fd, u.name, &u.st, AT_SYMLINK_NOFOLLOW) < 0)
			return err_set(err, -errno, "cannot read", u.path);
		r = compare_name(c, m->below, &u, err);
	}
	return r;
}

/* What an opaque directory hides is gone, but for what it has itself. */
static int tell_hidden(struct comparing *c, const struct merged_dir *m, struct err *err)
{
	cleanup_listing struct listing l = LISTING_NONE;
	cleanup_buf struct buf b = BUF_NONE;
	struct below_part *part;
	struct stat st;
	int r = below_names(m->below, &l);

	for (size_t i = 0; r == 0 && i < l.count; i++) {
		const char *name = listing_name(&l, i);

		if (fstatat(m->dir->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		r = below_find(m->below, name, &part, &st);
		if (r > 0 && (r = path_in(&b, m->path, name)) == 0)
			r = tell(c, CHANGE_REMOVED, b.data, err);
	}
	return r < 0 ? err_set(err, r, "cannot find in the layers", m->path) : 0;
}

static int compare_dir(void *comparing, const struct merged_dir *m, struct err *err)
{
	struct comparing *c = comparing;
	int r = compare_names(c, m, err);

	return r == 0 && m->below->count && m->opaque ? tell_hidden(c, m, err) : r;
}

/* The uppermost layer's is what is seen. */
static int compare_top(struct comparing *c, const struct tree *upper, struct err *err)
{
	struct dir dir = {.fd = upper->fd, .path = "."}, below = {.path = "."};
	struct upper_name u = {.dir = &dir, .name = ".", .path = "."};
	struct stat st;
	int r;

	if (!c->below.count)
		return 0;
	below.fd = c->below.at[0].fd;
	if (fstatat(dir.fd, ".", &u.st, 0) < 0 || fstatat(below.fd, ".", &st, 0) < 0)
		return err_set(err, -errno, "cannot read", ".");
	r = same(c, &u, &below, &st, err);
	return r == 0 ? tell(c, CHANGE_CHANGED, ".", err) : MIN(r, 0);
}

int upper_changes(const struct tree *upper, const struct owners *owners, const char *lowers,
	int lowers_at, bool trusted, struct changes *out, struct err *err)
{
	struct comparing c = {.owners = owners,
		.trusted = trusted,
		.out = out,
		.shared = SHARED_NONE,
		.block = malloc(2 * PIECE)};
	int r = c.block ? below_open(&c.below, lowers, lowers_at, err) : -ENOMEM;

	if (r == 0)
		r = compare_top(&c, upper, err);
	if (r == 0)
		r = merged_walk(upper, &c.below, true, compare_dir, &c, err);
	if (r == 0) {
		changes_sort(out);
		r = shared_tell(&c.shared, out);
	}
	shared_free(&c.shared);
	below_close(&c.below);
	free(c.block);
	return r < 0 ? err_set(err, r, "cannot find out what was changed", NULL) : 0;
}
