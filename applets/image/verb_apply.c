// SPDX-License-Identifier: Apache-2.0
/* verb apply
Lays what each
.Ar TAG
has above the layers that it has in common with the image over the image: these layers are
included as they are.
So images that were built on one base, each with one thing more, become one with all of them.
.Pp
What both changed, and not alike, is a conflict: all are named, and nothing is done unless
.Fl -force
lets the one that is applied win.
Lists of records are merged by a small layer on top:
.Pa etc/passwd ,
.Pa group ,
.Pa shadow ,
.Pa gshadow ,
.Pa subuid ,
.Pa subgid ,
dpkg's
.Pa status
and apt's
.Pa extended_states .
Where both changed one entry, that is refused, as is what differs in one version of a package in
pacman's database, and rpm's database, which only the image's own
.Xr rpmdb 8
can merge: the
.Cm apply
of
.Xr rlc-build 1
has it do so.
Logs and caches are those of the image that is applied;
.Pa etc/ld.so.cache
too, and a message says so.
.Pp
The config stays the image's own.
*/
#include "applets/image/merging.h"

#include "core/image/apply.h"

enum { APPLY_FORCE = VERB_OWN };

struct job {
	struct merging m;
	bool force;
	bool stopped; /* by a conflict */
	struct descriptor layer;
	char diff_id[DIGEST_MAX];
};

static int take(void *arg, int id, const char *value)
{
	struct job *j = arg;

	(void)value;
	j->force |= id == APPLY_FORCE;
	return EXIT_DONE;
}

static void fault(void *job, struct err *err)
{
	struct job *j = job;

	merging_fault(&j->m, err);
}

static void tell(void *job, enum apply_kind kind, const char *path, const char *what)
{
	struct job *j = job;

	j->stopped |= kind == APPLY_REFUSED || kind == APPLY_DATABASE ||
		      (kind != APPLY_NOTE && !j->force);
	report(j->m.v.self, "%s: %s", path, what);
}

static int add_merged(struct job *j)
{
	char time[IMAGE_TIME_MAX];
	struct history h;
	bool told = verb_history(&j->m.v, &j->m.image, "rlc-image apply", false, time, &h);

	return image_add_layer(&j->m.image, &j->layer, j->diff_id, told ? &h : NULL);
}

/* The lists are merged from what both have now, and come to lie on top. */
static int lay_over(struct job *j, struct apply *a, struct err *err)
{
	bool merges = apply_merges(a);
	int r = merges ? apply_layer(a, &j->m.layout, verb_compression(&j->m.v, &j->m.image),
				 &j->layer, j->diff_id, err)
		       : 0;

	if (r == 0 && !j->stopped)
		r = apply_add_layers(&j->m.image, a->theirs, a->base);
	if (r == 0 && !j->stopped && merges)
		r = add_merged(j);
	descriptor_done(&j->layer);
	return r;
}

/* All layers once; and once more where lists are merged. */
static uint64_t to_read(const struct apply *a)
{
	uint64_t total = 0;

	for (size_t n = 0; n < a->ours->layer_count; n++)
		total += (uint64_t)a->ours->layers[n].size;
	for (size_t n = a->base; n < a->theirs->layer_count; n++)
		total += (uint64_t)a->theirs->layers[n].size;
	return total;
}

static int apply_one(struct job *j, const char *tag, struct err *err)
{
	cleanup_image struct image theirs = IMAGE_NONE;
	struct apply a = {.layout = &j->m.layout,
		.ours = &j->m.image,
		.theirs = &theirs,
		.fault = fault,
		.tell = tell,
		.arg = j};
	int r = image_open(&j->m.layout, tag, verb_platform(&j->m.v), &theirs, err);

	if (r < 0)
		return r;
	a.base = apply_base(&j->m.image, &theirs);
	j->m.layout.passed = verb_work(&j->m.v, "comparing", to_read(&a));
	r = apply_check(&a, err);
	if (r == 0 && apply_merges(&a))
		j->m.layout.passed = verb_work(&j->m.v, "merging lists", to_read(&a));
	if (r == 0)
		r = lay_over(j, &a, err);
	verb_work_done(&j->m.v);
	apply_end(&a);
	return r < 0 ? err_set(err, r, "cannot apply", tag) : 0;
}

static int run(struct job *j)
{
	cleanup_err struct err err = ERR_NONE;
	char **tag = j->m.v.o.operands;
	int r = merging_open(&j->m, LAYOUT_WRITE, &err);

	for (; r == 0 && !j->stopped && *tag; tag++)
		r = apply_one(j, *tag, &err);
	if (r == 0 && !j->stopped)
		r = image_save(&j->m.layout, verb_new_tag(&j->m.v), &j->m.image, &err);
	if (r < 0)
		return verb_fail(&j->m.v, &err);
	return j->stopped ? EXIT_SOME : j->m.status;
}

static int apply_main(const struct applet *self, int argc, char **argv)
{
	struct job j = {.m = MERGING_NONE, .layer = DESCRIPTOR_NONE};
	int status;

	if (verb_start(&j.m.v, self, argc, argv, take, &j, 1, INT_MAX, &status))
		status = run(&j);
	merging_end(&j.m);
	return status;
}

static const struct option_row apply_options[] = {
	VERB_ROW_IMAGE,
	VERB_ROW_TAG,
	VERB_ROW_PLATFORM,
	{APPLY_FORCE, 0, "force", NULL, "where both changed a file, take that of TAG"},
	VERB_ROW_COMPRESS,
	VERB_ROWS_HISTORY,
	{0},
};

const struct applet verb_apply = {
	.name = "image apply",
	.summary = "Lay other images' layers over an image.",
	.usage = "[OPTION]... --image DIR[:TAG] TAG...",
	.options = apply_options,
	.main = apply_main,
};
