// SPDX-License-Identifier: Apache-2.0
#include "applets/setattr/setattr.h"

#include "core/base/io.h"
#include <sys/sysmacros.h>

/* The directory of the last line stays open: most often the next one is in it, too. */
struct restore {
	struct setattr *s;
	struct dir dir;
	char *parent; /* owned; what is before the last slash; dir's path, where it is not empty */
	char name[NAME_MAX + 1];
};

static int close_dir(struct restore *r)
{
	cleanup_err struct err err = ERR_NONE;
	int status = EXIT_DONE;

	if (r->dir.fd >= 0 && dir_flush(&r->s->c.owners, &r->dir, &err) < 0)
		status = setattr_fail(r->s, &err);
	dir_end(&r->dir);
	free(r->parent);
	r->parent = NULL;
	return status;
}

static bool is_dots(const char *name)
{
	return !*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* How much of path names the directory: "a/b" 1, "/b" 1, "b" 0. */
static size_t parent_length(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == path ? 1 : slash ? (size_t)(slash - path) : 0;
}

static const char *last_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Whether the line's directory is the open one; then r->name is set. */
static bool same_dir(struct restore *r, const char *path)
{
	const char *name = last_name(path);
	size_t len = parent_length(path);

	if (r->dir.fd < 0 || is_dots(name) || strlen(name) > NAME_MAX || strlen(r->parent) != len ||
		strncmp(r->parent, path, len) != 0)
		return false;
	strcpy(r->name, name);
	return true;
}

static int open_dir(struct restore *r, const char *path, struct err *err)
{
	int fd = tree_parent(&r->s->c.tree, path, r->name);

	if (fd < 0)
		return err_set(err, fd, NULL, path);
	r->parent = is_dots(last_name(path)) ? strdup(path) : strndup(path, parent_length(path));
	if (!r->parent) {
		close(fd);
		return err_set(err, -ENOMEM, NULL, path);
	}
	dir_start(&r->dir, fd, *r->parent ? r->parent : ".");
	return 0;
}

static bool is_device(const struct dump_line *line)
{
	return line->type == 'c' || line->type == 'b';
}

/* Whether the inode is, or can be made, what the line says. */
static int settle_type(
	struct restore *r, const struct dump_line *line, struct node *node, struct err *err)
{
	struct foreign what = {.owner = {node->st.st_uid, node->st.st_gid},
		.mode = (line->type == 'c' ? S_IFCHR : S_IFBLK) | (node->st.st_mode & 07777),
		.has_mode = true,
		.major = line->major,
		.minor = line->minor};
	int ret;

	if (line->type == dump_type(node->st.st_mode) &&
		(!is_device(line) || node->st.st_rdev == makedev(line->major, line->minor)))
		return 0;
	if (!is_device(line) || !S_ISREG(node->real.st_mode) || node->real.st_size != 0)
		return err_set(err, 0, "not restored: it is of another type now", line->path),
		       -EINVAL;
	ret = node_disguise(&r->s->c.owners, &r->dir, r->name, -1, &what, err);
	if (ret < 0)
		return ret;
	return node_read(&r->s->c.owners, &r->dir, r->name, node, err);
}

static int restore_line(struct restore *r, const struct dump_line *line, struct err *err)
{
	const struct owners *o = &r->s->c.owners;
	struct node node;
	int ret = node_read(o, &r->dir, r->name, &node, err);

	if (ret == -EBADMSG) {
		err_free(err);
		node.recorded = true;
	} else if (ret < 0) {
		return ret;
	}
	ret = settle_type(r, line, &node, err);
	if (ret < 0)
		return ret;
	return node_record(o, &r->dir, r->name, &node, line->owner, err);
}

static int take_line(struct restore *r, const struct dump_line *line)
{
	cleanup_err struct err err = ERR_NONE;
	int status = EXIT_DONE;

	if (!same_dir(r, line->path)) {
		status = close_dir(r);
		if (open_dir(r, line->path, &err) < 0)
			return setattr_fail(r->s, &err);
	}
	return restore_line(r, line, &err) < 0 ? setattr_fail(r->s, &err) : status;
}

static int restore_all(struct restore *r, const struct buf *text, const char *file)
{
	const char *at = text->data, *end = text->data + text->len;
	int status = EXIT_DONE;

	for (size_t number = 1; at < end; number++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((newline ? newline : end) - at);
		struct dump_line line;
		int ret = dump_parse(at, len, &line);

		if (ret > 0) {
			status |= take_line(r, &line);
			free(line.path);
		} else if (ret < 0) {
			report(r->s->c.self, "%s: line %zu is malformed", file, number);
			status = EXIT_SOME;
		}
		at += len + 1;
	}
	return status;
}

int setattr_restore(struct setattr *s)
{
	enum { DUMP_MAX = 1 << 30 };
	cleanup_buf struct buf text = BUF_NONE;
	cleanup_fd int fd = strcmp(s->file, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
						      : open(s->file, O_RDONLY | O_CLOEXEC);
	struct restore r = {.s = s, .dir = DIR_NONE};
	int ret = fd < 0 ? -errno : io_read_all(fd, &text, DUMP_MAX);
	int status;

	if (ret < 0) {
		report(s->c.self, "%s: cannot read: %s", s->file, err_reason(ret));
		return EXIT_SOME;
	}
	status = restore_all(&r, &text, s->file);
	return status | close_dir(&r);
}
