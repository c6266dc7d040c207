// SPDX-License-Identifier: Apache-2.0
/* verb insert
Puts
.Ar SRC
and all below it into the image as
.Ar DST ,
in a new layer, without unpacking it; several pairs make one layer.
.Ar DST
is the whole path in the image, not a directory to put it into.
With
.Fl -whiteout
each operand is a path that is removed from the image.
With
.Fl -opaque
a directory replaces what the image has there, and is not merged with it.
Owners are those of
.Ar SRC :
as an ordinary user's own files are root's in a container, and records count.
*/
#include "applets/image/bundle.h"
#include "core/pack/path.h"

struct insert {
	struct verb *v;
	struct bundle *b;
	bool whiteout, opaque;
	struct layout layout;
	struct image image;
	struct layer_out layer;
	struct descriptor made;
	char diff_id[DIGEST_MAX];
};

enum { WHITEOUT = VERB_OWN, OPAQUE };

static int take(void *arg, int id, const char *value)
{
	struct insert *in = arg;

	(void)value;
	in->whiteout |= id == WHITEOUT;
	in->opaque |= id == OPAQUE;
	return EXIT_DONE;
}

static struct owner inside(void *insert, struct owner owner)
{
	return bundle_inside(((struct insert *)insert)->b, owner);
}

static void fault(void *insert, struct err *err)
{
	bundle_fault(((struct insert *)insert)->b, err);
}

static int put_whiteout(struct create *c, const char *path, struct err *err)
{
	cleanup_free char *clean = NULL;
	int r = path_clean(path, &clean);

	if (r < 0)
		return err_set(err, r, NULL, path);
	if (strcmp(clean, ".") == 0)
		return err_tell(err, -EINVAL, "the top of an image cannot be removed", path);
	return create_whiteout(c, clean, err);
}

static int put_opaque(
	struct create *c, int dirfd, const char *name, const char *as, struct err *err)
{
	cleanup_buf struct buf path = BUF_NONE;
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(err, -errno, NULL, as);
	if (!S_ISDIR(st.st_mode))
		return err_tell(err, -ENOTDIR, "only a directory can be opaque", as);
	/* The name behind ".wh." is ".wh..opq". */
	if (buf_addf(&path, "%s/.wh..opq", as) < 0)
		return err_set(err, -ENOMEM, NULL, as);
	return create_whiteout(c, path.data, err);
}

static int put(struct insert *in, struct create *c, const char *source, const char *target,
	struct err *err)
{
	const struct tree whole = {AT_FDCWD};
	cleanup_free char *as = NULL;
	cleanup_fd int dirfd = -1;
	char name[NAME_MAX + 1];
	struct stat st;
	int r = path_clean(target, &as);

	if (r == 0)
		r = dirfd = tree_parent(&whole, source, name);
	if (r >= 0 && fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		r = -errno;
	if (r < 0)
		return err_set(err, r, "cannot read", source);
	if (!S_ISDIR(st.st_mode) && (strcmp(as, ".") == 0 || target[strlen(target) - 1] == '/'))
		return err_tell(
			err, -EISDIR, "is a directory, and what is to come there is none", target);
	r = create_path_as(c, dirfd, name, as, err);
	return r == 0 && in->opaque ? put_opaque(c, dirfd, name, as, err) : r;
}

static int put_all(struct insert *in, struct create *c, struct err *err)
{
	char **operand = in->v->o.operands;
	int r = 0;

	for (; r == 0 && *operand; operand += in->whiteout ? 1 : 2)
		r = in->whiteout ? put_whiteout(c, operand[0], err)
				 : put(in, c, operand[0], operand[1], err);
	if (r == 0)
		r = create_finish(c, err);
	return r < 0 ? r : layer_commit(&in->layer, &in->made, in->diff_id, err);
}

static int make_layer(struct insert *in, struct err *err)
{
	struct create_options o = {.format = FORMAT_PAX,
		.whiteouts = WHITEOUTS_APPLY,
		.no_holes = verb_no_holes(in->v),
		.numeric = true,
		.whole_seconds = true,
		.owner = {OWNER_KEEP, OWNER_KEEP},
		.inside = inside,
		.fault = fault,
		.arg = in};
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	struct create *c = NULL;
	struct sink *sink;
	int r = layer_begin(
		&in->layout, verb_compression(in->v, &in->image), 0, &in->layer, &sink, err);

	if (r == 0)
		r = verb_work_sink(in->v, "packing", 0, &sink);
	if (r < 0)
		return r;
	o.set_mtime = o.clamp_mtime = epoch && *epoch;
	o.mtime = image_now();
	r = create_start(sink, &in->b->context.owners, &o, &c, err);
	if (r == 0)
		r = put_all(in, c, err);
	create_free(c);
	return r;
}

static int insert(struct insert *in)
{
	cleanup_err struct err err = ERR_NONE;
	char time[IMAGE_TIME_MAX];
	struct history h;
	int r = verb_open(in->v, LAYOUT_WRITE, &in->layout, &in->image, &err);
	bool told;

	if (r == 0)
		r = make_layer(in, &err);
	/* A layer that lacks something of what was asked for is not wanted. */
	if (r == 0 && in->b->status != EXIT_DONE)
		return in->b->status;
	if (r == 0) {
		told = verb_history(in->v, &in->image, "rlc-image insert", false, time, &h);
		r = image_add_layer(&in->image, &in->made, in->diff_id, told ? &h : NULL);
	}
	if (r == 0)
		r = image_save(&in->layout, verb_new_tag(in->v), &in->image, &err);
	if (r < 0)
		err_set(&err, r, NULL, NULL);
	return r < 0 ? verb_fail(in->v, &err) : EXIT_DONE;
}

static int check(const struct insert *in)
{
	if (in->whiteout && in->opaque)
		return usage_error(in->v->self, "--whiteout and --opaque do not go together");
	if (!in->whiteout && in->v->o.operand_count % 2)
		return usage_error(in->v->self, "each SRC needs a DST");
	return EXIT_DONE;
}

static int insert_main(const struct applet *self, int argc, char **argv)
{
	cleanup_verb struct verb v = VERB_NONE;
	cleanup_bundle struct bundle b = BUNDLE_NONE;
	struct insert in = {.v = &v,
		.b = &b,
		.layout = LAYOUT_NONE,
		.image = IMAGE_NONE,
		.layer = LAYER_OUT_NONE,
		.made = DESCRIPTOR_NONE};
	int status;

	if (verb_start(&v, self, argc, argv, take, &in, 1, INT_MAX, &status))
		status = check(&in);
	else
		return status;
	if (status == EXIT_DONE)
		status = bundle_begin(&b, &v);
	if (status == EXIT_DONE)
		status = insert(&in);
	layer_abandon(&in.layer);
	descriptor_done(&in.made);
	image_done(&in.image);
	layout_close(&in.layout);
	return status;
}

static const struct option_row insert_options[] = {
	VERB_ROW_IMAGE,
	VERB_ROW_TAG,
	VERB_ROW_PLATFORM,
	{WHITEOUT, 0, "whiteout", NULL, "remove each PATH from the image"},
	{OPAQUE, 0, "opaque", NULL, "replace directories of the image, do not merge"},
	VERB_ROW_COMPRESS,
	VERB_ROWS_MAPS,
	VERB_ROWS_HISTORY,
	{0},
};

const struct applet verb_insert = {
	.name = "image insert",
	.summary = "Put files into an image without unpacking it.",
	.usage = "--image DIR[:TAG] [OPTION]... SRC DST [SRC DST]...\n"
		 "--image DIR[:TAG] --whiteout [OPTION]... PATH...",
	.options = insert_options,
	.main = insert_main,
};
