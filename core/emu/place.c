// SPDX-License-Identifier: Apache-2.0
#include "core/emu/view.h"

#include "core/base/sys.h"

int place_reopen(int fd, const char *name, int flags)
{
	int r = openat(fd, name, flags | O_CLOEXEC);

	return r < 0 ? -errno : r;
}

int place_stat(const struct place *p, struct stat *st)
{
	int r = p->name ? fstatat(p->dir.fd, p->name, st, AT_SYMLINK_NOFOLLOW)
			: fstat(p->dir.fd, st);

	return r < 0 ? -errno : 0;
}

int place_pin(struct place *p)
{
	cleanup_fd int fd = -1;
	struct stat st;

	if (!p->name)
		return 0;
	fd = place_reopen(p->dir.fd, p->name, O_PATH | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0)
		return fd < 0 ? fd : -errno;
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return 0;
	dir_end(&p->dir);
	dir_start(&p->dir, take_fd(&fd), ".");
	p->name = NULL;
	return 0;
}

int place_truncate(const struct place *p, const struct stat *real, off_t length)
{
	cleanup_fd int fd = -1;
	struct sys_path proc;

	sys_proc_path(&proc, p->dir.fd, NULL);
	fd = p->name ? place_reopen(p->dir.fd, p->name, O_WRONLY | O_NOFOLLOW)
		     : place_reopen(AT_FDCWD, proc.text, O_WRONLY);
	if (fd < 0)
		return fd;
	return ftruncate(fd, length) < 0 || fchmod(fd, real->st_mode & 07777) < 0 ? -errno : 0;
}

/* A mode that is set to what it is counts as a change of the inode. */
void place_touch(const struct place *p, const struct stat *real)
{
	struct stat now;

	if (S_ISLNK(real->st_mode) || place_stat(p, &now) < 0 ||
		now.st_ctim.tv_sec != real->st_ctim.tv_sec ||
		now.st_ctim.tv_nsec != real->st_ctim.tv_nsec)
		return;
	if (p->name)
		sys_chmod_at(p->dir.fd, p->name, now.st_mode & 07777);
	else
		sys_chmod_fd(p->dir.fd, now.st_mode & 07777);
}

void place_pull_up(const struct place *p, struct stat *real)
{
	struct stat now;

	if (!p->name || S_ISREG(real->st_mode) || S_ISDIR(real->st_mode))
		return;
	if (fchownat(p->dir.fd, p->name, (uid_t)-1, (gid_t)-1, AT_SYMLINK_NOFOLLOW) == 0 &&
		place_stat(p, &now) == 0)
		real->st_ino = now.st_ino;
}

void place_end(struct place *p)
{
	dir_end(&p->dir);
}
