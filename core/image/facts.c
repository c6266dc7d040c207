// SPDX-License-Identifier: Apache-2.0
#include "core/image/facts.h"

#include "core/base/buf.h"
#include "core/image/transport.h"
#include "core/owner/attr.h"

#include <stdio.h>

/* A name that no archive's attribute can have: the content's digest is kept under it. */
#define DIGEST_ATTR ""

/* 45 bytes a name, and there may be four trees. */
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

/* A layer on its way into the trees that have it. */
struct reading {
	const struct merge_options *o;
	struct facts *trees[FACTS_TREES];
	size_t tree_count;
	size_t layer, number; /* and its entries so far */
	struct archive_in *in;
};

/* Once, for all trees; of a layer that is in all that is compared an entry's number says it. */
static int add_digest(const struct reading *r, struct entry *e, struct err *err)
{
	char hex[65] = "";
	int code = 0;

	if (entry_attr(e, DIGEST_ATTR))
		return 0;
	if (S_ISREG(e->mode) && r->layer < r->o->first)
		snprintf(hex, sizeof(hex), "%zu.%zu", r->layer, r->number);
	else if (S_ISREG(e->mode))
		code = hash_content(r->in, hex, err);
	return code == 0 ? entry_add_attr(e, DIGEST_ATTR, hex, strlen(hex)) : code;
}

/* What a name that is no directory is: kept where the tree has the entry's number. */
static int keep(
	struct facts *f, const struct reading *r, uint32_t id, struct entry *e, struct err *err)
{
	uint32_t at;
	int code = add_digest(r, e, err);

	if (code == 0)
		code = merge_meta_put(f->tree, e, &at);
	if (code < 0)
		return err_set(err, code, "cannot keep what is known of it", e->path);
	merge_place(f->tree, id)->from = at;
	return 0;
}

static int take(
	struct facts *f, const struct reading *r, struct entry *e, bool tell, struct err *err)
{
	bool fatal = false;
	uint32_t id;
	int code = merge_next(f->tree);

	if (code < 0)
		return err_set(err, code, "cannot read", NULL);
	code = merge_entry(f->tree, e, &id, &fatal, err);
	if (code < 0 && !fatal) {
		if (tell)
			r->o->fault(r->o->arg, err);
		err_free(err);
		return 0;
	}
	if (merge_last(f->tree) > FACTS_MAX)
		return err_tell(err, -EFBIG, "too many names to compare", NULL);
	if (code < 0 || !id || e->hardlink || S_ISDIR(e->mode))
		return code;
	return keep(f, r, id, e, err);
}

/* No tree could hold a faulty entry; that is told of the last one, in which all layers are. */
static int take_all(struct reading *r, struct entry *e, struct err *err)
{
	int code = 0;

	r->number++;
	for (size_t n = 0; code == 0 && n < r->tree_count; n++)
		code = take(r->trees[n], r, e, n + 1 == r->tree_count, err);
	return code;
}

static int take_layer(struct reading *r, struct err *err)
{
	cleanup_entry struct entry e = ENTRY_NONE;

	for (;;) {
		bool again;
		int more = archive_in_next(r->in, &e, &again, err), code = 0;

		if (more == 0)
			return 0;
		if (more < 0 && !again)
			return err_set(err, more, "cannot read", NULL);
		if (more > 0) {
			code = take_all(r, &e, err);
		} else {
			r->o->fault(r->o->arg, err);
			err_free(err);
		}
		if (code < 0)
			return code;
	}
}

static int read_layer(size_t layer, const struct merge_options *o, unsigned which,
	struct facts **all, struct err *err)
{
	struct reading reading = {.o = o, .layer = layer};
	struct source *s;
	int r;

	for (size_t n = 0; n < FACTS_TREES; n++)
		if (which & 1U << n)
			reading.trees[reading.tree_count++] = all[n];
	for (size_t n = 0; n < reading.tree_count; n++)
		merge_layer(reading.trees[n]->tree);
	r = o->open(o->arg, layer, &s, err);
	if (r == 0)
		r = archive_in_open(s, &reading.in);
	if (r == 0)
		r = take_layer(&reading, err);
	archive_in_free(reading.in);
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

static int make(struct facts **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? merge_tree_new(&(*out)->tree) : -ENOMEM;
}

int facts_new_all(size_t count, const struct merge_options *options, facts_in_fn *in,
	struct facts **out, size_t trees, struct err *err)
{
	int r = 0;

	for (size_t n = 0; r == 0 && n < trees; n++)
		r = make(&out[n]);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = read_layer(i, options, in(options->arg, i), out, err);
	for (size_t n = 0; r == 0 && n < trees; n++)
		r = sort(out[n]);
	return r < 0 ? err_set(err, r, "cannot read", NULL) : 0;
}

static unsigned in_one(void *arg, size_t i)
{
	(void)arg, (void)i;
	return 1;
}

int facts_new(
	size_t count, const struct merge_options *options, struct facts **out, struct err *err)
{
	struct facts *f = NULL;
	int r = facts_new_all(count, options, in_one, &f, 1, err);

	if (r < 0)
		facts_free(f);
	else
		*out = f;
	return r;
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

	if (r < 0)
		return r;
	target[sizeof(target) - 1] = '\0';
	e->link = strdup(target);
	return e->link ? 0 : -ENOMEM;
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
