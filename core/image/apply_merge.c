// SPDX-License-Identifier: Apache-2.0
/* The lists of records that two images changed both. */
#include "core/image/apply.h"
#include "core/image/records.h"
#include "core/pack/path.h"

#include <stdio.h>

/* Of all lists of an image together. The status of 5,000 packages has some 6 MB. */
enum { LISTS_MAX = 12 << 20 };

/* A list as an image has it. */
struct list {
	const char *path;
	struct buf text;
	struct entry entry;
	bool found, linked; /* in the layers that were read; as what is no file of its own */
};

struct lists {
	struct list *at;
	size_t count, bytes;
};

static void lists_free(struct lists *l)
{
	for (size_t i = 0; i < l->count; i++) {
		buf_free(&l->at[i].text);
		entry_free(&l->at[i].entry);
	}
	free(l->at);
}

static int lists_make(const struct apply *a, struct lists *l)
{
	const char *path;
	json_t *each;

	l->at = calloc(json_object_size(a->merged), sizeof(*l->at));
	if (!l->at)
		return -ENOMEM;
	json_object_foreach(a->merged, path, each)
	{
		l->at[l->count++] = (struct list){path, BUF_NONE, ENTRY_NONE, false, false};
	}
	return 0;
}

static int read_content(
	struct lists *all, struct list *l, struct archive_in *in, int64_t size, struct err *err)
{
	const void *block;
	int64_t offset;
	ssize_t n;

	all->bytes -= l->text.len;
	buf_cut(&l->text, 0);
	if (size > (int64_t)(LISTS_MAX - all->bytes))
		return err_tell(err, -EFBIG, "is too large to be merged", l->path);
	while ((n = archive_in_data(in, &block, &offset, err)) > 0)
		if (buf_add(&l->text, block, (size_t)n) < 0)
			return err_set(err, -ENOMEM, NULL, l->path);
	all->bytes += l->text.len;
	return (int)n;
}

/* Takes over what the entry is of a list; of a path that comes twice the last one counts. */
static int take(struct lists *all, struct entry *e, struct archive_in *in, struct err *err)
{
	cleanup_free char *clean = NULL;
	struct list *l = NULL;

	if (path_clean(e->path, &clean) < 0)
		return 0;
	for (size_t i = 0; !l && i < all->count; i++)
		if (strcmp(clean, all->at[i].path) == 0)
			l = &all->at[i];
	if (!l)
		return 0;
	l->found = true;
	l->linked = e->hardlink || !S_ISREG(e->mode);
	if (l->linked)
		return 0;
	entry_free(&l->entry);
	l->entry = *e;
	*e = (struct entry)ENTRY_NONE;
	return read_content(all, l, in, l->entry.size, err);
}

static int read_layer(struct lists *all, struct archive_in *in, struct err *err)
{
	cleanup_entry struct entry next = ENTRY_NONE;
	int r = 0;

	while (r == 0) {
		cleanup_err struct err fault = ERR_NONE;
		bool again;
		int more = archive_in_next(in, &next, &again, &fault);

		if (more == 0)
			return 0;
		if (more < 0 && !again)
			return err_set(err, more, fault.what, fault.path);
		if (more > 0)
			r = take(all, &next, in, err);
	}
	return r;
}

/* The lists as layers first to end of an image have them. */
static int read_lists(const struct apply *a, const struct image *i, size_t first, size_t end,
	struct lists *all, struct err *err)
{
	int r = lists_make(a, all);

	if (r < 0)
		return err_set(err, r, NULL, NULL);
	for (; r == 0 && first < end; first++) {
		struct archive_in *in = NULL;
		struct source *s;

		r = layer_source(a->layout, &i->layers[first], i->diff_ids[first], &s, err);
		if (r == 0)
			r = archive_in_open(s, &in);
		if (r == 0)
			r = read_layer(all, in, err);
		archive_in_free(in);
	}
	return r;
}

/* As the base has them, and what each image's own layers have. */
struct three {
	struct lists base, ours, theirs;
};

static void three_free(struct three *t)
{
	lists_free(&t->base);
	lists_free(&t->ours);
	lists_free(&t->theirs);
}

static int read_three(const struct apply *a, struct three *t, struct err *err)
{
	int r = read_lists(a, a->ours, 0, a->base, &t->base, err);

	if (r == 0)
		r = read_lists(a, a->ours, a->base, a->ours->layer_count, &t->ours, err);
	if (r == 0)
		r = read_lists(a, a->theirs, a->base, a->theirs->layer_count, &t->theirs, err);
	return r;
}

static const struct list *pick(const struct three *t, const struct lists *of, size_t n)
{
	return of->at[n].found ? &of->at[n] : &t->base.at[n];
}

/* The merged list; -EEXIST where it cannot be, after it was told. */
static int merge(
	const struct apply *a, const struct three *t, size_t n, struct buf *out, struct err *err)
{
	const struct list *base = &t->base.at[n], *ours = pick(t, &t->ours, n);
	const struct list *theirs = pick(t, &t->theirs, n);
	const char *path = base->path;
	cleanup_free char *key = NULL;
	int r;

	/* What a lower layer has of it is not what the image has. */
	if (base->linked || ours->linked || theirs->linked)
		return err_tell(err, -ENOTSUP, "is a link in a layer, and cannot be merged", path);
	r = records_merge(records_kind(path), &base->text, &ours->text, &theirs->text, out, &key);
	if (r == -EEXIST || r == -EBADMSG) {
		cleanup_free char *at = NULL;

		if (asprintf(&at, "%s%s%s", path, key ? ": " : "", key ? key : "") < 0)
			at = NULL;
		a->tell(a->arg, APPLY_REFUSED, at ? at : path,
			key ? "both changed this entry, or gave one number to two names"
			    : "both changed it, and it is no list that can be merged");
		return -EEXIST;
	}
	return r < 0 ? err_set(err, r, "cannot merge", path) : 0;
}

static int write_one(
	struct apply *a, const struct three *t, size_t n, struct archive_out *out, struct err *err)
{
	cleanup_buf struct buf text = BUF_NONE;
	struct entry *e = &t->theirs.at[n].entry;
	int r = merge(a, t, n, &text, err);

	if (r < 0)
		return r == -EEXIST ? 0 : r;
	if (!e->path)
		return err_tell(err, -ENOTSUP, "is not in a layer of its own", t->base.at[n].path);
	free(e->path);
	e->path = strdup(t->base.at[n].path);
	if (!e->path)
		return err_set(err, -ENOMEM, NULL, NULL);
	e->size = (int64_t)text.len;
	e->run_count = 0;
	r = archive_out_entry(out, e, err);
	if (r == 0)
		r = archive_out_data(out, text.data, text.len, err);
	return r < 0 ? r : archive_out_end(out, err);
}

int apply_write(struct apply *a, struct archive_out *out, struct err *err)
{
	cleanup(three_free) struct three t = {0};
	int r = read_three(a, &t, err);

	for (size_t n = 0; r == 0 && n < t.base.count; n++)
		r = write_one(a, &t, n, out, err);
	return r;
}
