// SPDX-License-Identifier: Apache-2.0
/* Images out of trees and archives, and into trees. */
#include "applets/image/copying.h"

/* A layer that is being written, until it is one of the image's. */
struct layer_job {
	struct copying *c;
	struct layer_out out;
	struct descriptor layer;
	char diff_id[DIGEST_MAX];
};

static enum compression compression_of(const struct copying *c)
{
	return c->m.v.auto_compress ? COMPRESS_GZIP : c->m.v.compress;
}

static int make_image(struct copying *c, struct layer_job *j, struct err *err)
{
	cleanup_platform struct platform here = PLATFORM_NONE;
	const struct platform *want = verb_platform(&c->m.v);
	char time[IMAGE_TIME_MAX];
	struct history h = {.created = time, .created_by = "rlc-image copy"};
	int r = want ? 0 : platform_here(&here);

	image_time(image_now(), time);
	if (r == 0)
		r = image_make(want ? want : &here, image_now(), &c->m.image);
	if (r == 0)
		r = image_add_layer(&c->m.image, &j->layer, j->diff_id, &h);
	if (r < 0)
		return err_set(err, r, "cannot make an image", NULL);
	r = blob_put_doc(
		&c->m.layout, c->m.image.config, MEDIA_CONFIG, &c->m.image.config_blob, err);
	return r;
}

static int finish(struct copying *c, struct layer_job *j, int r, struct err *err)
{
	if (r == 0)
		r = layer_commit(&j->out, &j->layer, j->diff_id, err);
	if (r == 0 && c->from.kind == ENDPOINT_TAR)
		r = layer_check(&c->m.layout, &j->layer, j->diff_id, c->from.path, err);
	if (r == 0)
		r = make_image(c, j, err);
	return r;
}

static void end(struct layer_job *j)
{
	layer_abandon(&j->out);
	descriptor_done(&j->layer);
}

static int write_tree(struct copying *c, struct layer_job *j, struct sink *sink, struct err *err)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	struct create_options o = {.format = FORMAT_PAX,
		.whiteouts = WHITEOUTS_APPLY,
		.no_holes = verb_no_holes(&c->m.v),
		.numeric = true,
		.owner = {OWNER_KEEP, OWNER_KEEP},
		.set_mtime = epoch && *epoch,
		.clamp_mtime = true,
		.mtime = image_now(),
		.fault = merging_fault,
		.arg = &c->m};
	cleanup_tree struct tree tree = TREE_NONE;
	struct create *create = NULL;
	int r = tree_open(&tree, c->from.path, err);

	if (r < 0) {
		sink_free(sink);
		return r;
	}
	r = create_start(sink, &c->b.context.owners, &o, &create, err);
	if (r == 0)
		r = create_path(create, &tree, NULL, ".", err);
	if (r == 0)
		r = create_finish(create, err);
	r = finish(c, j, r, err);
	create_free(create);
	return r;
}

int copying_from_tree(struct copying *c, struct err *err)
{
	struct layer_job j = {.c = c, .out = LAYER_OUT_NONE, .layer = DESCRIPTOR_NONE};
	struct sink *sink;
	int r = layer_begin(&c->m.layout, compression_of(c), 0, &j.out, &sink, err);

	if (r == 0)
		r = verb_work_sink(&c->m.v, "packing", 0, &sink);
	if (r == 0)
		r = write_tree(c, &j, sink, err);
	verb_work_done(&c->m.v);
	end(&j);
	return r;
}

static int pump(struct source *from, struct sink *to, const char *path, struct err *err)
{
	int r = sink_pump(to, from);

	return r < 0 ? err_set(err, r, source_why(from) ? source_why(from) : "cannot copy", path)
		     : 0;
}

uint64_t file_size(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
}

/* The archive becomes the layer as it is, so that its digest is the diff_id. */
int copying_from_tar(struct copying *c, struct err *err)
{
	struct layer_job j = {.c = c, .out = LAYER_OUT_NONE, .layer = DESCRIPTOR_NONE};
	bool standard = strcmp(c->from.path, "-") == 0;
	cleanup_fd int fd = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
				     : open(c->from.path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	enum compression found;
	struct source *s;
	struct sink *sink;
	int r = fd < 0 ? -errno : source_fd(fd, &s);

	if (r == 0)
		r = source_count(s, verb_work(&c->m.v, "reading", file_size(fd)), &s);
	if (r == 0)
		r = source_decompress(s, &found, &s);
	if (r < 0)
		return err_set(err, r, "cannot read", c->from.path);
	r = layer_begin(&c->m.layout, compression_of(c), 0, &j.out, &sink, err);
	if (r == 0) {
		r = pump(s, sink, c->from.path, err);
		r = finish(c, &j, r, err);
		sink_free(sink);
	}
	verb_work_done(&c->m.v);
	source_free(s);
	end(&j);
	return r;
}

int copying_to_tree(struct copying *c, struct err *err)
{
	struct tree tree = TREE_NONE;
	int r;

	if (mkdir(c->to.path, 0700) < 0)
		return err_set(err, -errno, "cannot make the tree", c->to.path);
	r = tree_open(&tree, c->to.path, err);
	if (r == 0 && c->b.context.owners.records && node_probe(tree.fd) == -EOPNOTSUPP)
		r = err_tell(err, -EOPNOTSUPP,
			"this file system keeps no user attributes, so owners would be lost",
			c->to.path);
	verb_work_layers(
		&c->m.v, "unpacking", &c->m.layout, &c->m.image, c->m.image.layer_count, 1);
	if (r == 0)
		r = bundle_unpack(
			&c->b, &c->m.layout, &c->m.image, 0, c->m.image.layer_count, &tree, err);
	verb_work_done(&c->m.v);
	tree_close(&tree);
	if (c->b.status != EXIT_DONE)
		c->m.status = c->b.status;
	return r;
}

static int recompress_layer(struct copying *c, size_t n, json_t *list, struct err *err)
{
	struct layer_job j = {.c = c, .out = LAYER_OUT_NONE, .layer = DESCRIPTOR_NONE};
	const struct descriptor *old = &c->m.image.layers[n];
	struct source *s;
	struct sink *sink;
	int r = layer_source(&c->m.layout, old, c->m.image.diff_ids[n], &s, err);

	if (r < 0)
		return r;
	r = layer_begin(&c->m.layout, c->m.v.compress, 0, &j.out, &sink, err);
	if (r == 0) {
		r = pump(s, sink, old->digest, err);
		if (r == 0)
			r = layer_commit(&j.out, &j.layer, j.diff_id, err);
		sink_free(sink);
	}
	if (r == 0 && json_array_set(list, n, j.layer.json) != 0)
		r = err_set(err, -ENOMEM, NULL, NULL);
	source_free(s);
	end(&j);
	return r;
}

int copying_recompress(struct copying *c, struct err *err)
{
	struct image *i = &c->m.image;
	json_t *list = json_object_get(i->manifest, "layers");
	enum compression how;
	int r = 0;

	verb_work_layers(&c->m.v, "compressing", &c->m.layout, i, i->layer_count, 1);
	for (size_t n = 0; r == 0 && n < i->layer_count; n++)
		if (layer_media(i->layers[n].media, &how) < 0 || how != c->m.v.compress)
			r = recompress_layer(c, n, list, err);
	verb_work_done(&c->m.v);
	return r;
}
