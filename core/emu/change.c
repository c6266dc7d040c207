// SPDX-License-Identifier: Apache-2.0
#include "core/emu/handlers.h"

#include "core/base/sys.h"
#include "core/emu/acl.h"
#include "core/emu/strict.h"
#include "core/owner/attr.h"
#include <linux/xattr.h>
#include <sys/time.h>

/* What is about to be changed: 0, or CALL_CONTINUE where the kernel's answer is as good. */
static long find(const struct call *c, int dirfd, uint64_t path, int flags, struct place *p)
{
	int r = view_read(c, dirfd, path, flags, p);

	if (r == 0 && p->foreign)
		return CALL_CONTINUE;
	if (who_is_root(c))
		return r < 0 ? CALL_CONTINUE : 0;
	return r < 0 ? r : place_pin(p);
}

static long find_fd(const struct call *c, int fd, struct place *p)
{
	int r = view_fd(c, fd, p);

	if (r == 0 && p->path_only)
		r = -EBADF;
	/* Looked up again, the number could be another file's. */
	if (r < 0)
		return who_is_root(c) ? CALL_CONTINUE : r;
	return p->foreign ? CALL_CONTINUE : 0;
}

#define KEPT_ACL ATTR_KEPT XATTR_NAME_POSIX_ACL_ACCESS

static bool has_kept_acl(const struct place *p)
{
	return attr_get(p->dir.fd, p->name, KEPT_ACL, NULL, 0) >= 0;
}

/* A list that the host could not store follows the mode as a stored one would. */
static int change_kept_acl(const struct place *p, mode_t mode)
{
	cleanup_buf struct buf value = BUF_NONE;
	mode_t before = 0;
	int r = attr_read(p->dir.fd, p->name, KEPT_ACL, &value);

	if (r < 0 || !acl_mode(value.data, value.len, &before))
		return r == -ENODATA ? 0 : r;
	acl_chmod(value.data, value.len, mode);
	return attr_set(p->dir.fd, p->name, KEPT_ACL, value.data, value.len);
}

/* Some modes are only said, by an attribute: of devices, and of what the host must not open. */
static long change_mode(const struct call *c, struct place *p, mode_t mode)
{
	const struct owners *o = &c->emu->owners;
	struct creds who;
	struct node node;
	int r = node_read(o, &p->dir, p->name, &node, NULL);

	if (r < 0 || (p->slash && !S_ISDIR(node.st.st_mode)))
		return CALL_CONTINUE;
	if (S_ISLNK(node.st.st_mode))
		return who_is_root(c) ? CALL_CONTINUE : -EOPNOTSUPP;
	if (!who_is_root(c)) {
		r = who_get(c, &who);
		if (r == 0)
			r = access_chmod(&who, &node.st, mode, &mode);
		if (r < 0)
			return r;
	} else if (!node.override && !(node.has_attrs && has_kept_acl(p))) {
		return CALL_CONTINUE;
	}
	if (!call_valid(c))
		return -EINTR;
	r = node_chmod(o, &p->dir, p->name, &node, mode & 07777, NULL);
	return r == 0 && node.has_attrs ? change_kept_acl(p, mode) : r;
}

static long chmod_at(struct call *c, int dirfd, uint64_t path, int flags, uint32_t mode)
{
	cleanup_place struct place p = PLACE_NONE;
	long r = find(c, dirfd, path, flags, &p);

	return r ? r : change_mode(c, &p, (mode_t)mode & 07777);
}

long do_chmod(struct call *c)
{
	return chmod_at(c, AT_FDCWD, c->args[0], 0, call_id(c, 1));
}

long do_fchmod(struct call *c)
{
	cleanup_place struct place p = PLACE_NONE;
	long r = find_fd(c, call_int(c, 0), &p);

	return r ? r : change_mode(c, &p, (mode_t)call_id(c, 1) & 07777);
}

long do_fchmodat(struct call *c)
{
	return chmod_at(c, call_int(c, 0), c->args[1], 0, call_id(c, 2));
}

long do_fchmodat2(struct call *c)
{
	return chmod_at(c, call_int(c, 0), c->args[1], call_int(c, 3), call_id(c, 2));
}

/* The times of a call, as utimensat(2) has them. */
struct times {
	struct timespec at[2];
	bool now, omitted;
};

/* A user who is not root is asked, and then it is done to what was asked about. */
static long set_times(const struct call *c, struct place *p, const struct times *t)
{
	struct creds who;
	struct node node;
	int r = who_get(c, &who);

	if (r == 0)
		r = node_read(&c->emu->owners, &p->dir, p->name, &node, NULL);
	if (r == 0)
		r = access_utimes(&who, &node.st, t->now);
	if (r == 0 && !call_valid(c))
		r = -EINTR;
	if (r < 0)
		return r;
	if (!p->name)
		return sys_utimens_fd(p->dir.fd, t->at);
	return utimensat(p->dir.fd, p->name, t->at, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static long set_times_at(struct call *c, int dirfd, uint64_t path, int flags, const struct times *t)
{
	cleanup_place struct place p = PLACE_NONE;
	long r;

	if (who_is_root(c) || t->omitted || (!path && (flags || dirfd == AT_FDCWD)))
		return CALL_CONTINUE;
	r = path ? find(c, dirfd, path, flags, &p) : find_fd(c, dirfd, &p);
	return r ? r : set_times(c, &p, t);
}

static const struct times times_now = {.at = {{0, UTIME_NOW}, {0, UTIME_NOW}}, .now = true};

static int read_times(const struct call *c, uint64_t at, struct times *t)
{
	struct {
		int32_t sec, nsec;
	} narrow[2];
	int r;

	if (!at) {
		*t = times_now;
		return 0;
	}
	if (c->i386 && !strstr(c->row->name, "64")) {
		r = guest_read(c, at, narrow, sizeof(narrow));
		for (int i = 0; i < 2; i++)
			t->at[i] = (struct timespec){narrow[i].sec, narrow[i].nsec};
	} else {
		r = guest_read(c, at, t->at, sizeof(t->at));
	}
	t->now = t->at[0].tv_nsec == UTIME_NOW && t->at[1].tv_nsec == UTIME_NOW;
	t->omitted = t->at[0].tv_nsec == UTIME_OMIT && t->at[1].tv_nsec == UTIME_OMIT;
	return r;
}

long do_utimensat(struct call *c)
{
	struct times t;

	if (who_is_root(c) || (!c->args[1] && call_int(c, 3)) || read_times(c, c->args[2], &t) < 0)
		return CALL_CONTINUE;
	return set_times_at(c, call_int(c, 0), c->args[1], call_int(c, 3), &t);
}

/* Seconds, or seconds and microseconds, of the machine's own width. */
static int read_old_times(const struct call *c, uint64_t at, bool micro, struct times *t)
{
	int64_t wide[4] = {0};
	int32_t narrow[4] = {0};
	size_t count = micro ? 4 : 2;
	int r;

	*t = times_now;
	if (!at)
		return 0;
	if (c->i386) {
		r = guest_read(c, at, narrow, count * sizeof(narrow[0]));
		for (size_t i = 0; i < count; i++)
			wide[i] = narrow[i];
	} else {
		r = guest_read(c, at, wide, count * sizeof(wide[0]));
	}
	t->now = false;
	for (size_t i = 0; i < 2; i++)
		t->at[i] = (struct timespec){wide[micro ? 2 * i : i],
			micro ? (long)(wide[2 * i + 1] % 1000000 * 1000) : 0};
	return r;
}

static long old_times(struct call *c, int dirfd, int arg, bool micro)
{
	struct times t;

	if (who_is_root(c) || read_old_times(c, c->args[arg + 1], micro, &t) < 0)
		return CALL_CONTINUE;
	return set_times_at(c, dirfd, c->args[arg], 0, &t);
}

long do_utime(struct call *c)
{
	return old_times(c, AT_FDCWD, 0, false);
}

long do_utimes(struct call *c)
{
	return old_times(c, AT_FDCWD, 0, true);
}

long do_futimesat(struct call *c)
{
	return old_times(c, call_int(c, 0), 1, true);
}

/* truncate(2) of a device, and by a user who may not write. */
long do_truncate(struct call *c)
{
	cleanup_place struct place p = PLACE_NONE;
	struct creds who;
	struct node node;
	long r = find(c, AT_FDCWD, c->args[0], 0, &p);

	if (r || node_read(&c->emu->owners, &p.dir, p.name, &node, NULL) < 0)
		return r ? r : CALL_CONTINUE;
	r = node.disguised ? -EINVAL : who_get(c, &who);
	if (r == 0 && S_ISREG(node.st.st_mode))
		r = strict_may(&who, &p, &node, ACCESS_WRITE);
	if (r < 0 || !S_ISREG(node.st.st_mode) || !(node.st.st_mode & (S_ISUID | S_ISGID)) ||
		!creds_capable(&who, CAP_FSETID))
		return r < 0 ? r : CALL_CONTINUE;
	if (!call_valid(c))
		return -EINTR;
	return place_truncate(&p, &node.real, (off_t)c->args[1]);
}

/* The same by descriptor, for the sake of the set-id bits. */
long do_ftruncate(struct call *c)
{
	cleanup_fd int fd = guest_fd(c, call_int(c, 0));
	struct creds who;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
		!(st.st_mode & (S_ISUID | S_ISGID)) || who_get(c, &who) < 0 ||
		!creds_capable(&who, CAP_FSETID) || !call_valid(c))
		return CALL_CONTINUE;
	if (ftruncate(fd, (off_t)c->args[1]) < 0)
		return -errno;
	return fchmod(fd, st.st_mode & 07777) < 0 ? -errno : 0;
}
