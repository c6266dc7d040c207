// SPDX-License-Identifier: Apache-2.0
#include "core/emu/handlers.h"

#include "core/base/sys.h"
#include "core/emu/made.h"
#include "core/emu/near.h"
#include "core/emu/strict.h"
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

struct opening {
	int dirfd;
	uint64_t path;
	int flags; /* as open's */
	mode_t mode;
};

/*
 * Not SECCOMP_ADDFD_FLAG_SEND, which answers at once: the guest could close its descriptor and
 * execute the file before ours is closed, and would get ETXTBSY.
 */
long call_give_fd(const struct call *c, int fd, bool cloexec)
{
	struct seccomp_notif_addfd give = {
		.id = c->id, .srcfd = (uint32_t)fd, .newfd_flags = cloexec ? O_CLOEXEC : 0};
	int r = ioctl(c->emu->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &give);

	return r < 0 ? -errno : r;
}

static long give(const struct call *c, int fd, const struct opening *o)
{
	return call_give_fd(c, fd, o->flags & O_CLOEXEC);
}

/* Flags with which we open for the guest: the descriptor is ours, and no terminal becomes so. */
static int our_flags(const struct opening *o)
{
	return o->flags | O_CLOEXEC | O_NOCTTY;
}

/* The host's own device of that number, where it is one that anybody may have. */
static const char *host_device(dev_t dev)
{
	static const struct {
		unsigned int major, minor;
		const char *path;
	} devices[] = {
		{1, 3, "/dev/null"},
		{1, 5, "/dev/zero"},
		{1, 7, "/dev/full"},
		{1, 8, "/dev/random"},
		{1, 9, "/dev/urandom"},
		{5, 0, "/dev/tty"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		if (major(dev) == devices[i].major && minor(dev) == devices[i].minor)
			return devices[i].path;
	return NULL;
}

/*
 * A disguised device is opened as what it stands for. The device in our own root has to be the one
 * that it says it is; the terminal is the guest's, which is not always ours.
 */
static long open_device(const struct call *c, const struct node *n, const struct opening *o)
{
	const char *path = S_ISCHR(n->st.st_mode) ? host_device(n->st.st_rdev) : NULL;
	cleanup_fd int fd = -1;
	struct stat st;

	if (o->flags & O_PATH)
		return CALL_CONTINUE;
	fd = path ? open(path, our_flags(o) & ~(O_CREAT | O_EXCL | O_TRUNC | O_NOFOLLOW)) : -1;
	if (!path || fd < 0)
		return -ENXIO;
	if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != n->st.st_rdev)
		return -ENXIO;
	return give(c, fd, o);
}

/* O_TRUNC by one who may keep the set-id bits of what is cut. */
static long open_cut(
	const struct call *c, const struct node *n, const struct opening *o, const struct place *p)
{
	cleanup_fd int fd = -1;
	struct creds who;
	int r;

	if (!S_ISREG(n->st.st_mode) || !(n->st.st_mode & (S_ISUID | S_ISGID)) ||
		who_get(c, &who) < 0 || !creds_capable(&who, CAP_FSETID) || p->slash ||
		!call_valid(c))
		return CALL_CONTINUE;
	r = place_truncate(p, &n->real, 0);
	if (r < 0)
		return r;
	fd = openat(
		p->dir.fd, p->name, (our_flags(o) & ~(O_CREAT | O_EXCL | O_TRUNC)) | O_NOFOLLOW);
	return fd < 0 ? -errno : give(c, fd, o);
}

static int reopen_same(const struct place *p, const struct node *n, int flags)
{
	cleanup_fd int fd = openat(p->dir.fd, p->name, flags | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_ino != n->real.st_ino || st.st_dev != n->real.st_dev)
		return -EACCES;
	return take_fd(&fd);
}

/*
 * With O_CREAT the kernel would make, as root's, what has gone away meanwhile: so that very inode
 * is opened here.
 */
static long open_checked(const struct call *c, const struct creds *who, const struct node *n,
	const struct opening *o, const struct place *p)
{
	int flags = our_flags(o) & ~(O_CREAT | O_EXCL | O_TRUNC);
	cleanup_fd int cut = -1, fd = -1;

	if (o->flags & O_TRUNC) {
		cut = reopen_same(p, n, O_WRONLY);
		if (cut < 0)
			return cut;
		if (ftruncate(cut, 0) < 0)
			return -errno;
		if (creds_capable(who, CAP_FSETID) && fchmod(cut, n->real.st_mode & 07777) < 0)
			return -errno;
	}
	fd = reopen_same(p, n, flags);
	return fd < 0 ? fd : give(c, fd, o);
}

/* What access_open asks, and its list of access. */
static int may_open(const struct creds *who, struct place *p, const struct node *n, int flags)
{
	static const uint8_t modes[] = {
		ACCESS_READ, ACCESS_WRITE, ACCESS_READ | ACCESS_WRITE, ACCESS_READ | ACCESS_WRITE};
	int r = access_open(who, &n->st, flags), want = modes[flags & 3];

	if (r != -EACCES && !n->has_attrs)
		return r;
	return r == -EISDIR || r == -EPERM
		       ? r
		       : strict_may(who, p, n, want | (flags & O_TRUNC ? ACCESS_WRITE : 0));
}

/* What is there already. */
static long open_old(const struct call *c, const struct opening *o, struct place *p)
{
	const struct owners *owners = &c->emu->owners;
	struct access_sysctl sysctl;
	struct node node, dir;
	struct creds who;
	int r;

	if (p->foreign || (!p->name && who_is_root(c)))
		return CALL_CONTINUE;
	r = node_read(owners, &p->dir, p->name, &node, NULL);
	if (r < 0)
		return CALL_CONTINUE;
	if (o->flags & O_CREAT && o->flags & O_EXCL)
		return CALL_CONTINUE;
	if (o->flags & O_DIRECTORY && !S_ISDIR(node.st.st_mode))
		return -ENOTDIR;
	if (!who_is_root(c)) {
		r = who_get(c, &who);
		if (r == 0 && o->flags & O_CREAT &&
			node_read(owners, &p->dir, NULL, &dir, NULL) == 0) {
			who_sysctl(&sysctl);
			r = S_ISDIR(node.st.st_mode)
				    ? -EISDIR
				    : access_open_create(&who, &dir.st, &node.st, &sysctl);
		}
		if (r == 0 && (o->flags & (O_WRONLY | O_RDWR | O_TRUNC) || c->emu->options.strict))
			r = may_open(&who, p, &node, o->flags);
		if (r < 0)
			return r;
	}
	if (!p->name)
		return CALL_CONTINUE;
	if (node.disguised)
		return open_device(c, &node, o);
	if (!who_is_root(c) && S_ISREG(node.real.st_mode) && o->flags & O_CREAT && !c->resolve)
		return open_checked(c, &who, &node, o, p);
	return o->flags & O_TRUNC ? open_cut(c, &node, o, p) : CALL_CONTINUE;
}

/* A file that is made must be its owner's before the guest has it. */
static long open_new(const struct call *c, const struct opening *o, struct made *m)
{
	cleanup_fd int fd = -1;
	long r;

	umask(m->mask);
	fd = openat(m->place.dir.fd, m->place.name, our_flags(o) | O_EXCL | O_NOFOLLOW,
		m->inode.mode & 07777);
	if (fd < 0)
		return -errno;
	r = made_finish(c, m, fd);
	return r < 0 ? r : give(c, fd, o);
}

/* O_TMPFILE: the path is a directory, and the file has no name. */
static long open_unnamed(const struct call *c, const struct opening *o)
{
	cleanup_made struct made m = MADE_NONE;
	cleanup_fd int fd = -1;
	struct creds who;
	int r = view_read(c, o->dirfd, o->path, 0, &m.place), dirfd;

	if (r < 0)
		return made_refuse(c, r);
	if (m.place.foreign || !m.place.name || !(o->flags & (O_WRONLY | O_RDWR)))
		return CALL_CONTINUE;
	r = node_read(&c->emu->owners, &m.place.dir, m.place.name, &m.dir, NULL);
	if (r < 0 || !S_ISDIR(m.dir.st.st_mode))
		return CALL_CONTINUE;
	if (who_is_root(c) && !(m.dir.st.st_mode & S_ISGID))
		return CALL_CONTINUE;
	r = who_get(c, &who);
	if (r == 0)
		r = access_create(&who, &m.dir.st);
	if (r == 0)
		r = made_owner(c, &who, S_IFREG | (o->mode & 07777), &m);
	if (r < 0)
		return r;
	dirfd = openat(m.place.dir.fd, m.place.name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dirfd < 0)
		return -errno;
	umask(m.mask);
	fd = openat(dirfd, ".", our_flags(o), m.inode.mode & 07777);
	close(dirfd);
	if (fd < 0)
		return -errno;
	r = node_own_new(&c->emu->owners, &m.place.dir, NULL, fd,
		(struct owner){m.inode.uid, m.inode.gid}, NULL);
	return r < 0 ? r : give(c, fd, o);
}

/* Whether the path ends in a name and a slash: nothing that open could make. */
static bool names_dir(const char *path)
{
	const char *end = path + strlen(path), *name;

	if (end == path || end[-1] != '/')
		return false;
	while (end > path && end[-1] == '/')
		end--;
	for (name = end; name > path && name[-1] != '/'; name--)
		;
	return end > name && strncmp(name, "./", 2) != 0 && strncmp(name, "../", 3) != 0;
}

static long open_at(struct call *c, const struct opening *o)
{
	cleanup_made struct made m = MADE_NONE;
	bool exclusive = (o->flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
	int nofollow = o->flags & O_NOFOLLOW || exclusive ? AT_SYMLINK_NOFOLLOW : 0;
	char path[PATH_MAX];
	struct stat st;
	bool slash;
	long r;

	if (o->flags & O_PATH)
		return strict_way(
			c, o->dirfd, o->path, o->flags & O_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0);
	if ((o->flags & O_TMPFILE) == O_TMPFILE)
		return open_unnamed(c, o);
	if (o->flags & O_CREAT && o->flags & O_DIRECTORY)
		return CALL_CONTINUE;
	if (who_is_root(c) && !c->resolve &&
		near_opens_own(c, o->dirfd, o->path, o->flags & O_CREAT))
		return CALL_CONTINUE;
	r = guest_path(c, o->path, path);
	slash = r == 0 && o->flags & O_CREAT && names_dir(path);
	if (r == 0)
		r = view_place(c, o->dirfd, path, nofollow | (slash ? VIEW_LAST : 0), &m.place);
	if (r == 0 && slash)
		r = -EISDIR;
	if (r < 0)
		return made_refuse(c, (int)r);
	if (place_stat(&m.place, &st) == 0)
		return !S_ISLNK(st.st_mode) && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) ||
						       !who_is_root(c))
			       ? open_old(c, o, &m.place)
			       : CALL_CONTINUE;
	if (!(o->flags & O_CREAT) || m.place.slash)
		return CALL_CONTINUE;
	r = made_at(c, S_IFREG | (o->mode & 07777), &m);
	return r ? r : open_new(c, o, &m);
}

long do_open(struct call *c)
{
	return open_at(c, &(struct opening){AT_FDCWD, c->args[0], call_int(c, 1), call_id(c, 2)});
}

long do_openat(struct call *c)
{
	return open_at(
		c, &(struct opening){call_int(c, 0), c->args[1], call_int(c, 2), call_id(c, 3)});
}

long do_creat(struct call *c)
{
	return open_at(c, &(struct opening){AT_FDCWD, c->args[0], O_CREAT | O_WRONLY | O_TRUNC,
				  call_id(c, 1)});
}

enum {
	RESOLVES = 0x3f,    /* all RESOLVE_* that there are */
	RESOLVE_CACHED = 32 /* may say EAGAIN */
};

/* Whether the kernel refuses it before it looks at the path. */
static bool is_wrong(uint64_t flags, uint64_t mode, uint64_t resolve)
{
	uint64_t path = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	bool makes = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE;

	return flags > UINT32_MAX || resolve & ~(uint64_t)RESOLVES || mode & ~07777ull ||
	       (mode && !makes) || (flags & O_PATH && flags & ~path) ||
	       (resolve & SYS_RESOLVE_BENEATH && resolve & SYS_RESOLVE_IN_ROOT);
}

/* Where a path may lead is asked again by the kernel, where it opens what is there. */
long do_openat2(struct call *c)
{
	struct {
		uint64_t flags, mode, resolve;
	} how;

	if (c->args[3] < sizeof(how) || guest_read(c, c->args[2], &how, sizeof(how)) < 0)
		return CALL_CONTINUE;
	if (!(how.flags & (O_CREAT | O_TMPFILE | O_TRUNC | O_WRONLY | O_RDWR)) &&
		!c->emu->options.strict)
		return CALL_CONTINUE;
	if (is_wrong(how.flags, how.mode, how.resolve) || how.resolve & RESOLVE_CACHED)
		return CALL_CONTINUE;
	c->resolve = how.resolve & ~(uint64_t)SYS_RESOLVE_NO_MAGICLINKS;
	c->resolve_from = call_int(c, 0);
	return open_at(
		c, &(struct opening){call_int(c, 0), c->args[1], (int)how.flags, (mode_t)how.mode});
}
