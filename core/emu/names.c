// SPDX-License-Identifier: Apache-2.0
#include "core/emu/handlers.h"

#include "core/emu/near.h"
#include <linux/fs.h>
#include <sys/syscall.h>

/* A place with its directory's node and, where there is one, its own. */
struct named {
	struct place place;
	struct node dir, node;
	bool there;
};

#define NAMED_NONE                                                                                 \
	{                                                                                          \
		.place = PLACE_NONE                                                                \
	}

static void named_end(struct named *n)
{
	place_end(&n->place);
}

#define cleanup_named cleanup(named_end)

static bool has_name(const struct place *p)
{
	return p->name && strcmp(p->name, ".") != 0 && !p->foreign;
}

/* Where the inode's owner stands beside its name, names matter. */
static bool in_map(mode_t mode)
{
	return !S_ISREG(mode) && !S_ISDIR(mode);
}

static bool has_map(struct place *p)
{
	return dir_read_map(&p->dir) < 0 || p->dir.map.count > 0;
}

/*
 * 0, or CALL_CONTINUE where the kernel tells the guest what is wrong. For others than root the path
 * is not walked again: it could lead elsewhere.
 */
static long find(const struct call *c, int dirfd, uint64_t path, int flags, struct named *n)
{
	int r = view_read(c, dirfd, path, flags, &n->place);
	struct stat st;

	if (r < 0)
		return who_is_root(c) ? CALL_CONTINUE : r;
	if (!has_name(&n->place))
		return CALL_CONTINUE;
	n->there = place_stat(&n->place, &st) == 0;
	return 0;
}

static int read_nodes(const struct call *c, struct named *n)
{
	const struct owners *o = &c->emu->owners;
	int r = node_read(o, &n->place.dir, NULL, &n->dir, NULL);

	if (n->there && (r == 0 || r == -EBADMSG))
		r = node_read(o, &n->place.dir, n->place.name, &n->node, NULL);
	return r == -EBADMSG ? 0 : r;
}

/* The map forgets a name that is gone, or stands for something else now. */
static long forget(const struct call *c, struct named *n)
{
	int r = node_forget(&c->emu->owners, &n->place.dir, n->place.name, &n->node.real, NULL);

	return r < 0 ? r : dir_flush(&c->emu->owners, &n->place.dir, NULL);
}

static long unlink_at(struct call *c, int dirfd, uint64_t path, bool is_dir)
{
	cleanup_named struct named n = NAMED_NONE;
	bool root = who_is_root(c);
	struct creds who;
	long r;

	if (root && (is_dir || near_is_unmapped(c, dirfd, path)))
		return CALL_CONTINUE;
	r = find(c, dirfd, path, VIEW_LAST, &n);
	if (r || !n.there || (root && !has_map(&n.place)))
		return r ? r : CALL_CONTINUE;
	if (read_nodes(c, &n) < 0)
		return CALL_CONTINUE;
	if (n.place.slash && !S_ISDIR(n.node.real.st_mode))
		return root ? CALL_CONTINUE : -ENOTDIR;
	if (!root) {
		r = who_get(c, &who);
		if (r == 0)
			r = access_delete(&who, &n.dir.st, &n.node.st, is_dir);
		if (r < 0)
			return r;
	}
	if (root && !in_map(n.node.real.st_mode))
		return CALL_CONTINUE;
	if (!call_valid(c))
		return -EINTR;
	if (unlinkat(n.place.dir.fd, n.place.name, is_dir ? AT_REMOVEDIR : 0) < 0)
		return -errno;
	return in_map(n.node.real.st_mode) && has_map(&n.place) ? forget(c, &n) : 0;
}

long do_unlink(struct call *c)
{
	return unlink_at(c, AT_FDCWD, c->args[0], false);
}

long do_rmdir(struct call *c)
{
	return unlink_at(c, AT_FDCWD, c->args[0], true);
}

long do_unlinkat(struct call *c)
{
	return unlink_at(c, call_int(c, 0), c->args[1], call_int(c, 2) & AT_REMOVEDIR);
}

static int may_rename(
	const struct call *c, struct named *old, struct named *next, unsigned int flags)
{
	struct creds who;
	int r = who_get(c, &who);

	return r < 0 ? r
		     : access_rename(&who, &(struct access_rename){
						   .old_dir = &old->dir.st,
						   .old = &old->node.st,
						   .new_dir = &next->dir.st,
						   .new = next->there ? &next->node.st : NULL,
						   .exchange = flags &RENAME_EXCHANGE,
					   });
}

/* What the map said of one name it says of another place, where the inode now is. */
static int keep_at(const struct call *c, const struct node *n, struct place *p)
{
	struct node unkept = *n;
	int r;

	if (!in_map(n->real.st_mode) || !n->recorded)
		return 0;
	unkept.kept = (struct owner){OWNER_KEEP, OWNER_KEEP};
	unkept.recorded = false;
	place_pull_up(p, &unkept.real);
	r = node_record(&c->emu->owners, &p->dir, p->name, &unkept, n->kept, NULL);
	return r < 0 ? r : dir_flush(&c->emu->owners, &p->dir, NULL);
}

/* Both ends' maps, once the names have changed their places. */
static int move_owners(const struct call *c, struct named *old, struct named *next, bool exchange)
{
	long r = 0;

	if (in_map(old->node.real.st_mode))
		r = forget(c, old);
	if (r == 0 && next->there && in_map(next->node.real.st_mode))
		r = forget(c, next);
	if (r == 0)
		r = keep_at(c, &old->node, &next->place);
	if (r == 0 && exchange)
		r = keep_at(c, &next->node, &old->place);
	return (int)r;
}

/* Two names of one inode: renaming does nothing. */
static bool is_same(const struct named *old, const struct named *next)
{
	return next->there && next->node.real.st_ino == old->node.real.st_ino &&
	       next->node.real.st_dev == old->node.real.st_dev;
}

static int rename_really(const struct named *old, const struct named *next, unsigned int flags)
{
	return syscall(SYS_renameat2, old->place.dir.fd, old->place.name, next->place.dir.fd,
		       next->place.name, flags) < 0
		       ? -errno
		       : 0;
}

static long rename_at(
	struct call *c, int from, uint64_t path, int to, uint64_t new_path, unsigned int flags)
{
	cleanup_named struct named old = NAMED_NONE, next = NAMED_NONE;
	bool root = who_is_root(c), maps;
	long r;

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT) ||
		(flags & RENAME_EXCHANGE && flags & (RENAME_NOREPLACE | RENAME_WHITEOUT)))
		return CALL_CONTINUE;
	if (root && near_is_unmapped(c, from, path) && near_is_unmapped(c, to, new_path))
		return CALL_CONTINUE;
	r = find(c, from, path, VIEW_LAST, &old);
	if (r == 0)
		r = find(c, to, new_path, VIEW_LAST, &next);
	if (r || !old.there)
		return r ? r : root ? CALL_CONTINUE : -ENOENT;
	maps = has_map(&old.place) || has_map(&next.place);
	if (root && !maps)
		return CALL_CONTINUE;
	if (read_nodes(c, &old) < 0 || read_nodes(c, &next) < 0)
		return CALL_CONTINUE;
	if (!root) {
		if (flags & RENAME_NOREPLACE && next.there)
			return -EEXIST;
		if ((old.place.slash || (next.place.slash && !(flags & RENAME_EXCHANGE))) &&
			!S_ISDIR(old.node.real.st_mode))
			return -ENOTDIR;
		if (flags & RENAME_EXCHANGE && next.place.slash && next.there &&
			!S_ISDIR(next.node.real.st_mode))
			return -ENOTDIR;
		r = may_rename(c, &old, &next, flags);
		/* That one is a directory and the other is not the kernel says in its own order. */
		if (r < 0 && r != -EISDIR && r != -ENOTDIR)
			return r;
	}
	maps &= !is_same(&old, &next) &&
		(in_map(old.node.real.st_mode) || (next.there && in_map(next.node.real.st_mode)));
	if (root && (!maps || old.place.slash || next.place.slash))
		return CALL_CONTINUE;
	if (!call_valid(c))
		return -EINTR;
	r = rename_really(&old, &next, flags);
	return r < 0 || !maps ? r : move_owners(c, &old, &next, flags & RENAME_EXCHANGE);
}

long do_rename(struct call *c)
{
	return rename_at(c, AT_FDCWD, c->args[0], AT_FDCWD, c->args[1], 0);
}

long do_renameat(struct call *c)
{
	return rename_at(c, call_int(c, 0), c->args[1], call_int(c, 2), c->args[3], 0);
}

long do_renameat2(struct call *c)
{
	return rename_at(c, call_int(c, 0), c->args[1], call_int(c, 2), c->args[3], call_id(c, 4));
}

static long link_at(struct call *c, int from, uint64_t path, int to, uint64_t new_path, int flags)
{
	cleanup_named struct named old = NAMED_NONE, next = NAMED_NONE;
	int follow = flags & AT_SYMLINK_FOLLOW ? 0 : AT_SYMLINK_NOFOLLOW;
	const struct owners *o = &c->emu->owners;
	struct access_sysctl sysctl;
	struct creds who;
	bool root = who_is_root(c);
	long r;

	if (root && !flags && near_is_unmapped(c, from, path) && near_is_unmapped(c, to, new_path))
		return CALL_CONTINUE;
	r = find(c, from, path, follow, &old);
	/* By descriptor alone: for who may read everything, says the kernel. */
	if (r == -ENOENT && flags & AT_EMPTY_PATH && who_get(c, &who) == 0 &&
		creds_capable(&who, CAP_DAC_READ_SEARCH))
		return CALL_CONTINUE;
	if (r || !old.there)
		return r ? r : root ? CALL_CONTINUE : -ENOENT;
	r = find(c, to, new_path, VIEW_LAST, &next);
	if (next.there)
		r = -EEXIST;
	else if (r == 0 && next.place.slash)
		r = -ENOENT;
	if (r)
		return root ? CALL_CONTINUE : r;
	if (root && !has_map(&old.place) && !has_map(&next.place))
		return CALL_CONTINUE;
	if (read_nodes(c, &old) < 0 || read_nodes(c, &next) < 0)
		return CALL_CONTINUE;
	if (!root) {
		r = who_get(c, &who);
		who_sysctl(&sysctl);
		if (r == 0)
			r = access_link(&who, &old.node.st, &next.dir.st, &sysctl);
		if (r < 0)
			return r;
	}
	if (root && (!in_map(old.node.real.st_mode) || next.place.slash))
		return CALL_CONTINUE;
	if (!call_valid(c))
		return -EINTR;
	if (linkat(old.place.dir.fd, old.place.name, next.place.dir.fd, next.place.name, 0) < 0)
		return -errno;
	if (!in_map(old.node.real.st_mode))
		return 0;
	r = node_link(o, &old.place.dir, old.place.name, &next.place.dir, next.place.name, NULL);
	return r < 0 ? r : dir_flush(o, &next.place.dir, NULL);
}

long do_link(struct call *c)
{
	return link_at(c, AT_FDCWD, c->args[0], AT_FDCWD, c->args[1], 0);
}

long do_linkat(struct call *c)
{
	return link_at(c, call_int(c, 0), c->args[1], call_int(c, 2), c->args[3], call_int(c, 4));
}
