// SPDX-License-Identifier: Apache-2.0
/* kconfig
config APPLET_IMAGE
	bool "rlc-image"
	default y
	select PACK
	select SHA256
	select IMAGE
	help
	  Unpack, change, repack and inspect OCI images, with the owners of their files, as an
	  ordinary user.
*/
/* man image
.Sh DESCRIPTION
Works on images in an OCI image layout: a directory that holds images as blobs, each named by
its digest, and the file
.Pa index.json ,
which says by which tags they are called.
Verbs and options are those of
.Xr umoci 1 .
.Pp
What is read is verified: digests, sizes, and what the documents must say.
What is written is written aside, synced and renamed,
.Pa index.json
last, so that whoever is interrupted leaves the layout as it was.
Several may work on one layout at once.
.Pp
.Fl -compress Cm zstd:chunked
makes zstd layers in which each file is compressed by itself, with a table of contents behind them,
from which Podman and others fetch only the files that they lack.
Such a layer has no sparse files, and only names in UTF-8.
.Sh ENVIRONMENT
.Bl -tag -width SOURCE_DATE_EPOCH
.It Ev SOURCE_DATE_EPOCH
Seconds since 1970: the time that counts as now, so that the same work makes the same bytes.
.It Ev TMPDIR
Where
.Cm copy
has a layout of its own while neither end is one that it may write to, and where what is known of
the files goes that has no room in memory when layers are merged or compared;
.Pa /tmp
where it is not set.
.El
.Sh EXIT STATUS
0 where all was done, 1 where something was not, 2 for wrong usage.
.Sh EXAMPLES
An image from nothing:
.Bd -literal -offset indent
rlc-image init --layout images
rlc-image new --image images:mine
rlc-image config --image images:mine --config.cmd /bin/sh
rlc-image stat --image images:mine
.Ed
.Pp
Of an image, a changed one:
.Bd -literal -offset indent
rlc-image unpack --image images:debian bundle
rlc-unshare -R bundle/rootfs apt-get install -y hello
rlc-image repack --image images:hello bundle
rlc-image diff images:debian images:hello
rlc-image copy images:hello docker-archive:hello.tar:hello:1
.Ed
.Sh SEE ALSO
.Xr rlc 1 ,
.Xr rlc-tar 1 ,
.Xr rlc-unshare 1
*/
#include "applets/image/image.h"
#include "applets/lib/verbs.h"

static const struct verb_row verbs[] = {
	{&verb_init, NULL},
	{&verb_new, NULL},
	{&verb_list, "ls"},
	{&verb_tag, NULL},
	{&verb_remove, "rm"},
	{&verb_gc, NULL},
	{&verb_stat, NULL},
	{&verb_config, NULL},
	{&verb_past, NULL},
	{&verb_flatten, NULL},
	{&verb_squash, NULL},
	{&verb_rebase, NULL},
	{&verb_copy, NULL},
	{&verb_diff, NULL},
	{&verb_apply, NULL},
	{&verb_validate, NULL},
	{&verb_index_list, "index ls"},
	{&verb_index_add, NULL},
	{&verb_index_merge, NULL},
	{&verb_index_remove, "index rm"},
	{&verb_unpack, NULL},
	{&verb_repack, NULL},
	{&verb_insert, NULL},
	{&verb_raw_unpack, NULL},
	{&verb_raw_add_layer, NULL},
	{&verb_raw_config, "raw runtime-config"},
};

static const struct verbs table = {verbs, ARRAY_SIZE(verbs)};

enum { IMAGE_LOG = 256, IMAGE_VERBOSE };

static const struct option_row image_options[] = {
	{IMAGE_VERBOSE, 0, "verbose", NULL, "taken as umoci does; messages stay the same"},
	{IMAGE_LOG, 0, "log", "LEVEL", "the same"},
	{0},
};

/* A time that is not understood would silently become now. */
static bool good_epoch(const char *epoch)
{
	char *end;

	errno = 0;
	(void)strtoll(epoch, &end, 10);
	return end != epoch && !*end && !errno;
}

static int image_main(const struct applet *self, int argc, char **argv)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	struct options o;
	int status = verbs_look(self, &table, &o, argc, argv);

	if (status >= 0)
		return status;
	if (o.operand_count == 0)
		return usage_error(self, "the verb is missing");
	if (epoch && *epoch && !good_epoch(epoch))
		return usage_error(self, "SOURCE_DATE_EPOCH: '%s' is not understood", epoch);
	return verbs_run(self, &table, o.operand_count, o.operands);
}

const struct applet applet_image = {
	.name = "image",
	.summary = "Unpack, change, repack and inspect OCI images, with their files' owners.",
	.usage = "VERB [ARGUMENT]...",
	.options = image_options,
	.main = image_main,
};
