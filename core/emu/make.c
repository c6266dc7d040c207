// SPDX-License-Identifier: Apache-2.0
#include "core/emu/handlers.h"

#include "core/emu/made.h"
#include "core/emu/near.h"
#include <sys/sysmacros.h>

/*
 * Where a new inode is to stand, and whose it will be. Root's own in an ordinary directory is the
 * kernel's to make, CALL_CONTINUE; else 0 or negative errno.
 */
long made_prepare(const struct call *c, int dirfd, uint64_t path, mode_t mode, struct made *m)
{
	int r;

	if (!made_is_device(mode) && who_is_root(c) && near_makes_own(c, dirfd, path, mode))
		return CALL_CONTINUE;
	r = view_read(c, dirfd, path, VIEW_LAST, &m->place);
	return r < 0 ? made_refuse(c, r) : made_at(c, mode, m);
}

/*
 * What root gets wrong it is told by the kernel. Others are not let through: the path could lead
 * elsewhere when it is walked again.
 */
long made_refuse(const struct call *c, int r)
{
	return who_is_root(c) ? CALL_CONTINUE : r;
}

long made_at(const struct call *c, mode_t mode, struct made *m)
{
	struct creds who;
	struct stat st;
	int r;

	if (!m->place.name || m->place.foreign || strcmp(m->place.text, ".") == 0 ||
		place_stat(&m->place, &st) == 0)
		return made_refuse(c, -EEXIST);
	if (m->place.slash && !S_ISDIR(mode))
		return made_refuse(c, -ENOENT);
	r = node_read(&c->emu->owners, &m->place.dir, NULL, &m->dir, NULL);
	if (r < 0 && r != -EBADMSG)
		return CALL_CONTINUE;
	if (!S_ISREG(mode) && !S_ISDIR(mode))
		made_forget(c, m);
	if (who_is_root(c) && !(m->dir.st.st_mode & S_ISGID))
		return made_is_device(mode) ? made_owner(c, NULL, mode, m) : CALL_CONTINUE;
	r = who_get(c, &who);
	if (r == 0)
		r = access_create(&who, &m->dir.st);
	return r < 0 ? r : made_owner(c, &who, mode, m);
}

/* What the map still says of a name that is no more must not count for what comes now. */
void made_forget(const struct call *c, struct made *m)
{
	struct stat gone = {.st_mode = S_IFLNK};

	if (dir_read_map(&m->place.dir) < 0 || !dirmap_find(&m->place.dir.map, m->place.name))
		return;
	node_forget(&c->emu->owners, &m->place.dir, m->place.name, &gone, NULL);
	dir_flush(&c->emu->owners, &m->place.dir, NULL);
}

bool made_is_device(mode_t mode)
{
	return S_ISCHR(mode) || S_ISBLK(mode);
}

int made_owner(const struct call *c, const struct creds *who, mode_t mode, struct made *m)
{
	struct creds root;

	if (!who) {
		creds_root(&root, CREDS_LAST_CAP);
		who = &root;
	}
	m->mask = guest_umask(c);
	access_new(who, &m->dir.st, mode, m->mask, &m->inode);
	return call_valid(c) ? 0 : -EINTR;
}

/* Writes down whose it is; what cannot be kept is not made. fd: -1 for what is not opened. */
long made_finish(const struct call *c, struct made *m, int fd)
{
	const struct owners *o = &c->emu->owners;
	struct owner owner = {m->inode.uid, m->inode.gid};
	bool is_dir = S_ISDIR(m->inode.mode);
	int r = node_own_new(o, &m->place.dir, m->place.name, fd, owner, NULL);

	if (r == 0)
		r = dir_flush(o, &m->place.dir, NULL);
	if (r < 0)
		unlinkat(m->place.dir.fd, m->place.name, is_dir ? AT_REMOVEDIR : 0);
	return r;
}

void made_end(struct made *m)
{
	place_end(&m->place);
}

static long make_device(const struct call *c, struct made *m, dev_t dev)
{
	const struct foreign what = {.owner = {m->inode.uid, m->inode.gid},
		.mode = m->inode.mode,
		.has_mode = true,
		.major = major(dev),
		.minor = minor(dev)};

	return node_make_device(&c->emu->owners, &m->place.dir, m->place.name, &what, NULL);
}

/* mknod and mkdir keep to the mask of the thread, which is the guest's for the time. */
static long make_inode(const struct call *c, struct made *m, mode_t mode, dev_t dev)
{
	cleanup_fd int fd = -1;
	const char *name = m->place.name;
	int dirfd = m->place.dir.fd, r;

	umask(m->mask);
	r = S_ISDIR(mode) ? mkdirat(dirfd, name, m->inode.mode & 07777)
			  : mknodat(dirfd, name, m->inode.mode, dev);
	if (r < 0)
		return -errno;
	if (S_ISREG(mode) || S_ISDIR(mode)) {
		fd = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return -errno;
	}
	return made_finish(c, m, fd);
}

static long mknod_at(struct call *c, int dirfd, int at)
{
	cleanup_made struct made m = MADE_NONE;
	mode_t mode = (mode_t)call_id(c, at + 1);
	uint32_t number = call_id(c, at + 2);
	dev_t dev = makedev((number >> 8) & 0xfff, (number & 0xff) | ((number >> 12) & 0xfff00));
	struct creds who;
	long r;

	if (!(mode & S_IFMT))
		mode |= S_IFREG;
	if (S_ISDIR(mode) || S_ISLNK(mode) || (S_ISCHR(mode) && !dev && who_is_root(c)))
		return CALL_CONTINUE;
	r = made_prepare(c, dirfd, c->args[at], mode, &m);
	if (r == 0 && made_is_device(mode)) {
		r = who_get(c, &who);
		if (r == 0)
			r = access_mknod(&who, &m.dir.st, mode, dev);
		return r < 0 ? r : make_device(c, &m, dev);
	}
	return r ? r : make_inode(c, &m, mode, 0);
}

long do_mknod(struct call *c)
{
	return mknod_at(c, AT_FDCWD, 0);
}

long do_mknodat(struct call *c)
{
	return mknod_at(c, call_int(c, 0), 1);
}

static long mkdir_at(struct call *c, int dirfd, int at)
{
	cleanup_made struct made m = MADE_NONE;
	mode_t mode = S_IFDIR | (call_id(c, at + 1) & 07777);
	long r = made_prepare(c, dirfd, c->args[at], mode, &m);

	return r ? r : make_inode(c, &m, mode, 0);
}

long do_mkdir(struct call *c)
{
	return mkdir_at(c, AT_FDCWD, 0);
}

long do_mkdirat(struct call *c)
{
	return mkdir_at(c, call_int(c, 0), 1);
}

static long symlink_at(struct call *c, int dirfd, int at)
{
	cleanup_made struct made m = MADE_NONE;
	char target[PATH_MAX];
	long r = guest_path(c, c->args[0], target);

	if (r < 0 || !*target)
		return r < 0 ? r : -ENOENT;
	r = made_prepare(c, dirfd, c->args[at], S_IFLNK | 0777, &m);
	if (r)
		return r;
	if (m.place.slash)
		return CALL_CONTINUE;
	if (symlinkat(target, m.place.dir.fd, m.place.name) < 0)
		return -errno;
	return made_finish(c, &m, -1);
}

long do_symlink(struct call *c)
{
	return symlink_at(c, AT_FDCWD, 1);
}

long do_symlinkat(struct call *c)
{
	return symlink_at(c, call_int(c, 1), 2);
}
