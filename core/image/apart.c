// SPDX-License-Identifier: Apache-2.0
#include "core/image/apart.h"

#include "core/base/io.h"
#include "core/owner/attr.h"
#include "core/tree/walk.h"
#include <linux/fs.h>
#include <stdio.h>
#include <sys/ioctl.h>

#define COPY "apart"

enum { BLOCK = 1 << 16 };

static int copy_run(int from, int to, int64_t at, int64_t end)
{
	char block[BLOCK];
	ssize_t n = 1;
	int r = 0;

	for (; r == 0 && at < end; at += n) {
		n = pread(from, block, (size_t)MIN(end - at, (int64_t)BLOCK), at);
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		r = io_pwrite(to, block, (size_t)n, at);
	}
	return r;
}

/* Holes stay holes. */
static int copy_content(int from, int to, int64_t size)
{
	int64_t hole = 0;
	int r = 0;

	if (ioctl(to, FICLONE, from) == 0)
		return 0;
	while (r == 0 && hole < size) {
		int64_t data = lseek(from, hole, SEEK_DATA);

		if (data < 0 && errno == ENXIO)
			break;
		hole = data < 0 ? data : lseek(from, data, SEEK_HOLE);
		r = hole < 0 ? -errno : copy_run(from, to, data, MIN(hole, size));
	}
	return r == 0 && ftruncate(to, size) < 0 ? -errno : r;
}

static int copy_file(int from, int to, const struct stat *st)
{
	int r = copy_content(from, to, st->st_size);

	if (r == 0 && geteuid() == 0 && fchown(to, st->st_uid, st->st_gid) < 0)
		r = -errno;
	if (r == 0 && fchmod(to, st->st_mode & 07777) < 0)
		r = -errno;
	if (r == 0)
		r = attr_copy(from, to, NULL);
	if (r == 0 && futimens(to, (const struct timespec[2]){st->st_atim, st->st_mtim}) < 0)
		r = -errno;
	return r;
}

static int part(const struct visit *v, const struct stat *st, int aside, struct known *known)
{
	cleanup_fd int from =
		openat(v->dir->fd, v->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	cleanup_fd int to = -1;
	const char *hex = known ? known_find(known, st) : NULL;
	char sum[65];
	struct stat now;
	int r;

	if (from < 0)
		return -errno;
	to = openat(aside, COPY, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (to < 0)
		return -errno;
	r = copy_file(from, to, st);
	if (r == 0 && renameat(aside, COPY, v->dir->fd, v->name) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(aside, COPY, 0);
	else if (hex && fstat(to, &now) == 0) {
		snprintf(sum, sizeof(sum), "%s", hex);
		known_add(known, &now, sum);
	}
	return r;
}

static int visit(struct walk *w, const struct visit *v, int aside, struct known *known)
{
	struct stat st, above;
	int r;

	if (fstatat(v->dir->fd, v->name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		fstat(v->dir->fd, &above) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return walk_enter(w, false, NULL);
	if (!S_ISREG(st.st_mode) || st.st_nlink < 2)
		return 0;
	r = part(v, &st, aside, known);
	if (r == 0 &&
		futimens(v->dir->fd, (const struct timespec[2]){above.st_atim, above.st_mtim}) < 0)
		r = -errno;
	return r;
}

int links_apart(const struct tree *tree, int aside, struct known *known, struct err *err)
{
	cleanup_walk struct walk *w = NULL;
	struct visit v;
	int r = walk_start_at(tree->fd, ".", ".", &w);

	while (r == 0 && (r = walk_next(w, &v)) > 0) {
		r = v.leaving ? 0 : visit(w, &v, aside, known);
		if (r < 0)
			return err_set(err, r, "cannot copy", v.path);
	}
	return r;
}
