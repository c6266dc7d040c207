// SPDX-License-Identifier: Apache-2.0
/* verb clean
Removes the layout of images that were built, and all that is kept between builds.
While somebody builds it refuses, and where there is more than builds have left.
*/
#include "applets/build/build.h"
#include "core/image/layout.h"
#include "core/tree/walk.h"

#include <stdio.h>
#include <sys/file.h>

enum { CLEAN_ALL = BUILD_OWN };

/* A directory that is to go. Its path is found as open(2) does, what is in it by descriptors. */
struct going {
	const char *path;
	const char *const *names; /* what may be in it */
	const char *in_use[2];    /* what those who use it have locked */
	char *text, *name;        /* path, and its last part */
	int above, locks[2];
};

static const char *const layout_names[] = {"blobs", "index.json", "oci-layout", NULL};
static const char *const stacker_names[] = {
	"artifacts", "cache", "imports", "last", "layout", "locks", "logs", "store", "sums", NULL};
static const char *const store_names[] = {"aside", "layers", "owners", NULL};

static bool is_known(const char *const *names, const char *name)
{
	while (*names && strcmp(*names, name) != 0)
		names++;
	return *names || strncmp(name, LAYOUT_ASIDE, strlen(LAYOUT_ASIDE)) == 0;
}

/* A wrong word on the command line costs nobody his files. */
static int check_content(const struct going *g, int dir, struct err *err)
{
	cleanup_listing struct listing l = LISTING_NONE;
	int r = listing_read(dir, false, &l);

	for (size_t n = 0; r == 0 && n < l.count; n++)
		if (!is_known(g->names, listing_name(&l, n)))
			return err_tell(err, -EINVAL,
				"is not removed: it has more in it than rlc-build has put there",
				g->path);
	return r < 0 ? err_set(err, r, "cannot remove", g->path) : 0;
}

static int check_unused(struct going *g, int dir, struct err *err)
{
	for (size_t n = 0; n < ARRAY_SIZE(g->locks) && g->in_use[n]; n++) {
		int fd = openat(dir, g->in_use[n], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		g->locks[n] = fd;
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
			return err_tell(err, -EWOULDBLOCK, "somebody is building with it", g->path);
	}
	return 0;
}

/* Finds the last part of the path. */
static int take_apart(struct going *g, struct err *err)
{
	g->text = strdup(g->path);
	g->name = g->text ? strrchr(g->text, '/') : NULL;
	while (g->name > g->text && !g->name[1]) {
		*g->name = '\0';
		g->name = strrchr(g->text, '/');
	}
	if (!g->name)
		return err_set(err, -ENOMEM, NULL, NULL);
	*g->name++ = '\0';
	if (!*g->name || strcmp(g->name, ".") == 0 || strcmp(g->name, "..") == 0)
		return err_tell(err, -EINVAL, "is not removed: it has no name of its own", g->path);
	return 0;
}

/* All is looked at before anything goes. */
static int going_check(struct going *g, struct err *err)
{
	cleanup_fd int dir = -1;
	int r = take_apart(g, err);

	if (r < 0)
		return r;
	g->above = open(*g->text ? g->text : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (g->above >= 0)
		dir = openat(g->above, g->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ? 0 : err_set(err, -errno, "cannot remove", g->path);
	r = check_content(g, dir, err);
	return r == 0 ? check_unused(g, dir, err) : r;
}

/* Who had it open when it was moved, and nothing in it yet, may put something there. */
static int remove_aside(int above, const char *name, struct err *err)
{
	int r = tree_remove(above, name, err);

	for (int tries = 0; r == -ENOTEMPTY && tries < 100; tries++) {
		err_free(err);
		usleep(10000);
		r = tree_remove(above, name, err);
	}
	return r;
}

/* Moved aside first: who starts meanwhile starts with nothing, not with half of it. */
static int going_remove(const struct going *g, struct err *err)
{
	char aside[48];

	snprintf(aside, sizeof(aside), LAYOUT_ASIDE "removed-%ld", (long)getpid());
	if (g->above < 0 || renameat(g->above, g->name, g->above, aside) < 0)
		return g->above < 0 || errno == ENOENT
			       ? 0
			       : err_set(err, -errno, "cannot remove", g->path);
	return remove_aside(g->above, aside, err);
}

static void going_end(struct going *g)
{
	base_close(&g->above);
	base_close(&g->locks[0]);
	base_close(&g->locks[1]);
	free(g->text);
}

static int clean_main(const struct applet *self, int argc, char **argv)
{
	cleanup_build_options struct build_options b = BUILD_OPTIONS_NONE;
	struct going all[] = {
		{.names = layout_names, .in_use = {"."}, .above = -1, .locks = {-1, -1}},
		{.names = stacker_names,
			.in_use = {"layout", "store"},
			.above = -1,
			.locks = {-1, -1}},
		{.names = store_names, .in_use = {"."}, .above = -1, .locks = {-1, -1}},
	};
	cleanup_err struct err err = ERR_NONE;
	int status, r = 0;
	size_t count;

	if (!build_start(&b, self, argc, argv, NULL, NULL, 0, 0, &status))
		return status;
	all[0].path = b.oci;
	all[1].path = b.stacker;
	all[2].path = b.store;
	count = b.roots_dir ? 3 : 2; /* otherwise it goes with the stacker directory */
	for (size_t n = 0; r == 0 && n < count; n++)
		r = going_check(&all[n], &err);
	for (size_t n = 0; r == 0 && n < count; n++)
		r = going_remove(&all[n], &err);
	for (size_t n = 0; n < count; n++)
		going_end(&all[n]);
	return r < 0 ? build_fail(&b, &err) : EXIT_DONE;
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
