// SPDX-License-Identifier: Apache-2.0
#include "core/build/copy.h"

#include "core/base/io.h"
#include "core/base/sys.h"
#include "core/tree/walk.h"
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

/* Each level holds two descriptors and a listing. */
enum { DEPTH_MAX = 1024 };

struct copying {
	const struct copy_how *how;
	int depth;
	struct buf path; /* for messages */
	struct err *err;
};

static int copy_any(struct copying *c, int from, const char *name, int to, const char *as);

static int copy_bytes(int in, int out)
{
	static const size_t room = 128 << 10;
	cleanup_free char *block = NULL;
	ssize_t n;

	if (ioctl(out, FICLONE, in) == 0)
		return 0;
	while ((n = copy_file_range(in, NULL, out, NULL, 1 << 30, 0)) > 0)
		;
	/* Some file systems say 0 where they cannot */
	block = malloc(room);
	if (!block)
		return -ENOMEM;
	while ((n = io_read(in, block, room)) > 0) {
		int r = io_write(out, block, (size_t)n);

		if (r < 0)
			return r;
	}
	return (int)n;
}

static int set_times(const struct copying *c, int dirfd, const char *name, const struct stat *st)
{
	const struct timespec times[2] = {
		{0, UTIME_OMIT}, c->how->time ? *c->how->time : st->st_mtim};

	return utimensat(dirfd, name, times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int set_mode(const struct copying *c, int fd, mode_t mode)
{
	return fchmod(fd, mode & (c->how->no_powers ? 01777 : 07777)) < 0 ? -errno : 0;
}

static int copy_file(const struct copying *c, int from, const char *name, int to, const char *as,
	const struct stat *st)
{
	cleanup_fd int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	cleanup_fd int out = -1;
	struct stat now;
	int r;

	if (in < 0 || fstat(in, &now) < 0)
		return -errno;
	if (!S_ISREG(now.st_mode))
		return -EAGAIN;
	out = openat(to, as, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return -errno;
	r = copy_bytes(in, out);
	return r == 0 ? set_mode(c, out, st->st_mode) : r;
}

static int copy_link(int from, const char *name, int to, const char *as)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from, name, target, sizeof(target));

	if (n < 0)
		return -errno;
	if ((size_t)n == sizeof(target))
		return -ENAMETOOLONG;
	target[n] = '\0';
	return symlinkat(target, to, as) < 0 ? -errno : 0;
}

static int copy_entries(struct copying *c, int from, int to)
{
	cleanup_listing struct listing l = LISTING_NONE;
	int r = listing_read(from, true, &l);

	for (size_t n = 0; r == 0 && n < l.count; n++) {
		const char *name = listing_name(&l, n);
		size_t len = c->path.len;

		r = buf_addf(
			&c->path, "%s%s", len && c->path.data[len - 1] != '/' ? "/" : "", name);
		if (r == 0)
			r = copy_any(c, from, name, to, name);
		buf_cut(&c->path, len);
	}
	return r;
}

static int copy_dir(struct copying *c, int from, const char *name, int to, const char *as,
	const struct stat *st)
{
	cleanup_fd int in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_fd int out = -1;
	int r;

	if (in < 0 || (mkdirat(to, as, 0700) < 0 && errno != EEXIST))
		return -errno;
	out = openat(to, as, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0)
		return -errno;
	if (++c->depth > DEPTH_MAX)
		return -ELOOP;
	r = copy_entries(c, in, out);
	c->depth--;
	return r == 0 ? set_mode(c, out, st->st_mode) : r;
}

static bool is_device(const struct stat *st)
{
	return S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode);
}

/* What is empty may stand for a device: 1 with st as that one's, 0, negative errno. */
static int is_disguised(const struct copying *c, int from, const char *name, struct stat *st)
{
	struct dir dir = DIR_NONE;
	struct node node;
	int r;

	if (!S_ISREG(st->st_mode) || st->st_size)
		return 0;
	r = openat(from, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (r < 0)
		return -errno;
	dir_start(&dir, r, ".");
	r = node_read(c->how->owners, &dir, name, &node, NULL);
	dir_end(&dir);
	if (r < 0 && r != -EBADMSG) /* its owner does not matter */
		return r;
	if (node.disguised)
		*st = node.st;
	return node.disguised;
}

static int make_disguised(const struct copying *c, int to, const char *as, const struct stat *st)
{
	const struct foreign what = {.owner = c->how->owners->base,
		.mode = st->st_mode,
		.has_mode = true,
		.major = major(st->st_rdev),
		.minor = minor(st->st_rdev)};
	struct dir dir = DIR_NONE;
	int r = openat(to, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (r < 0)
		return -errno;
	dir_start(&dir, r, ".");
	r = node_make_device(c->how->owners, &dir, as, &what, c->err);
	dir_end(&dir);
	return r;
}

/* A real one lets in whom its permissions say, whatever it was elsewhere. */
static int copy_device(const struct copying *c, int to, const char *as, const struct stat *st)
{
	if (c->how->owners->records && st->st_rdev)
		return make_disguised(c, to, as, st);
	if (c->how->no_powers)
		return err_tell(c->err, -EPERM, "is a device, and is not taken out", c->path.data);
	if (mknodat(to, as, st->st_mode, st->st_rdev) < 0)
		return -errno;
	return fchmodat(to, as, st->st_mode & 07777, 0) < 0 ? -errno : 0;
}

static int copy_any(struct copying *c, int from, const char *name, int to, const char *as)
{
	struct stat st;
	int r;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(c->err, -errno, "cannot read", c->path.data);
	r = is_disguised(c, from, name, &st);
	if (r < 0)
		return err_set(c->err, r, "cannot read", c->path.data);
	if (is_device(&st))
		r = copy_device(c, to, as, &st);
	else if (S_ISREG(st.st_mode))
		r = copy_file(c, from, name, to, as, &st);
	else if (S_ISDIR(st.st_mode))
		r = copy_dir(c, from, name, to, as, &st);
	else if (S_ISLNK(st.st_mode))
		r = copy_link(from, name, to, as);
	else if (S_ISFIFO(st.st_mode))
		r = mkfifoat(to, as, st.st_mode & 07777) < 0 ? -errno : 0;
	else
		r = -ENOTSUP;
	if (r == 0)
		r = set_times(c, to, as, &st);
	return r < 0 ? err_set(c->err, r, "cannot copy", c->path.data) : 0;
}

int copy_tree(int from, const char *name, int to, const char *as, const struct copy_how *how,
	struct err *err)
{
	struct copying c = {how, 0, BUF_NONE, err};
	int r = buf_adds(&c.path, how->shown ? how->shown : name);

	if (r == 0)
		r = copy_any(&c, from, name, to, as);
	buf_free(&c.path);
	return r < 0 ? err_set(err, r, NULL, NULL) : 0;
}

int copy_content(int from, int to, const struct copy_how *how, struct err *err)
{
	struct copying c = {how, 0, BUF_NONE, err};
	int r = buf_adds(&c.path, how->shown ? how->shown : "");

	if (r == 0)
		r = copy_entries(&c, from, to);
	buf_free(&c.path);
	return r < 0 ? err_set(err, r, "cannot copy", how->shown) : 0;
}
