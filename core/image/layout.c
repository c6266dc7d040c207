// SPDX-License-Identifier: Apache-2.0
#include "core/image/layout.h"
#include "core/base/io.h"
#include "core/image/image.h"

#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>

#define VERSION_FILE "oci-layout"
#define INDEX_FILE "index.json"

static const char empty_version[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
static const char empty_index[] =
	"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_INDEX "\",\"manifests\":[]}";

int layout_file(int dirfd, const char *name, struct stat *st)
{
	cleanup_fd int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || fstat(fd, st) != 0)
		return -errno;
	return S_ISREG(st->st_mode) ? take_fd(&fd) : -EBADMSG;
}

int layout_aside(const struct layout *l, char name[NAME_MAX + 1])
{
	uint64_t number;
	int fd, tries;

	for (tries = 0; tries < 100; tries++) {
		if (getrandom(&number, sizeof(number), 0) != sizeof(number))
			return -EIO;
		snprintf(name, NAME_MAX + 1, LAYOUT_ASIDE "%016llx", (unsigned long long)number);
		fd = openat(l->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (fd >= 0 || errno != EEXIST)
			return fd >= 0 ? fd : -errno;
	}
	return -EEXIST;
}

/* Puts a file with that content in the place of name. 0 or negative errno. */
static int replace_file(const struct layout *l, const char *name, const void *text, size_t n)
{
	char aside[NAME_MAX + 1];
	cleanup_fd int fd = layout_aside(l, aside);
	int r;

	if (fd < 0)
		return fd;
	r = io_write(fd, text, n);
	if (r == 0 && fsync(fd) != 0)
		r = -errno;
	if (r == 0 && renameat(l->fd, aside, l->fd, name) != 0)
		r = -errno;
	if (r < 0)
		unlinkat(l->fd, aside, 0);
	else if (fsync(l->fd) != 0)
		r = -errno;
	return r;
}

/* Whether name is missing, or is as an interrupted layout_create leaves it. 0 or -EEXIST. */
static int left_over(int fd, const char *name)
{
	char text[sizeof(empty_index)];
	struct stat st;
	cleanup_fd int file = -1;

	if (strcmp(name, "blobs") == 0)
		return unlinkat(fd, "blobs/sha256", AT_REMOVEDIR) == 0 || errno == ENOENT ? 0
											  : -EEXIST;
	if (strncmp(name, LAYOUT_ASIDE, strlen(LAYOUT_ASIDE)) == 0)
		return unlinkat(fd, name, 0) == 0 ? 0 : -EEXIST;
	if (strcmp(name, INDEX_FILE) != 0)
		return -EEXIST;
	file = layout_file(fd, name, &st);
	if (file < 0 || io_read(file, text, sizeof(text)) != sizeof(text) - 1)
		return -EEXIST;
	return memcmp(text, empty_index, sizeof(text) - 1) == 0 ? 0 : -EEXIST;
}

/* Whether the directory has nothing that would be lost. 0, -EEXIST or negative errno. */
static int check_empty(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	cleanup_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;

	if (!dir)
		return -errno;
	while (r == 0 && (errno = 0, e = readdir(dir)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			r = left_over(fd, e->d_name);
	return r ? r : -errno;
}

static int make_dir(int fd, const char *name)
{
	return mkdirat(fd, name, 0755) == 0 || errno == EEXIST ? 0 : -errno;
}

int layout_make_blobs(int fd)
{
	cleanup_fd int blobs = -1;
	int r = make_dir(fd, "blobs");

	if (r < 0)
		return r;
	blobs = openat(fd, "blobs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (blobs < 0)
		return -errno;
	r = make_dir(blobs, "sha256");
	if (r == 0 && (fsync(blobs) != 0 || fsync(fd) != 0))
		r = -errno;
	return r < 0 ? r : layout_blobs(fd);
}

static int lock(int fd, int how)
{
	int r;

	do
		r = flock(fd, how);
	while (r != 0 && errno == EINTR);
	return r == 0 ? 0 : -errno;
}

int layout_create(const char *dir, struct err *err)
{
	cleanup_layout struct layout l = LAYOUT_NONE;
	int r = make_dir(AT_FDCWD, dir);

	if (r < 0)
		return err_set(err, r, "cannot make the layout", dir);
	l.fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l.fd < 0)
		return err_set(err, -errno, "cannot open", dir);
	r = lock(l.fd, LOCK_EX);
	if (r == 0)
		r = check_empty(l.fd);
	if (r == 0)
		r = l.blobs = layout_make_blobs(l.fd);
	if (r >= 0)
		r = replace_file(&l, INDEX_FILE, empty_index, strlen(empty_index));
	/* The last, for without it this is no layout yet */
	if (r == 0)
		r = replace_file(&l, VERSION_FILE, empty_version, strlen(empty_version));
	return r < 0 ? err_set(err, r, "cannot make the layout", dir) : 0;
}

/* Reads a document in the top directory. */
static int read_doc(const struct layout *l, const char *name, json_t **out, struct err *err)
{
	cleanup_free char *path = NULL;
	cleanup_buf struct buf text = BUF_NONE;
	cleanup_fd int fd = -1;
	struct stat st;
	int r;

	if (asprintf(&path, "%s/%s", l->path, name) < 0) {
		path = NULL;
		return err_set(err, -ENOMEM, "cannot read", l->path);
	}
	fd = layout_file(l->fd, name, &st);
	if (fd < 0)
		return err_set(err, fd, "cannot open", path);
	r = io_read_all(fd, &text, DOC_MAX);
	if (r < 0)
		return err_set(err, r, "cannot read", path);
	return doc_parse(text.len ? text.data : "", text.len, path, out, err);
}

static int check_version(const struct layout *l, struct err *err)
{
	cleanup_json json_t *doc = NULL;
	const char *version;
	int r = read_doc(l, VERSION_FILE, &doc, err);

	if (r == -ENOENT || r == -ENOTDIR) {
		err_free(err);
		return err_tell(
			err, -EBADMSG, "is no image layout, it has no " VERSION_FILE, l->path);
	}
	if (r < 0)
		return r;
	version = doc_text(doc, "imageLayoutVersion");
	if (version && strncmp(version, "1.0.", 4) == 0)
		return 0;
	return err_tell_at(err, -EBADMSG,
		version ? "a version that rlc does not know" : "has no imageLayoutVersion", l->path,
		VERSION_FILE);
}

int layout_blobs(int fd)
{
	cleanup_fd int blobs = openat(fd, "blobs", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int sha256 = blobs < 0 ? -1
			       : openat(blobs, "sha256",
					 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return sha256 >= 0 ? sha256 : -errno;
}

int layout_open(struct layout *l, const char *dir, enum layout_use use, struct err *err)
{
	int r = 0;

	*l = (struct layout)LAYOUT_NONE;
	l->fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l->fd < 0)
		return err_set(err, -errno, "cannot open", dir);
	l->path = strdup(dir);
	if (!l->path)
		r = err_set(err, -ENOMEM, "cannot open", dir);
	if (r == 0 && use != LAYOUT_READ)
		r = lock(l->fd, use == LAYOUT_SOLE ? LOCK_EX : LOCK_SH);
	if (r == 0)
		r = check_version(l, err);
	if (r < 0) {
		layout_close(l);
		return err_set(err, r, "cannot lock", dir);
	}
	l->blobs = layout_blobs(l->fd);
	if (l->blobs == -ENOENT)
		l->blobs = -1;
	if (l->blobs >= -1)
		return 0;
	r = err_set_at(err, l->blobs, "cannot open", dir, "blobs/sha256");
	l->blobs = -1;
	layout_close(l);
	return r;
}

void layout_close(struct layout *l)
{
	base_close(&l->blobs);
	base_close(&l->fd);
	free(l->path);
	*l = (struct layout)LAYOUT_NONE;
}

/* What every index must have (image-spec, image-index.md). */
static int check_index(const struct layout *l, const json_t *index, struct err *err)
{
	const json_t *manifests = json_object_get(index, "manifests"), *each;
	size_t i;

	if (!json_is_object(index))
		return err_tell_at(err, -EBADMSG, "no object", l->path, INDEX_FILE);
	if (!json_is_array(manifests))
		return err_tell_at(err, -EBADMSG, "has no list of manifests", l->path, INDEX_FILE);
	json_array_foreach(manifests, i, each) if (!json_is_object(each)) return err_tell_at(
		err, -EBADMSG, "a descriptor is no object", l->path, INDEX_FILE);
	return 0;
}

int layout_index(const struct layout *l, json_t **index, struct err *err)
{
	int r = read_doc(l, INDEX_FILE, index, err);

	if (r == 0)
		r = check_index(l, *index, err);
	if (r < 0)
		doc_done(index);
	return r;
}

/* The blobs that the index is going to name must be there after a crash. */
static int write_index(const struct layout *l, const json_t *index, struct err *err)
{
	cleanup_buf struct buf text = BUF_NONE;
	int r = doc_write(index, &text);

	if (r == 0 && text.len > DOC_MAX)
		r = -EFBIG;
	if (r == 0 && l->blobs >= 0 && fsync(l->blobs) != 0)
		r = -errno;
	if (r == 0)
		r = replace_file(l, INDEX_FILE, text.data, text.len);
	return r < 0 ? err_set_at(err, r, "cannot write", l->path, INDEX_FILE) : 0;
}

/* index.json itself is replaced, so a lock on it would be one on the old one. Closing unlocks. */
static int lock_index(const struct layout *l, struct err *err)
{
	struct stat st;
	cleanup_fd int fd = layout_file(l->fd, VERSION_FILE, &st);
	int r = fd < 0 ? fd : lock(fd, LOCK_EX);

	return r < 0 ? err_set_at(err, r, "cannot lock", l->path, VERSION_FILE) : take_fd(&fd);
}

int layout_index_anew(const struct layout *l, struct err *err)
{
	cleanup_fd int fd = -1;
	int r = 0;

	if (faccessat(l->fd, INDEX_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT)
		return 0;
	fd = lock_index(l, err);
	if (fd < 0)
		return fd;
	if (faccessat(l->fd, INDEX_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	r = replace_file(l, INDEX_FILE, empty_index, strlen(empty_index));
	return r < 0 ? err_set_at(err, r, "cannot write", l->path, INDEX_FILE) : 1;
}

int layout_change(struct layout *l, index_change_fn *change, void *arg, struct err *err)
{
	cleanup_json json_t *index = NULL;
	cleanup_fd int fd = lock_index(l, err);
	int r;

	if (fd < 0)
		return fd;
	r = layout_index(l, &index, err);
	if (r == 0)
		r = change(arg, index, err);
	return r < 0 ? r : write_index(l, index, err);
}
