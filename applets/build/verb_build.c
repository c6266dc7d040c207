// SPDX-License-Identifier: Apache-2.0
/* verb build
Builds all images of the file and of those that it needs, each where it was not built of the same
before.
*/
/* verb recursive-build
The same for all files beneath a directory.
*/
#include "applets/build/find.h"
#include "applets/build/work.h"
#include "core/base/sys.h"

#include <stdio.h>

enum {
	NO_CACHE = BUILD_OWN,
	ON_FAILURE,
	SHELL_FAIL,
	LAYER_TYPE,
	REQUIRE_HASH,
	ORDER_ONLY,
	NAMESPACE,
	NO_VERITY,
	WHY,
	JOBS,
	COMPRESS,
	PATTERN,
	DIRECTORY
};

struct job {
	struct work w;
	const char *pattern, *dir;
};

static int take_jobs(struct work *w, const char *value)
{
	char *end;
	unsigned long n = strtoul(value, &end, 10);

	if (*value < '0' || *value > '9' || *end || n == 0 || n > 1024)
		return usage_error(w->b.self, "--jobs: '%s' is no number from 1 to 1024", value);
	w->jobs = n;
	return EXIT_DONE;
}

static int take_compress(struct work *w, const char *value)
{
	w->auto_compress = strcmp(value, "auto") == 0;
	if (w->auto_compress || compression_parse(value, &w->compress))
		return EXIT_DONE;
	return usage_error(w->b.self,
		"--compress: '%s' is none of auto, gzip, zstd, zstd:chunked, none", value);
}

static int take(void *arg, int id, const char *value)
{
	struct job *j = arg;
	struct work *w = &j->w;

	w->no_cache |= id == NO_CACHE;
	w->require_hash |= id == REQUIRE_HASH;
	w->order_only |= id == ORDER_ONLY;
	w->why |= id == WHY;
	if (id == PATTERN)
		j->pattern = value;
	else if (id == DIRECTORY)
		j->dir = value;
	else if (id == SHELL_FAIL)
		w->on_failure = "/bin/sh";
	else if (id == ON_FAILURE)
		w->on_failure = value;
	else if (id == NAMESPACE)
		w->annotations = value;
	else if (id == LAYER_TYPE)
		return build_layer_type(&w->b, value);
	else if (id == JOBS)
		return take_jobs(w, value);
	else if (id == COMPRESS)
		return take_compress(w, value);
	return EXIT_DONE;
}

static int show_order(const struct work *w)
{
	for (size_t n = 0; n < w->order.count; n++)
		printf("%s\n", w->order.at[n].recipe->name);
	return EXIT_DONE;
}

static int build(struct work *w, const char *const *files, size_t count)
{
	int status = work_begin(w);

	if (status == EXIT_DONE)
		status = work_read(w, files, count);
	if (status != EXIT_DONE)
		return status;
	if (w->order_only)
		return show_order(w);
	/* One at a time has the terminal */
	if (w->on_failure)
		w->jobs = 1;
	return work_build(w);
}

static bool start(struct job *j, const struct applet *self, int argc, char **argv, int *status)
{
	j->w.jobs = sys_processors();
	return build_start(&j->w.b, self, argc, argv, take, j, 0, 0, status);
}

static int build_main(const struct applet *self, int argc, char **argv)
{
	struct job j = {.w = WORK_NONE};
	int status;

	if (start(&j, self, argc, argv, &status))
		status = build(&j.w, &j.w.b.file, 1);
	work_end(&j.w);
	return status;
}

static int recursive_main(const struct applet *self, int argc, char **argv)
{
	struct job j = {.w = WORK_NONE, .pattern = FIND_PATTERN, .dir = "."};
	cleanup_err struct err err = ERR_NONE;
	struct strings files = {NULL, 0};
	int status;

	if (start(&j, self, argc, argv, &status)) {
		status = EXIT_DONE;
		if (find_files(j.dir, j.pattern, j.w.b.stacker, &files, &err) < 0)
			status = build_fail(&j.w.b, &err);
		if (status == EXIT_DONE)
			status = build(&j.w, (const char *const *)files.at, files.count);
	}
	strings_free(&files);
	work_end(&j.w);
	return status;
}

#define ROWS                                                                                          \
	BUILD_ROWS_SUBSTITUTE, {NO_CACHE, 0, "no-cache", NULL, "build all anew"},                     \
		{WHY, 0, "why", NULL, "say of each image why it is built"},                           \
		{JOBS, 0, "jobs", "N",                                                                \
			"build N images at once (as many as there are processors)"},                  \
		{ON_FAILURE, 0, "on-run-failure", "COMMAND",                                          \
			"run COMMAND in what a failed step left, at the terminal"},                   \
		{SHELL_FAIL, 0, "shell-fail", NULL, "the same with /bin/sh"},                         \
		{REQUIRE_HASH, 0, "require-hash", NULL,                                               \
			"imports of http and https need a hash, in all files"},                       \
		{ORDER_ONLY, 0, "order-only", NULL, "show what would be built, in its order"},        \
		{NAMESPACE, 0, "annotations-namespace", "NAME",                                       \
			"what names of rlc-build's annotations begin with (io.stackeroci)"},          \
		{LAYER_TYPE, 0, "layer-type", "tar", "taken as stacker does; there is tar alone"},    \
		{NO_VERITY, 0, "no-verity", NULL, NULL},                                              \
		{NO_VERITY, 0, "no-squashfs-verity", NULL, NULL},                                     \
		{COMPRESS, 0, "compress", "HOW",                                                      \
			"how new layers are compressed: gzip, zstd, zstd:chunked, none, or auto: as " \
			"the base is, and gzip for the first (auto)"},                                \
		BUILD_ROWS

static const struct option_row build_options[] = {
	BUILD_ROW_FILE,
	ROWS,
	{0},
};

const struct applet build_build = {
	.name = "build build",
	.summary = "Build the images of a file.",
	.usage = "[OPTION]...",
	.options = build_options,
	.main = build_main,
};

static const struct option_row recursive_options[] = {
	{PATTERN, 'p', "stacker-file-pattern", "REGEX",
		"which paths are files to build (/stacker\\.ya?ml$)"},
	{DIRECTORY, 'd', "search-dir", "DIR", "where they are (.)"},
	ROWS,
	{0},
};

const struct applet build_recursive = {
	.name = "build recursive-build",
	.summary = "Build the images of all files beneath a directory.",
	.usage = "[OPTION]...",
	.options = recursive_options,
	.main = recursive_main,
};
