// SPDX-License-Identifier: Apache-2.0
/* verb validate
Reads every document and every blob: sizes, digests, media types, the digests of layers when they
are decompressed, annotations, and what else image-spec asks for.
Each fault is a line: the file, where in it, and what is wrong.
A blob that no tag leads to is no fault if it has its digest.
With
.Fl -json
each is an object with the members
.Li file ,
.Li at
and
.Li problem .
The exit status is 1 where anything is wrong.
*/
#include "applets/image/image.h"
#include "core/image/check.h"

#include <stdio.h>

struct job {
	struct verb v;
	size_t faults;
};

static void add_member(struct buf *line, const char *key, const char *text)
{
	buf_addf(line, "%s\"%s\":", line->len ? "," : "{", key);
	json_quote(line, text, strlen(text));
}

static void tell(void *arg, const struct check_fault *fault)
{
	struct job *j = arg;
	cleanup_buf struct buf line = BUF_NONE;

	j->faults++;
	if (j->v.json) {
		add_member(&line, "file", fault->file);
		add_member(&line, "at", fault->at);
		add_member(&line, "problem", fault->what);
		buf_adds(&line, "}");
	} else {
		show_path(&line, fault->file, strlen(fault->file));
		buf_addf(&line, ": %s%s%s", fault->at, *fault->at ? ": " : "", fault->what);
	}
	if (line.failed)
		report(j->v.self, "out of memory");
	else
		puts(line.data);
}

/* How much there is to read. */
static uint64_t total(const struct layout *l)
{
	int copy = l->blobs < 0 ? -1 : openat(l->blobs, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;
	struct stat st;
	uint64_t sum = 0;

	while (dir && (e = readdir(dir)))
		if (fstatat(l->blobs, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			S_ISREG(st.st_mode))
			sum += (uint64_t)st.st_size;
	return sum;
}

static int check(struct job *j, struct layout *l, struct err *err)
{
	int r;

	l->passed = verb_work(&j->v, "verifying", total(l));
	r = layout_check(l, tell, j, err);
	verb_work_done(&j->v);
	return r;
}

static int run(struct job *j)
{
	cleanup_err struct err err = ERR_NONE;
	cleanup_layout struct layout l = LAYOUT_NONE;
	int r = layout_open(&l, j->v.image.dir, LAYOUT_READ, &err);

	if (r == 0)
		r = check(j, &l, &err);
	if (r < 0)
		return verb_fail(&j->v, &err);
	return j->faults ? EXIT_SOME : EXIT_DONE;
}

static int validate_main(const struct applet *self, int argc, char **argv)
{
	struct job j = {.v = VERB_NONE};
	int status;

	if (verb_start(&j.v, self, argc, argv, NULL, NULL, 0, 0, &status))
		status = run(&j);
	verb_end(&j.v);
	return status;
}

static const struct option_row validate_options[] = {
	VERB_ROW_LAYOUT,
	VERB_ROW_JSON("print a JSON object a fault"),
	{0},
};

const struct applet verb_validate = {
	.name = "image validate",
	.summary = "Verify all that a layout has.",
	.usage = "[OPTION]... --layout DIR",
	.options = validate_options,
	.main = validate_main,
};
