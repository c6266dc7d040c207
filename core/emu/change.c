// SPDX-License-Identifier: Apache-2.0
#include "core/emu/handlers.h"

#include "core/base/sys.h"
#include <sys/time.h>

/* What is about to be changed: 0, or CALL_CONTINUE where the kernel's answer is as good. */
static long find(const struct call *c, int dirfd, uint64_t path, int flags, struct place *p)
{
	int r = view_read(c, dirfd, path, flags, p);

	return r < 0 || p->foreign ? CALL_CONTINUE : 0;
}

static long find_fd(const struct call *c, int fd, struct place *p)
{
	int r = view_fd(c, fd, p);

	return r < 0 || p->foreign || place_is_path_only(p) ? CALL_CONTINUE : 0;
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
	if (!who_is_root(c)) {
		r = who_get(c, &who);
		if (r == 0)
			r = access_chmod(&who, &node.st, mode, &mode);
		if (r < 0)
			return r;
	} else if (!node.override) {
		return CALL_CONTINUE;
	}
	if (S_ISLNK(node.st.st_mode))
		return CALL_CONTINUE;
	return call_valid(c) ? node_chmod(o, &p->dir, p->name, &node, mode & 07777, NULL) : -EINTR;
}

static long chmod_at(struct call *c, int dirfd, uint64_t path, int flags, uint32_t mode)
{
	cleanup_place struct place p = PLACE_NONE;
	long r = find(c, dirfd, path, flags, &p);

	return r ? r : change_mode(c, &p, (mode_t)mode & 07777);
}

/* An unset table entry of root costs nothing: most modes are really there. */
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

/* Whether a user who is not root may; then the kernel does it. */
static long may_set_times(const struct call *c, struct place *p, bool now)
{
	struct creds who;
	struct node node;
	int r = who_get(c, &who);

	if (r == 0 && node_read(&c->emu->owners, &p->dir, p->name, &node, NULL) == 0)
		r = access_utimes(&who, &node.st, now);
	return r < 0 ? r : CALL_CONTINUE;
}

static long set_times_at(struct call *c, int dirfd, uint64_t path, int flags, bool now)
{
	cleanup_place struct place p = PLACE_NONE;
	long r;

	if (who_is_root(c))
		return CALL_CONTINUE;
	r = path ? find(c, dirfd, path, flags, &p) : find_fd(c, dirfd, &p);
	return r ? r : may_set_times(c, &p, now);
}

/* Both times now, or no times at all; -1 where there is nothing to be set. */
static int are_now(const struct call *c, uint64_t at)
{
	struct timespec times[2];
	struct {
		int32_t sec, nsec;
	} narrow[2];
	long nsec[2];

	if (!at)
		return 1;
	if (c->i386 && !strstr(c->row->name, "64")) {
		if (guest_read(c, at, narrow, sizeof(narrow)) < 0)
			return 0;
		nsec[0] = narrow[0].nsec;
		nsec[1] = narrow[1].nsec;
	} else {
		if (guest_read(c, at, times, sizeof(times)) < 0)
			return 0;
		nsec[0] = times[0].tv_nsec;
		nsec[1] = times[1].tv_nsec;
	}
	if (nsec[0] == UTIME_OMIT && nsec[1] == UTIME_OMIT)
		return -1;
	return nsec[0] == UTIME_NOW && nsec[1] == UTIME_NOW;
}

long do_utimensat(struct call *c)
{
	int now = are_now(c, c->args[2]);

	if (now < 0)
		return CALL_CONTINUE;
	return set_times_at(c, call_int(c, 0), c->args[1], call_int(c, 3), now);
}

long do_utimes(struct call *c)
{
	return set_times_at(c, AT_FDCWD, c->args[0], 0, !c->args[1]);
}

long do_futimesat(struct call *c)
{
	return set_times_at(c, call_int(c, 0), c->args[1], 0, !c->args[2]);
}

/* truncate(2) by a user who may not write. */
long do_truncate(struct call *c)
{
	cleanup_place struct place p = PLACE_NONE;
	struct creds who;
	struct node node;
	long r;

	if (who_is_root(c))
		return CALL_CONTINUE;
	r = find(c, AT_FDCWD, c->args[0], 0, &p);
	if (r || node_read(&c->emu->owners, &p.dir, p.name, &node, NULL) < 0)
		return CALL_CONTINUE;
	r = who_get(c, &who);
	if (r == 0 && S_ISREG(node.st.st_mode))
		r = access_check(&who, &node.st, ACCESS_WRITE);
	return r < 0 ? r : CALL_CONTINUE;
}
