// SPDX-License-Identifier: Apache-2.0
/* verb diff
Each of
.Ar A
and
.Ar B
is an image layout, a tree or an archive of files, in the words of
.Cm copy :
.Ar DIR Ns Oo : Ns Ar TAG Oc ,
.Li oci: ,
.Li tree:
or
.Li tar: ,
of which
.Li tar:-
is standard input.
A directory that is no layout is a tree, and a file an archive, without a word.
.Li oci-archive:
and
.Li docker-archive:
are to be copied into a layout first.
A line a difference:
.Li +
for what
.Ar B
has more,
.Li -
for what it has not, each with mode and owner, and
.Li ~
with what differs.
With
.Fl -json
each is an object with
.Li path ,
.Li change
.Pq Li added , removed , changed ,
.Li differs ,
.Li old
and
.Li new .
.Pp
The exit status is 0 where nothing differs, 1 where something does, 2 for trouble.
*/
#include "applets/image/diffing.h"

#include <stdio.h>

enum { DIFF_TIMES = VERB_OWN };

struct job {
	struct verb v;
	bool times, some;
};

static int take(void *arg, int id, const char *value)
{
	(void)id, (void)value;
	((struct job *)arg)->times = true;
	return EXIT_DONE;
}

static int differ(void *arg, const char *path, const struct fact *of, const struct fact *to,
	unsigned differs, struct err *err)
{
	cleanup_buf struct buf line = BUF_NONE;
	struct job *j = arg;
	int r = j->v.json ? diff_json(&line, path, of, to, differs)
			  : diff_text(&line, path, of, to, differs);

	j->some = true;
	if (r < 0)
		return err_set(err, r, NULL, path);
	puts(line.data);
	return 0;
}

static int run(struct job *j)
{
	cleanup_bundle struct bundle trees = BUNDLE_NONE;
	cleanup_err struct err err = ERR_NONE;
	struct facts *a = NULL, *b = NULL;
	bool faults = false;
	int r = diff_side(&j->v, &trees, j->v.o.operands[0], &a, &faults, &err);

	if (r == 0)
		r = diff_side(&j->v, &trees, j->v.o.operands[1], &b, &faults, &err);
	if (r == 0)
		r = facts_compare(a, b, j->times, differ, j, &err);
	facts_free(a);
	facts_free(b);
	if (r < 0)
		verb_fail(&j->v, &err);
	if (finish_output(j->v.self, EXIT_DONE) != EXIT_DONE || r < 0 || faults)
		return EXIT_USAGE;
	return j->some ? EXIT_SOME : EXIT_DONE;
}

static int diff_main(const struct applet *self, int argc, char **argv)
{
	struct job j = {.v = VERB_NONE};
	int status;

	if (verb_start(&j.v, self, argc, argv, take, &j, 2, 2, &status))
		status = run(&j);
	verb_end(&j.v);
	return status;
}

static const struct option_row diff_options[] = {
	VERB_ROW_PLATFORM,
	VERB_ROW_JSON("print one JSON object a line"),
	{DIFF_TIMES, 0, "times", NULL, "compare times, too"},
	{VERB_ROOTLESS, 0, "rootless", NULL,
		"a tree's owners are in records, as they are for an ordinary user anyway"},
	{0},
};

const struct applet verb_diff = {
	.name = "image diff",
	.summary = "Show what differs between two images, trees or archives.",
	.usage = "[OPTION]... A B",
	.options = diff_options,
	.main = diff_main,
};
