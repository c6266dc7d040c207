// SPDX-License-Identifier: Apache-2.0
#include "applets/setattr/stores.h"

#include "core/owner/attr.h"
#include "core/owner/widen.h"
#include <sys/sysmacros.h>

#ifdef CONFIG_FOREIGN

static bool bears_attributes(mode_t mode)
{
	return S_ISREG(mode) || S_ISDIR(mode);
}

/* -ENODATA also where the inode can have no such attribute. */
static int get(const struct dir *dir, const char *name, const char *attr, struct buf *out)
{
	cleanup_widen struct widen w = WIDEN_NONE;
	int r = attr_read(dir->fd, name, attr, out);

	if (r == -EACCES && widen(&w, dir->fd, name, S_IRUSR) == 0)
		r = attr_read(dir->fd, name, attr, out);
	return r == -EOPNOTSUPP ? -ENODATA : r;
}

static int set(
	const struct dir *dir, const char *name, const char *attr, const void *data, size_t len)
{
	cleanup_widen struct widen w = WIDEN_NONE;
	int r = attr_set(dir->fd, name, attr, data, len);

	if (r == -EACCES && widen(&w, dir->fd, name, S_IWUSR | S_IRUSR) == 0)
		r = attr_set(dir->fd, name, attr, data, len);
	return r;
}

/* 1, 0 where the attribute is not there, negative errno. */
static int get_override(
	const struct dir *dir, const char *name, const char *attr, struct foreign *f)
{
	cleanup_buf struct buf text = BUF_NONE;
	int r = get(dir, name, attr, &text);

	if (r == 0)
		r = foreign_override_parse(text.data, text.len, f);
	return r == -ENODATA ? 0 : r < 0 ? r : 1;
}

static int override_read(const struct exchange *x, const struct dir *dir, const char *name,
	const struct stat *real, struct foreign *f)
{
	(void)x;
	return bears_attributes(real->st_mode) ? get_override(dir, name, OVERRIDE_ATTR, f) : 0;
}

static int fuse_read(const struct exchange *x, const struct dir *dir, const char *name,
	const struct stat *real, struct foreign *f)
{
	int r;

	(void)x;
	if (!bears_attributes(real->st_mode))
		return 0;
	r = get_override(dir, name, FUSEOVERLAY_ATTR, f);
	return r ? r : get_override(dir, name, FUSEOVERLAY_ATTR_SECURITY, f);
}

/* What is left out is counted only where an owner is lost by it. */
static int set_override(
	const struct visit *v, const struct node *node, const struct foreign *f, const char *attr)
{
	cleanup_buf struct buf text = BUF_NONE;
	int r;

	if (!bears_attributes(node->real.st_mode))
		return !node->recorded;
	r = foreign_override_format(f, &text);
	if (r == 0)
		r = set(v->dir, v->name, attr, text.data, text.len);
	return r < 0 ? r : 1;
}

static int override_write(const struct exchange *x, const struct visit *v, const struct node *node,
	const struct foreign *f)
{
	(void)x;
	return set_override(v, node, f, OVERRIDE_ATTR);
}

static int fuse_write(const struct exchange *x, const struct visit *v, const struct node *node,
	const struct foreign *f)
{
	struct foreign typeless = *f;

	(void)x;
	if (node->disguised)
		return 0;
	typeless.mode &= 07777;
	return set_override(v, node, &typeless, FUSEOVERLAY_ATTR);
}

/* One number of the four; -ENODATA where it is not there. */
static int get_number(
	const struct dir *dir, const char *name, const char *attr, size_t bytes, uint64_t *value)
{
	cleanup_buf struct buf data = BUF_NONE;
	uint32_t small;
	int r = get(dir, name, attr, &data);

	if (r < 0)
		return r;
	if (bytes == 8)
		return foreign_virtfs_parse64(data.data, data.len, value);
	r = foreign_virtfs_parse32(data.data, data.len, &small);
	*value = small;
	return r;
}

static int virtfs_read(const struct exchange *x, const struct dir *dir, const char *name,
	const struct stat *real, struct foreign *f)
{
	static const char *const attrs[] = {VIRTFS_UID, VIRTFS_GID, VIRTFS_MODE, VIRTFS_RDEV};
	uint64_t values[] = {OWNER_KEEP, OWNER_KEEP, UINT32_MAX, 0};
	bool any = false;

	(void)x;
	if (!bears_attributes(real->st_mode))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(attrs); i++) {
		int r = get_number(dir, name, attrs[i], i == 3 ? 8 : 4, &values[i]);

		if (r < 0 && r != -ENODATA)
			return r;
		any |= r == 0;
	}
	*f = (struct foreign){.owner = {(uint32_t)values[0], (uint32_t)values[1]},
		.has_mode = values[2] <= 0177777,
		.mode = values[2] <= 0177777 ? (mode_t)values[2] : 0,
		.major = major(values[3]),
		.minor = minor(values[3])};
	return any;
}

static int set_number(const struct visit *v, const char *attr, size_t bytes, uint64_t value)
{
	unsigned char data[8];

	foreign_virtfs_format(value, bytes, data);
	return set(v->dir, v->name, attr, data, bytes);
}

static int virtfs_write(const struct exchange *x, const struct visit *v, const struct node *node,
	const struct foreign *f)
{
	int r = 0;

	(void)x;
	if (!bears_attributes(node->real.st_mode))
		r = replace_by_file(v->dir, v->name, &node->real);
	if (r == 0)
		r = set_number(v, VIRTFS_UID, 4, f->owner.uid);
	if (r == 0)
		r = set_number(v, VIRTFS_GID, 4, f->owner.gid);
	if (r == 0)
		r = set_number(v, VIRTFS_MODE, 4, f->mode);
	if (r == 0 && (S_ISCHR(f->mode) || S_ISBLK(f->mode)))
		r = set_number(v, VIRTFS_RDEV, 8, makedev(f->major, f->minor));
	return r < 0 ? r : 1;
}

static const struct store stores[] = {
	{"fakeroot", fakeroot_read, fakeroot_write},
	{"override", override_read, override_write},
	{"fuseoverlayfs", fuse_read, fuse_write},
	{"virtfs", virtfs_read, virtfs_write},
};

const struct store *store_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(stores); i++)
		if (strcmp(stores[i].name, name) == 0)
			return &stores[i];
	return NULL;
}

#endif
