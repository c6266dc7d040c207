// SPDX-License-Identifier: Apache-2.0
/* verb check
Says what this host allows, and whether overlays can be mounted where trees are kept.
Without them images are built all the same, and slower.
*/
#include "applets/build/stage.h"

#include <stdio.h>
#include <sys/utsname.h>

/* 1: overlays can be mounted; 0: they cannot; negative errno with err. */
static int check_overlay(struct making *m, struct err *err)
{
	cleanup_stage struct stage s = STAGE_NONE;
	int r = stage_begin(&s, m, &m->image, err);

	return r < 0 ? r : !s.plain;
}

static int check(struct work *w)
{
	const struct recipe bare = {.name = "check", .from = {.type = FROM_SCRATCH}};
	cleanup_err struct err err = ERR_NONE;
	cleanup_making struct making m;
	struct utsname host;
	int r;

	if (uname(&host) == 0)
		printf("kernel: %s %s\n", host.sysname, host.release);
	printf("owners: %s\n", w->real ? "real" : "kept in records");
	making_begin(&m, w, NULL, &bare);
	r = work_layout(w, NULL, LAYOUT_WRITE, &m.layout, &err);
	if (r == 0)
		r = check_overlay(&m, &err);
	if (r >= 0)
		printf("overlay: %s\n",
			r ? "can be mounted" : "cannot be mounted; trees are copied");
	return r < 0 ? build_fail(&w->b, &err) : EXIT_DONE;
}

static int check_main(const struct applet *self, int argc, char **argv)
{
	cleanup_work struct work w = WORK_NONE;
	int status;

	if (!build_start(&w.b, self, argc, argv, NULL, NULL, 0, 0, &status))
		return status;
	status = work_begin(&w);
	return status == EXIT_DONE ? check(&w) : status;
}

static const struct option_row check_options[] = {
	BUILD_ROWS,
	{0},
};

const struct applet build_check = {
	.name = "build check",
	.summary = "Say what this host allows.",
	.usage = "[OPTION]...",
	.options = check_options,
	.main = check_main,
};
