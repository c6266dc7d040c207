// SPDX-License-Identifier: Apache-2.0
#include "core/emu/access.h"
#include <sys/sysmacros.h>

bool access_owns(const struct creds *c, const struct stat *st)
{
	return c->fsuid == st->st_uid || creds_capable(c, CAP_FOWNER);
}

/* Whether setgid may stay on a file of this group. */
static bool keeps_setgid(const struct creds *c, gid_t gid)
{
	return creds_in_group(c, gid) || creds_capable(c, CAP_FSETID);
}

static bool same_inode(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

int access_open(const struct creds *c, const struct stat *st, int flags)
{
	static const uint8_t modes[] = {
		ACCESS_READ, ACCESS_WRITE, ACCESS_READ | ACCESS_WRITE, ACCESS_READ | ACCESS_WRITE};
	/* The C library's O_ACCMODE may have more bits than the kernel's two. */
	unsigned int want = modes[flags & 3];
	int r;

	if (flags & O_PATH)
		return 0;
	if (flags & O_TRUNC)
		want |= ACCESS_WRITE;
	if (S_ISDIR(st->st_mode) && want & ACCESS_WRITE)
		return -EISDIR;
	r = access_check(c, st, want);
	if (r == 0 && flags & O_NOATIME && !access_owns(c, st))
		return -EPERM;
	return r;
}

int access_exec(const struct creds *c, const struct stat *st)
{
	return S_ISREG(st->st_mode) ? access_check(c, st, ACCESS_EXEC) : -EACCES;
}

int access_chmod(const struct creds *c, const struct stat *st, mode_t mode, mode_t *result)
{
	if (!access_owns(c, st))
		return -EPERM;
	mode = (st->st_mode & S_IFMT) | (mode & 07777);
	*result = keeps_setgid(c, st->st_gid) ? mode : mode & ~(mode_t)S_ISGID;
	return 0;
}

/* st_mode without setuid, and without setgid where that does not mean mandatory locking. */
static mode_t without_setid(const struct creds *c, const struct stat *st)
{
	mode_t mode = st->st_mode & ~(mode_t)S_ISUID;

	if (mode & S_IXGRP || !keeps_setgid(c, st->st_gid))
		mode &= ~(mode_t)S_ISGID;
	return mode;
}

int access_chown(const struct creds *c, const struct stat *st, uid_t uid, gid_t gid, mode_t *result)
{
	mode_t mode = S_ISDIR(st->st_mode) ? st->st_mode : without_setid(c, st);
	bool owner = c->fsuid == st->st_uid, change_mode = mode != st->st_mode;

	if (!creds_capable(c, CAP_CHOWN)) {
		if (uid != (uid_t)-1 && !(owner && uid == st->st_uid))
			return -EPERM;
		if (gid != (gid_t)-1 && !(owner && (gid == st->st_gid || creds_in_group(c, gid))))
			return -EPERM;
	}
	/* to take setuid away is a change of mode, even where owner and group stay */
	if (change_mode && !access_owns(c, st))
		return -EPERM;
	if (change_mode && !keeps_setgid(c, gid == (gid_t)-1 ? st->st_gid : gid))
		mode &= ~(mode_t)S_ISGID;
	*result = mode;
	return 0;
}

void access_written(const struct creds *c, const struct stat *st, mode_t *result)
{
	*result = st->st_mode;
	if (S_ISREG(st->st_mode) && !creds_capable(c, CAP_FSETID))
		*result = without_setid(c, st);
}

int access_utimes(const struct creds *c, const struct stat *st, bool now)
{
	if (access_owns(c, st))
		return 0;
	return now ? access_check(c, st, ACCESS_WRITE) : -EPERM;
}

int access_create(const struct creds *c, const struct stat *dir)
{
	return access_check(c, dir, ACCESS_WRITE | ACCESS_EXEC);
}

int access_mknod(const struct creds *c, const struct stat *dir, mode_t mode, dev_t dev)
{
	int r = access_create(c, dir);
	bool whiteout = S_ISCHR(mode) && dev == makedev(0, 0);

	if (r == 0 && (S_ISCHR(mode) || S_ISBLK(mode)) && !whiteout && !creds_capable(c, CAP_MKNOD))
		return -EPERM;
	return r;
}

void access_new(const struct creds *c, const struct stat *dir, mode_t mode, mode_t mask,
	struct new_inode *out)
{
	mode_t type = mode & S_IFMT, kept = S_ISDIR(mode) ? 01777 : 07777;
	bool inherits = dir->st_mode & S_ISGID;

	if (inherits && !S_ISDIR(mode) && mode & S_ISGID && mode & S_IXGRP &&
		!keeps_setgid(c, dir->st_gid))
		kept &= ~(mode_t)S_ISGID;
	out->uid = c->fsuid;
	out->gid = inherits ? dir->st_gid : c->fsgid;
	out->mode = S_ISLNK(mode) ? S_IFLNK | 0777 : type | (mode & kept & ~mask);
	if (inherits && S_ISDIR(mode))
		out->mode |= S_ISGID;
}

int access_delete(
	const struct creds *c, const struct stat *dir, const struct stat *victim, bool isdir)
{
	int r = access_create(c, dir);

	if (r < 0)
		return r;
	if (dir->st_mode & S_ISVTX && c->fsuid != dir->st_uid && !access_owns(c, victim))
		return -EPERM;
	if (isdir != S_ISDIR(victim->st_mode))
		return isdir ? -ENOTDIR : -EISDIR;
	return 0;
}

/* A directory that moves has its ".." written. */
static int check_dotdot(const struct creds *c, const struct stat *st)
{
	return S_ISDIR(st->st_mode) ? access_check(c, st, ACCESS_WRITE) : 0;
}

int access_rename(const struct creds *c, const struct access_rename *r)
{
	bool isdir = S_ISDIR(r->old->st_mode);
	int result;

	if (r->new != NULL && same_inode(r->old, r->new))
		return 0;
	result = access_delete(c, r->old_dir, r->old, isdir);
	if (result < 0)
		return result;
	if (!r->new)
		result = access_create(c, r->new_dir);
	else
		result = access_delete(
			c, r->new_dir, r->new, r->exchange ? S_ISDIR(r->new->st_mode) : isdir);
	if (result < 0 || same_inode(r->old_dir, r->new_dir))
		return result;
	result = check_dotdot(c, r->old);
	if (result == 0 && r->exchange && r->new)
		result = check_dotdot(c, r->new);
	return result;
}

/* What an attacker gains nothing from pinning by a link of his own. */
static bool safe_to_link(const struct creds *c, const struct stat *st)
{
	return S_ISREG(st->st_mode) && !(st->st_mode & S_ISUID) &&
	       !(st->st_mode & S_ISGID && st->st_mode & S_IXGRP) &&
	       access_check(c, st, ACCESS_READ | ACCESS_WRITE) == 0;
}

int access_link(const struct creds *c, const struct stat *st, const struct stat *dir,
	const struct access_sysctl *sysctl)
{
	int r;

	if (sysctl->hardlinks && !access_owns(c, st) && !safe_to_link(c, st))
		return -EPERM;
	r = access_create(c, dir);
	return r == 0 && S_ISDIR(st->st_mode) ? -EPERM : r;
}

int access_follow(const struct creds *c, const struct stat *dir, const struct stat *st,
	const struct access_sysctl *sysctl)
{
	if (!sysctl->symlinks || c->fsuid == st->st_uid || dir->st_uid == st->st_uid)
		return 0;
	return dir->st_mode & S_ISVTX && dir->st_mode & S_IWOTH ? -EACCES : 0;
}

int access_open_create(const struct creds *c, const struct stat *dir, const struct stat *st,
	const struct access_sysctl *sysctl)
{
	int level = S_ISREG(st->st_mode)    ? sysctl->regular
		    : S_ISFIFO(st->st_mode) ? sysctl->fifos
					    : 1;

	if (!(dir->st_mode & S_ISVTX) || !level || st->st_uid == dir->st_uid ||
		st->st_uid == c->fsuid)
		return 0;
	return dir->st_mode & S_IWOTH || (dir->st_mode & S_IWGRP && level >= 2) ? -EACCES : 0;
}
