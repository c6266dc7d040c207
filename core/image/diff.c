// SPDX-License-Identifier: Apache-2.0
#include "core/base/buf.h"
#include "core/image/facts.h"

struct comparison {
	struct facts *a, *b;
	bool times;
	facts_differ_fn *differ;
	void *arg;
	struct err *err;
	struct buf path; /* of the directory at hand, with "/" behind it */
};

static bool same_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool same_attrs(const struct entry *a, const struct entry *b)
{
	if (a->attr_count != b->attr_count)
		return false;
	for (size_t i = 0; i < a->attr_count; i++) {
		const struct entry_attr *x = &a->attrs[i], *y = entry_attr(b, x->name);

		if (!y || x->len != y->len || memcmp(x->value, y->value, x->len) != 0)
			return false;
	}
	return true;
}

/* A symlink's permissions mean nothing. */
static bool same_mode(const struct entry *a, const struct entry *b)
{
	return S_ISLNK(a->mode) || (a->mode & 07777) == (b->mode & 07777);
}

static unsigned differences(const struct comparison *c, const struct fact *f, const struct fact *g)
{
	const struct entry *a = &f->entry, *b = &g->entry;
	unsigned d = 0;

	if ((a->mode & S_IFMT) != (b->mode & S_IFMT))
		d |= DIFFERS_TYPE;
	if (!d && !same_mode(a, b))
		d |= DIFFERS_MODE;
	if (a->uid != b->uid || a->gid != b->gid)
		d |= DIFFERS_OWNER;
	if (!(d & DIFFERS_TYPE) && strcmp(f->digest, g->digest) != 0)
		d |= DIFFERS_CONTENT;
	if (!(d & DIFFERS_TYPE) && !same_text(a->link, b->link))
		d |= DIFFERS_TARGET;
	if (a->major != b->major || a->minor != b->minor)
		d |= DIFFERS_DEVICE;
	if (!same_attrs(a, b))
		d |= DIFFERS_ATTRIBUTES;
	if (c->times && a->mtime.tv_sec != b->mtime.tv_sec)
		d |= DIFFERS_TIME;
	return d;
}

static int tell(struct comparison *c, const char *name, const struct fact *a, const struct fact *b,
	unsigned differs)
{
	size_t len = c->path.len;
	int r = buf_adds(&c->path, name);

	if (r < 0)
		return err_set(c->err, r, NULL, NULL);
	r = c->differ(c->arg, c->path.data, a, b, differs, c->err);
	buf_cut(&c->path, len);
	return r;
}

static int get(struct comparison *c, struct facts *f, const struct child *child, struct fact *fact)
{
	int r = child ? facts_get(f, child->id, fact) : 0;

	return r < 0 ? err_set(c->err, r, "cannot read what is known of it", child->name) : 0;
}

static int compare_dirs(struct comparison *c, uint32_t a, uint32_t b);

static int enter(struct comparison *c, const char *name, uint32_t a, uint32_t b)
{
	size_t len = c->path.len;
	int r = 0;

	if (buf_adds(&c->path, name) < 0 || buf_adds(&c->path, "/") < 0)
		return err_set(c->err, -ENOMEM, NULL, NULL);
	r = compare_dirs(c, a, b);
	buf_cut(&c->path, len);
	return r;
}

static uint32_t dir_of(const struct child *child, const struct fact *fact)
{
	return child && S_ISDIR(fact->entry.mode) ? child->id : 0;
}

/* One name that either or both have. */
static int compare_child(
	struct comparison *c, const char *name, const struct child *a, const struct child *b)
{
	struct fact f = {0}, g = {0};
	uint32_t x, y;
	unsigned differs;
	int r = get(c, c->a, a, &f);

	if (r == 0)
		r = get(c, c->b, b, &g);
	differs = r == 0 && a && b ? differences(c, &f, &g) : 0;
	if (r == 0 && (differs || !a || !b))
		r = tell(c, name, a ? &f : NULL, b ? &g : NULL, differs);
	x = dir_of(a, &f);
	y = dir_of(b, &g);
	entry_free(&f.entry);
	entry_free(&g.entry);
	return r == 0 && (x || y) ? enter(c, name, x, y) : r;
}

static int merge_children(struct comparison *c, const struct children *a, const struct children *b)
{
	size_t i = 0, k = 0;
	int r = 0;

	while (r == 0 && (i < a->count || k < b->count)) {
		int order = i == a->count   ? 1
			    : k == b->count ? -1
					    : strcmp(a->at[i].name, b->at[k].name);

		r = compare_child(c, order <= 0 ? a->at[i].name : b->at[k].name,
			order <= 0 ? &a->at[i] : NULL, order >= 0 ? &b->at[k] : NULL);
		i += order <= 0;
		k += order >= 0;
	}
	return r;
}

/* As deep as paths may be, which is bounded. 0 for a directory that is not there. */
static int compare_dirs(struct comparison *c, uint32_t a, uint32_t b)
{
	struct children x = {NULL, 0}, y = {NULL, 0};
	int r = a ? facts_children(c->a, a, &x) : 0;

	if (r == 0 && b)
		r = facts_children(c->b, b, &y);
	if (r < 0)
		err_set(c->err, r, "cannot compare", c->path.data);
	else
		r = merge_children(c, &x, &y);
	facts_children_free(&x);
	facts_children_free(&y);
	return r;
}

static bool has_top(const struct facts *f)
{
	return !(merge_place(f->tree, MERGE_TOP)->flags & PLACE_IMPLIED);
}

/* Of the top many images say nothing. */
static int compare_tops(struct comparison *c)
{
	char name[] = ".";
	struct child top = {name, MERGE_TOP};
	struct fact f = {0}, g = {0};
	int r = has_top(c->a) && has_top(c->b) ? get(c, c->a, &top, &f) : 1;
	unsigned differs;

	if (r == 0)
		r = get(c, c->b, &top, &g);
	if (r == 0 && (differs = differences(c, &f, &g)))
		r = tell(c, ".", &f, &g, differs);
	entry_free(&f.entry);
	entry_free(&g.entry);
	return r < 0 ? r : 0;
}

int facts_compare(struct facts *a, struct facts *b, bool times, facts_differ_fn *differ, void *arg,
	struct err *err)
{
	struct comparison c = {a, b, times, differ, arg, err, BUF_NONE};
	int r = compare_tops(&c);

	if (r == 0)
		r = compare_dirs(&c, MERGE_TOP, MERGE_TOP);
	buf_free(&c.path);
	return r;
}
