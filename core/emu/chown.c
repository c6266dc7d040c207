// SPDX-License-Identifier: Apache-2.0
#include "core/emu/handlers.h"

/* What is root's already, and not by a record, the kernel gives to root as well as we. */
static bool is_kernels_own(const struct call *c, const struct node *n, uint32_t uid, uint32_t gid)
{
	return !n->recorded && !n->override && (!uid || uid == OWNER_KEEP) &&
	       (!gid || gid == OWNER_KEEP) && !n->own.uid && !n->own.gid && geteuid() == 0 &&
	       who_is_root(c);
}

/* What chown(2) does to the place, which is our own to close. */
static long change(struct call *c, struct place *p, uint32_t uid, uint32_t gid)
{
	const struct owners *o = &c->emu->owners;
	struct creds who;
	struct node node;
	mode_t mode;
	int r;

	if (p->foreign)
		return CALL_CONTINUE;
	r = who_is_root(c) ? 0 : place_pin(p);
	if (r < 0)
		return r;
	r = node_read(o, &p->dir, p->name, &node, NULL);
	if (r < 0 && r != -EBADMSG)
		return r;
	if (p->slash && !S_ISDIR(node.st.st_mode))
		return -ENOTDIR;
	if (is_kernels_own(c, &node, uid, gid))
		return CALL_CONTINUE;
	r = who_get(c, &who);
	if (r == 0)
		r = access_chown(&who, &node.st, uid, gid, &mode);
	if (r < 0)
		return r;
	if (!call_valid(c))
		return -EINTR;
	place_pull_up(p, &node.real);
	r = node_clear_setid(&p->dir, p->name, &node, NULL);
	if (r == 0)
		r = node_chown(o, &p->dir, p->name, &node, (struct owner){uid, gid}, NULL);
	if (r == 0)
		r = dir_flush(o, &p->dir, NULL);
	if (r == 0)
		place_touch(p, &node.real);
	return r;
}

static long chown_at(struct call *c, int dirfd, uint64_t path, int flags, int ids)
{
	cleanup_place struct place p = PLACE_NONE;
	int r = view_read(c, dirfd, path, flags, &p);

	return r < 0 ? r : change(c, &p, call_id16(c, ids), call_id16(c, ids + 1));
}

long do_chown(struct call *c)
{
	return chown_at(c, AT_FDCWD, c->args[0], 0, 1);
}

long do_lchown(struct call *c)
{
	return chown_at(c, AT_FDCWD, c->args[0], AT_SYMLINK_NOFOLLOW, 1);
}

long do_fchown(struct call *c)
{
	cleanup_place struct place p = PLACE_NONE;
	int r = view_fd(c, call_int(c, 0), &p);

	if (r == 0 && p.path_only)
		r = -EBADF;
	return r < 0 ? r : change(c, &p, call_id16(c, 1), call_id16(c, 2));
}

long do_fchownat(struct call *c)
{
	int flags = call_int(c, 4);

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return chown_at(c, call_int(c, 0), c->args[1], flags, 2);
}
