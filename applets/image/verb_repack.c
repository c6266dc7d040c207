// SPDX-License-Identifier: Apache-2.0
/* verb repack
Makes an image of a bundle: what was changed in its tree since it was unpacked becomes a layer on
top, what was removed a whiteout in it; without a change there is no new layer.
The layout must have the image that the bundle came from;
.Fl -image
names it and the tag for the new image.
What cannot be read is an error, and no image is made; names that no layer can hold are left out.
Volumes of the image and what
.Fl -mask-path
names are left out.
Files that nobody touched since they were unpacked are not read.
Of a bundle of
.Cm unpack Fl -overlay
only
.Pa upper
is read.
*/
#include "applets/image/bundle.h"
#include "core/image/upper.h"
#include "core/pack/path.h"

#include <stdio.h>

struct repack {
	struct verb *v;
	struct bundle *b;
	const char *path;
	char **masks; /* clean */
	size_t mask_count;
	bool no_mask_volumes, refresh;
	bool lacking; /* something that could not be read */
	struct bundle_meta meta;
	struct layout layout;
	struct image image;
	struct layer_out layer;
	struct descriptor made; /* the new layer */
	char diff_id[DIGEST_MAX];
};

enum { MASK_PATH = VERB_OWN, NO_MASK_VOLUMES, REFRESH };

static int add_mask(struct repack *k, const char *path)
{
	void *masks = reallocarray(k->masks, k->mask_count + 1, sizeof(*k->masks));
	int r;

	if (!masks)
		return -ENOMEM;
	k->masks = masks;
	r = path_clean(path, &k->masks[k->mask_count]);
	k->mask_count += r == 0;
	return r;
}

static int take(void *arg, int id, const char *value)
{
	struct repack *k = arg;
	int r;

	k->no_mask_volumes |= id == NO_MASK_VOLUMES;
	k->refresh |= id == REFRESH;
	if (id == MASK_PATH && (r = add_mask(k, value)) < 0)
		return usage_error(k->v->self, "--mask-path: '%s': %s", value, err_reason(r));
	return EXIT_DONE;
}

static int add_volumes(struct repack *k, struct err *err)
{
	json_t *volumes = json_object_get(json_object_get(k->image.config, "config"), "Volumes");
	const char *name;
	json_t *unused;
	int r = 0;

	if (k->no_mask_volumes)
		return 0;
	json_object_foreach(volumes, name, unused)
	{
		r = add_mask(k, name);
		if (r < 0)
			return err_set(err, r, "cannot leave a volume out", name);
	}
	return 0;
}

/* Whether a mask is the path or above it. "." has nothing above: it masks itself alone. */
static bool masked(const struct repack *k, const char *path)
{
	for (size_t i = 0; i < k->mask_count; i++) {
		size_t n = strlen(k->masks[i]);

		if (strncmp(path, k->masks[i], n) == 0 && (path[n] == '\0' || path[n] == '/'))
			return true;
	}
	return false;
}

static void drop_masked(const struct repack *k, struct changes *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->count; i++)
		if (masked(k, c->at[i].path))
			free(c->at[i].path);
		else
			c->at[n++] = c->at[i];
	c->count = n;
}

static struct owner inside(void *repack, struct owner owner)
{
	return bundle_inside(((struct repack *)repack)->b, owner);
}

/* What no layer can hold, whoever asks. */
static bool has_no_place(int code)
{
	return code == -EINVAL || code == -ENAMETOOLONG || code == -ERANGE || code == -EFBIG ||
	       code == -E2BIG || code == -EOPNOTSUPP;
}

static void fault(void *repack, struct err *err)
{
	struct repack *k = repack;

	k->lacking |= !has_no_place(err->code);
	bundle_fault(k->b, err);
}

static int finished(void *repack, struct err *err)
{
	struct repack *k = repack;

	return layer_commit(&k->layer, &k->made, k->diff_id, err);
}

/* No time in the layer is later than SOURCE_DATE_EPOCH. */
static bool clamp(struct timespec *mtime)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");

	*mtime = image_now();
	return epoch && *epoch;
}

static int open_file(const struct repack *k, const char *suffix, struct err *err)
{
	char name[BUNDLE_NAME_MAX];
	int fd;

	bundle_file(name, k->meta.walk[k->meta.walk_count - 1].digest, suffix);
	fd = openat(k->b->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? err_set(err, -errno, "cannot open", name) : fd;
}

/* What changed in rootfs, by the manifest. */
static int find_changes(struct repack *k, struct changes *c, struct err *err)
{
	const struct mtree_view view = bundle_view(k->b);
	cleanup_fd int manifest = open_file(k, ".mtree", err), stamps = -1;
	int r;

	if (manifest < 0)
		return manifest;
	stamps = open_file(k, ".stamps", NULL);
	r = mtree_compare(&view, manifest, stamps, c, err);
	if (r == 0)
		drop_masked(k, c);
	return r;
}

/* How much there will be to read, near enough to be shown. */
static uint64_t content_size(const struct repack *k, const struct changes *c)
{
	uint64_t total = 0;
	struct stat st;

	for (size_t i = 0; i < c->count; i++)
		if (fstatat(k->b->rootfs.fd, c->at[i].path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			S_ISREG(st.st_mode))
			total += (uint64_t)st.st_size;
	return total;
}

static int write_changes(struct repack *k, const struct changes *c, struct err *err)
{
	struct changes_layer how = {.tree = &k->b->rootfs,
		.owners = &k->b->context.owners,
		.no_holes = verb_no_holes(k->v),
		.inside = inside,
		.fault = fault,
		.finished = finished,
		.arg = k};
	struct sink *sink;
	int r = layer_begin(
		&k->layout, verb_compression(k->v, &k->image), 0, &k->layer, &sink, err);

	how.clamp = clamp(&how.mtime);
	if (r == 0)
		r = verb_work_sink(k->v, "packing", content_size(k, c), &sink);
	return r < 0 ? r : changes_write(&how, c, sink, err);
}

static bool wanted(void *repack, const char *path)
{
	return !masked(repack, strncmp(path, "./", 2) == 0 ? path + 2 : path);
}

static int show_work(void *repack, struct sink **sink)
{
	return verb_work_sink(((struct repack *)repack)->v, "packing", 0, sink);
}

/* Those that unpack --overlay has made. */
static int name_layers(const struct bundle *b, struct buf *names)
{
	char name[32];
	struct stat st;

	for (size_t n = 0; !names->failed; n++) {
		snprintf(name, sizeof(name), "layers/%zu", n);
		if (fstatat(b->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
			break;
		buf_addf(names, "%s%s", n ? ":" : "", name);
	}
	return names->failed ? -ENOMEM : 0;
}

/* The upper directory as a layer. As upper_pack. */
static int write_upper(struct repack *k, struct err *err)
{
	cleanup_buf struct buf layers = BUF_NONE;
	struct upper_options o = {.owners = &k->b->context.owners,
		.how = verb_compression(k->v, &k->image),
		.no_holes = verb_no_holes(k->v),
		.want = wanted,
		.inside = inside,
		.wrap = show_work,
		.fault = fault,
		.arg = k};

	if (name_layers(k->b, &layers) < 0)
		return err_set(err, -ENOMEM, NULL, NULL);
	o.lowers = layers.data;
	o.lowers_at = k->b->fd;
	o.clamp = clamp(&o.mtime);
	return upper_pack(&k->layout, &k->b->rootfs, &o, &k->made, k->diff_id, err);
}

/* 1 where there is a new layer, 0 where nothing changed. */
static int make_layer(struct repack *k, struct err *err)
{
	cleanup_changes struct changes c = CHANGES_NONE;
	int r;

	if (k->meta.overlay)
		return write_upper(k, err);
	r = find_changes(k, &c, err);
	if (r == 0 && c.count)
		r = write_changes(k, &c, err);
	return r < 0 ? r : c.count > 0;
}

/* The indexes that the bundle's image was found through are written anew with it. */
static int take_walk(struct repack *k, struct err *err)
{
	size_t n = k->meta.walk_count - 1;
	int r = image_open_descriptor(&k->layout, &k->meta.walk[n], NULL, &k->image, err);

	if (r < 0 || n == 0)
		return r;
	k->image.path = calloc(n, sizeof(*k->image.path));
	if (!k->image.path)
		return err_set(err, -ENOMEM, NULL, NULL);
	for (; k->image.path_count < n; k->image.path_count++) {
		r = descriptor_read(k->meta.walk[k->image.path_count].json, "umoci.json",
			&k->image.path[k->image.path_count], err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int save(struct repack *k, bool layer, struct err *err)
{
	char time[IMAGE_TIME_MAX];
	struct history h;
	bool told = verb_history(k->v, &k->image, "rlc-image repack", !layer, time, &h);
	int r = 0;

	if (layer)
		r = image_add_layer(&k->image, &k->made, k->diff_id, told ? &h : NULL);
	else if (told)
		r = image_add_history(&k->image, &h);
	if (r < 0)
		return err_set(err, r, NULL, NULL);
	return image_save(&k->layout, verb_new_tag(k->v), &k->image, err);
}

/* The bundle is one of the new image now. */
static int refresh(struct repack *k, struct err *err)
{
	const char *was = k->meta.walk[k->meta.walk_count - 1].digest;
	int r = bundle_write_mtree(k->b, &k->image, err);
	if (r == 0)
		r = bundle_write_meta(k->b, &k->image, err);
	if (r == 0 && strcmp(was, k->image.top.digest) != 0)
		bundle_forget(k->b, was);
	return r;
}

static int open_tree(struct repack *k, struct err *err)
{
	const char *name = k->meta.overlay ? "upper" : "rootfs";
	struct bundle *b = k->b;
	struct stat st;

	b->fd = open(k->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (b->fd < 0)
		return err_set(err, -errno, "cannot open the bundle", k->path);
	b->rootfs.fd = openat(b->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (b->rootfs.fd < 0 || fstat(b->rootfs.fd, &st) < 0)
		return err_set_at(err, -errno, "cannot open", k->path, name);
	owners_adopt(&b->context.owners, &st);
	return 0;
}

static int repack(struct repack *k)
{
	cleanup_err struct err err = ERR_NONE;
	int r = open_tree(k, &err), layer = 0;

	if (r == 0 && k->refresh && k->meta.overlay)
		r = err_tell(&err, -ENOTSUP, "a bundle of --overlay cannot be refreshed", k->path);
	if (r == 0)
		r = layout_open(&k->layout, k->v->image.dir, LAYOUT_WRITE, &err);
	if (r == 0)
		r = take_walk(k, &err);
	if (r == 0)
		r = add_volumes(k, &err);
	if (r == 0)
		r = layer = make_layer(k, &err);
	/* A layer that lacks something of what was changed is not wanted. */
	if (r >= 0 && k->lacking) {
		report(k->v->self, "%s: no image was made of it", k->path);
		return k->b->status;
	}
	if (r >= 0)
		r = save(k, layer > 0, &err);
	if (r == 0 && k->refresh)
		r = refresh(k, &err);
	if (r < 0)
		err_set(&err, r, "cannot repack", k->path);
	return r < 0 ? verb_fail(k->v, &err) : k->b->status;
}

static void repack_end(struct repack *k)
{
	while (k->mask_count)
		free(k->masks[--k->mask_count]);
	free(k->masks);
	layer_abandon(&k->layer);
	descriptor_done(&k->made);
	image_done(&k->image);
	layout_close(&k->layout);
	bundle_meta_done(&k->meta);
}

static int repack_main(const struct applet *self, int argc, char **argv)
{
	cleanup_verb struct verb v = VERB_NONE;
	cleanup_bundle struct bundle b = BUNDLE_NONE;
	cleanup_err struct err err = ERR_NONE;
	struct repack k = {.v = &v,
		.b = &b,
		.meta = BUNDLE_META_NONE,
		.layout = LAYOUT_NONE,
		.image = IMAGE_NONE,
		.layer = LAYER_OUT_NONE,
		.made = DESCRIPTOR_NONE};
	int status;

	if (verb_start(&v, self, argc, argv, take, &k, 1, 1, &status)) {
		k.path = v.o.operands[0];
		if (bundle_read_meta(k.path, &v, &k.meta, &err) < 0)
			status = verb_fail(&v, &err);
		else
			status = bundle_begin(&b, &v);
		b.overlay = k.meta.overlay;
		if (status == EXIT_DONE)
			status = repack(&k);
	}
	repack_end(&k);
	return status;
}

static const struct option_row repack_options[] = {
	VERB_ROW_IMAGE,
	VERB_ROW_TAG,
	{MASK_PATH, 0, "mask-path", "PATH", "leave out what changed at PATH and below"},
	{NO_MASK_VOLUMES, 0, "no-mask-volumes", NULL, "do not leave out the image's volumes"},
	{REFRESH, 0, "refresh-bundle", NULL, "make the bundle one of the new image"},
	VERB_ROW_COMPRESS,
	VERB_ROWS_HISTORY,
	{0},
};

const struct applet verb_repack = {
	.name = "image repack",
	.summary = "Make a new image of what was changed in a bundle.",
	.usage = "--image DIR[:TAG] [OPTION]... BUNDLE",
	.options = repack_options,
	.main = repack_main,
};
