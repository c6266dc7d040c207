// SPDX-License-Identifier: Apache-2.0
#include "core/image/merge_tree.h"

#include "core/base/buf.h"

/* What is kept of an entry; the texts and attributes follow, each text with its NUL. */
struct kept {
	uint32_t size; /* of all of it */
	uint32_t mode, uid, gid, major, minor, attr_count;
	bool has_mtime, has_atime, has_ctime;
	int64_t length;
	struct timespec mtime, atime, ctime;
};

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static int add_attrs(struct buf *b, const struct entry *e)
{
	for (size_t i = 0; i < e->attr_count; i++) {
		const struct entry_attr *a = &e->attrs[i];
		uint32_t len = (uint32_t)a->len;

		if (buf_add(b, a->name, strlen(a->name) + 1) < 0 ||
			buf_add(b, &len, sizeof(len)) < 0 || buf_add(b, a->value, len) < 0)
			return -ENOMEM;
	}
	return 0;
}

int merge_meta_put(struct merge_tree *t, const struct entry *e, uint32_t *at)
{
	cleanup_buf struct buf b = BUF_NONE;
	struct kept k;

	memset(&k, 0, sizeof(k));
	k.mode = e->mode;
	k.uid = e->uid;
	k.gid = e->gid;
	k.major = e->major;
	k.minor = e->minor;
	k.attr_count = (uint32_t)e->attr_count;
	k.length = e->size;
	k.has_mtime = e->has_mtime;
	k.has_atime = e->has_atime;
	k.has_ctime = e->has_ctime;
	k.mtime = e->mtime;
	k.atime = e->atime;
	k.ctime = e->ctime;
	if (buf_add(&b, &k, sizeof(k)) < 0 || buf_adds(&b, or_empty(e->uname)) < 0 ||
		buf_add(&b, "", 1) < 0 || buf_adds(&b, or_empty(e->gname)) < 0 ||
		buf_add(&b, "", 1) < 0 || add_attrs(&b, e) < 0)
		return -ENOMEM;
	k.size = (uint32_t)b.len;
	memcpy(b.data, &k.size, sizeof(k.size));
	return merge_store_add(t->store, b.data, b.len, at);
}

static char *text_or_null(const char **at)
{
	const char *text = *at;

	*at += strlen(text) + 1;
	return *text ? strdup(text) : NULL;
}

static void take(struct entry *e, const struct kept *k)
{
	e->mode = k->mode;
	e->uid = k->uid;
	e->gid = k->gid;
	e->major = k->major;
	e->minor = k->minor;
	e->size = k->length;
	e->has_mtime = k->has_mtime;
	e->has_atime = k->has_atime;
	e->has_ctime = k->has_ctime;
	e->mtime = k->mtime;
	e->atime = k->atime;
	e->ctime = k->ctime;
}

int merge_meta_get(struct merge_tree *t, uint32_t at, struct entry *e)
{
	cleanup_free char *all = NULL;
	const char *p;
	struct kept k;
	int r = merge_store_read(t->store, at, &k, sizeof(k));

	if (r < 0)
		return r;
	all = malloc(k.size);
	if (!all)
		return -ENOMEM;
	r = merge_store_read(t->store, at, all, k.size);
	if (r < 0)
		return r;
	take(e, &k);
	p = all + sizeof(k);
	e->uname = text_or_null(&p);
	e->gname = text_or_null(&p);
	for (uint32_t i = 0; i < k.attr_count && r == 0; i++) {
		const char *name = p;
		uint32_t len;

		p += strlen(name) + 1;
		memcpy(&len, p, sizeof(len));
		r = entry_add_attr(e, name, p + sizeof(len), len);
		p += sizeof(len) + len;
	}
	return r;
}
