// SPDX-License-Identifier: Apache-2.0
#include "core/pack/acl.h"
#include "core/base/buf.h"
#include <archive.h>
#include <archive_entry.h>
#include <endian.h>

/* An ACL in the kernel's form (include/uapi/linux/posix_acl_xattr.h): a version, then these. */
struct acl_item {
	uint16_t tag, perm;
	uint32_t id;
};

#define ACL_VERSION 2
#define ACL_NO_ID UINT32_MAX

enum acl_tag {
	ACL_USER_OBJ = 0x01,
	ACL_USER = 0x02,
	ACL_GROUP_OBJ = 0x04,
	ACL_GROUP = 0x08,
	ACL_MASK = 0x10,
	ACL_OTHER = 0x20,
};

static int acl_tag(int tag)
{
	switch (tag) {
	case ARCHIVE_ENTRY_ACL_USER_OBJ:
		return ACL_USER_OBJ;
	case ARCHIVE_ENTRY_ACL_USER:
		return ACL_USER;
	case ARCHIVE_ENTRY_ACL_GROUP_OBJ:
		return ACL_GROUP_OBJ;
	case ARCHIVE_ENTRY_ACL_GROUP:
		return ACL_GROUP;
	case ARCHIVE_ENTRY_ACL_MASK:
		return ACL_MASK;
	case ARCHIVE_ENTRY_ACL_OTHER:
		return ACL_OTHER;
	default:
		return 0;
	}
}

static bool acl_named(const struct acl_item *i)
{
	return i->tag == ACL_USER || i->tag == ACL_GROUP;
}

static int acl_compare(const void *a, const void *b)
{
	const struct acl_item *x = a, *y = b;

	if (x->tag != y->tag)
		return x->tag < y->tag ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* Collects libarchive's entries of one type. 0 or -ENOMEM. */
static int acl_collect(struct archive_entry *from, int want, struct buf *items)
{
	int type, perm, tag, id, r = 0;
	const char *name;

	archive_entry_acl_reset(from, want);
	while (!r &&
		archive_entry_acl_next(from, want, &type, &perm, &tag, &id, &name) == ARCHIVE_OK) {
		struct acl_item item = {acl_tag(tag), perm & 7, ACL_NO_ID};

		if (acl_named(&item)) {
			if (id < 0)
				continue;
			item.id = id;
		}
		if (item.tag)
			r = buf_add(items, &item, sizeof(item));
	}
	return r;
}

/* Sorts as the kernel wants it and adds the mask that named entries need. 0 or -ENOMEM. */
static int acl_complete(struct buf *items)
{
	struct acl_item *item = (void *)items->data;
	size_t n = items->len / sizeof(*item);
	struct acl_item mask = {ACL_MASK, 0, ACL_NO_ID};
	bool named = false, masked = false;
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		named |= acl_named(&item[i]);
		masked |= item[i].tag == ACL_MASK;
		if (acl_named(&item[i]) || item[i].tag == ACL_GROUP_OBJ)
			mask.perm |= item[i].perm;
	}
	if (named && !masked) {
		r = buf_add(items, &mask, sizeof(mask));
		n++;
	}
	if (!r)
		qsort(items->data, n, sizeof(*item), acl_compare);
	return r;
}

static int acl_add(struct entry *e, const char *attr, const struct buf *items)
{
	const struct acl_item *item = (const void *)items->data;
	uint32_t version = htole32(ACL_VERSION);
	cleanup_buf struct buf value = BUF_NONE;
	int r = buf_add(&value, &version, sizeof(version));

	for (size_t i = 0; !r && i < items->len / sizeof(*item); i++) {
		struct acl_item le = {
			htole16(item[i].tag), htole16(item[i].perm), htole32(item[i].id)};

		r = buf_add(&value, &le, sizeof(le));
	}
	return r ? r : entry_add_attr(e, attr, value.data, value.len);
}

/* The mode's group bits are the mask where there is one. */
static mode_t acl_group_bits(const struct buf *items, mode_t mode)
{
	const struct acl_item *item = (const void *)items->data;

	for (size_t i = 0; i < items->len / sizeof(*item); i++)
		if (item[i].tag == ACL_MASK)
			return (mode & ~S_IRWXG) | (mode_t)item[i].perm << 3;
	return mode;
}

static int acl_take_type(struct archive_entry *from, struct entry *e, int type, const char *attr)
{
	cleanup_buf struct buf items = BUF_NONE;
	int r = acl_collect(from, type, &items);

	if (!r && items.len)
		r = acl_complete(&items);
	if (r || !items.len)
		return r;
	if (type == ARCHIVE_ENTRY_ACL_TYPE_ACCESS)
		e->mode = acl_group_bits(&items, e->mode);
	return entry_attr(e, attr) ? 0 : acl_add(e, attr, &items);
}

int acl_take(struct archive_entry *from, struct entry *e)
{
	int types = archive_entry_acl_types(from), r = 0;

	if (types & ARCHIVE_ENTRY_ACL_TYPE_ACCESS)
		r = acl_take_type(from, e, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, ACL_ACCESS_ATTR);
	if (!r && types & ARCHIVE_ENTRY_ACL_TYPE_DEFAULT)
		r = acl_take_type(from, e, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, ACL_DEFAULT_ATTR);
	return r;
}
