// SPDX-License-Identifier: Apache-2.0
/* What the recipe says of files: the image's new layers. */
#include "applets/build/stage.h"
#include "core/base/io.h"
#include "core/base/sys.h"
#include "core/image/upper.h"

#include <stdio.h>

#define SCRIPT ".stacker-run.sh"

int add_made_layer(struct making *m, const struct descriptor *d, const char *diff_id,
	const char *what, struct err *err)
{
	cleanup_free char *by = NULL;
	char time[IMAGE_TIME_MAX];
	struct history h = {.created = time};
	int r;

	image_time(image_now(), time);
	if (asprintf(&by, "rlc-build: %s of %s", what, m->r->name) < 0)
		return err_set(err, -ENOMEM, NULL, by = NULL);
	h.created_by = by;
	r = image_add_layer(&m->image, d, diff_id, &h);
	return r < 0 ? err_set(err, r, "cannot add a layer", m->r->name) : 0;
}

int steps_script(struct making *m, const char *name, const struct strings *lines, struct err *err)
{
	cleanup_free char *dir = NULL;
	cleanup_buf struct buf text = BUF_NONE;
	cleanup_fd int fd = -1;
	int r;

	if (lines->count && strncmp(lines->at[0], "#!", 2) != 0)
		buf_adds(&text, "#!/bin/sh -xe\n");
	for (size_t n = 0; n < lines->count; n++)
		buf_addf(&text, "%s\n", lines->at[n]);
	if (text.failed || asprintf(&dir, "imports/%s/%s", m->r->name, name) < 0)
		return err_set(err, -ENOMEM, NULL, dir = NULL);
	unlinkat(m->w->dir, dir, 0);
	fd = openat(m->w->dir, dir, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0755);
	r = fd < 0 ? -errno : io_write(fd, text.data, text.len);
	if (r == 0 && fchmod(fd, 0755) < 0)
		r = -errno;
	return r < 0 ? err_set(err, r, "cannot write", dir) : 0;
}

static int bind_own(
	struct stage *s, const char *kind, const char *dst, bool read_only, struct err *err)
{
	cleanup_free char *src = work_from_store(s->m->w, kind, s->m->r->name);

	return src ? stage_bind(s, src, dst, read_only, err) : err_set(err, -ENOMEM, NULL, NULL);
}

int steps_furnish(struct stage *s, struct err *err)
{
	const struct recipe *r = s->m->r;
	int code = r->legacy_import ? bind_own(s, "imports", "/stacker", true, err) : 0;

	if (code == 0)
		code = bind_own(s, "imports", "/stacker/imports", true, err);
	s->furnished = true;
	if (code == 0)
		code = bind_own(s, "artifacts", "/stacker/artifacts", false, err);
	for (size_t n = 0; code == 0 && n < r->bind_count; n++)
		code = stage_bind(s, r->binds[n].source, r->binds[n].dest, false, err);
	return code;
}

/* A shell in what was left of it, at the terminal. */
static void open_failed(struct stage *s)
{
	const char *word = s->m->w->on_failure;
	const char *const shell[] = {"/bin/sh", "-c", word, NULL};
	const char *const plain[] = {word, NULL};
	cleanup_err struct err err = ERR_NONE;

	if (!word)
		return;
	making_say(s->m, "%s in the failed state", word);
	if (stage_run(s, strpbrk(word, " \t;&|") ? shell : plain, -1, &err) < 0)
		report_err(&s->m->self, &err);
}

static int run(struct stage *s, struct err *err)
{
	const char *const command[] = {"/stacker/imports/" SCRIPT, NULL};
	int status = steps_script(s->m, SCRIPT, &s->m->r->run, err);

	if (status == 0)
		status = steps_furnish(s, err);
	if (status < 0)
		return status;
	making_say(s->m, "running");
	status = stage_run(s, command, s->m->out, err);
	if (status <= 0)
		return status;
	report(&s->m->self, "run: exit status %d%s", status,
		status == 127 ? ": no such command, or no shell, /bin/sh, in the image" : "");
	open_failed(s);
	return build_told(err);
}

/* What steps left in /stacker is no part of an image, nor is the time when it is removed. */
static int clean(const struct stage *s, struct err *err)
{
	struct stat st;
	int r = fstat(s->upper.top.fd, &st) < 0 ? -errno : 0;

	if (r == 0)
		r = tree_remove(s->upper.top.fd, "stacker", err);
	if (r == 0)
		r = sys_utimens_fd(
			s->upper.top.fd, (struct timespec[]){{.tv_nsec = UTIME_OMIT}, st.st_mtim});
	return r;
}

/* The layer is then there, unpacked, for who builds on it. That may fail: it can be unpacked. */
static void keep(struct stage *s, const char *diff_id)
{
	cleanup_err struct err err = ERR_NONE;
	char hex[65];

	if (!s->m->faulty && chain_id(*s->chain ? s->chain : NULL, diff_id, hex) == 0)
		store_upper_keep(&s->m->store, &s->upper, hex, &err);
}

static int pack_upper(
	struct stage *s, struct descriptor *d, char diff_id[DIGEST_MAX], struct err *err)
{
	const enum compression how = making_compression(s->m);
	const struct upper_options o = {.owners = &s->m->w->context.owners,
		.lowers = s->lowers.data,
		.lowers_at = s->m->store.fd,
		.how = how,
		.no_holes = making_no_holes(s->m),
		.settle = true,
		.clamp = s->m->w->has_epoch,
		.mtime = s->m->w->epoch,
		.fault = making_fault,
		.arg = s->m};
	int r = clean(s, err);

	return r < 0 ? r : upper_pack(&s->m->layout, &s->upper.top, &o, d, diff_id, err);
}

/* For the history. */
static const char *layer_name(const struct making *m)
{
	return m->r->run.count ? "run" : lay_needed(m->r) ? "imports" : "ldconfig";
}

int steps_pack(struct stage *s, const char *what, struct err *err)
{
	cleanup_descriptor struct descriptor d = DESCRIPTOR_NONE;
	char diff_id[DIGEST_MAX];
	int r = s->plain ? plain_pack(s, &d, diff_id, err) : pack_upper(s, &d, diff_id, err);

	if (r <= 0)
		return r;
	r = add_made_layer(s->m, &d, diff_id, what, err);
	if (r == 0 && !s->plain)
		keep(s, diff_id);
	return r;
}

/* The tree's own; where it has none, nobody needs the cache. */
static int run_ldconfig(struct stage *s, struct err *err)
{
	static const char *const command[] = {"/sbin/ldconfig", NULL};
	int status = stage_run(s, command, s->m->out, err);

	if (status > 0 && status != 127)
		report(&s->m->self, "ldconfig: exit status %d", status);
	return MIN(status, 0);
}

static int make_layer(struct making *m, struct err *err)
{
	cleanup_stage struct stage s = STAGE_NONE;
	int r = stage_begin(&s, m, &m->image, err);

	if (r == 0 && m->ldconfig)
		r = run_ldconfig(&s, err);
	if (r == 0 && lay_needed(m->r))
		r = lay_all(&s, err);
	if (r == 0 && m->r->run.count)
		r = run(&s, err);
	if (r == 0)
		r = steps_pack(&s, layer_name(m), err);
	return r;
}

int steps_do(struct making *m, struct err *err)
{
	const struct recipe *r = m->r;
	int code = imports_prepare(m, true, err);

	if (code == 0 && r->from.type == FROM_TAR)
		code = add_tar(m, err);
	if (code == 0 && r->apply_count)
		code = add_applied_images(m, err);
	if (code == 0 && (r->run.count || lay_needed(r) || m->ldconfig))
		code = make_layer(m, err);
	if (code == 0 && m->faulty)
		return err_tell(err, -EIO, "not all of it could be done", NULL);
	return code;
}
