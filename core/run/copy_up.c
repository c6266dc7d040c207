// SPDX-License-Identifier: Apache-2.0
#include "core/run/mounts.h"

#include "core/base/sys.h"
#include "core/owner/attr.h"
#include "core/owner/record.h"
#include "core/tree/walk.h"
#include <sys/sendfile.h>

enum { DEEPEST = 100 };

static int copy_file(int from, int to, const char *name)
{
	cleanup_fd int in = openat(from, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	cleanup_fd int out =
		openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	ssize_t n;

	if (in < 0 || out < 0)
		return -errno;
	while ((n = sendfile(out, in, NULL, 1 << 20)) > 0)
		;
	return n < 0 ? -errno : 0;
}

static int copy_link(int from, int to, const char *name)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	return symlinkat(target, to, name) < 0 ? -errno : 0;
}

/* Owner, as a file bears it (not symlinks where it is a record), permissions and times. */
static void keep(int from, int to, const char *name, const struct stat *st)
{
	static const char *const attrs[] = {RECORD_ATTR, "security.capability"};
	bool theirs = fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) == 0;
	size_t i;

	if (!S_ISLNK(st->st_mode))
		fchmodat(to, name, st->st_mode & (theirs ? 07777 : 0777), 0);
	for (i = 0; i < ARRAY_SIZE(attrs); i++) {
		cleanup_buf struct buf value = BUF_NONE;

		if (attr_read(from, name, attrs[i], &value) >= 0)
			attr_set(to, name, attrs[i], value.data, value.len);
	}
	utimensat(to, name, (struct timespec[]){st->st_atim, st->st_mtim}, AT_SYMLINK_NOFOLLOW);
}

static int copy_all(int from, int to, int depth);

static int copy_dir(int from, int to, const char *name, int depth)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	cleanup_fd int in = openat(from, name, flags), out = -1;

	if (in < 0 || mkdirat(to, name, 0700) < 0)
		return -errno;
	out = openat(to, name, flags);
	return out < 0 ? -errno : copy_all(in, out, depth + 1);
}

static int copy_one(int from, int to, const char *name, int depth)
{
	struct stat st;
	int r;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		r = copy_dir(from, to, name, depth);
	else if (S_ISREG(st.st_mode))
		r = copy_file(from, to, name);
	else if (S_ISLNK(st.st_mode))
		r = copy_link(from, to, name);
	else /* devices are nobody's but root's */
		r = mknodat(to, name, st.st_mode, st.st_rdev) < 0 && errno != EPERM ? -errno : 0;
	if (r == 0)
		keep(from, to, name, &st);
	return r;
}

static int copy_all(int from, int to, int depth)
{
	cleanup_listing struct listing all = LISTING_NONE;
	size_t i;
	int r = depth > DEEPEST ? -ENAMETOOLONG : listing_read(from, false, &all);

	for (i = 0; r == 0 && i < all.count; i++)
		r = copy_one(from, to, listing_name(&all, i), depth);
	return r;
}

int mounts_copy_up(int from, int to)
{
	cleanup_fd int in = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_fd int out = openat(to, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return in < 0 || out < 0 ? -errno : copy_all(in, out, 0);
}
