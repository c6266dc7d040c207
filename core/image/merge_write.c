// SPDX-License-Identifier: Apache-2.0
#include "core/image/merge_write.h"

#include "core/owner/attr.h"
#include "core/pack/path.h"

/* After merge_settle a directory's flag of this value says that it is in the archive. */
enum { WRITTEN = 64 };

/* What this archive cannot hold is told and left out. */
static bool is_fault(int r)
{
	return r == -ENAMETOOLONG || r == -ERANGE || r == -EINVAL || r == -EFBIG ||
	       r == -EOPNOTSUPP || r == -E2BIG;
}

/* Attributes that belong to a host stay out of layers. */
static void drop_private(struct entry *e)
{
	size_t kept = 0;

	for (size_t i = 0; i < e->attr_count; i++) {
		struct entry_attr a = e->attrs[i];

		if (attr_is_private(a.name)) {
			free(a.name);
			free(a.value);
		} else {
			e->attrs[kept++] = a;
		}
	}
	e->attr_count = kept;
}

static int put_zeros(struct merge_writer *w, int64_t n)
{
	static const char zeros[4096];
	int r = 0;

	for (; n > 0 && r == 0; n -= MIN(n, (int64_t)sizeof(zeros)))
		r = archive_out_data(w->out, zeros, (size_t)MIN(n, (int64_t)sizeof(zeros)), w->err);
	return r;
}

/* The part of [from, to) that the block at offset has; what lies before it was a hole. */
struct copy {
	int64_t at; /* how far the file is written */
	size_t run;
};

static int put_part(struct merge_writer *w, struct copy *c, int64_t end, const char *block,
	int64_t offset, int64_t n)
{
	int64_t to = MIN(end, offset + n);
	int r = 0;

	if (offset > c->at)
		r = put_zeros(w, MIN(offset, end) - c->at);
	c->at = MAX(c->at, MIN(offset, end));
	if (r == 0 && to > c->at)
		r = archive_out_data(
			w->out, block + (c->at - offset), (size_t)(to - c->at), w->err);
	c->at = MAX(c->at, to);
	return r;
}

/* Of a sparse file only what is in its runs is written, without what is between them. */
static int put_block(struct merge_writer *w, const struct entry *e, struct copy *c,
	const char *block, int64_t offset, int64_t n)
{
	int r = 0;

	if (e->run_count == 0)
		return put_part(w, c, e->size, block, offset, n);
	while (r == 0 && c->run < e->run_count && e->runs[c->run].offset < offset + n) {
		const struct entry_run *run = &e->runs[c->run];

		c->at = MAX(c->at, run->offset);
		r = put_part(w, c, run->offset + run->length, block, offset, n);
		if (c->at < run->offset + run->length)
			break;
		c->run++;
	}
	return r;
}

static int copy_content(struct merge_writer *w, const struct entry *e, struct archive_in *data)
{
	struct copy c = {0};
	const void *block;
	int64_t offset;
	ssize_t n;

	while ((n = archive_in_data(data, &block, &offset, w->err)) > 0) {
		int r = put_block(w, e, &c, block, offset, n);

		if (r < 0)
			return r;
	}
	return (int)n;
}

/* Writes the entry; data (may be NULL) has its content. */
static int put(struct merge_writer *w, struct entry *e, struct archive_in *data)
{
	struct err fault = ERR_NONE;
	int r;

	drop_private(e);
	if (w->options->no_holes)
		e->run_count = 0;
	r = archive_out_entry(w->out, e, &fault);
	if (is_fault(r)) {
		w->options->fault(w->options->arg, &fault);
		err_free(&fault);
		return 0;
	}
	if (r < 0) {
		err_set(w->err, r, fault.what, fault.path);
		err_free(&fault);
		return r;
	}
	if (data && S_ISREG(e->mode) && !e->hardlink)
		r = copy_content(w, e, data);
	return r < 0 ? r : archive_out_end(w->out, w->err);
}

/* w->path becomes the directory's path and "/", or nothing for the top. */
static int go_in(struct merge_writer *w, uint32_t dir)
{
	if (w->in == dir)
		return 0;
	buf_cut(&w->path, 0);
	w->in = dir;
	if (dir == MERGE_TOP)
		return buf_adds(&w->path, "");
	return merge_path(w->tree, dir, &w->path) < 0 ? -ENOMEM : buf_adds(&w->path, "/");
}

/* The path of a name in it, with prefix before it; the caller's. */
static int path_in(struct merge_writer *w, uint32_t dir, const char *prefix, uint32_t id,
	const char *end, char **out)
{
	int r = go_in(w, dir);
	size_t len = w->path.len;

	if (r == 0)
		r = buf_adds(&w->path, prefix);
	if (r == 0 && id)
		r = merge_name(w->tree, id, &w->path);
	if (r == 0)
		r = buf_adds(&w->path, end);
	if (r < 0)
		return r;
	*out = strdup(w->path.data);
	buf_cut(&w->path, len);
	return *out ? 0 : -ENOMEM;
}

static int put_whiteout(struct merge_writer *w, uint32_t dir, uint32_t id)
{
	cleanup_entry struct entry e = {.mode = S_IFREG | 0644, .has_mtime = true};
	int r = path_in(w, dir, id ? ".wh." : ".wh..wh..opq", id, "", &e.path);

	return r < 0 ? err_set(w->err, r, NULL, NULL) : put(w, &e, NULL);
}

static int put_dir(struct merge_writer *w, uint32_t id)
{
	const struct place *p = merge_place(w->tree, id);
	cleanup_entry struct entry e = {.mode = S_IFDIR | 0755, .has_mtime = true};
	int r = 0;

	if (!(p->flags & PLACE_IMPLIED))
		r = merge_meta_get(w->tree, p->from, &e);
	if (r == 0 && id == MERGE_TOP)
		r = (e.path = strdup("./")) ? 0 : -ENOMEM;
	else if (r == 0)
		r = path_in(w, p->parent, "", id, "/", &e.path);
	return r < 0 ? err_set(w->err, r, NULL, NULL) : put(w, &e, NULL);
}

/*
 * A directory that no entry describes shows by what is in it, unless it is empty (last), or takes
 * the place of what layers below have. What is as it was there is not written.
 */
static int write_dir(struct merge_writer *w, uint32_t id, bool last)
{
	struct place *p = merge_place(w->tree, id);
	bool shows = !(p->flags & PLACE_IMPLIED) || (p->flags & PLACE_REMADE) || last;
	int r;

	if (p->flags & WRITTEN)
		return 0;
	p->flags |= WRITTEN;
	if ((p->flags & PLACE_OLD) || !shows)
		return 0;
	r = put_dir(w, id);
	if (r == 0 && (p->flags & PLACE_REMADE) && !(p->flags & PLACE_COVERED))
		r = put_whiteout(w, id, 0);
	return r;
}

/* The directories above a place, outermost first. */
static int write_above(struct merge_writer *w, uint32_t id)
{
	struct merge_tree *t = w->tree;
	uint32_t done = id;

	while (done != MERGE_TOP &&
		!(merge_place(t, merge_place(t, done)->parent)->flags & WRITTEN))
		done = merge_place(t, done)->parent;
	while (done != id) {
		uint32_t next = id;
		int r = write_dir(w, done, false);

		if (r < 0)
			return r;
		while (merge_place(t, next)->parent != done)
			next = merge_place(t, next)->parent;
		done = next;
	}
	return 0;
}

uint32_t merge_turn(const struct merge_tree *t, uint32_t id)
{
	const struct place *p = merge_place(t, id);

	if (p->kind == PLACE_DIR)
		return p->mark;
	if ((p->flags & PLACE_TIED) && merge_inode(t, p->at)->first == id)
		return merge_inode(t, p->at)->from;
	return p->from;
}

/* It need not be written where something in it is: so that is asked of it last, innermost first. */
static bool is_implied(const struct merge_tree *t, uint32_t id)
{
	const struct place *p = merge_place(t, id);

	return p->kind == PLACE_DIR && (p->flags & PLACE_IMPLIED);
}

static int by_turn(const void *a, const void *b, void *tree)
{
	const uint32_t *x = a, *y = b;
	uint32_t m = merge_turn(tree, *x), n = merge_turn(tree, *y);
	bool late = is_implied(tree, *x);

	if (m != n)
		return m < n ? -1 : 1;
	if (late != is_implied(tree, *y))
		return late ? 1 : -1;
	return (*x < *y ? -1 : *x > *y) * (late ? -1 : 1);
}

/* Whether a place is written at all. */
static bool is_due(const struct place *p)
{
	return p->kind != PLACE_NONE && !(p->flags & PLACE_OLD);
}

int merge_writer_start(struct merge_writer *w)
{
	struct merge_tree *t = w->tree;
	struct place *top = merge_place(t, MERGE_TOP);

	if (top->flags & PLACE_IMPLIED)
		top->flags |= PLACE_OLD;
	for (uint32_t id = MERGE_TOP; id <= merge_last(t); id++)
		w->count += is_due(merge_place(t, id));
	w->order = calloc(w->count + 1, sizeof(*w->order));
	if (!w->order)
		return -ENOMEM;
	w->count = 0;
	for (uint32_t id = MERGE_TOP; id <= merge_last(t); id++)
		if (is_due(merge_place(t, id)))
			w->order[w->count++] = id;
	qsort_r(w->order, w->count, sizeof(*w->order), by_turn, t);
	return 0;
}

void merge_writer_end(struct merge_writer *w)
{
	free(w->order);
	free(w->ends);
	buf_free(&w->path);
}

/* Of what was there and is gone, only the outermost: its directory is still one. */
static bool needs_whiteout(const struct merge_tree *t, const struct place *p)
{
	return p->kind == PLACE_NONE && (p->flags & PLACE_WAS) && !(p->flags & PLACE_COVERED) &&
	       merge_place(t, p->parent)->kind == PLACE_DIR;
}

int merge_write_whiteouts(struct merge_writer *w)
{
	struct merge_tree *t = w->tree;
	int r = 0;

	for (uint32_t id = MERGE_TOP + 1; id <= merge_last(t) && r == 0; id++) {
		const struct place *p = merge_place(t, id);

		if (!needs_whiteout(t, p))
			continue;
		r = write_above(w, id);
		if (r == 0)
			r = put_whiteout(w, p->parent, id);
	}
	return r;
}

/* The first name has what the inode is; the others are links to it. */
static int write_file(struct merge_writer *w, uint32_t id, struct entry *e, struct archive_in *data)
{
	const struct place *p = merge_place(w->tree, id);
	uint32_t first = p->flags & PLACE_TIED ? merge_inode(w->tree, p->at)->first : id;
	char *path = NULL;
	int r = write_above(w, id);

	if (r == 0)
		r = path_in(w, p->parent, "", id, "", &path);
	if (r < 0)
		return err_set(w->err, r, NULL, NULL);
	if (first != id || e->hardlink) {
		cleanup_entry struct entry link = {.hardlink = true, .path = path, .mode = 0644};
		cleanup_buf struct buf to = BUF_NONE;

		link.mtime = e->mtime;
		link.has_mtime = e->has_mtime;
		link.uid = e->uid;
		link.gid = e->gid;
		r = first != id ? merge_path(w->tree, first, &to) : path_clean(e->link, &to.data);
		if (r < 0)
			return err_set(w->err, r, NULL, NULL);
		link.link = to.data;
		to = (struct buf)BUF_NONE;
		return put(w, &link, NULL);
	}
	free(e->path);
	e->path = path;
	return put(w, e, data);
}

int merge_write_entry(
	struct merge_writer *w, uint32_t now, struct entry *e, struct archive_in *data)
{
	int r = 0;

	for (; r == 0 && w->next < w->count; w->next++) {
		uint32_t id = w->order[w->next];

		if (merge_turn(w->tree, id) != now)
			break;
		if (merge_place(w->tree, id)->kind != PLACE_DIR) {
			r = write_file(w, id, e, data);
		} else {
			r = write_above(w, id);
			if (r == 0)
				r = write_dir(w, id, true);
		}
	}
	return r;
}
