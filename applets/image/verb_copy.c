// SPDX-License-Identifier: Apache-2.0
/* verb copy
Where an image is or goes to is said in
.Xr skopeo 1 Ns 's
words:
.Bl -tag -width docker-archive
.It Ar DIR Ns Oo : Ns Ar TAG Oc , Li oci: Ns Ar DIR Ns Op : Ns Ar TAG
An image layout; one that is missing is made.
.It Li oci-archive: Ns Ar FILE Ns Op : Ns Ar TAG
A layout as one file.
.It Li docker-archive: Ns Ar FILE Ns Op : Ns Ar NAME : Ns Ar TAG
What
.Cm docker save
writes and
.Cm docker load
reads.
.It Li tree: Ns Ar DIR
A directory: with owners as records say them, as one layer; unpacked into a new one.
.It Li tar: Ns Ar FILE
An archive of the files: as it is as one layer; all layers merged into one.
.El
.Pp
A
.Ar FILE
to write may be
.Li - ,
standard output.
To read, only
.Li tar:-
is standard input; the other archives must be files.
.Pp
Between layouts, blobs are copied as they are and verified, and share their bytes where the file
system can do that.
The layers of
.Li docker-archive:
are never compressed.
What
.Fl -format Ns = Ns Cm docker
puts into a layout is valid, but
.Xr skopeo 1
does not find it by its tag.
.Pp
.Dl rlc-image copy images:mine docker-archive:mine.tar:me/mine:1
*/
#include "applets/image/copying.h"
#include "applets/image/target.h"
#include "core/image/transport.h"

#include <stdio.h>

enum { COPY_ALL = VERB_OWN, COPY_LINK, COPY_FORMAT };

static int take(void *arg, int id, const char *value)
{
	struct copying *c = arg;

	c->all |= id == COPY_ALL;
	c->link |= id == COPY_LINK;
	if (id != COPY_FORMAT)
		return EXIT_DONE;
	c->set_format = true;
	c->docker = strcmp(value, "docker") == 0;
	if (!c->docker && strcmp(value, "oci") != 0)
		return usage_error(c->m.v.self, "--format: '%s' is neither oci nor docker", value);
	return EXIT_DONE;
}

/* Blobs pass through a layout of our own where neither end is one that they may be written to. */
static int make_temp(struct copying *c, struct err *err)
{
	const char *dir = getenv("TMPDIR");

	if (asprintf(&c->temp, "%s/rlc-image-XXXXXX", dir ? dir : "/tmp") < 0)
		c->temp = NULL;
	if (!c->temp || !mkdtemp(c->temp)) {
		int r = err_set(err, c->temp ? -errno : -ENOMEM, "cannot make a layout", c->temp);

		free(c->temp);
		c->temp = NULL;
		return r;
	}
	return layout_create(c->temp, err);
}

static void remove_temp(const struct copying *c)
{
	cleanup_err struct err err = ERR_NONE;
	char *name = strrchr(c->temp, '/');
	cleanup_fd int dir = -1;

	*name++ = '\0';
	dir = open(*c->temp ? c->temp : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 ? err_set(&err, -errno, NULL, name) : tree_remove(dir, name, &err) < 0)
		report_err(c->m.v.self, &err);
}

static int open_target(struct copying *c, struct err *err)
{
	struct stat st;

	if (stat(c->to.path, &st) < 0 && errno == ENOENT) {
		int r = layout_create(c->to.path, err);

		if (r < 0)
			return r;
	}
	return layout_open(&c->m.layout, c->to.path, LAYOUT_WRITE, err);
}

/* What is no layout in the end has no manifest to be another. */
static bool is_changed(const struct copying *c)
{
	return (c->to.kind == ENDPOINT_OCI || c->to.kind == ENDPOINT_OCI_ARCHIVE) &&
	       (c->set_format || !c->m.v.auto_compress);
}

static int open_layout(struct copying *c, struct err *err)
{
	int r;

	if (c->to.kind == ENDPOINT_OCI)
		return open_target(c, err);
	if (c->from.kind == ENDPOINT_OCI && !is_changed(c))
		return layout_open(&c->m.layout, c->from.path, LAYOUT_READ, err);
	r = make_temp(c, err);
	return r < 0 ? r : layout_open(&c->m.layout, c->temp, LAYOUT_WRITE, err);
}

struct blobs {
	const struct layout *from;
	struct copying *c;
};

static int copy_blob(void *arg, const struct descriptor *d, struct err *err)
{
	struct blobs *b = arg;

	return blob_copy(b->from, &b->c->m.layout, d, b->c->link, err);
}

/* A tag that was not given may be the only one there is. */
static const char *tag_of(const struct copying *c, const json_t *list)
{
	const char *only =
		json_array_size(list) == 1 ? descriptor_tag(json_array_get(list, 0)) : NULL;

	return c->from.ref ? c->from.ref : only ? only : "latest";
}

static int choose_all(struct copying *c, json_t *list, const char *tag, struct err *err)
{
	json_t *each, *found = NULL;
	size_t n;

	json_array_foreach(list, n, each)
	{
		if (!descriptor_is_tagged(each, tag))
			continue;
		if (found)
			return err_tell(err, -EEXIST, "the tag stands for several", tag);
		found = each;
	}
	if (!found)
		return err_tell(err, -ENOENT, "there is no such tag", tag);
	return descriptor_read(found, tag, &c->top, err);
}

static int choose(struct copying *c, const struct layout *from, struct err *err)
{
	cleanup_json json_t *index = NULL;
	json_t *list;
	const char *tag;
	int r = layout_index(from, &index, err);

	if (r < 0)
		return r;
	list = json_object_get(index, "manifests");
	tag = tag_of(c, list);
	if (c->all)
		return choose_all(c, list, tag, err);
	r = image_open(from, tag, verb_platform(&c->m.v), &c->m.image, err);
	return r < 0 ? r : descriptor_read(c->m.image.top.json, tag, &c->top, err);
}

static int from_layout(struct copying *c, struct err *err)
{
	cleanup_layout struct layout from = LAYOUT_NONE;
	struct blobs b = {&from, c};
	int r;

	if (c->to.kind != ENDPOINT_OCI && !c->temp)
		return choose(c, &c->m.layout, err);
	r = layout_open(&from, c->from.path, LAYOUT_READ, err);
	if (r == 0)
		r = choose(c, &from, err);
	if (r < 0)
		return r;
	verb_work_layers(&c->m.v, "copying", &from, &c->m.image, c->m.image.layer_count, 1);
	r = blobs_each(&from, &c->top, copy_blob, &b, err);
	verb_work_done(&c->m.v);
	return r;
}

static int open_file(const struct copying *c, struct err *err)
{
	int fd = open(c->from.path, O_RDONLY | O_NOCTTY | O_CLOEXEC);

	if (fd >= 0 && lseek(fd, 0, SEEK_CUR) >= 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return err_set(err, -errno, "cannot read", c->from.path);
}

/* What is wrong with the archive as a whole has no name of its own. */
static int at_archive(const struct copying *c, int r, struct err *err)
{
	if (r < 0 && !err->path)
		err->path = strdup(c->from.path);
	return r;
}

/* What the archive did not bring may be in the layout already. */
static int look_for(void *layout, const struct descriptor *d, struct err *err)
{
	const struct layout *l = layout;
	int r = blob_there(l, d);

	return r < 0 ? blob_err(l, d->digest, r, "is not in the archive", err) : 0;
}

static int from_archive(struct copying *c, struct err *err)
{
	cleanup_descriptor struct descriptor found = DESCRIPTOR_NONE;
	struct verb *v = &c->m.v;
	cleanup_fd int fd = open_file(c, err);
	json_t *top = NULL;
	int r;

	if (fd < 0)
		return fd;
	/* An archive of docker save has what tells its layers from the rest at its end. */
	c->m.layout.passed = verb_work(
		v, "reading", file_size(fd) * (c->from.kind == ENDPOINT_DOCKER_ARCHIVE ? 2 : 1));
	if (c->from.kind == ENDPOINT_DOCKER_ARCHIVE)
		return at_archive(c,
			docker_archive_read(fd, &c->m.layout, c->from.ref,
				v->auto_compress ? COMPRESS_GZIP : v->compress, &c->m.image, err),
			err);
	if (oci_archive_read(fd, &c->m.layout, c->from.ref, &found, err) < 0)
		return at_archive(c, err->code, err);
	if (c->all)
		top = found.json;
	else if (image_open_descriptor(&c->m.layout, &found, verb_platform(v), &c->m.image, err) <
		 0)
		return err->code;
	r = descriptor_read(top ? top : c->m.image.top.json, c->from.path, &c->top, err);
	return r < 0 ? r : blobs_each(&c->m.layout, &c->top, look_for, &c->m.layout, err);
}

static int bring(struct copying *c, struct err *err)
{
	switch (c->from.kind) {
	case ENDPOINT_OCI:
		return from_layout(c, err);
	case ENDPOINT_TREE:
		return copying_from_tree(c, err);
	case ENDPOINT_TAR:
		return copying_from_tar(c, err);
	default:
		return from_archive(c, err);
	}
}

/* An image that is not as it was, or has no manifest yet, gets a new one. */
static int change(struct copying *c, struct err *err)
{
	bool docker = c->set_format ? c->docker : c->m.image.docker;
	int r = 0;

	if (c->top.json && !is_changed(c))
		return 0;
	/* Without a manifest the layers were just made, as they were asked for */
	if (!c->m.v.auto_compress && c->top.json)
		r = copying_recompress(c, err);
	if (r == 0)
		r = image_put_manifest(&c->m.layout, &c->m.image, docker, err);
	if (r < 0)
		return r;
	descriptor_done(&c->top);
	return descriptor_read(c->m.image.top.json, c->to.path, &c->top, err);
}

static int write_archive(struct copying *c, struct archive_out *out, struct err *err)
{
	bool oci = c->to.kind == ENDPOINT_OCI_ARCHIVE;
	int r;

	/* For docker load each layer is read to know its size, and read again */
	verb_work_layers(
		&c->m.v, "copying", &c->m.layout, &c->m.image, c->m.image.layer_count, oci ? 1 : 2);
	r = oci ? oci_archive_write(&c->m.layout, &c->top, c->to.ref, out, err)
		: docker_archive_write(&c->m.layout, &c->m.image, c->to.ref, out, err);
	if (r == 0)
		r = archive_out_finish(out, err);
	verb_work_done(&c->m.v);
	return r;
}

static int to_file(struct copying *c, struct err *err)
{
	struct target t = {.path = c->to.path, .fd = -1};
	struct archive_out *out = NULL;
	struct sink *sink = NULL;
	int r = target_open(&t);

	if (r == 0)
		r = sink_fd(t.fd, &sink);
	if (r == 0 && c->to.kind == ENDPOINT_TAR)
		r = merging_write(&c->m, 0, c->m.image.layer_count, sink, NULL, NULL, err);
	else if (r == 0 && (r = archive_out_open(sink, FORMAT_PAX, false, &out)) == 0)
		r = write_archive(c, out, err);
	archive_out_free(out);
	if (r == 0)
		r = target_settle(&t);
	target_close(&t);
	return r < 0 ? err_set(err, r, "cannot write", c->to.path) : 0;
}

static int deliver(struct copying *c, struct err *err)
{
	if (c->to.kind == ENDPOINT_OCI)
		return image_tag(&c->m.layout, c->to.ref ? c->to.ref : "latest", &c->top, err);
	if (c->to.kind == ENDPOINT_TREE)
		return copying_to_tree(c, err);
	return to_file(c, err);
}

static int check(const struct copying *c)
{
	const struct applet *self = c->m.v.self;

	if (c->all && (is_changed(c) || c->m.v.has_platform))
		return usage_error(self,
			"--all takes images as they are: no --platform, --format, --compress");
	if (c->all && c->to.kind != ENDPOINT_OCI && c->to.kind != ENDPOINT_OCI_ARCHIVE)
		return usage_error(self, "--all: several images do not go there");
	if (!c->m.v.auto_compress && c->to.kind != ENDPOINT_OCI &&
		c->to.kind != ENDPOINT_OCI_ARCHIVE)
		return usage_error(self, "--compress: what goes there has no compressed layers");
	if (strcmp(c->to.path, "-") == 0 && isatty(STDOUT_FILENO))
		return usage_error(self, "an archive does not go to a terminal");
	return EXIT_DONE;
}

static int parse(struct copying *c)
{
	struct endpoint *const ends[] = {&c->from, &c->to};

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		cleanup_err struct err err = ERR_NONE;

		if (endpoint_parse(c->m.v.o.operands[i], ends[i], &err) < 0)
			return usage_error(c->m.v.self, "'%s': %s", c->m.v.o.operands[i],
				err.what ? err.what : err_reason(err.code));
	}
	return check(c);
}

static int run(struct copying *c)
{
	cleanup_err struct err err = ERR_NONE;
	int status = parse(c), r;

	if (status == EXIT_DONE && (c->from.kind == ENDPOINT_TREE || c->to.kind == ENDPOINT_TREE))
		status = bundle_begin(&c->b, &c->m.v);
	if (status != EXIT_DONE)
		return status;
	r = open_layout(c, &err);
	if (r == 0)
		r = bring(c, &err);
	verb_work_done(&c->m.v);
	if (r == 0)
		r = change(c, &err);
	if (r == 0)
		r = deliver(c, &err);
	return r < 0 ? verb_fail(&c->m.v, &err) : c->m.status;
}

static int copy_main(const struct applet *self, int argc, char **argv)
{
	struct copying c = {.m = MERGING_NONE,
		.top = DESCRIPTOR_NONE,
		.from = ENDPOINT_NONE,
		.to = ENDPOINT_NONE,
		.b = BUNDLE_NONE};
	int status;

	if (verb_start(&c.m.v, self, argc, argv, take, &c, 2, 2, &status))
		status = run(&c);
	descriptor_done(&c.top);
	merging_end(&c.m);
	if (c.temp)
		remove_temp(&c);
	free(c.temp);
	endpoint_done(&c.from);
	endpoint_done(&c.to);
	bundle_end(&c.b);
	return status;
}

static const struct option_row copy_options[] = {
	VERB_ROW_PLATFORM,
	{COPY_ALL, 0, "all", NULL, "all images of an index, not the one for this machine"},
	{COPY_FORMAT, 0, "format", "oci|docker", "write the manifest in these media types"},
	{VERB_COMPRESS, 0, "compress", "HOW",
		"compress layers anew: gzip, zstd, zstd:chunked, none, or auto: leave those of a layout as they "
		"are, and gzip for others (auto)"},
	{COPY_LINK, 0, "link", NULL,
		"make hard links of blobs, where they are your own and only you may write to them"},
	{VERB_ROOTLESS, 0, "rootless", NULL,
		"keep a tree's owners as records, which an ordinary user does anyway"},
	{0},
};

const struct applet verb_copy = {
	.name = "image copy",
	.summary = "Copy an image between layouts, archives and trees.",
	.usage = "[OPTION]... SRC DST",
	.options = copy_options,
	.main = copy_main,
};
