// SPDX-License-Identifier: Apache-2.0
#include "core/image/merge_write.h"

static void tell(const struct merge_options *o, struct err *err)
{
	o->fault(o->arg, err);
	err_free(err);
}

static int open_layer(
	const struct merge_options *o, size_t i, struct archive_in **in, struct err *err)
{
	struct source *s;
	int r = o->open(o->arg, i, &s, err);

	if (r == 0)
		r = archive_in_open(s, in);
	return r < 0 ? err_set(err, r, "cannot read a layer", NULL) : 0;
}

/* What the tree is told of one header. Negative errno where nothing more can be read. */
static int learn(struct merge_tree *t, const struct merge_options *o, const struct entry *e, int r,
	bool again, struct err *err)
{
	bool fatal = false;

	if (r < 0 && again) {
		tell(o, err);
		return 0;
	}
	if (r > 0)
		r = merge_entry(t, e, NULL, &fatal, err);
	if (r < 0 && !fatal) {
		tell(o, err);
		r = 0;
	}
	return r;
}

static int read_names(
	struct merge_tree *t, const struct merge_options *o, struct archive_in *in, struct err *err)
{
	cleanup_entry struct entry e = ENTRY_NONE;

	for (;;) {
		bool again;
		int more = archive_in_next(in, &e, &again, err), r;

		if (more == 0 || (more < 0 && !again))
			return more;
		r = merge_next(t);
		if (r < 0)
			return err_tell(err, r, "too many entries to merge", NULL);
		r = learn(t, o, &e, more, again, err);
		if (r < 0)
			return r;
	}
}

static int write_layer(struct merge_writer *w, struct archive_in *in)
{
	cleanup_entry struct entry e = ENTRY_NONE;

	for (;;) {
		cleanup_err struct err err = ERR_NONE;
		bool again;
		int r = archive_in_next(in, &e, &again, &err);

		if (r == 0)
			return 0;
		if (r < 0 && !again)
			return err_set(w->err, r, err.what, err.path);
		r = merge_next(w->tree);
		if (r == 0 && !again)
			r = merge_write_entry(w, w->tree->now, &e, in);
		if (r < 0)
			return err_set(w->err, r, NULL, NULL);
	}
}

/* Layers below the first only lie there: what they have is not written. */
static int learn_all(struct merge_writer *w, size_t count)
{
	const struct merge_options *o = w->options;
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++) {
		struct archive_in *in = NULL;

		if (i > 0 && i == o->first)
			merge_base(w->tree);
		merge_layer(w->tree);
		r = open_layer(o, i, &in, w->err);
		if (r == 0)
			r = read_names(w->tree, o, in, w->err);
		archive_in_free(in);
		w->ends[i] = w->tree->now;
	}
	merge_settle(w->tree);
	return r;
}

/* Whether nothing of layer i is left: then it is not read again. */
static bool is_done(const struct merge_writer *w, size_t i)
{
	return w->next == w->count || merge_turn(w->tree, w->order[w->next]) > w->ends[i];
}

static int write_all(struct merge_writer *w, size_t count)
{
	int r = w->options->first ? merge_write_whiteouts(w) : 0;

	w->tree->now = 0;
	for (size_t i = 0; i < count && r == 0; i++) {
		struct archive_in *in = NULL;

		if (!is_done(w, i)) {
			r = open_layer(w->options, i, &in, w->err);
			if (r == 0)
				r = write_layer(w, in);
			archive_in_free(in);
		}
		w->tree->now = w->ends[i];
	}
	if (r == 0 && w->next < w->count)
		r = err_tell(w->err, -ESTALE, "a layer changed while it was read", NULL);
	return r;
}

int merge_layers(
	size_t count, const struct merge_options *options, struct archive_out *out, struct err *err)
{
	struct merge_writer w = {.options = options, .out = out, .err = err};
	int r = merge_tree_new(&w.tree);

	w.ends = calloc(count + 1, sizeof(*w.ends));
	if (r == 0 && !w.ends)
		r = -ENOMEM;
	if (r == 0)
		r = learn_all(&w, count);
	if (r == 0)
		r = merge_writer_start(&w);
	if (r == 0)
		r = write_all(&w, count);
	merge_writer_end(&w);
	merge_tree_free(w.tree);
	return r < 0 ? err_set(err, r, "cannot merge", NULL) : 0;
}
