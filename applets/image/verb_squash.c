// SPDX-License-Identifier: Apache-2.0
/* verb squash
Layers are merged as streams, without a tree on disk.
With
.Fl -from
and
.Fl -to
only some of them; 1 is the lowest.
What these remove of the layers below stays removed.
The history keeps the entries of the layers that were merged, as such that have no layer of their
own, and gains one for the new layer.
*/
#include "applets/image/merging.h"

#include "core/image/rebase.h"
#include <stdio.h>

enum { SQUASH_FROM = VERB_OWN, SQUASH_TO };

struct job {
	struct merging m;
	size_t from, to; /* counted from 1; 0: not given */
	struct layer_out out;
	struct descriptor layer;
	char diff_id[DIGEST_MAX];
};

static int take(void *arg, int id, const char *value)
{
	struct job *j = arg;
	char *end;
	unsigned long n = strtoul(value, &end, 10);

	if (*value < '1' || *value > '9' || *end || n > 100000)
		return usage_error(j->m.v.self, "'%s' is no number of a layer", value);
	*(id == SQUASH_FROM ? &j->from : &j->to) = n;
	return EXIT_DONE;
}

static int commit(void *arg, struct err *err)
{
	struct job *j = arg;

	return layer_commit(&j->out, &j->layer, j->diff_id, err);
}

static int save(struct job *j, struct err *err)
{
	struct image *i = &j->m.image;
	char time[IMAGE_TIME_MAX];
	struct history h;
	bool told = verb_history(&j->m.v, i, "rlc-image squash", false, time, &h);

	if (image_squash(i, j->from - 1, j->to - j->from + 1, &j->layer, j->diff_id,
		    told ? &h : NULL) < 0)
		return err_set(err, -ENOMEM, "cannot squash", NULL);
	return image_save(&j->m.layout, verb_new_tag(&j->m.v), i, err);
}

static int squash(struct job *j, struct err *err)
{
	struct sink *sink;
	int r = layer_begin(
		&j->m.layout, verb_compression(&j->m.v, &j->m.image), 0, &j->out, &sink, err);

	if (r == 0)
		r = merging_write(&j->m, j->from - 1, j->to, sink, commit, j, err);
	return r < 0 ? r : save(j, err);
}

/* The range, once it is known how many there are: EXIT_DONE, or EXIT_USAGE after a message. */
static int check_range(struct job *j)
{
	size_t count = j->m.image.layer_count;

	j->from = j->from ? j->from : 1;
	j->to = j->to ? j->to : count;
	if (j->to > count || j->from > count)
		return usage_error(j->m.v.self, "the image has %zu layers", count);
	if (j->from > j->to)
		return usage_error(j->m.v.self, "--from comes after --to");
	return EXIT_DONE;
}

static int run(struct job *j)
{
	cleanup_err struct err err = ERR_NONE;
	int r = merging_open(&j->m, LAYOUT_WRITE, &err), status;

	if (r < 0)
		return verb_fail(&j->m.v, &err);
	status = check_range(j);
	if (status != EXIT_DONE)
		return status;
	return squash(j, &err) < 0 ? verb_fail(&j->m.v, &err) : j->m.status;
}

static int squash_main(const struct applet *self, int argc, char **argv)
{
	struct job j = {.m = MERGING_NONE, .out = LAYER_OUT_NONE, .layer = DESCRIPTOR_NONE};
	int status;

	if (verb_start(&j.m.v, self, argc, argv, take, &j, 0, 0, &status))
		status = run(&j);
	layer_abandon(&j.out);
	descriptor_done(&j.layer);
	merging_end(&j.m);
	return status;
}

static const struct option_row squash_options[] = {
	VERB_ROW_IMAGE,
	VERB_ROW_TAG,
	VERB_ROW_PLATFORM,
	{SQUASH_FROM, 0, "from", "N", "the lowest of the layers to merge (1)"},
	{SQUASH_TO, 0, "to", "N", "the highest of them (the last)"},
	VERB_ROW_COMPRESS,
	VERB_ROWS_HISTORY,
	{0},
};

const struct applet verb_squash = {
	.name = "image squash",
	.summary = "Make one layer of several.",
	.usage = "[OPTION]... --image DIR[:TAG]",
	.options = squash_options,
	.main = squash_main,
};
