// SPDX-License-Identifier: Apache-2.0
#include "core/owner/widen.h"

#include "core/base/sys.h"

/* A second descriptor of the same inode, for the time that the bits are added. */
static int open_inode(int dirfd, const char *name)
{
	int fd = name ? openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC)
		      : fcntl(dirfd, F_DUPFD_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

int widen(struct widen *w, int dirfd, const char *name, mode_t bits)
{
	cleanup_fd int fd = open_inode(dirfd, name);
	struct stat st;
	int r;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return -EOPNOTSUPP;
	if ((st.st_mode & bits) == bits)
		return 0;
	r = sys_chmod_fd(fd, (st.st_mode & 07777) | bits);
	if (r < 0)
		return r;
	w->mode = st.st_mode & 07777;
	w->fd = take_fd(&fd);
	return 0;
}

void widen_undo(struct widen *w)
{
	int saved = errno;

	if (w->fd < 0)
		return;
	sys_chmod_fd(w->fd, w->mode);
	close(w->fd);
	w->fd = -1;
	errno = saved;
}
