// SPDX-License-Identifier: Apache-2.0
#include "core/owner/node.h"

#include "core/base/sys.h"
#include "core/owner/attr.h"
#include "core/owner/widen.h"
#include <sys/sysmacros.h>

#define KEEP_BOTH ((struct owner){OWNER_KEEP, OWNER_KEEP})

/* The inode that is written to: an open descriptor, or a name in a directory. */
struct target {
	const struct owners *o;
	struct dir *dir;
	const char *name;
	int fd; /* -1: by name */
};

static int target_dirfd(const struct target *t)
{
	return t->fd >= 0 ? t->fd : t->dir->fd;
}

static const char *target_name(const struct target *t)
{
	return t->fd >= 0 ? NULL : t->name;
}

static int fail(const struct target *t, int r, const char *what, struct err *err)
{
	return err_set_at(err, r, what, t->dir->path, t->name);
}

/* A mode without the owner's write bit forbids it even to the owner. */
static int set_attr(const struct target *t, const char *attr, const void *value, size_t len)
{
	cleanup_widen struct widen w = WIDEN_NONE;
	int dirfd = target_dirfd(t), r;
	const char *name = target_name(t);

	r = attr_set(dirfd, name, attr, value, len);
	if (r == -EACCES && widen(&w, dirfd, name, S_IRUSR | S_IWUSR) == 0)
		r = attr_set(dirfd, name, attr, value, len);
	return r;
}

static int drop_attr(const struct target *t, const char *attr)
{
	cleanup_widen struct widen w = WIDEN_NONE;
	int dirfd = target_dirfd(t), r;
	const char *name = target_name(t);

	r = attr_remove(dirfd, name, attr);
	if (r == -EACCES && widen(&w, dirfd, name, S_IRUSR | S_IWUSR) == 0)
		r = attr_remove(dirfd, name, attr);
	return r == -ENODATA || r == -EOPNOTSUPP ? 0 : r;
}

static bool keeps_both(struct owner owner)
{
	return owner_same(owner, KEEP_BOTH);
}

static int set_sidecar(const struct target *t, const struct dump_line *line)
{
	cleanup_free char *path = dir_path(t->dir, t->name);

	if (!path)
		return -ENOMEM;
	if (!line->recorded && line->type != 'c' && line->type != 'b') {
		sidecar_remove(t->o->sidecar, path);
		return 0;
	}
	return sidecar_set(t->o->sidecar, path, line);
}

static int record_to_sidecar(const struct target *t, const struct stat *seen, struct owner owner)
{
	struct dump_line line = {.owner = owner,
		.recorded = !keeps_both(owner),
		.type = dump_type(seen->st_mode),
		.major = major(seen->st_rdev),
		.minor = minor(seen->st_rdev)};

	return set_sidecar(t, &line);
}

/* Rewrites the record attribute, with what a newer writer put into it; old may be NULL. */
static int write_record(const struct target *t, const struct buf *old, struct owner owner)
{
	cleanup_buf struct buf value = BUF_NONE;

	if (keeps_both(owner))
		return drop_attr(t, RECORD_ATTR);
	if (record_encode(old ? old->data : NULL, old ? old->len : 0, owner, &value) < 0)
		return -ENOMEM;
	return set_attr(t, RECORD_ATTR, value.data, value.len);
}

/* The oldest dialect would come to light again when the record is removed. */
static void drop_decimal(const struct target *t)
{
	drop_attr(t, RECORD_ATTR_UID);
	drop_attr(t, RECORD_ATTR_GID);
}

static int rewrite_override(const struct target *t, const struct stat *st)
{
	cleanup_buf struct buf text = BUF_NONE;
	struct foreign f = {.owner = {st->st_uid, st->st_gid},
		.mode = st->st_mode,
		.has_mode = true,
		.major = major(st->st_rdev),
		.minor = minor(st->st_rdev)};

	if (foreign_override_format(&f, &text) < 0)
		return -ENOMEM;
	return set_attr(t, OVERRIDE_ATTR, text.data, text.len);
}

static int keep_in_attribute(const struct target *t, struct node *node, struct owner owner)
{
	cleanup_buf struct buf old = BUF_NONE;
	int r;

	if (node->recorded && !node->plain && node_raw(t->dir, t->name, &old) < 0)
		buf_cut(&old, 0);
	r = write_record(t, old.len ? &old : NULL, owner);
	if (r == 0 && node->decimal)
		drop_decimal(t);
	node->plain = r == 0 && old.len == 0;
	node->decimal = false;
	return r;
}

static int keep_in_map(const struct target *t, const struct stat *real, struct owner owner)
{
	struct dirmap_entry e = {.name = (char *)t->name,
		.ino = real->st_ino,
		.type = real->st_mode & S_IFMT,
		.owner = owner};

	return dir_change(t->dir, &e);
}

static int keep(const struct target *t, struct node *node, struct owner owner)
{
	int r;

	if (!S_ISREG(node->real.st_mode) && !S_ISDIR(node->real.st_mode))
		return t->name ? keep_in_map(t, &node->real, owner) : -EOPNOTSUPP;
	r = keep_in_attribute(t, node, owner);
	if (t->o->sidecar && (r == -EOPNOTSUPP || r == -ENOSPC))
		r = record_to_sidecar(t, &node->st, owner);
	else if (t->o->sidecar && r == 0 && !node->disguised)
		record_to_sidecar(t, &node->st, KEEP_BOTH);
	return r;
}

static void update(struct node *node, struct owner kept)
{
	struct owner seen = owner_merge(node->own, kept);

	node->kept = kept;
	node->recorded = !keeps_both(kept);
	node->st.st_uid = seen.uid;
	node->st.st_gid = seen.gid;
}

static int record(const struct target *t, struct node *node, struct owner owner, struct err *err)
{
	int r = 0;

	if (!owner_same(owner, node->kept) || node->recorded == keeps_both(owner))
		r = keep(t, node, owner);
	if (r < 0)
		return fail(t, r, "cannot keep the owner", err);
	update(node, owner);
	if (!node->override)
		return 0;
	r = rewrite_override(t, &node->st);
	return r < 0 ? fail(t, r, "cannot keep the owner", err) : 0;
}

int node_record(const struct owners *o, struct dir *dir, const char *name, struct node *node,
	struct owner owner, struct err *err)
{
	return record(&(struct target){o, dir, name, -1}, node, owner, err);
}

static int really_chown(const struct target *t, struct owner owner)
{
	struct owner real = owners_real(t->o, owner);

	if (!target_name(t))
		return fchownat(target_dirfd(t), "", real.uid, real.gid, AT_EMPTY_PATH) < 0 ? -errno
											    : 0;
	return fchownat(t->dir->fd, t->name, real.uid, real.gid, AT_SYMLINK_NOFOLLOW) < 0 ? -errno
											  : 0;
}

int node_chown(const struct owners *o, struct dir *dir, const char *name, struct node *node,
	struct owner owner, struct err *err)
{
	struct target t = {o, dir, name, -1};
	struct owner whole = owner_merge((struct owner){node->st.st_uid, node->st.st_gid}, owner);
	int r;

	if (!o->records || owners_mapped(o, whole)) {
		r = really_chown(&t, o->records ? whole : owner);
		if (r < 0)
			return fail(&t, r, "cannot change the owner", err);
		node->own = whole;
		if (node->recorded || node->override)
			return record(&t, node, KEEP_BOTH, err);
		node->st.st_uid = whole.uid;
		node->st.st_gid = whole.gid;
		return 0;
	}
	return record(&t, node, owner_same(whole, node->own) ? KEEP_BOTH : whole, err);
}

static int chmod_target(const struct target *t, mode_t mode)
{
	if (!t->name)
		return sys_chmod_fd(t->dir->fd, mode);
	return sys_chmod_at(t->dir->fd, t->name, mode);
}

int node_chmod(const struct owners *o, struct dir *dir, const char *name, struct node *node,
	mode_t mode, struct err *err)
{
	struct target t = {o, dir, name, -1};
	int r = 0;

	/* A directory that keeps its real mode from others does so for a reason. */
	if (!node->override || S_ISREG(node->real.st_mode))
		r = chmod_target(&t, mode);
	if (r < 0)
		return fail(&t, r, "cannot set the mode", err);
	node->st.st_mode = (node->st.st_mode & S_IFMT) | mode;
	if (node->override)
		r = rewrite_override(&t, &node->st);
	return r < 0 ? fail(&t, r, "cannot set the mode", err) : 0;
}

int node_clear_setid(struct dir *dir, const char *name, struct node *node, struct err *err)
{
	struct target t = {NULL, dir, name, -1};
	mode_t seen = node->st.st_mode, drop = S_ISUID;
	int r = 0;

	if (S_ISDIR(seen) || S_ISLNK(seen))
		return 0;
	if (seen & S_IXGRP)
		drop |= S_ISGID;
	if (node->has_caps) {
		r = drop_attr(&t, "security.capability");
		/* An ordinary user is refused also where there is none. */
		if (r == -EPERM &&
			attr_get(dir->fd, name, "security.capability", NULL, 0) == -ENODATA)
			r = 0;
		if (r == 0)
			r = drop_attr(&t, ATTR_KEPT "security.capability");
	}
	if (r == 0 && (node->real.st_mode & drop))
		r = chmod_target(&t, node->real.st_mode & 07777 & ~drop);
	node->real.st_mode &= ~drop;
	node->st.st_mode &= ~drop;
	if (r == 0 && node->override && seen != node->st.st_mode)
		r = rewrite_override(&t, &node->st);
	return r < 0 ? fail(&t, r, "cannot clear set-id bits", err) : 0;
}

static int own_special(const struct target *t, struct owner owner)
{
	struct stat st;

	if (fstatat(t->dir->fd, t->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return keep_in_map(t, &st, owner_same(owner, t->o->base) ? KEEP_BOTH : owner);
}

/* In the attribute or, where there can be none, the sidecar; an older line there goes. */
static int keep_on_fd(const struct target *t, struct owner owner)
{
	int r = owner_same(owner, t->o->base) ? 0 : write_record(t, NULL, owner);
	struct stat st;

	if (!t->o->sidecar || (r < 0 && r != -EOPNOTSUPP))
		return r;
	if (fstat(t->fd, &st) < 0)
		return -errno;
	return record_to_sidecar(t, &st, r < 0 ? owner : KEEP_BOTH);
}

static int keep_new(const struct target *t, struct owner owner)
{
	return t->fd < 0 ? own_special(t, owner) : keep_on_fd(t, owner);
}

int node_own_new(const struct owners *o, struct dir *dir, const char *name, int fd,
	struct owner owner, struct err *err)
{
	struct target t = {o, dir, name, fd};
	int r;

	if (!o->records || owners_mapped(o, owner))
		r = really_chown(&t, owner);
	else
		r = keep_new(&t, owner);
	/* Some file systems, and servers, refuse what the namespace would allow. */
	if (o->records && (r == -EPERM || r == -EINVAL) && owners_mapped(o, owner))
		r = keep_new(&t, owner);
	return r < 0 ? fail(&t, r, "cannot keep the owner", err) : 0;
}

static int link_sidecar(const struct target *t, const struct dir *from, const char *name)
{
	cleanup_free char *old = dir_path(from, name), *new = dir_path(t->dir, t->name);
	const struct dump_line *line = old ? sidecar_get(t->o->sidecar, old) : NULL;
	struct dump_line copy;

	if (!old || !new)
		return -ENOMEM;
	if (line) {
		copy = *line;
		return sidecar_set(t->o->sidecar, new, &copy);
	}
	sidecar_remove(t->o->sidecar, new);
	return 0;
}

int node_link(const struct owners *o, struct dir *from, const char *name, struct dir *to,
	const char *new, struct err *err)
{
	struct target t = {o, to, new, -1};
	struct node node;
	int r;

	if (!o->records)
		return 0;
	r = node_read(o, from, name, &node, err);
	if (r < 0)
		return r;
	if (!S_ISREG(node.real.st_mode))
		r = keep_in_map(&t, &node.real, node.kept);
	else if (o->sidecar)
		r = link_sidecar(&t, from, name);
	return r < 0 ? fail(&t, r, "cannot keep the owner", err) : 0;
}

int node_forget(const struct owners *o, struct dir *dir, const char *name, const struct stat *st,
	struct err *err)
{
	struct target t = {o, dir, name, -1};
	int r = 0;

	if (o->records && st && !S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
		r = keep_in_map(&t, st, KEEP_BOTH);
	if (r == 0 && o->sidecar)
		r = set_sidecar(&t, &(struct dump_line){.recorded = false});
	return r < 0 ? fail(&t, r, "cannot forget the owner", err) : 0;
}

int node_disguise(const struct owners *o, struct dir *dir, const char *name, int fd,
	const struct foreign *what, struct err *err)
{
	struct target t = {o, dir, name, fd};
	struct stat st = {.st_mode = what->mode,
		.st_uid = what->owner.uid,
		.st_gid = what->owner.gid,
		.st_rdev = makedev(what->major, what->minor)};
	int r = rewrite_override(&t, &st);

	if (r == -EOPNOTSUPP && o->sidecar)
		r = record_to_sidecar(&t, &st, what->owner);
	return r < 0 ? fail(&t, r, "cannot keep the device", err) : 0;
}

int node_make_device(const struct owners *o, struct dir *dir, const char *name,
	const struct foreign *what, struct err *err)
{
	cleanup_fd int fd =
		openat(dir->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : 0;

	if (r < 0)
		return err_set_at(err, r, "cannot make", dir->path, name);
	r = node_disguise(o, dir, name, fd, what, err);
	if (r == 0)
		r = node_own_new(o, dir, name, fd, what->owner, err);
	if (r == 0 && fchmod(fd, what->mode & 07777) < 0)
		r = err_set_at(err, -errno, "cannot set the mode", dir->path, name);
	if (r < 0)
		unlinkat(dir->fd, name, 0);
	return r;
}
