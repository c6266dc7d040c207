// SPDX-License-Identifier: Apache-2.0
#include "core/image/facts.h"

#include "core/base/buf.h"
#include "core/image/transport.h"
#include "core/owner/attr.h"

#include <stdio.h>

/* A name that no archive's attribute can have: the content's digest is kept under it. */
#define DIGEST_ATTR ""

/* Two trees are compared, 45 bytes a name. */
enum { FACTS_MAX = 1 << 20 };

static int hash_content(struct archive_in *in, char hex[65], struct err *err)
{
	struct source *s;
	int64_t n;
	int r = member_source(in, &s);

	if (r == 0)
		r = source_digest(s, &s);
	if (r < 0)
		return err_set(err, r, "cannot read", NULL);
	n = source_drain(s);
	r = n < 0 ? (int)n : source_digest_hex(s, hex);
	if (r < 0)
		err_set(err, r, source_why(s) ? source_why(s) : "cannot read", NULL);
	source_free(s);
	return r;
}

/* What a name that is no directory is: kept where the tree has the entry's number. */
static int keep(struct facts *f, const struct merge_options *o, uint32_t id, struct entry *e,
	struct archive_in *in, struct err *err)
{
	char hex[65] = "";
	uint32_t at;
	int r = 0;

	/* Of a layer that is the same in both, entries are known by their number */
	if (S_ISREG(e->mode) && f->layer < o->first)
		snprintf(hex, sizeof(hex), "%zu.%zu", f->layer, f->number);
	else if (S_ISREG(e->mode))
		r = hash_content(in, hex, err);
	if (r == 0)
		r = entry_add_attr(e, DIGEST_ATTR, hex, strlen(hex));
	if (r == 0)
		r = merge_meta_put(f->tree, e, &at);
	if (r < 0)
		return err_set(err, r, "cannot keep what is known of it", e->path);
	merge_place(f->tree, id)->from = at;
	return 0;
}

static int take(struct facts *f, const struct merge_options *o, struct entry *e,
	struct archive_in *in, struct err *err)
{
	bool fatal = false;
	uint32_t id;
	int r = merge_entry(f->tree, e, &id, &fatal, err);

	if (r < 0 && !fatal) {
		o->fault(o->arg, err);
		err_free(err);
		return 0;
	}
	if (merge_last(f->tree) > FACTS_MAX)
		return err_tell(err, -EFBIG, "too many names to compare", NULL);
	if (r < 0 || !id || e->hardlink || S_ISDIR(e->mode))
		return r;
	f->number++;
	return keep(f, o, id, e, in, err);
}

static int take_layer(
	struct facts *f, const struct merge_options *o, struct archive_in *in, struct err *err)
{
	cleanup_entry struct entry e = ENTRY_NONE;

	for (;;) {
		bool again;
		int more = archive_in_next(in, &e, &again, err);
		int r = more == 0 || (more < 0 && !again) ? more : merge_next(f->tree);

		if (r < 0 || more == 0)
			return r < 0 ? err_set(err, r, "cannot read", NULL) : 0;
		if (more > 0) {
			r = take(f, o, &e, in, err);
		} else {
			o->fault(o->arg, err);
			err_free(err);
		}
		if (r < 0)
			return r;
	}
}

static int take_all(struct facts *f, size_t count, const struct merge_options *o, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		struct archive_in *in = NULL;
		struct source *s;

		merge_layer(f->tree);
		f->layer = i;
		f->number = 0;
		r = o->open(o->arg, i, &s, err);
		if (r == 0)
			r = archive_in_open(s, &in);
		if (r == 0)
			r = take_layer(f, o, in, err);
		archive_in_free(in);
	}
	return r;
}

static int by_parent(const void *a, const void *b, void *tree)
{
	const uint32_t *x = a, *y = b;
	uint32_t p = merge_place(tree, *x)->parent, q = merge_place(tree, *y)->parent;

	if (p != q)
		return p < q ? -1 : 1;
	return *x < *y ? -1 : *x > *y;
}

static int sort(struct facts *f)
{
	struct merge_tree *t = f->tree;

	merge_settle(t);
	f->by_parent = calloc(merge_last(t) + 1, sizeof(*f->by_parent));
	if (!f->by_parent)
		return -ENOMEM;
	for (uint32_t id = MERGE_TOP + 1; id <= merge_last(t); id++)
		if (merge_place(t, id)->kind != PLACE_NONE)
			f->by_parent[f->count++] = id;
	qsort_r(f->by_parent, f->count, sizeof(*f->by_parent), by_parent, t);
	return 0;
}

int facts_new(
	size_t count, const struct merge_options *options, struct facts **out, struct err *err)
{
	struct facts *f = calloc(1, sizeof(*f));
	int r = f ? merge_tree_new(&f->tree) : -ENOMEM;

	if (r == 0)
		r = take_all(f, count, options, err);
	if (r == 0)
		r = sort(f);
	if (r < 0) {
		facts_free(f);
		return err_set(err, r, "cannot read", NULL);
	}
	*out = f;
	return 0;
}

void facts_free(struct facts *f)
{
	if (!f)
		return;
	merge_tree_free(f->tree);
	free(f->by_parent);
	free(f);
}

/* The digest is no attribute, nor are those that never are in a layer. */
static void sort_out(struct fact *fact)
{
	struct entry *e = &fact->entry;
	size_t kept = 0;

	for (size_t i = 0; i < e->attr_count; i++) {
		struct entry_attr a = e->attrs[i];

		if (!*a.name)
			memcpy(fact->digest, a.value, MIN(a.len, (size_t)64));
		if (*a.name && !attr_is_private(a.name)) {
			e->attrs[kept++] = a;
			continue;
		}
		free(a.name);
		free(a.value);
	}
	e->attr_count = kept;
}

static int get_target(struct facts *f, const struct place *p, struct entry *e)
{
	uint32_t at = p->flags & PLACE_TIED ? merge_inode(f->tree, p->at)->target : p->at;
	char target[PATH_MAX];
	int r = merge_store_read(f->tree->store, at, target, sizeof(target));

	target[sizeof(target) - 1] = '\0';
	e->link = strdup(target);
	return r < 0 ? r : e->link ? 0 : -ENOMEM;
}

int facts_get(struct facts *f, uint32_t id, struct fact *fact)
{
	const struct place *p = merge_place(f->tree, id);
	uint32_t at = p->flags & PLACE_TIED ? merge_inode(f->tree, p->at)->from : p->from;
	int r = 0;

	memset(fact, 0, sizeof(*fact));
	if (p->flags & PLACE_IMPLIED)
		fact->entry.mode = S_IFDIR | 0755;
	else
		r = merge_meta_get(f->tree, at, &fact->entry);
	if (r == 0)
		sort_out(fact);
	return r == 0 && p->kind == PLACE_SYMLINK ? get_target(f, p, &fact->entry) : r;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct child *)a)->name, ((const struct child *)b)->name);
}

/* The first of those in dir. */
static size_t find(const struct facts *f, uint32_t dir)
{
	size_t low = 0, high = f->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (merge_place(f->tree, f->by_parent[middle])->parent < dir)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int facts_children(struct facts *f, uint32_t dir, struct children *out)
{
	size_t first = find(f, dir), end = first;

	while (end < f->count && merge_place(f->tree, f->by_parent[end])->parent == dir)
		end++;
	out->count = 0;
	out->at = calloc(end - first + 1, sizeof(*out->at));
	if (!out->at)
		return -ENOMEM;
	for (; first < end; first++) {
		struct buf name = BUF_NONE;
		int r = merge_name(f->tree, f->by_parent[first], &name);

		if (r < 0) {
			buf_free(&name);
			return r;
		}
		out->at[out->count++] = (struct child){name.data, f->by_parent[first]};
	}
	qsort(out->at, out->count, sizeof(*out->at), by_name);
	return 0;
}

void facts_children_free(struct children *c)
{
	for (size_t i = 0; i < c->count; i++)
		free(c->at[i].name);
	free(c->at);
	*c = (struct children){NULL, 0};
}
