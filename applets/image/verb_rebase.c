// SPDX-License-Identifier: Apache-2.0
/* verb rebase
Updates what an image is built on without building it anew: the layers of
.Fl -from ,
which the image must begin with, give way to those of
.Fl -onto .
The layers above stay as they are, byte for byte.
What the config has as
.Fl -from
has it becomes what
.Fl -onto
has; what the image itself has set stays.
All three are tags of one layout.
*/
#include "applets/image/merging.h"

#include "core/image/rebase.h"

enum { REBASE_ONTO = VERB_OWN, REBASE_FROM };

struct job {
	struct merging m;
	const char *onto, *from;
};

static int take(void *arg, int id, const char *value)
{
	struct job *j = arg;

	if (!tag_valid(value))
		return usage_error(j->m.v.self, "'%s' is no tag", value);
	*(id == REBASE_ONTO ? &j->onto : &j->from) = value;
	return EXIT_DONE;
}

static int rebase(struct job *j, struct err *err)
{
	cleanup_image struct image from = IMAGE_NONE, onto = IMAGE_NONE;
	const struct platform *want = verb_platform(&j->m.v);
	int r = merging_open(&j->m, LAYOUT_WRITE, err);

	if (r == 0)
		r = image_open(&j->m.layout, j->from, want, &from, err);
	if (r == 0)
		r = image_open(&j->m.layout, j->onto, want, &onto, err);
	if (r == 0)
		r = image_rebase(&j->m.image, &from, &onto, err);
	if (r == 0)
		r = image_save(&j->m.layout, verb_new_tag(&j->m.v), &j->m.image, err);
	return r;
}

static int run(struct job *j)
{
	cleanup_err struct err err = ERR_NONE;

	if (!j->onto || !j->from)
		return usage_error(j->m.v.self, "%s is missing", j->onto ? "--from" : "--onto");
	return rebase(j, &err) < 0 ? verb_fail(&j->m.v, &err) : EXIT_DONE;
}

static int rebase_main(const struct applet *self, int argc, char **argv)
{
	struct job j = {.m = MERGING_NONE};
	int status;

	if (verb_start(&j.m.v, self, argc, argv, take, &j, 0, 0, &status))
		status = run(&j);
	merging_end(&j.m);
	return status;
}

static const struct option_row rebase_options[] = {
	VERB_ROW_IMAGE,
	{REBASE_FROM, 0, "from", "TAG", "what the image stands on"},
	{REBASE_ONTO, 0, "onto", "TAG", "what it is to stand on"},
	VERB_ROW_TAG,
	VERB_ROW_PLATFORM,
	{0},
};

const struct applet verb_rebase = {
	.name = "image rebase",
	.summary = "Put an image on another one's layers.",
	.usage = "[OPTION]... --image DIR[:TAG] --from TAG --onto TAG",
	.options = rebase_options,
	.main = rebase_main,
};
