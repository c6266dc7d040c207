// SPDX-License-Identifier: Apache-2.0
/* verb clean
Removes the layout of images that were built, and all that is kept between builds.
While somebody builds it refuses.
*/
#include "applets/build/build.h"
#include "core/tree/walk.h"

#include <sys/file.h>

enum { CLEAN_ALL = BUILD_OWN };

static int take(void *arg, int id, const char *value)
{
	(void)arg;
	(void)id;
	(void)value;
	return EXIT_DONE;
}

/* The directory that holds it is found as open(2) does; what is in it is removed by descriptors. */
static int remove_dir(char *path, struct err *err)
{
	char *name = strrchr(path, '/');
	cleanup_fd int dir = -1;

	while (name > path && !name[1]) {
		*name = '\0';
		name = strrchr(path, '/');
	}
	*name++ = '\0';
	dir = open(*path ? path : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ? 0 : err_set(err, -errno, "cannot remove", name);
	return tree_remove(dir, name, err);
}

/* Who builds has the store open. */
static int check_unused(const struct build_options *b, struct err *err)
{
	cleanup_fd int dir = open(b->stacker, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_fd int store =
		dir < 0 ? -1
			: openat(dir, "store", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (store >= 0 && flock(store, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return err_tell(err, -EWOULDBLOCK, "somebody is building with it", b->stacker);
	return 0;
}

static int clean_main(const struct applet *self, int argc, char **argv)
{
	cleanup_build_options struct build_options b = BUILD_OPTIONS_NONE;
	cleanup_err struct err err = ERR_NONE;
	int status;

	if (!build_start(&b, self, argc, argv, take, NULL, 0, 0, &status))
		return status;
	if (check_unused(&b, &err) < 0)
		return build_fail(&b, &err);
	if (remove_dir(b.oci, &err) < 0)
		status = build_fail(&b, &err);
	if (remove_dir(b.stacker, &err) < 0)
		status = build_fail(&b, &err);
	return status;
}

static const struct option_row clean_options[] = {
	{CLEAN_ALL, 0, "all", NULL, "taken as stacker does; all is removed anyway"},
	BUILD_ROWS,
	{0},
};

const struct applet build_clean = {
	.name = "build clean",
	.summary = "Remove what was built, and all that is kept between builds.",
	.usage = "[OPTION]...",
	.options = clean_options,
	.main = clean_main,
};
