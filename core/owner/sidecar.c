// SPDX-License-Identifier: Apache-2.0
#include "core/owner/sidecar.h"

#include "core/base/io.h"
#include <search.h>
#include <stdio.h>

#ifdef CONFIG_SIDECAR

enum { FILE_MAX = 256 << 20 };

/*
 * The lines stand in the order in which they came; a balanced tree finds them, which no
 * archive's choice of names can make slow.
 */
struct sidecar {
	char *file; /* owned */
	struct dump_line **lines;
	size_t count, room;
	void *tree;
	bool changed;
};

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct dump_line *)a)->path, ((const struct dump_line *)b)->path);
}

/* "./a//b/" and "/a/b" are "a/b"; what has no name left is ".". Owned; NULL: no memory. */
static char *normalise(const char *path)
{
	char *made = malloc(strlen(path) + 2), *end = made;

	while (made && *path) {
		size_t len = strcspn(path, "/");

		if (len && !(len == 1 && *path == '.')) {
			if (end != made)
				*end++ = '/';
			end = mempcpy(end, path, len);
		}
		path += len + (path[len] == '/');
	}
	if (made && end == made)
		*end++ = '.';
	if (made)
		*end = '\0';
	return made;
}

static struct dump_line *find(const struct sidecar *s, char *path)
{
	struct dump_line key = {.path = path};
	struct dump_line **found = tfind(&key, &s->tree, by_path);

	return found ? *found : NULL;
}

const struct dump_line *sidecar_get(const struct sidecar *s, const char *path)
{
	cleanup_free char *key = normalise(path);
	const struct dump_line *line = key ? find(s, key) : NULL;

	return line && line->type ? line : NULL;
}

static int grow(struct sidecar *s)
{
	size_t room = s->room ? s->room * 2 : 64;
	void *lines;

	if (s->count < s->room)
		return 0;
	lines = reallocarray(s->lines, room, sizeof(*s->lines));
	if (!lines)
		return -ENOMEM;
	s->lines = lines;
	s->room = room;
	return 0;
}

/* path is owned from here on, also on failure. */
static struct dump_line *add(struct sidecar *s, char *path)
{
	struct dump_line *line = malloc(sizeof(*line));

	if (line)
		*line = (struct dump_line){.path = path};
	if (!line || grow(s) < 0 || !tsearch(line, &s->tree, by_path)) {
		free(path);
		free(line);
		return NULL;
	}
	s->lines[s->count++] = line;
	return line;
}

int sidecar_set(struct sidecar *s, const char *path, const struct dump_line *line)
{
	char *key = normalise(path);
	struct dump_line *place = key ? find(s, key) : NULL;

	if (!key)
		return -ENOMEM;
	if (place)
		free(key);
	else
		place = add(s, key);
	if (!place)
		return -ENOMEM;
	key = place->path;
	*place = *line;
	place->path = key;
	s->changed = true;
	return 0;
}

/* Its place stays, with no type, until sidecar_free: most likely it will be set again. */
void sidecar_remove(struct sidecar *s, const char *path)
{
	cleanup_free char *key = normalise(path);
	struct dump_line *line = key ? find(s, key) : NULL;

	if (!line || !line->type)
		return;
	line->type = 0;
	s->changed = true;
}

static int malformed(const char *file, size_t number, struct err *err)
{
	cleanup_free char *place = NULL;

	if (asprintf(&place, "%s: line %zu is malformed", file, number) < 0)
		place = NULL;
	return err_set(err, -EBADMSG, NULL, place);
}

static int parse(struct sidecar *s, const struct buf *text, struct err *err)
{
	const char *at = text->data, *end = text->data + text->len;

	for (size_t number = 1; at < end; number++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((newline ? newline : end) - at);
		struct dump_line line;
		int r = dump_parse(at, len, &line);

		if (r > 0) {
			r = sidecar_set(s, line.path, &line);
			free(line.path);
		}
		if (r == -EBADMSG)
			return malformed(s->file, number, err);
		if (r < 0)
			return err_set(err, r, "cannot read", s->file);
		at += len + 1;
	}
	s->changed = false;
	return 0;
}

static int load(struct sidecar *s, struct err *err)
{
	cleanup_fd int fd = open(s->file, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	cleanup_buf struct buf text = BUF_NONE;
	struct stat st;
	int r;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(err, -errno, "cannot open", s->file);
	if (!S_ISREG(st.st_mode))
		return err_set(err, -EINVAL, "not a regular file", s->file);
	r = io_read_all(fd, &text, FILE_MAX);
	return r < 0 ? err_set(err, r, "cannot read", s->file) : parse(s, &text, err);
}

int sidecar_open(const char *file, struct sidecar **out, struct err *err)
{
	struct sidecar *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return err_set(err, -ENOMEM, NULL, file);
	/* Where it is a symlink, the file is replaced and not the link. */
	s->file = realpath(file, NULL);
	if (!s->file)
		s->file = strdup(file);
	r = s->file ? load(s, err) : err_set(err, -ENOMEM, NULL, file);
	if (r < 0)
		sidecar_free(s);
	else
		*out = s;
	return r;
}

static int compare(const void *a, const void *b)
{
	return by_path(*(struct dump_line *const *)a, *(struct dump_line *const *)b);
}

static int format(struct sidecar *s, struct buf *text)
{
	qsort(s->lines, s->count, sizeof(*s->lines), compare);
	for (size_t i = 0; i < s->count; i++)
		if (s->lines[i]->type && dump_format(s->lines[i], text) < 0)
			return -ENOMEM;
	return 0;
}

/* The permissions of the file that is replaced, or those of any new file. */
static mode_t mode_for(const char *file)
{
	struct stat st;
	mode_t mask;

	if (stat(file, &st) == 0)
		return st.st_mode & 0777;
	mask = umask(0);
	umask(mask);
	return 0666 & ~mask;
}

static int write_aside(const char *aside, int fd, const char *file, const struct buf *text)
{
	int r = io_write(fd, text->data, text->len);

	if (r == 0 && (fchmod(fd, mode_for(file)) < 0 || fsync(fd) < 0 || rename(aside, file) < 0))
		r = -errno;
	if (r < 0)
		unlink(aside);
	return r;
}

int sidecar_save(struct sidecar *s, struct err *err)
{
	cleanup_buf struct buf text = BUF_NONE;
	cleanup_free char *aside = NULL;
	cleanup_fd int fd = -1;
	int r;

	if (!s->changed)
		return 0;
	if (format(s, &text) < 0 || asprintf(&aside, "%s.XXXXXX", s->file) < 0) {
		aside = NULL;
		return err_set(err, -ENOMEM, "cannot write", s->file);
	}
	fd = mkostemp(aside, O_CLOEXEC);
	r = fd < 0 ? -errno : write_aside(aside, fd, s->file, &text);
	if (r < 0)
		return err_set(err, r, "cannot write", s->file);
	s->changed = false;
	return 0;
}

void sidecar_free(struct sidecar *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++) {
		tdelete(s->lines[i], &s->tree, by_path);
		free(s->lines[i]->path);
		free(s->lines[i]);
	}
	free(s->lines);
	free(s->file);
	free(s);
}

#endif
