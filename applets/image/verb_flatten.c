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
#include "applets/image/target.h"

static int write_target(struct merging *m, struct target *t, struct err *err)
{
	struct sink *sink;
	int r = target_open(t);

	if (r == 0)
		r = sink_fd(t->fd, &sink);
	if (r == 0 && !m->v.auto_compress)
		r = sink_compress(sink, m->v.compress, 0, 0, &sink);
	if (r == 0)
		r = merging_write(m, 0, m->image.layer_count, sink, NULL, NULL, err);
	if (r == 0)
		r = target_settle(t);
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
	if (m.v.compress == COMPRESS_CHUNKED)
		return usage_error(self, "--compress: only a layer can be zstd:chunked");
	t.path = m.v.o.operands[0];
	if (strcmp(t.path, "-") == 0 && isatty(STDOUT_FILENO))
		return usage_error(self, "an archive does not go to a terminal");
	r = merging_open(&m, LAYOUT_READ, &err);
	if (r == 0)
		r = write_target(&m, &t, &err);
	target_close(&t);
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
