// SPDX-License-Identifier: Apache-2.0
#include "core/emu/handlers.h"

#include "core/base/sys.h"
#include "core/emu/near.h"
#include "core/emu/strict.h"
#include <sys/sysmacros.h>

/* The inode in question: found below fd by name, or fd itself where name is NULL. */
struct found {
	int fd;
	const char *name;
	struct near near; /* where it was found quickly */
	struct place place;
	struct node node; /* little is set from the start: calls are many */
};

static void found_start(struct found *f)
{
	f->fd = -1;
	f->near.owned = false;
	f->place.dir = (struct dir)DIR_NONE;
	f->place.slash = f->place.foreign = false;
}

static void found_end(struct found *f)
{
	near_end(&f->near);
	place_end(&f->place);
}

#define cleanup_found cleanup(found_end)

/* Has a record or a disguise, so that the kernel's answer would not do. */
static bool differs(const struct node *n)
{
	return n->recorded || n->override;
}

/* An open pipe, socket, terminal or the like, which stands in no directory of a tree. */
static bool is_nameless(const struct call *c, const struct stat *st)
{
	return S_ISCHR(st->st_mode) || st->st_dev == c->emu->socket_dev ||
	       st->st_dev == c->emu->pipe_dev;
}

/* 1: found and read; 0: not to be had this way; CALL_CONTINUE. */
static long read_quickly(const struct call *c, struct found *f, bool follow)
{
	struct dir dir = DIR_NONE; /* its descriptor is borrowed, its map not read */
	struct stat st;

	if ((f->name ? fstatat(f->fd, f->name, &st, AT_SYMLINK_NOFOLLOW) : fstat(f->fd, &st)) < 0)
		return errno == ENOENT || errno == ENOTDIR ? CALL_CONTINUE : 0;
	if (S_ISLNK(st.st_mode) && follow && f->name)
		return 0;
	if (st.st_dev == c->emu->proc_st.st_dev)
		return f->near.owned ? CALL_CONTINUE : 0;
	if (!f->name && is_nameless(c, &st))
		return CALL_CONTINUE;
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return f->name && near_without_map(&f->near) ? CALL_CONTINUE : 0;
	dir.fd = f->fd;
	return node_read_known(&c->emu->owners, &dir, f->name, &st, &f->node, NULL) < 0 ? 0 : 1;
}

static long find_quickly(
	const struct call *c, int dirfd, const char *path, int flags, struct found *f)
{
	int r = near_start(c, dirfd, path, &f->near);

	if (r <= 0)
		return r;
	f->fd = f->near.fd;
	f->name = f->near.name;
	return read_quickly(c, f, !(flags & AT_SYMLINK_NOFOLLOW));
}

/* The sure way. */
static long find_slowly(
	const struct call *c, int dirfd, const char *path, int flags, struct found *f)
{
	int r;

	near_end(&f->near);
	f->near.owned = false;
	r = view_place(c, dirfd, path, flags, &f->place);
	if (r < 0 || f->place.foreign)
		return r < 0 ? r : CALL_CONTINUE;
	f->fd = f->place.dir.fd;
	f->name = f->place.name;
	r = node_read(&c->emu->owners, &f->place.dir, f->name, &f->node, NULL);
	if (r == -EBADMSG)
		return CALL_CONTINUE;
	return r < 0 ? r : 1;
}

/* 1 where the node is one that only we can describe; errno or CALL_CONTINUE. */
static long find(const struct call *c, int dirfd, const char *path, int flags, struct found *f)
{
	struct creds who;
	bool asks = *path && strict_asks(c, &who);
	long r = asks ? 0 : find_quickly(c, dirfd, path, flags, f);

	if (r == 0)
		r = find_slowly(c, dirfd, path, flags, f);
	if (r < 0 && asks)
		return r;
	if (r < 0)
		/* What the guest gets wrong it is told by the kernel. */
		return CALL_CONTINUE;
	return differs(&f->node) ? 1 : CALL_CONTINUE;
}

static long find_read(const struct call *c, int dirfd, uint64_t path, int flags,
	char text[PATH_MAX], struct found *f)
{
	if (!path && flags & AT_EMPTY_PATH)
		*text = '\0';
	else if (guest_path(c, path, text) < 0)
		return CALL_CONTINUE;
	if (!*text && !(flags & AT_EMPTY_PATH))
		return CALL_CONTINUE;
	return find(c, dirfd, text, flags, f);
}

struct stat_i386 {
	uint32_t dev, ino;
	uint16_t mode, nlink, uid, gid;
	uint32_t rdev, size, blksize, blocks;
	uint32_t atime, atime_nsec, mtime, mtime_nsec, ctime, ctime_nsec, unused[2];
};

struct stat64_i386 {
	uint64_t dev;
	uint32_t pad0, ino32, mode, nlink, uid, gid;
	uint64_t rdev;
	uint32_t pad3;
	int64_t size;
	uint32_t blksize;
	uint64_t blocks;
	uint32_t atime, atime_nsec, mtime, mtime_nsec, ctime, ctime_nsec;
	uint64_t ino;
} __attribute__((packed));

/* The kernel's numbers for a device, in 64 and in 16 bits. */
static uint64_t device_huge(dev_t dev)
{
	return (minor(dev) & 0xff) | (uint64_t)major(dev) << 8 |
	       (uint64_t)(minor(dev) & ~0xffu) << 12;
}

static uint16_t id16(uint32_t id)
{
	return id > 0xffff ? 65534 : (uint16_t)id;
}

static long put_stat64_i386(const struct call *c, uint64_t at, const struct stat *st)
{
	struct stat64_i386 s = {.dev = device_huge(st->st_dev),
		.ino32 = (uint32_t)st->st_ino,
		.mode = st->st_mode,
		.nlink = (uint32_t)st->st_nlink,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.rdev = device_huge(st->st_rdev),
		.size = st->st_size,
		.blksize = (uint32_t)st->st_blksize,
		.blocks = (uint64_t)st->st_blocks,
		.atime = (uint32_t)st->st_atim.tv_sec,
		.atime_nsec = (uint32_t)st->st_atim.tv_nsec,
		.mtime = (uint32_t)st->st_mtim.tv_sec,
		.mtime_nsec = (uint32_t)st->st_mtim.tv_nsec,
		.ctime = (uint32_t)st->st_ctim.tv_sec,
		.ctime_nsec = (uint32_t)st->st_ctim.tv_nsec,
		.ino = st->st_ino};

	return guest_write(c, at, &s, sizeof(s));
}

static long put_stat_i386(const struct call *c, uint64_t at, const struct stat *st)
{
	struct stat_i386 s = {.dev = (uint32_t)device_huge(st->st_dev),
		.ino = (uint32_t)st->st_ino,
		.mode = (uint16_t)st->st_mode,
		.nlink = (uint16_t)st->st_nlink,
		.uid = id16(st->st_uid),
		.gid = id16(st->st_gid),
		.rdev = (uint32_t)device_huge(st->st_rdev),
		.size = (uint32_t)st->st_size,
		.blksize = (uint32_t)st->st_blksize,
		.blocks = (uint32_t)st->st_blocks,
		.atime = (uint32_t)st->st_atim.tv_sec,
		.atime_nsec = (uint32_t)st->st_atim.tv_nsec,
		.mtime = (uint32_t)st->st_mtim.tv_sec,
		.mtime_nsec = (uint32_t)st->st_mtim.tv_nsec,
		.ctime = (uint32_t)st->st_ctim.tv_sec,
		.ctime_nsec = (uint32_t)st->st_ctim.tv_nsec};

	if (st->st_size > INT32_MAX || st->st_ino > UINT32_MAX)
		return -EOVERFLOW;
	return guest_write(c, at, &s, sizeof(s));
}

/* The C library's struct stat is the kernel's own on 64-bit machines. */
static long put(const struct call *c, uint64_t at, const struct stat *st)
{
	if (!c->i386)
		return guest_write(c, at, st, sizeof(*st));
	return strchr(c->row->name, '6') ? put_stat64_i386(c, at, st) : put_stat_i386(c, at, st);
}

static long answer(const struct call *c, int dirfd, uint64_t path, int flags, uint64_t out)
{
	cleanup_found struct found f;
	char text[PATH_MAX];
	long r;

	found_start(&f);
	r = find_read(c, dirfd, path, flags, text, &f);
	return r == 1 ? put(c, out, &f.node.st) : r;
}

long do_stat(struct call *c)
{
	return answer(c, AT_FDCWD, c->args[0], 0, c->args[1]);
}

long do_lstat(struct call *c)
{
	return answer(c, AT_FDCWD, c->args[0], AT_SYMLINK_NOFOLLOW, c->args[1]);
}

long do_fstat(struct call *c)
{
	cleanup_found struct found f;
	long r;

	found_start(&f);
	r = find(c, call_int(c, 0), "", AT_EMPTY_PATH, &f);
	return r == 1 ? put(c, c->args[1], &f.node.st) : r;
}

long do_fstatat(struct call *c)
{
	int flags = call_int(c, 3);

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT))
		return CALL_CONTINUE;
	return answer(c, call_int(c, 0), c->args[1], flags, c->args[2]);
}

static void dress(struct sys_statx *x, const struct node *n)
{
	x->mode = (uint16_t)n->st.st_mode;
	x->uid = n->st.st_uid;
	x->gid = n->st.st_gid;
	x->rdev_major = major(n->st.st_rdev);
	x->rdev_minor = minor(n->st.st_rdev);
}

long do_statx(struct call *c)
{
	cleanup_found struct found f;
	int flags = call_int(c, 2);
	char text[PATH_MAX];
	struct sys_statx x;
	long r;

	found_start(&f);
	r = find_read(c, call_int(c, 0), c->args[1], flags, text, &f);
	if (r != 1)
		return r;
	flags |= AT_SYMLINK_NOFOLLOW | (f.name ? 0 : AT_EMPTY_PATH);
	r = sys_statx(f.fd, f.name ? f.name : "", flags, call_id(c, 3), &x);
	if (r < 0)
		return r;
	dress(&x, &f.node);
	return guest_write(c, c->args[4], &x, sizeof(x));
}
