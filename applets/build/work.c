// SPDX-License-Identifier: Apache-2.0
#include "applets/build/work.h"

#include "core/base/io.h"
#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>

/* Nobody else's: steps and images may leave programs there that run as who owns them. */
static int make_directory(const char *path, struct err *err)
{
	int r = tree_make_parents(path);

	if (r == 0 && mkdir(path, 0700) < 0 && errno != EEXIST)
		r = -errno;
	return r < 0 ? err_set(err, r, "cannot make", path) : 0;
}

static int open_dir(struct work *w, struct err *err)
{
	int r = make_directory(w->b.stacker, err);

	if (r < 0)
		return r;
	w->dir = open(w->b.stacker, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w->dir < 0)
		return err_set(err, -errno, "cannot open", w->b.stacker);
	if (asprintf(&w->layout_dir, "%s/layout", w->b.stacker) < 0)
		w->layout_dir = NULL;
	return w->layout_dir ? 0 : err_set(err, -ENOMEM, NULL, NULL);
}

static bool read_epoch(struct work *w, const char *text)
{
	char *end;

	errno = 0;
	w->epoch.tv_sec = strtoll(text, &end, 10);
	w->has_epoch = true;
	return end != text && !*end && !errno;
}

int work_begin(struct work *w)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	cleanup_err struct err err = ERR_NONE;
	int status;

	if (epoch && *epoch && !read_epoch(w, epoch))
		return usage_error(w->b.self, "SOURCE_DATE_EPOCH: '%s' is not understood", epoch);
	w->context.self = w->b.self;
	status = context_begin(&w->context);
	w->real = !w->context.owners.records;
	if (status == EXIT_DONE && open_dir(w, &err) < 0)
		status = build_fail(&w->b, &err);
	return status;
}

void work_end(struct work *w)
{
	order_free(&w->order);
	while (w->file_count)
		recipes_free(&w->files[--w->file_count]);
	free(w->files);
	base_close(&w->dir);
	free(w->layout_dir);
	context_end(&w->context);
	build_end(&w->b);
}

int work_dir(const struct work *w, const char *name, struct err *err)
{
	int fd;

	if (mkdirat(w->dir, name, 0755) < 0 && errno != EEXIST)
		return err_set_at(err, -errno, "cannot make", w->b.stacker, name);
	fd = openat(w->dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_set_at(err, -errno, "cannot open", w->b.stacker, name) : fd;
}

/* Relative where it can be: a path with a colon cannot be bound. */
char *work_from_store(const struct work *w, const char *kind, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s/%s", w->b.roots_dir ? w->b.stacker : "..", kind, name) < 0
		       ? NULL
		       : path;
}

/* Makes a layout where there is none. Who makes one waits for all that use it, so one does. */
static int make_layout(const struct work *w, const char *dir, struct err *err)
{
	cleanup_fd int lock = openat(w->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_free char *file = NULL;
	int r;

	if (asprintf(&file, "%s/oci-layout", dir) < 0)
		return err_set(err, -ENOMEM, NULL, file = NULL);
	if (faccessat(AT_FDCWD, file, F_OK, 0) == 0)
		return 0;
	while (flock(lock, LOCK_EX) < 0)
		if (errno != EINTR)
			return err_set(err, -errno, "cannot lock", w->b.stacker);
	if (faccessat(AT_FDCWD, file, F_OK, 0) == 0)
		return 0;
	r = tree_make_parents(dir);
	if (r == 0)
		r = layout_create(dir, err);
	return r < 0 ? err_set(err, r, "cannot make the layout", dir) : 0;
}

int work_layout(const struct work *w, const char *dir, enum layout_use use, struct layout *l,
	struct err *err)
{
	const char *path = dir ? dir : w->layout_dir;
	int r = make_layout(w, path, err);

	if (r == 0)
		r = layout_open(l, path, use, err);
	if (r < 0 || use != LAYOUT_WRITE)
		return r;
	r = layout_index_anew(l, err);
	if (r > 0)
		report(w->b.self, "%s/index.json was lost: it has what is built from here on",
			path);
	return MIN(r, 0);
}

int work_load(const struct work *w, const char *dir, const char *name, struct buf *text)
{
	cleanup_err struct err err = ERR_NONE;
	cleanup_fd int at = work_dir(w, dir, &err);
	cleanup_fd int fd =
		at < 0 ? -1 : openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return at < 0 ? at : -errno;
	return io_read_all(fd, text, DOC_MAX);
}

int work_save(const struct work *w, const char *dir, const char *name, const void *text, size_t n)
{
	cleanup_err struct err err = ERR_NONE;
	cleanup_fd int at = work_dir(w, dir, &err), fd = -1;
	char aside[32];
	uint64_t number;
	int r;

	if (at < 0)
		return at;
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -EIO;
	snprintf(aside, sizeof(aside), ".%016llx", (unsigned long long)number);
	fd = openat(at, aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	r = io_write(fd, text, n);
	if (r == 0 && renameat(at, aside, at, name) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(at, aside, 0);
	return r;
}

/* What the command line says comes first, then a file, then what rlc-build itself knows. */
static int substitutions(const struct work *w, struct substitutions *s, struct err *err)
{
	const struct build_options *b = &w->b;
	const char *const own[][2] = {{"STACKER_STACKER_DIR", b->stacker},
		{"STACKER_ROOTFS_DIR", b->roots}, {"STACKER_OCI_DIR", b->oci},
		{"STACKER_WORK_DIR", b->work_dir ? b->work_dir : ""}};
	int r = 0;

	for (size_t n = 0; r == 0 && n < b->substitute_count; n++)
		r = substitutions_add(s, b->substitute[n], err);
	if (r == 0 && b->substitute_file)
		r = substitutions_read(s, b->substitute_file, err);
	for (size_t n = 0; r == 0 && n < ARRAY_SIZE(own); n++) {
		cleanup_free char *text = NULL;

		if (asprintf(&text, "%s=%s", own[n][0], own[n][1]) < 0)
			r = err_set(err, -ENOMEM, NULL, text = NULL);
		else
			r = substitutions_add(s, text, err);
	}
	return r;
}

static bool is_known(const struct work *w, const char *path)
{
	for (size_t n = 0; n < w->file_count; n++)
		if (strcmp(w->files[n].path, path) == 0)
			return true;
	return false;
}

/* Files that several need are there once. */
static int add_files(struct work *w, struct recipes *more, size_t count)
{
	struct recipes *all = reallocarray(w->files, w->file_count + count + 1, sizeof(*all));

	if (all)
		w->files = all;
	for (size_t n = 0; n < count; n++)
		if (!all || is_known(w, more[n].path))
			recipes_free(&more[n]);
		else
			w->files[w->file_count++] = more[n];
	free(more);
	return all ? 0 : -ENOMEM;
}

static void warn(const struct work *w)
{
	for (size_t n = 0; n < w->order.count; n++)
		if (w->order.at[n].recipe->has_bom)
			report(w->b.self, "%s: %s: bom is passed over: rlc-build makes none",
				w->order.at[n].file->path, w->order.at[n].recipe->name);
}

int work_read(struct work *w, const char *const *files, size_t count)
{
	cleanup_err struct err err = ERR_NONE;
	struct substitutions s = {.pairs = {NULL, 0}};
	int r = substitutions(w, &s, &err);

	for (size_t n = 0; r == 0 && n < count; n++) {
		struct recipes *more = NULL;
		size_t found = 0;

		r = recipes_read_all(files[n], &s, w->require_hash, &more, &found, &err);
		if (r == 0)
			r = add_files(w, more, found);
	}
	if (r == 0)
		r = order_make(w->files, w->file_count, &w->order, &err);
	substitutions_free(&s);
	if (r < 0)
		err_set(&err, r, NULL, NULL);
	if (r < 0)
		return build_fail(&w->b, &err);
	warn(w);
	return EXIT_DONE;
}
