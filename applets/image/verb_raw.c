// SPDX-License-Identifier: Apache-2.0
/* verb raw unpack
Unpacks an image's layers into
.Ar ROOTFS
alone: no bundle is made.
*/
/* verb raw config
Writes the configuration for a container's runtime that a bundle of the image would have.
Names of users are looked up in
.Fl -rootfs .
.Ar FILE
may be
.Li - ,
standard output.
*/
/* verb raw add-layer
Adds an archive as it stands as a layer on top.
It may be compressed; its content is verified to be an archive.
*/
#include "applets/image/bundle.h"
#include "applets/image/target.h"

#include "core/base/io.h"
#include <stdio.h>

struct raw {
	struct verb *v;
	const char *rootfs;
	bool keep_dirlinks;
	struct layout layout;
	struct image image;
};

enum { KEEP_DIRLINKS = VERB_OWN, ROOTFS };

static int take(void *arg, int id, const char *value)
{
	struct raw *raw = arg;

	raw->keep_dirlinks |= id == KEEP_DIRLINKS;
	if (id == ROOTFS)
		raw->rootfs = value;
	return EXIT_DONE;
}

static int open_image(struct raw *raw, enum layout_use use, struct err *err)
{
	return verb_open(raw->v, use, &raw->layout, &raw->image, err);
}

static void raw_end(struct raw *raw)
{
	image_done(&raw->image);
	layout_close(&raw->layout);
}

#define RAW(verb)                                                                                  \
	{                                                                                          \
		.v = (verb), .layout = LAYOUT_NONE, .image = IMAGE_NONE                            \
	}
#define cleanup_raw cleanup(raw_end)

static int unpack_rootfs(struct raw *raw, struct bundle *b, const char *path, struct err *err)
{
	bool made = mkdir(path, 0755) == 0;
	int r;

	b->keep_dirlinks = raw->keep_dirlinks;
	if (!made && errno != EEXIST)
		return err_set(err, -errno, "cannot make", path);
	r = tree_open(&b->rootfs, path, err);
	if (r == 0 && made)
		r = bundle_top(b, b->rootfs.fd, path, err);
	if (r < 0)
		return r;
	if (b->context.owners.records && node_probe(b->rootfs.fd) == -EOPNOTSUPP)
		return err_tell(err, -EOPNOTSUPP,
			"this file system keeps no user attributes, so owners would be lost", path);
	verb_work_layers(raw->v, "unpacking", &raw->layout, &raw->image, raw->image.layer_count, 1);
	return bundle_unpack(
		b, &raw->layout, &raw->image, 0, raw->image.layer_count, &b->rootfs, err);
}

static int raw_unpack_main(const struct applet *self, int argc, char **argv)
{
	cleanup_verb struct verb v = VERB_NONE;
	cleanup_bundle struct bundle b = BUNDLE_NONE;
	cleanup_raw struct raw raw = RAW(&v);
	cleanup_err struct err err = ERR_NONE;
	int status, r;

	if (!verb_start(&v, self, argc, argv, take, &raw, 1, 1, &status))
		return status;
	status = bundle_begin(&b, &v);
	if (status != EXIT_DONE)
		return status;
	r = open_image(&raw, LAYOUT_READ, &err);
	if (r == 0)
		r = unpack_rootfs(&raw, &b, v.o.operands[0], &err);
	return r < 0 ? verb_fail(&v, &err) : b.status;
}

static const struct option_row raw_unpack_options[] = {
	VERB_ROW_IMAGE,
	VERB_ROW_PLATFORM,
	{KEEP_DIRLINKS, 0, "keep-dirlinks", NULL, "a directory does not replace a symlink to one"},
	VERB_ROWS_MAPS,
	{0},
};

const struct applet verb_raw_unpack = {
	.name = "image raw unpack",
	.summary = "Unpack an image's tree, without a bundle.",
	.usage = "--image DIR[:TAG] [OPTION]... ROOTFS",
	.options = raw_unpack_options,
	.main = raw_unpack_main,
};

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static int write_config(const struct raw *raw, struct bundle *b, struct err *err)
{
	const char *file = raw->v->o.operands[0];
	cleanup_buf struct buf text = BUF_NONE;
	struct target t = {.path = file, .fd = -1};
	int r = raw->rootfs ? tree_open(&b->rootfs, raw->rootfs, err) : 0;

	if (r == 0)
		r = bundle_spec(b, &raw->image, raw->rootfs ? &b->rootfs : NULL,
			raw->rootfs ? last_part(raw->rootfs) : "rootfs", &text, err);
	if (r < 0)
		return r;
	r = target_open(&t);
	if (r == 0)
		r = io_write(t.fd, text.data, text.len);
	if (r == 0)
		r = target_settle(&t);
	target_close(&t);
	return r < 0 ? err_set(err, r, "cannot write", file) : 0;
}

static int raw_config_main(const struct applet *self, int argc, char **argv)
{
	cleanup_verb struct verb v = VERB_NONE;
	cleanup_bundle struct bundle b = BUNDLE_NONE;
	cleanup_raw struct raw raw = RAW(&v);
	cleanup_err struct err err = ERR_NONE;
	int status, r;

	if (!verb_start(&v, self, argc, argv, take, &raw, 1, 1, &status))
		return status;
	status = bundle_begin(&b, &v);
	if (status != EXIT_DONE)
		return status;
	r = open_image(&raw, LAYOUT_READ, &err);
	if (r == 0)
		r = write_config(&raw, &b, &err);
	return r < 0 ? verb_fail(&v, &err) : EXIT_DONE;
}

static const struct option_row raw_config_options[] = {
	VERB_ROW_IMAGE,
	VERB_ROW_PLATFORM,
	{ROOTFS, 0, "rootfs", "DIR", "the tree, in which names of users are looked up"},
	{VERB_UID_MAP, 0, "uid-map", "INSIDE:OUTSIDE:COUNT", "what user ids are outside"},
	{VERB_GID_MAP, 0, "gid-map", "INSIDE:OUTSIDE:COUNT", "what group ids are outside"},
	{VERB_ROOTLESS, 0, "rootless", NULL,
		"for a container that an ordinary user runs, as it is for an ordinary user anyway"},
	{0},
};

const struct applet verb_raw_config = {
	.name = "image raw config",
	.summary = "Write the configuration for a container's runtime.",
	.usage = "--image DIR[:TAG] [OPTION]... FILE",
	.options = raw_config_options,
	.main = raw_config_main,
};

/* The whole archive, as it comes out of its compression, into the layer. */
static int copy_archive(const char *file, struct sink *sink, atomic_ullong *passed, struct err *err)
{
	cleanup_fd int fd = open(file, O_RDONLY | O_CLOEXEC);
	enum compression found;
	struct source *s = NULL;
	int r;

	if (fd < 0)
		return err_set(err, -errno, "cannot open", file);
	r = source_fd(fd, &s);
	if (r == 0)
		r = source_count(s, passed, &s);
	if (r == 0)
		r = source_decompress(s, &found, &s);
	if (r < 0)
		return err_set(err, r, "cannot read", file);
	r = sink_pump(sink, s);
	if (r < 0)
		err_set(err, r, source_why(s) ? source_why(s) : "cannot write a layer", file);
	source_free(s);
	return r;
}

/* What is no archive is no layer. */
static int check_archive(const char *file, atomic_ullong *passed, struct err *err)
{
	cleanup_fd int fd = open(file, O_RDONLY | O_CLOEXEC);
	cleanup_entry struct entry e = ENTRY_NONE;
	struct err fault = ERR_NONE;
	struct archive_in *in = NULL;
	enum compression found;
	struct source *s = NULL;
	bool again = false;
	int r;

	if (fd < 0)
		return err_set(err, -errno, "cannot open", file);
	r = source_fd(fd, &s);
	if (r == 0)
		r = source_count(s, passed, &s);
	if (r == 0)
		r = source_decompress(s, &found, &s);
	if (r == 0)
		r = archive_in_open(s, &in);
	if (r == 0)
		do {
			err_free(&fault);
			r = archive_in_next(in, &e, &again, &fault);
		} while (r > 0 || (r < 0 && again));
	archive_in_free(in);
	err_free(&fault);
	if (r == -EBADMSG)
		return err_tell(err, r, "is no archive", file);
	return r < 0 ? err_set(err, r, "cannot read", file) : 0;
}

static uint64_t size_of(const char *file)
{
	struct stat st;

	return stat(file, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
}

/* The archive is read twice: whether it is one, and to copy it. */
static int add_layer(struct raw *raw, struct err *err)
{
	cleanup_layer_out struct layer_out out = LAYER_OUT_NONE;
	cleanup_descriptor struct descriptor made = DESCRIPTOR_NONE;
	char diff_id[DIGEST_MAX], time[IMAGE_TIME_MAX];
	struct sink *sink = NULL;
	struct history h;
	bool told = verb_history(raw->v, &raw->image, "rlc-image raw add-layer", false, time, &h);
	const char *file = raw->v->o.operands[0];
	atomic_ullong *passed = verb_work(raw->v, "adding", 2 * size_of(file));
	int r = check_archive(file, passed, err);

	if (r == 0)
		r = layer_begin(
			&raw->layout, verb_compression(raw->v, &raw->image), 0, &out, &sink, err);
	if (r < 0)
		return r;
	r = copy_archive(file, sink, passed, err);
	if (r == 0)
		r = layer_commit(&out, &made, diff_id, err);
	sink_free(sink);
	if (r == 0 && image_add_layer(&raw->image, &made, diff_id, told ? &h : NULL) < 0)
		r = err_set(err, -ENOMEM, NULL, NULL);
	return r < 0 ? r : image_save(&raw->layout, verb_new_tag(raw->v), &raw->image, err);
}

static int raw_add_layer_main(const struct applet *self, int argc, char **argv)
{
	cleanup_verb struct verb v = VERB_NONE;
	cleanup_raw struct raw raw = RAW(&v);
	cleanup_err struct err err = ERR_NONE;
	int status, r;

	if (!verb_start(&v, self, argc, argv, take, &raw, 1, 1, &status))
		return status;
	r = open_image(&raw, LAYOUT_WRITE, &err);
	if (r == 0)
		r = add_layer(&raw, &err);
	return r < 0 ? verb_fail(&v, &err) : EXIT_DONE;
}

static const struct option_row raw_add_layer_options[] = {
	VERB_ROW_IMAGE,
	VERB_ROW_TAG,
	VERB_ROW_PLATFORM,
	VERB_ROW_COMPRESS,
	VERB_ROWS_HISTORY,
	{0},
};

const struct applet verb_raw_add_layer = {
	.name = "image raw add-layer",
	.summary = "Add an archive as a layer.",
	.usage = "--image DIR[:TAG] [OPTION]... TAR",
	.options = raw_add_layer_options,
	.main = raw_add_layer_main,
};
