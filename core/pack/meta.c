// SPDX-License-Identifier: Apache-2.0
#include "core/pack/level.h"

#include "core/base/sys.h"
#include "core/owner/attr.h"
#include <stdio.h>

#define CAPABILITY "security.capability"

mode_t meta_mode(const struct extract *x, const struct entry *e)
{
	mode_t mode = e->mode & 07777;

	return x->options->use_umask ? mode & ~x->options->mask : mode;
}

/*
 * Version 3 names the root of a namespace that is not here: version 2 is what a layer should have
 * had. The structure is vfs_ns_cap_data of linux/capability.h.
 */
static size_t plain_capability(const void *value, size_t len, unsigned char out[20])
{
	enum { V2_SIZE = 20, V3_SIZE = 24 };
	const unsigned char *v = value;

	if (len != V3_SIZE || v[3] != 3)
		return 0;
	memcpy(out, v, V2_SIZE);
	out[3] = 2;
	return V2_SIZE;
}

/* What the kernel refuses to keep where it belongs is kept aside, and comes back when packing. */
static int keep_aside(int fd, const char *attr, const void *value, size_t len)
{
	char name[sizeof(ATTR_KEPT) + NAME_MAX];

	if (snprintf(name, sizeof(name), ATTR_KEPT "%s", attr) > NAME_MAX)
		return -ENAMETOOLONG;
	return attr_set(fd, NULL, name, value, len);
}

static bool is_user(const char *attr)
{
	return strncmp(attr, "user.", 5) == 0;
}

static int set_attr(struct extract *x, const char *name, int fd, const char *attr,
	const void *value, size_t len)
{
	int r = fd >= 0 ? attr_set(fd, NULL, attr, value, len)
			: attr_set(level_top(x)->dir.fd, name, attr, value, len);

	if (r == 0 || fd < 0 || is_user(attr) || !x->owners->records)
		return r;
	if (r == -EPERM || r == -EINVAL || r == -EOPNOTSUPP || r == -EACCES)
		return keep_aside(fd, attr, value, len);
	return r;
}

static void one_attr(struct extract *x, const struct entry_attr *a, const char *name, int fd)
{
	struct err err = ERR_NONE;
	unsigned char plain[20];
	const void *value = a->value;
	size_t len = a->len;
	char what[64 + NAME_MAX];
	int r;

	if (attr_is_private(a->name))
		return;
	if (strcmp(a->name, CAPABILITY) == 0 && plain_capability(value, len, plain)) {
		value = plain;
		len = sizeof(plain);
	}
	r = set_attr(x, name, fd, a->name, value, len);
	if (r == 0)
		return;
	snprintf(what, sizeof(what), "cannot keep %s", a->name);
	err_set_at(&err, r, what, level_top(x)->path, name);
	extract_fault(x, &err);
}

/* A mode that forbids writing forbids attributes too, so it comes last; a chown clears set-id bits.
 */
int meta_apply(struct extract *x, const struct entry *e, const char *name, int fd, struct err *err)
{
	const struct owners *o = x->owners;
	struct owner owner = {e->uid, e->gid};
	struct dir *dir = &level_top(x)->dir;
	bool in_map =
		(S_ISLNK(e->mode) || S_ISFIFO(e->mode)) && o->records && !owners_mapped(o, owner);
	int r = node_own_new(o, dir, name, in_map ? -1 : fd, owner, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < e->attr_count; i++)
		one_attr(x, &e->attrs[i], name, fd);
	return 0;
}

int meta_clear(struct dir *dir, struct err *err)
{
	cleanup_buf struct buf names = BUF_NONE;
	int r = attr_list(dir->fd, NULL, &names);

	if (r < 0)
		return err_set(err, r, "cannot list attributes", dir->path);
	for (const char *n = names.data; names.len && n < names.data + names.len;
		n += strlen(n) + 1) {
		if (strcmp(n, DIRMAP_ATTR) == 0 || strcmp(n, "security.selinux") == 0 ||
			strncmp(n, "user.overlay.", 13) == 0)
			continue;
		r = attr_remove(dir->fd, NULL, n);
		if (r < 0 && r != -ENODATA && is_user(n))
			return err_set(err, r, "cannot remove an attribute", dir->path);
	}
	return 0;
}
