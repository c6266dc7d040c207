// SPDX-License-Identifier: Apache-2.0
/* verb chroot
Runs
.Ar COMMAND
(a shell, where none is named) in the image
.Ar TAG
as it was built, or in the first of the file, with what its steps have.
What it changes is thrown away.
*/
/* verb grab
Copies a file or a directory out of an image that was built, into the current directory.
*/
#include "applets/build/stage.h"

#include <stdio.h>

/* What was there when it was built; a cleaned directory is no reason to refuse. */
static int furnish(struct stage *s, struct err *err)
{
	cleanup_free char *imports = NULL;

	if (asprintf(&imports, "imports/%s", s->m->r->name) < 0)
		return err_set(err, -ENOMEM, NULL, imports = NULL);
	if (faccessat(s->m->w->dir, imports, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	return steps_furnish(s, err);
}

/* The command's exit status, or negative errno with err. */
static int enter(struct making *m, const char *const *command, struct err *err)
{
	static const char *const shell[] = {"/bin/sh", NULL};
	cleanup_stage struct stage s = STAGE_NONE;
	cleanup_image struct image i = IMAGE_NONE;
	int r = making_open(m, &i, err);

	if (r == 0)
		r = env_make(m, err);
	if (r == 0)
		r = stage_begin(&s, m, &i, err);
	if (r == 0)
		r = furnish(&s, err);
	return r < 0 ? r : stage_run(&s, *command ? command : shell, -1, err);
}

static const struct recipe *find(const struct work *w, const char *tag, const struct recipes **file)
{
	const struct recipe *r = NULL;

	for (size_t n = 0; !r && tag && n < w->file_count; n++) {
		*file = &w->files[n];
		r = recipes_find(*file, tag);
	}
	if (tag || !w->file_count || !w->files[w->file_count - 1].count)
		return r;
	*file = &w->files[w->file_count - 1];
	return &(*file)->at[0];
}

/* Without a file, or where it does not name it, an image is what was built by that name. */
static int chroot_to(struct work *w)
{
	const char *const *words = (const char *const *)w->b.o.operands;
	const char *tag = w->b.o.operand_count ? words[0] : NULL;
	const struct recipes *file = NULL;
	const struct recipe bare = {.name = (char *)tag, .from = {.type = FROM_SCRATCH}};
	const struct recipe *r = find(w, tag, &file);
	cleanup_err struct err err = ERR_NONE;
	cleanup_making struct making m;
	int status;

	making_begin(&m, w, file, r ? r : &bare);
	words += tag != NULL;
	words += *words && strcmp(*words, "--") == 0;
	status = enter(&m, words, &err);
	return status < 0 ? build_fail(&w->b, &err) : status;
}

static int run_chroot(struct work *w)
{
	int status = work_begin(w);

	if (status == EXIT_DONE && access(w->b.file, F_OK) == 0)
		status = work_read(w, &w->b.file, 1);
	else if (status == EXIT_DONE && w->b.o.operand_count == 0)
		return usage_error(w->b.self, "there is no '%s', and no image is named", w->b.file);
	return status == EXIT_DONE ? chroot_to(w) : status;
}

static int chroot_main(const struct applet *self, int argc, char **argv)
{
	cleanup_work struct work w = WORK_NONE;
	int status;

	w.b.stop_at_operand = true;
	if (!build_start(&w.b, self, argc, argv, NULL, NULL, 0, INT_MAX, &status))
		return status;
	return run_chroot(&w);
}

static const struct option_row chroot_options[] = {
	BUILD_ROW_FILE,
	BUILD_ROWS_SUBSTITUTE,
	BUILD_ROWS,
	{0},
};

const struct applet build_chroot = {
	.name = "build chroot",
	.summary = "Run a command in an image, and throw away what it changes.",
	.usage = "[OPTION]... [TAG [COMMAND [ARGUMENT]...]]",
	.options = chroot_options,
	.main = chroot_main,
};

/* Aside and renamed: what is there is replaced by a whole file or not at all. */
static int grab(struct making *m, const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	cleanup_fd int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_image struct image i = IMAGE_NONE;
	char aside[32];
	int r = here < 0 ? -errno : making_open(m, &i, err);

	if (r == 0 && (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0))
		return grab_image(m, &i, path, here, NULL, err);
	snprintf(aside, sizeof(aside), ".rlc-build-%ld", (long)getpid());
	if (r == 0)
		r = grab_image(m, &i, path, here, aside, err);
	if (r == 0 && renameat(here, aside, here, name) < 0)
		r = -errno;
	if (r < 0 && here >= 0) {
		err_set(err, r, "cannot be put here", name);
		tree_remove(here, aside, NULL);
	}
	return r;
}

static int grab_main(const struct applet *self, int argc, char **argv)
{
	cleanup_work struct work w = WORK_NONE;
	cleanup_free char *tag = NULL;
	cleanup_err struct err err = ERR_NONE;
	struct recipe bare = {.from = {.type = FROM_SCRATCH}};
	cleanup_making struct making m = {.lock = -1,
		.layout = LAYOUT_NONE,
		.store = STORE_NONE,
		.from = LAYOUT_NONE,
		.image = IMAGE_NONE,
		.key = KEY_NONE};
	const char *colon;
	int status;

	if (!build_start(&w.b, self, argc, argv, NULL, NULL, 1, 1, &status))
		return status;
	colon = strchr(w.b.o.operands[0], ':');
	if (!colon || colon == w.b.o.operands[0] || !colon[1])
		return usage_error(self, "'%s' is not TAG:PATH", w.b.o.operands[0]);
	tag = strndup(w.b.o.operands[0], (size_t)(colon - w.b.o.operands[0]));
	bare.name = tag ? tag : "";
	status = work_begin(&w);
	if (status != EXIT_DONE)
		return status;
	making_begin(&m, &w, NULL, &bare);
	m.no_powers = true;
	return grab(&m, colon + 1, &err) < 0 ? build_fail(&w.b, &err) : EXIT_DONE;
}

static const struct option_row grab_options[] = {
	BUILD_ROWS,
	{0},
};

const struct applet build_grab = {
	.name = "build grab",
	.summary = "Copy a file out of an image.",
	.usage = "[OPTION]... TAG:PATH",
	.options = grab_options,
	.main = grab_main,
};
