// SPDX-License-Identifier: Apache-2.0
#include "core/image/mtree_inode.h"

#include "core/owner/attr.h"
#include "core/owner/widen.h"

static void as_outside(const struct mtree_view *view, struct stat *st)
{
	if (st->st_uid == view->mine.uid)
		st->st_uid = view->outside.uid;
	if (st->st_gid == view->mine.gid)
		st->st_gid = view->outside.gid;
}

static int read_link(int dirfd, const char *name, struct mtree_inode *out)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(dirfd, name, target, sizeof target);

	if (n < 0)
		return -errno;
	out->link = strndup(target, (size_t)n);
	return out->link ? 0 : -ENOMEM;
}

/*
 * In a user namespace the kernel hides who may use a file's capabilities; from outside it is the
 * namespace's root (linux/capability.h, struct vfs_ns_cap_data).
 */
static int outside_capability(const struct mtree_view *view, struct buf *value)
{
	enum { V2_SIZE = 20 };
	unsigned char rootid[4];

	if (view->mine.uid == view->outside.uid || value->len != V2_SIZE || value->data[3] != 2)
		return 0;
	for (size_t i = 0; i < sizeof rootid; i++)
		rootid[i] = (unsigned char)(view->outside.uid >> (8 * i));
	value->data[3] = 3;
	return buf_add(value, rootid, sizeof rootid);
}

static int read_attr(const struct mtree_view *view, int dirfd, const char *name, const char *attr,
	struct mtree_inode *out)
{
	cleanup_widen struct widen w = WIDEN_NONE;
	cleanup_buf struct buf value = BUF_NONE;
	int r = attr_read(dirfd, name, attr, &value);

	if (r == -EACCES && widen(&w, dirfd, name, S_IRUSR) == 0)
		r = attr_read(dirfd, name, attr, &value);
	if (r == -ENODATA)
		return 0;
	if (r == 0 && strcmp(attr, "security.capability") == 0)
		r = outside_capability(view, &value);
	return r < 0 ? r : entry_add_attr(&out->attrs, attr, value.data, value.len);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct entry_attr *)a)->name, ((const struct entry_attr *)b)->name);
}

static int read_attrs(
	const struct mtree_view *view, int dirfd, const char *name, struct mtree_inode *out)
{
	cleanup_buf struct buf names = BUF_NONE;
	int r = attr_list(dirfd, name, &names);

	for (const char *n = names.data; r == 0 && names.len && n < names.data + names.len;
		n += strlen(n) + 1)
		r = read_attr(view, dirfd, name, n, out);
	if (out->attrs.attr_count > 1)
		qsort(out->attrs.attrs, out->attrs.attr_count, sizeof(*out->attrs.attrs), by_name);
	return r;
}

int mtree_inode_read(const struct mtree_view *view, int dirfd, const char *name,
	const struct stat *st, const char *path, struct mtree_inode *out, struct err *err)
{
	int r = 0;

	out->st = *st;
	as_outside(view, &out->st);
	if (S_ISLNK(st->st_mode))
		r = read_link(dirfd, name, out);
	else if (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode))
		r = read_attrs(view, dirfd, name, out);
	return r < 0 ? err_set(err, r, "cannot read", path) : 0;
}

void mtree_inode_free(struct mtree_inode *i)
{
	free(i->link);
	entry_free(&i->attrs);
	i->link = NULL;
}

/*
 * A directory's map stands for the entries that it is about, which are told by themselves. What
 * overlayfs keeps is nobody else's.
 */
static bool counts(const char *attr)
{
	static const char overlay[] = "user.overlay.";

	return strcmp(attr, DIRMAP_ATTR) != 0 && strncmp(attr, overlay, strlen(overlay)) != 0;
}

static size_t next_attr(const struct entry_attr *attrs, size_t count, size_t i)
{
	while (i < count && !counts(attrs[i].name))
		i++;
	return i;
}

bool mtree_same_attrs(
	const struct entry_attr *a, size_t a_count, const struct entry_attr *b, size_t b_count)
{
	size_t i = next_attr(a, a_count, 0), k = next_attr(b, b_count, 0);

	while (i < a_count && k < b_count) {
		if (strcmp(a[i].name, b[k].name) != 0 || a[i].len != b[k].len ||
			(a[i].len && memcmp(a[i].value, b[k].value, a[i].len) != 0))
			return false;
		i = next_attr(a, a_count, i + 1);
		k = next_attr(b, b_count, k + 1);
	}
	return i == a_count && k == b_count;
}
