// SPDX-License-Identifier: Apache-2.0
/* The lists of records that two images changed both. */
#include "core/image/apply.h"
#include "core/image/records.h"
#include "core/pack/path.h"

/* Several are in memory at once. The status of 5,000 packages has some 6 MB. */
enum { LIST_MAX = 12 << 20 };

static int read_content(
	struct archive_in *in, const struct entry *e, struct buf *out, struct err *err)
{
	const void *block;
	int64_t offset;
	ssize_t n;

	buf_cut(out, 0);
	if (e->size > LIST_MAX)
		return err_tell(err, -EFBIG, "is too large to be merged", e->path);
	while ((n = archive_in_data(in, &block, &offset, err)) > 0)
		if (buf_add(out, block, (size_t)n) < 0)
			return err_set(err, -ENOMEM, NULL, e->path);
	return (int)n;
}

/* Takes over what the entry says of the file. */
static void take(struct entry *from, struct entry *to)
{
	entry_free(to);
	*to = *from;
	*from = (struct entry)ENTRY_NONE;
}

/* The last entry of that path in a layer: 1, 0 where it has none, negative errno with err. */
static int read_layer(
	struct archive_in *in, const char *path, struct buf *out, struct entry *e, struct err *err)
{
	cleanup_entry struct entry next = ENTRY_NONE;
	int found = 0;

	for (;;) {
		cleanup_free char *clean = NULL;
		cleanup_err struct err fault = ERR_NONE;
		bool again;
		int r = archive_in_next(in, &next, &again, &fault);

		if (r == 0)
			return found;
		if (r < 0 && !again)
			return err_set(err, r, fault.what, path);
		if (r < 0 || path_clean(next.path, &clean) < 0 || strcmp(clean, path) != 0)
			continue;
		/* What a lower layer has of it is not what the image has. */
		if (next.hardlink || !S_ISREG(next.mode))
			return err_tell(
				err, -ENOTSUP, "is a link in a layer, and cannot be merged", path);
		r = read_content(in, &next, out, err);
		if (r < 0)
			return r;
		take(&next, e);
		found = 1;
	}
}

/* The content of a file in the first count layers of an image. */
static int read_file(const struct apply *a, const struct image *i, size_t count, const char *path,
	struct buf *out, struct entry *e, struct err *err)
{
	int r = 0;

	while (r == 0 && count-- > 0) {
		struct archive_in *in = NULL;
		struct source *s;

		r = layer_source(a->layout, &i->layers[count], i->diff_ids[count], &s, err);
		if (r == 0)
			r = archive_in_open(s, &in);
		if (r == 0)
			r = read_layer(in, path, out, e, err);
		archive_in_free(in);
	}
	return r;
}

/* The merged list; -EEXIST where it cannot be, after it was told. */
static int merge(
	const struct apply *a, const char *path, struct buf *out, struct entry *e, struct err *err)
{
	cleanup_buf struct buf base = BUF_NONE, ours = BUF_NONE, theirs = BUF_NONE;
	cleanup_entry struct entry unused = ENTRY_NONE;
	cleanup_free char *key = NULL;
	int r = read_file(a, a->ours, a->base, path, &base, &unused, err);

	if (r >= 0)
		r = read_file(a, a->ours, a->ours->layer_count, path, &ours, &unused, err);
	if (r >= 0)
		r = read_file(a, a->theirs, a->theirs->layer_count, path, &theirs, e, err);
	if (r < 0)
		return r;
	r = records_merge(records_kind(path), &base, &ours, &theirs, out, &key);
	if (r == -EEXIST || r == -EBADMSG) {
		a->tell(a->arg, APPLY_REFUSED, path,
			r == -EBADMSG ? "both changed it, and it is no list that can be merged"
				      : "both changed one entry of it, or took one number");
		return -EEXIST;
	}
	return r < 0 ? err_set(err, r, "cannot merge", path) : 0;
}

static int write_one(struct apply *a, const char *path, struct archive_out *out, struct err *err)
{
	cleanup_buf struct buf text = BUF_NONE;
	cleanup_entry struct entry e = ENTRY_NONE;
	int r = merge(a, path, &text, &e, err);

	if (r < 0)
		return r == -EEXIST ? 0 : r;
	free(e.path);
	e.path = strdup(path);
	if (!e.path)
		return err_set(err, -ENOMEM, NULL, NULL);
	e.size = (int64_t)text.len;
	e.run_count = 0;
	r = archive_out_entry(out, &e, err);
	if (r == 0)
		r = archive_out_data(out, text.data, text.len, err);
	return r < 0 ? r : archive_out_end(out, err);
}

int apply_write(struct apply *a, struct archive_out *out, struct err *err)
{
	const char *path;
	json_t *each;
	int r = 0;

	json_object_foreach(a->merged, path, each)
	{
		r = write_one(a, path, out, err);
		if (r < 0)
			return r;
	}
	return 0;
}
