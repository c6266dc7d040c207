// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_ACCESS_H
#define RLC_ACCESS_H

#include "core/emu/creds.h"

/*
 * What a process may do to an inode, as path_resolution(7), inode(7) and Linux 6.18 have it. A
 * struct stat has type, mode, owner and device numbers as the guest sees them; where two inodes are
 * compared, st_dev and st_ino say whether they are one.
 *
 * Each function: 0, or what the guest's call would fail with: -EACCES or -EPERM, and where it says
 * so others. Checks of arguments, of paths, of what exists, and of the mount (EROFS, EXDEV,
 * ETXTBSY, ENOTEMPTY, ELOOP, ...) are the kernel's own or the caller's.
 */

enum { ACCESS_EXEC = 1, ACCESS_WRITE = 2, ACCESS_READ = 4 }; /* X_OK, W_OK, R_OK */

/* Whether st may be read, written, executed or (a directory) searched: a sum of ACCESS_*. */
int access_check(const struct creds *c, const struct stat *st, unsigned int want);

/*
 * The same with the value of system.posix_acl_access (NULL or n == 0: there is none), acl(5). One
 * that is malformed counts as none. -EACCES.
 */
int access_check_acl(
	const struct creds *c, const struct stat *st, const void *acl, size_t n, unsigned int want);

/*
 * open(2) of what is there already: flags as open's. A directory to be written is -EISDIR,
 * O_NOATIME of another's file -EPERM.
 */
int access_open(const struct creds *c, const struct stat *st, int flags);

/* execve(2): a regular file that may be executed. -EACCES. */
int access_exec(const struct creds *c, const struct stat *st);

/* Whether the process is the inode's owner, or has CAP_FOWNER. */
bool access_owns(const struct creds *c, const struct stat *st);

/*
 * chmod(2) to mode (the low 12 bits count): *result is the whole st_mode that it gets. setgid is
 * dropped where the process is not in the file's group and lacks CAP_FSETID. -EPERM.
 */
int access_chmod(const struct creds *c, const struct stat *st, mode_t mode, mode_t *result);

/*
 * chown(2); -1 leaves the owner or the group. *result is the whole st_mode after it: setuid and
 * setgid go, except on directories. -EPERM. The caller then also removes security.capability of
 * what is no directory, even where both are -1.
 */
int access_chown(
	const struct creds *c, const struct stat *st, uid_t uid, gid_t gid, mode_t *result);

/*
 * utimensat(2). now: both times are UTIME_NOW or times was NULL, which a writer may, too. Both
 * UTIME_OMIT: there is nothing to ask, not even the path.
 */
int access_utimes(const struct creds *c, const struct stat *st, bool now);

/* Making a name in dir, that was not there: open with O_CREAT, mkdir, symlink, bind. -EACCES. */
int access_create(const struct creds *c, const struct stat *dir);

/* The same for mknod(2): devices need CAP_MKNOD, but not the whiteout 0:0. Type in mode. */
int access_mknod(const struct creds *c, const struct stat *dir, mode_t mode, dev_t dev);

/*
 * What a new inode of mode (with its type; as the call had it, before the umask) gets in dir:
 * owner, group and mode. A directory that is setgid passes its group on, and to directories the
 * bit. mask: the umask, or 0 where dir has a default ACL.
 */
struct new_inode {
	uid_t uid;
	gid_t gid;
	mode_t mode; /* with its type */
};
void access_new(const struct creds *c, const struct stat *dir, mode_t mode, mode_t mask,
	struct new_inode *out);

/*
 * unlink(2), rmdir(2): the name of victim in dir, which may be sticky. isdir: it has to be a
 * directory. Also -ENOTDIR and -EISDIR, in the kernel's order.
 */
int access_delete(
	const struct creds *c, const struct stat *dir, const struct stat *victim, bool isdir);

/* renameat2(2). */
struct access_rename {
	const struct stat *old_dir, *old;
	const struct stat *new_dir, *new; /* new: NULL where there is none */
	bool exchange;                    /* RENAME_EXCHANGE */
};

/* Two names of one inode: 0, and nothing is to be done. Also -ENOTDIR and -EISDIR. */
int access_rename(const struct creds *c, const struct access_rename *r);

/* What /proc/sys/fs/protected_* say. */
struct access_sysctl {
	int hardlinks, symlinks, fifos, regular;
};

/* link(2): another name for st in dir. A directory is -EPERM. */
int access_link(const struct creds *c, const struct stat *st, const struct stat *dir,
	const struct access_sysctl *sysctl);

/* Following the symlink st, the last component of a path, in dir. -EACCES. */
int access_follow(const struct creds *c, const struct stat *dir, const struct stat *st,
	const struct access_sysctl *sysctl);

/* open(2) with O_CREAT of st in dir, where st was there already: to be asked before access_open. */
int access_open_create(const struct creds *c, const struct stat *dir, const struct stat *st,
	const struct access_sysctl *sysctl);

/*
 * Whether setuid and setgid go when c writes to or truncates st; *result is st_mode after it.
 */
void access_written(const struct creds *c, const struct stat *st, mode_t *result);

#endif
