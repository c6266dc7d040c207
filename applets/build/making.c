// SPDX-License-Identifier: Apache-2.0
#include "applets/build/making.h"

#include "core/base/io.h"
#include <stdarg.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/ioctl.h>

/*
 * Waits until the line is read, at most for a moment: who reads this pipe and that of the steps
 * would not know which was written first.
 */
static void wait_read(const struct making *m)
{
	int left;

	for (int tries = 0; m->out >= 0 && m->w->b.log == STDERR_FILENO && tries < 500; tries++) {
		if (ioctl(STDERR_FILENO, FIONREAD, &left) < 0 || !left)
			return;
		usleep(100);
	}
}

static void say(const struct making *m, const char *text, bool at_once)
{
	cleanup_buf struct buf line = BUF_NONE;

	if (m->w->b.quiet || buf_addf(&line, "%s: ", m->r->name) < 0 ||
		show_path(&line, text, strlen(text)) < 0 || buf_adds(&line, "\n") < 0)
		return;
	if (at_once) {
		work_line(m->w, NULL, line.data, line.len);
		wait_read(m);
	} else
		io_write(STDERR_FILENO, line.data, line.len);
}

void making_say(const struct making *m, const char *fmt, ...)
{
	cleanup_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	if (text)
		say(m, text, true);
}

void making_done(const struct making *m, const char *text)
{
	say(m, text, false);
}

void making_fault(void *making, struct err *err)
{
	struct making *m = making;

	m->faulty = true;
	report_err(&m->self, err);
}

int making_store(struct making *m, struct err *err)
{
	return m->store.fd >= 0 ? 0 : store_open(m->w->b.store, false, &m->store, err);
}

struct unpack_options making_unpack(struct making *m)
{
	return (struct unpack_options){
		.owners = &m->w->context.owners, .fault = making_fault, .arg = m};
}

enum compression making_compression(const struct making *m)
{
	return m->w->auto_compress ? image_compression(&m->image) : m->w->compress;
}

bool making_no_holes(const struct making *m)
{
	return m->w->has_epoch || making_compression(m) == COMPRESS_CHUNKED;
}

static int open_sums(struct making *m, struct err *err)
{
	cleanup_fd int dir = work_dir(m->w, "sums", err);
	int r = dir < 0 ? dir : sum_cache_open(dir, m->r->name, &m->sums);

	if (r == 0)
		r = sum_cache_open(dir, "@blobs", &m->blobs);
	return r < 0 ? err_set(err, r, "cannot keep sums", m->r->name) : 0;
}

/* Who builds the same image waits, and then most likely finds it. */
static int lock_image(struct making *m, struct err *err)
{
	cleanup_fd int dir = work_dir(m->w, "locks", err);

	if (dir < 0)
		return dir;
	m->lock = openat(dir, m->r->name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	while (m->lock >= 0 && flock(m->lock, LOCK_EX) < 0)
		if (errno != EINTR)
			return err_set(err, -errno, "cannot lock", m->r->name);
	return m->lock < 0 ? err_set_at(err, -errno, "cannot lock", "locks", m->r->name) : 0;
}

/* What was written last time is of no use once steps are done anew. */
static void clear_log(const struct making *m)
{
	cleanup_err struct err err = ERR_NONE;
	cleanup_fd int dir = work_dir(m->w, "logs", &err);
	int fd = openat(dir, m->r->name, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC);

	base_close(&fd);
}

/* Of a run over the tree that the steps made: a new script for them does no steps again. */
static int generate_labels(struct making *m, bool prepared, struct err *err)
{
	int r = 0;

	if (!m->r->generate_labels.count || (!m->w->no_cache && cache_find_labels(m)))
		return 0;
	if (!prepared)
		r = imports_prepare(m, false, err);
	if (r == 0)
		r = labels_make(m, err);
	return r == 0 ? cache_keep_labels(m, err) : r;
}

static int make_anew(struct making *m, struct err *err)
{
	int found = m->w->no_cache ? 0 : cache_find_steps(m, err), r;

	if (found < 0)
		return found;
	cache_why(m, !found);
	r = base_bring(m, err);
	if (r == 0 && !found) {
		clear_log(m);
		r = steps_do(m, err);
		if (r == 0)
			r = cache_keep_steps(m, err);
	}
	if (r == 0)
		r = generate_labels(m, !found, err);
	if (r == 0)
		r = configure(m, err);
	if (r == 0)
		r = image_save(&m->layout, m->r->name, &m->image, err);
	if (r == 0)
		r = cache_keep_image(m, err);
	if (r == 0)
		layers_known(m, &m->layout, &m->image);
	if (r == 0)
		making_done(m, found ? "configured anew" : "built");
	return r;
}

int making_look(struct making *m, struct err *err)
{
	int r = work_layout(m->w, NULL, LAYOUT_WRITE, &m->layout, err);

	if (r == 0)
		r = open_sums(m, err);
	if (r == 0)
		r = base_find(m, err);
	if (r == 0)
		r = env_make(m, err);
	if (r == 0)
		r = inputs_key(m, err);
	return r == 0 && !m->w->no_cache ? cache_find_image(m, err) : r;
}

int making_open(struct making *m, struct image *out, struct err *err)
{
	int r = m->layout.fd >= 0 ? 0 : work_layout(m->w, NULL, LAYOUT_WRITE, &m->layout, err);

	if (r == 0)
		r = image_open(&m->layout, m->r->name, NULL, out, err);
	return r < 0 ? err_set(err, r, "was not built", m->r->name) : 0;
}

static int make(struct making *m, int out, int terminal, struct err *err)
{
	int r = lock_image(m, err);

	m->out = out;
	m->terminal = terminal;
	if (r == 0)
		r = making_look(m, err);
	if (r > 0) {
		making_done(m, "cached");
		cache_keep_last(m);
	} else if (r == 0)
		r = make_anew(m, err);
	if (r >= 0 && !m->r->build_only)
		r = deliver(m, m->w->b.oci, m->r->name, err);
	return MIN(r, 0);
}

void making_begin(
	struct making *m, struct work *w, const struct recipes *file, const struct recipe *r)
{
	*m = (struct making){.w = w,
		.file = file,
		.r = r,
		.self = *w->b.self,
		.out = -1,
		.terminal = STDERR_FILENO,
		.lock = -1,
		.layout = LAYOUT_NONE,
		.store = STORE_NONE,
		.from = LAYOUT_NONE,
		.image = IMAGE_NONE,
		.key = KEY_NONE};
	if (asprintf(&m->name, "build: %s", r->name) < 0)
		m->name = NULL;
	m->self.name = m->name ? m->name : "build";
}

void making_end(struct making *m)
{
	sum_cache_close(m->sums);
	sum_cache_close(m->blobs);
	key_free(&m->key);
	strings_free(&m->env);
	json_decref(m->labels);
	image_done(&m->image);
	store_close(&m->store);
	layout_close(&m->from);
	layout_close(&m->layout);
	base_close(&m->lock);
	free(m->name);
}

int making_run(struct work *w, const struct order_item *item, int out, int terminal)
{
	cleanup_err struct err err = ERR_NONE;
	cleanup_making struct making m;
	int r;

	making_begin(&m, w, item->file, item->recipe);
	r = make(&m, out, terminal, &err);
	/* What is damaged is found out where it is read: then once more, without it */
	if (r == -EBADMSG && cache_drop_damaged(&m) > 0) {
		err_free(&err);
		making_end(&m);
		making_begin(&m, w, item->file, item->recipe);
		r = make(&m, out, terminal, &err);
	}
	if (r < 0) {
		err_set(&err, r, NULL, NULL);
		if (err.code != -ECANCELED)
			report_err(&m.self, &err);
	}
	return r < 0 ? EXIT_SOME : EXIT_DONE;
}
