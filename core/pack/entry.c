// SPDX-License-Identifier: Apache-2.0
#include "core/pack/entry.h"

static void attr_free(struct entry_attr *attr)
{
	free(attr->name);
	free(attr->value);
}

void entry_free(struct entry *e)
{
	free(e->path);
	free(e->link);
	free(e->uname);
	free(e->gname);
	for (size_t i = 0; i < e->attr_count; i++)
		attr_free(&e->attrs[i]);
	free(e->attrs);
	free(e->runs);
	*e = (struct entry)ENTRY_NONE;
}

static struct entry_attr *attr_find(const struct entry *e, const char *name)
{
	for (size_t i = 0; i < e->attr_count; i++)
		if (!strcmp(e->attrs[i].name, name))
			return &e->attrs[i];
	return NULL;
}

const struct entry_attr *entry_attr(const struct entry *e, const char *name)
{
	return attr_find(e, name);
}

/* Doubles an array whose number of items is 0 or has just reached a power of two. */
static int grow(void *array, size_t count, size_t size)
{
	void **items = array;
	void *more;

	if (count & (count - 1))
		return 0;
	more = reallocarray(*items, count ? 2 * count : 1, size);
	if (!more)
		return -ENOMEM;
	*items = more;
	return 0;
}

int entry_add_attr(struct entry *e, const char *name, const void *value, size_t len)
{
	struct entry_attr attr = {strdup(name), malloc(len + 1), len};
	struct entry_attr *old = attr_find(e, name);

	if (!attr.name || !attr.value || (!old && grow(&e->attrs, e->attr_count, sizeof(attr)))) {
		attr_free(&attr);
		return -ENOMEM;
	}
	if (len)
		memcpy(attr.value, value, len);
	((char *)attr.value)[len] = '\0';
	if (old)
		attr_free(old);
	else
		old = &e->attrs[e->attr_count++];
	*old = attr;
	return 0;
}

int entry_add_run(struct entry *e, int64_t offset, int64_t length)
{
	if (grow(&e->runs, e->run_count, sizeof(*e->runs)))
		return -ENOMEM;
	e->runs[e->run_count++] = (struct entry_run){offset, length};
	return 0;
}
