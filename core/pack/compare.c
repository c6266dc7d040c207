// SPDX-License-Identifier: Apache-2.0
#include "core/pack/compare.h"

#include "core/base/io.h"
#include "core/owner/attr.h"
#include "core/owner/widen.h"
#include "core/pack/node_entry.h"
#include "core/pack/path.h"
#include "core/tree/closed.h"

/* An entry beside the node of its name. */
struct pair {
	const struct tree *tree;
	const struct owners *owners;
	const struct entry *e;
	struct archive_in *data;
	struct dir dir;
	char name[NAME_MAX + 1];
	difference_fn *differs;
	void *arg;
};

static void say(const struct pair *p, const char *difference)
{
	p->differs(p->arg, p->e, difference);
}

static int open_dir_of(
	const struct tree *tree, const char *path, char name[NAME_MAX + 1], struct opened *opened)
{
	cleanup_free char *clean = NULL;
	int r = path_clean(path, &clean);

	return r < 0 ? r : tree_parent_closed(tree, clean, name, opened);
}

static void compare_link(const struct pair *p)
{
	char name[NAME_MAX + 1];
	cleanup_opened struct opened opened = OPENED_NONE;
	cleanup_fd int fd = open_dir_of(p->tree, p->e->link, name, &opened);
	struct stat a, b;

	if (fd < 0 || fstatat(fd, name, &a, AT_SYMLINK_NOFOLLOW) < 0 ||
		fstatat(p->dir.fd, p->name, &b, AT_SYMLINK_NOFOLLOW) < 0 || a.st_dev != b.st_dev ||
		a.st_ino != b.st_ino)
		say(p, "Not linked to what it should be");
}

/* Whether the file has zeros from offset up to end: what the archive has as a hole. */
static bool is_hole(int fd, int64_t offset, int64_t end)
{
	char block[16384];

	while (offset < end) {
		int64_t data = lseek(fd, offset, SEEK_DATA);
		ssize_t n;

		if (data >= end || (data < 0 && errno == ENXIO))
			return true;
		offset = MAX(data, offset);
		n = pread(fd, block, (size_t)MIN(end - offset, (int64_t)sizeof(block)), offset);
		if (n <= 0 || block[0] || memcmp(block, block + 1, (size_t)n - 1) != 0)
			return false;
		offset += n;
	}
	return true;
}

static bool same_block(int fd, const void *block, size_t n, int64_t offset, char *room)
{
	return lseek(fd, offset, SEEK_SET) >= 0 && io_read(fd, room, n) == (ssize_t)n &&
	       memcmp(block, room, n) == 0;
}

static int open_content(const struct pair *p)
{
	enum { FLAGS = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC };
	cleanup_widen struct widen w = WIDEN_NONE;
	int fd = openat(p->dir.fd, p->name, FLAGS);

	if (fd < 0 && errno == EACCES && widen(&w, p->dir.fd, p->name, S_IRUSR) == 0)
		fd = openat(p->dir.fd, p->name, FLAGS);
	return fd < 0 ? -errno : fd;
}

static int compare_content(const struct pair *p, struct err *err)
{
	cleanup_fd int fd = open_content(p);
	cleanup_buf struct buf room = BUF_NONE;
	int64_t at = 0, offset;
	const void *block;
	bool same = true;
	ssize_t n;

	if (fd < 0)
		return err_set(err, fd, "cannot open", p->e->path);
	while (same && (n = archive_in_data(p->data, &block, &offset, err)) != 0) {
		if (n < 0)
			return (int)n;
		if (buf_reserve(&room, (size_t)n) < 0)
			return err_set(err, -ENOMEM, NULL, p->e->path);
		same = is_hole(fd, at, offset) &&
		       same_block(fd, block, (size_t)n, offset, room.data);
		at = offset + n;
	}
	if (!same || !is_hole(fd, at, p->e->size))
		say(p, "Contents differ");
	return 0;
}

static void compare_attrs(const struct pair *p, const struct entry *have)
{
	size_t wanted = 0;
	bool same = true;

	for (size_t i = 0; i < p->e->attr_count; i++) {
		const struct entry_attr *a = &p->e->attrs[i];
		const struct entry_attr *b = entry_attr(have, a->name);

		if (attr_is_private(a->name))
			continue;
		wanted++;
		same &= b && a->len == b->len && memcmp(a->value, b->value, a->len) == 0;
	}
	if (!same || wanted != have->attr_count)
		say(p, "Attributes differ");
}

static bool is_device(mode_t mode)
{
	return S_ISCHR(mode) || S_ISBLK(mode);
}

static void compare_facts(const struct pair *p, const struct entry *have)
{
	const struct entry *e = p->e;

	if (!S_ISLNK(e->mode) && (e->mode & 07777) != (have->mode & 07777))
		say(p, "Mode differs");
	if (e->uid != have->uid)
		say(p, "Uid differs");
	if (e->gid != have->gid)
		say(p, "Gid differs");
	if (e->has_mtime &&
		(e->mtime.tv_sec != have->mtime.tv_sec || e->mtime.tv_nsec != have->mtime.tv_nsec))
		say(p, "Mod time differs");
	if (S_ISREG(e->mode) && e->size != have->size)
		say(p, "Size differs");
	if (S_ISLNK(e->mode) && strcmp(e->link, have->link) != 0)
		say(p, "Symlink differs");
	if (is_device(e->mode) && (e->major != have->major || e->minor != have->minor))
		say(p, "Device number differs");
	compare_attrs(p, have);
}

static int compare_node(struct pair *p, struct err *err)
{
	cleanup_entry struct entry have = ENTRY_NONE;
	struct node node;
	int r = node_read(p->owners, &p->dir, p->name, &node, err);

	if (r == 0)
		r = node_entry(&p->dir, p->name, &node, &have, err);
	if (r < 0)
		return r;
	if (p->e->hardlink) {
		compare_link(p);
		return 0;
	}
	if ((p->e->mode & S_IFMT) != (have.mode & S_IFMT)) {
		say(p, "File type differs");
		return 0;
	}
	compare_facts(p, &have);
	if (!S_ISREG(p->e->mode) || p->e->size != have.size)
		return 0;
	return compare_content(p, err);
}

int compare_entry(const struct tree *tree, const struct owners *owners, const struct entry *e,
	struct archive_in *data, difference_fn *differs, void *arg, struct err *err)
{
	struct pair p = {.tree = tree,
		.owners = owners,
		.e = e,
		.data = data,
		.differs = differs,
		.arg = arg};
	cleanup_opened struct opened opened = OPENED_NONE;
	cleanup_free char *above = NULL;
	int r = open_dir_of(tree, e->path, p.name, &opened);

	if (r < 0)
		return err_set(err, r, NULL, e->path);
	/* The sidecar knows the node by its path, and so do people. */
	if (path_clean(e->path, &above) < 0)
		above = NULL;
	else
		path_cut_last(above);
	dir_start(&p.dir, r, above && *above ? above : ".");
	r = compare_node(&p, err);
	dir_end(&p.dir);
	return r;
}
