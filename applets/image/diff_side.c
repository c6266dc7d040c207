// SPDX-License-Identifier: Apache-2.0
/* What diff compares: the layers of an image, an archive, or a tree that is archived for this. */
#include "applets/image/bundle.h"
#include "applets/image/diffing.h"
#include "applets/image/endpoint.h"

#include "core/pack/ring.h"

struct side {
	struct verb *v;
	struct bundle *b;
	struct endpoint end;
	struct layout layout;
	struct image image;
	struct tree tree;
	bool *faults;
	uint64_t size; /* of the archive; 0: nobody knows */
	pthread_t writer;
	int pipe, wrote; /* the end that the tree is written to; what became of that */
	struct err err;
	bool running;
};

static void fault(void *side, struct err *err)
{
	struct side *s = side;

	*s->faults = true;
	report_err(s->v->self, err);
}

static int open_layer(void *side, size_t i, struct source **out, struct err *err)
{
	struct side *s = side;

	return layer_source(&s->layout, &s->image.layers[i], s->image.diff_ids[i], out, err);
}

static int from_image(struct side *s, struct facts **out, struct err *err)
{
	const struct merge_options o = {.fault = fault, .open = open_layer, .arg = s};
	int r = layout_open(&s->layout, s->end.path, LAYOUT_READ, err);

	if (r == 0)
		r = image_open(&s->layout, s->end.ref ? s->end.ref : "latest", verb_platform(s->v),
			&s->image, err);
	if (r < 0)
		return r;
	verb_work_layers(s->v, "reading", &s->layout, &s->image, s->image.layer_count, 1);
	return facts_new(s->image.layer_count, &o, out, err);
}

static int open_fd(void *side, size_t i, struct source **out, struct err *err)
{
	struct side *s = side;
	enum compression found;
	int r = source_fd(s->pipe, out);

	(void)i;
	if (r == 0)
		r = source_count(*out, verb_work(s->v, "reading", s->size), out);
	if (r == 0)
		r = source_decompress(*out, &found, out);
	return r < 0 ? err_set(err, r, "cannot read", s->end.path) : 0;
}

static int from_archive(struct side *s, struct facts **out, struct err *err)
{
	const struct merge_options o = {.fault = fault, .open = open_fd, .arg = s};
	struct stat st;
	int r;

	s->pipe = strcmp(s->end.path, "-") == 0
			  ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
			  : open(s->end.path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (s->pipe < 0)
		return err_set(err, -errno, "cannot open", s->end.path);
	if (fstat(s->pipe, &st) == 0 && S_ISREG(st.st_mode))
		s->size = (uint64_t)st.st_size;
	r = facts_new(1, &o, out, err);
	return r < 0 && !err->path ? err_set(err, r, NULL, s->end.path) : r;
}

struct writing {
	struct side *s;
	int fd;
};

static int write_tree(struct side *s, int fd)
{
	const struct create_options o = {.format = FORMAT_PAX,
		.whiteouts = WHITEOUTS_KEEP,
		.numeric = true,
		.owner = {OWNER_KEEP, OWNER_KEEP},
		.fault = fault,
		.arg = s};
	struct create *c = NULL;
	struct sink *sink;
	int r = sink_fd(fd, &sink);

	if (r == 0)
		r = create_start(sink, &s->b->context.owners, &o, &c, &s->err);
	if (r == 0)
		r = create_path(c, &s->tree, NULL, ".", &s->err);
	if (r == 0)
		r = create_finish(c, &s->err);
	create_free(c);
	return r;
}

static void *run_writer(void *arg)
{
	struct writing *w = arg;
	struct side *s = w->s;

	s->wrote = write_tree(s, w->fd);
	close(w->fd);
	free(w);
	return NULL;
}

/* The thread has the other end of a pipe; it leaves signals, SIGPIPE too, to others. */
static int start_writer(struct side *s, struct err *err)
{
	struct writing *w = malloc(sizeof(*w));
	int ends[2], r;

	if (!w || pipe2(ends, O_CLOEXEC) < 0) {
		free(w);
		return err_set(err, -ENOMEM, NULL, NULL);
	}
	*w = (struct writing){s, ends[1]};
	s->pipe = ends[0];
	r = thread_start(&s->writer, run_writer, w);
	if (r < 0) {
		close(ends[1]);
		free(w);
		return err_set(err, r, "cannot start a thread", NULL);
	}
	s->running = true;
	return 0;
}

static int from_tree(struct side *s, struct facts **out, struct err *err)
{
	const struct merge_options o = {.fault = fault, .open = open_fd, .arg = s};
	int r;

	/* A second time, this process would take itself for root: both sides share the bundle. */
	if (!s->b->v && bundle_begin(s->b, s->v) != EXIT_DONE)
		return err_set(err, -EPERM, "cannot be looked at", s->end.path);
	r = tree_open(&s->tree, s->end.path, err);
	if (r == 0)
		r = start_writer(s, err);
	if (r == 0)
		r = facts_new(1, &o, out, err);
	return r;
}

static int end_side(struct side *s, int r, struct err *err)
{
	verb_work_done(s->v);
	base_close(&s->pipe);
	if (s->running)
		pthread_join(s->writer, NULL);
	if (r == 0 && s->running && s->wrote < 0)
		r = err_set(err, s->wrote, s->err.what ? s->err.what : "cannot read", s->end.path);
	err_free(&s->err);
	tree_close(&s->tree);
	image_done(&s->image);
	layout_close(&s->layout);
	endpoint_done(&s->end);
	return r;
}

/* A path without a word: what is there says what it is. */
static int guess(const char *name, struct endpoint *e, struct err *err)
{
	cleanup_free char *version = NULL;
	enum endpoint_kind kind = ENDPOINT_OCI;
	struct stat st;

	if (stat(name, &st) < 0)
		return endpoint_parse(name, e, err);
	if (asprintf(&version, "%s/oci-layout", name) < 0)
		version = NULL;
	if (S_ISDIR(st.st_mode) && version && access(version, F_OK) < 0)
		kind = ENDPOINT_TREE;
	if (!S_ISDIR(st.st_mode))
		kind = ENDPOINT_TAR;
	*e = (struct endpoint){kind, strdup(name), NULL};
	return e->path ? 0 : err_set(err, -ENOMEM, NULL, NULL);
}

int diff_side(struct verb *v, struct bundle *b, const char *name, struct facts **out, bool *faults,
	struct err *err)
{
	struct side s = {.v = v,
		.b = b,
		.layout = LAYOUT_NONE,
		.image = IMAGE_NONE,
		.tree = TREE_NONE,
		.faults = faults,
		.pipe = -1};
	int r = guess(name, &s.end, err);

	if (r == 0 && s.end.kind == ENDPOINT_OCI)
		r = from_image(&s, out, err);
	else if (r == 0 && s.end.kind == ENDPOINT_TAR)
		r = from_archive(&s, out, err);
	else if (r == 0 && s.end.kind == ENDPOINT_TREE)
		r = from_tree(&s, out, err);
	else if (r == 0)
		r = err_tell(err, -EINVAL, "copy it into a layout first, then compare that", name);
	return end_side(&s, r, err);
}
