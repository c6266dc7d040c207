// SPDX-License-Identifier: Apache-2.0
/* verb flatten
Merges the layers as streams: no tree is made on disk, and no privilege is needed.
What comes out is what unpacking the image and archiving the tree would give, with owners,
attributes, devices and hard links as the layers have them.
.Ar FILE
may be
.Li - ,
standard output.
.Pp
.Dl rlc-image flatten --image images:mine - | docker import -
*/
#include "applets/image/merging.h"

#include <stdio.h>

/* The file, written aside where something may stand there already. */
struct target {
	const char *path;
	char *aside; /* owned; NULL: written straight */
	int fd;
};

static int open_straight(struct target *t)
{
	t->fd = strcmp(t->path, "-") == 0 ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
					  : open(t->path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	return t->fd < 0 ? -errno : 0;
}

static int open_target(struct target *t)
{
	struct stat st;

	if (strcmp(t->path, "-") == 0 || (stat(t->path, &st) == 0 && !S_ISREG(st.st_mode)))
		return open_straight(t);
	if (asprintf(&t->aside, "%s.XXXXXX", t->path) < 0) {
		t->aside = NULL;
		return -ENOMEM;
	}
	t->fd = mkostemp(t->aside, O_CLOEXEC);
	if (t->fd < 0) {
		int r = -errno;

		free(t->aside);
		t->aside = NULL;
		return r;
	}
	return 0;
}

/* mkostemp(3) made it for its user alone. */
static int settle(struct target *t)
{
	mode_t mask = umask(0);

	umask(mask);
	if (!t->aside)
		return 0;
	if (fchmod(t->fd, 0666 & ~mask) < 0 || fsync(t->fd) < 0 || rename(t->aside, t->path) < 0)
		return -errno;
	free(t->aside);
	t->aside = NULL;
	return 0;
}

static void close_target(struct target *t)
{
	if (t->aside)
		unlink(t->aside);
	free(t->aside);
	base_close(&t->fd);
}

static int write_target(struct merging *m, struct target *t, struct err *err)
{
	struct sink *sink;
	int r = open_target(t);

	if (r == 0)
		r = sink_fd(t->fd, &sink);
	if (r == 0 && !m->v.auto_compress)
		r = sink_compress(sink, m->v.compress, 0, 0, &sink);
	if (r == 0)
		r = merging_write(m, 0, m->image.layer_count, sink, NULL, NULL, err);
	if (r == 0)
		r = settle(t);
	return r < 0 ? err_set(err, r, "cannot write", t->path) : 0;
}

static int flatten_main(const struct applet *self, int argc, char **argv)
{
	cleanup_merging struct merging m = MERGING_NONE;
	cleanup_err struct err err = ERR_NONE;
	struct target t = {.fd = -1};
	int status, r;

	if (!verb_start(&m.v, self, argc, argv, NULL, NULL, 1, 1, &status))
		return status;
	t.path = m.v.o.operands[0];
	if (strcmp(t.path, "-") == 0 && isatty(STDOUT_FILENO))
		return usage_error(self, "an archive does not go to a terminal");
	r = merging_open(&m, LAYOUT_READ, &err);
	if (r == 0)
		r = write_target(&m, &t, &err);
	close_target(&t);
	return r < 0 ? verb_fail(&m.v, &err) : m.status;
}

static const struct option_row flatten_options[] = {
	VERB_ROW_IMAGE,
	VERB_ROW_PLATFORM,
	{VERB_COMPRESS, 0, "compress", "HOW", "compress the archive: gzip, zstd, none (none)"},
	{0},
};

const struct applet verb_flatten = {
	.name = "image flatten",
	.summary = "Write an image's files as one archive.",
	.usage = "[OPTION]... --image DIR[:TAG] FILE",
	.options = flatten_options,
	.main = flatten_main,
};
