// SPDX-License-Identifier: Apache-2.0
#include "core/pack/node_entry.h"

#include "core/owner/attr.h"
#include "core/owner/widen.h"
#include <sys/sysmacros.h>

static int fail(const struct dir *dir, const char *name, int r, const char *what, struct err *err)
{
	return err_set_at(err, r, what, dir->path, name);
}

static int read_link(struct dir *dir, const char *name, struct entry *e)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(dir->fd, name, target, sizeof(target));

	if (n < 0)
		return -errno;
	if ((size_t)n >= sizeof(target))
		return -ENAMETOOLONG;
	e->link = strndup(target, (size_t)n);
	return e->link ? 0 : -ENOMEM;
}

/* A layer has capabilities of version 2, without the root of whatever namespace wrote them. */
static void plain_capability(struct buf *value)
{
	enum { V2_SIZE = 20, V3_SIZE = 24 };

	if (value->len != V3_SIZE || value->data[3] != 3)
		return;
	value->data[3] = 2;
	buf_cut(value, V2_SIZE);
}

static int read_value(struct dir *dir, const char *name, const char *attr, struct buf *value)
{
	cleanup_widen struct widen w = WIDEN_NONE;
	int r = attr_read(dir->fd, name, attr, value);

	if (r == -EACCES && widen(&w, dir->fd, name, S_IRUSR) == 0)
		r = attr_read(dir->fd, name, attr, value);
	return r;
}

static int add_attr(struct dir *dir, const char *name, const char *attr, struct entry *e)
{
	const char *as = attr;
	cleanup_buf struct buf value = BUF_NONE;
	int r;

	if (strncmp(attr, ATTR_KEPT, sizeof(ATTR_KEPT) - 1) == 0)
		as = attr + sizeof(ATTR_KEPT) - 1;
	if (attr_is_private(as) || (as != attr && entry_attr(e, as)))
		return 0;
	r = read_value(dir, name, attr, &value);
	if (r == -ENODATA)
		return 0;
	if (r < 0)
		return r;
	if (strcmp(as, "security.capability") == 0)
		plain_capability(&value);
	return entry_add_attr(e, as, value.data, value.len);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct entry_attr *)a)->name, ((const struct entry_attr *)b)->name);
}

static int add_attrs(struct dir *dir, const char *name, struct entry *e)
{
	cleanup_buf struct buf names = BUF_NONE;
	int r = attr_list(dir->fd, name, &names);

	for (const char *n = names.data; r == 0 && names.len && n < names.data + names.len;
		n += strlen(n) + 1)
		r = add_attr(dir, name, n, e);
	if (e->attr_count > 1)
		qsort(e->attrs, e->attr_count, sizeof(*e->attrs), by_name);
	return r;
}

static void fill_stat(const struct stat *st, struct entry *e)
{
	e->mode = st->st_mode;
	e->uid = st->st_uid;
	e->gid = st->st_gid;
	e->mtime = st->st_mtim;
	e->has_mtime = true;
	e->size = S_ISREG(st->st_mode) ? st->st_size : 0;
	e->nlink = (uint32_t)st->st_nlink;
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)) {
		e->major = major(st->st_rdev);
		e->minor = minor(st->st_rdev);
	}
}

int node_entry(struct dir *dir, const char *name, const struct node *node, struct entry *e,
	struct err *err)
{
	bool bears = S_ISREG(node->real.st_mode) || S_ISDIR(node->real.st_mode);
	int r = 0;

	fill_stat(&node->st, e);
	if (S_ISLNK(e->mode))
		r = read_link(dir, name, e);
	if (r < 0)
		return fail(dir, name, r, "cannot read the link", err);
	if (node->has_attrs || !bears)
		r = add_attrs(dir, name, e);
	return r < 0 ? fail(dir, name, r, "cannot read its attributes", err) : 0;
}
