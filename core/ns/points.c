// SPDX-License-Identifier: Apache-2.0
#include "core/ns/points.h"

#include "core/base/sys.h"
#include "core/owner/attr.h"
#include "core/owner/text.h"
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>

/* The list of a tree, locked as long as it is open. */
struct list {
	int top; /* the tree's top, not O_PATH */
	struct buf text;
};

#define LIST_NONE                                                                                  \
	{                                                                                          \
		-1, BUF_NONE                                                                       \
	}
#define cleanup_list cleanup(list_free)

static void list_free(struct list *l)
{
	base_close(&l->top);
	buf_free(&l->text);
}

/* A list that says nonsense says nothing. */
static int list_open(const struct tree *tree, struct list *l)
{
	int r;

	l->top = openat(tree->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l->top < 0)
		return -errno;
	while (flock(l->top, LOCK_EX) < 0)
		if (errno != EINTR)
			return -errno;
	r = attr_read(l->top, NULL, POINTS_ATTR, &l->text);
	if (r < 0 && r != -ENODATA && r != -EOPNOTSUPP)
		return r;
	if (l->text.len && l->text.data[l->text.len - 1])
		buf_cut(&l->text, 0);
	return 0;
}

static int list_save(const struct list *l)
{
	int r;

	if (l->text.len)
		return attr_set(l->top, NULL, POINTS_ATTR, l->text.data, l->text.len);
	r = attr_remove(l->top, NULL, POINTS_ATTR);
	return r == -ENODATA ? 0 : r;
}

/* Reads an entry: its path, or NULL. */
static const char *entry_path(const char *entry, uint64_t *ino)
{
	struct text t = text_of(entry, strlen(entry));

	return text_number(&t, 10, UINT64_MAX, ino) && text_char(&t, ' ') ? t.at : NULL;
}

static bool list_has(const struct list *l, uint64_t ino)
{
	size_t at;
	uint64_t number;

	for (at = 0; at < l->text.len; at += strlen(l->text.data + at) + 1)
		if (entry_path(l->text.data + at, &number) && number == ino)
			return true;
	return false;
}

struct points_aside *points_aside(void)
{
	void *p = mmap(NULL, sizeof(struct points_aside), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static int add_aside(struct points_aside *aside, const char *entry, size_t len)
{
	if (!aside || len > sizeof(aside->text) - aside->len)
		return -ENOSPC;
	memcpy(aside->text + aside->len, entry, len);
	aside->len += len;
	return 0;
}

static int list_add(struct list *l, struct points_aside *aside, uint64_t ino, const char *path)
{
	size_t start = l->text.len;
	int r = buf_addf(&l->text, "%llu %s", (unsigned long long)ino, path);

	r = r < 0 ? r : buf_add(&l->text, "", 1);
	if (r == 0 && list_save(l) < 0)
		r = add_aside(aside, l->text.data + start, l->text.len - start);
	return r;
}

/* A lock is open on the inode itself, which something else may cover by now. */
static int hold(struct points *p, int fd)
{
	int *held = realloc(p->held, (p->count + 1) * sizeof(*held));

	if (!held)
		return -ENOMEM;
	p->held = held;
	if (flock(fd, LOCK_SH) < 0)
		return -errno;
	p->held[p->count] = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return p->held[p->count++] < 0 ? -errno : 0;
}

/* Makes name in parent. The parent keeps its time: nobody is to see that anything was there. */
static int make(int parent, const char *name, bool is_dir)
{
	struct stat st;
	int fd, r = fstat(parent, &st) < 0 ? -errno : 0;

	if (r < 0)
		return r;
	if (is_dir && mkdirat(parent, name, 0755) < 0)
		return -errno;
	fd = openat(parent, name,
		(is_dir ? O_RDONLY | O_DIRECTORY : O_RDONLY | O_CREAT | O_EXCL) | O_NOFOLLOW |
			O_CLOEXEC,
		0644);
	if (fd < 0)
		r = -errno;
	sys_utimens_fd(parent, (struct timespec[]){{0, UTIME_OMIT}, st.st_mtim});
	return r < 0 ? r : fd;
}

static int make_and_list(
	struct points *p, struct list *l, int parent, const char *path, bool is_dir)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	cleanup_fd int fd = make(parent, name, is_dir);
	struct stat st;
	int r = fd;

	if (r >= 0)
		r = fstat(fd, &st) < 0 ? -errno : hold(p, fd);
	if (r >= 0)
		r = list_add(l, p->aside, st.st_ino, path);
	if (r < 0 && fd >= 0)
		unlinkat(parent, name, is_dir ? AT_REMOVEDIR : 0);
	return r < 0 ? r : 0;
}

void points_own(struct points *p, int fd)
{
	struct stat st;

	if (p->own_count < ARRAY_SIZE(p->own) && fstat(fd, &st) == 0)
		p->own[p->own_count++] = st.st_dev;
}

static bool is_own(const struct points *p, int fd)
{
	struct stat st;
	size_t i;

	for (i = 0; fstat(fd, &st) == 0 && i < p->own_count; i++)
		if (p->own[i] == st.st_dev)
			return true;
	return false;
}

/* Whether parent is on another mount than the tree's top. */
static bool is_mounted(const struct points *p, int parent)
{
	uint64_t top, here;

	return sys_mount_id(p->tree.fd, &top) == 0 && sys_mount_id(parent, &here) == 0 &&
	       top != here;
}

/* What the kernel calls it. */
static ssize_t name_of(int fd, char text[PATH_MAX])
{
	struct sys_path path;
	ssize_t n;

	sys_proc_path(&path, fd, NULL);
	n = readlink(path.text, text, PATH_MAX - 1);
	text[MAX(n, 0)] = '\0';
	return n;
}

/*
 * path without symlinks in it: an overlay's upper directory, where it is removed, does not have
 * those of the layers below. NULL: it cannot be found out.
 */
static char *true_path(const struct points *p, int parent, const char *name)
{
	char top[PATH_MAX], above[PATH_MAX], *path;
	ssize_t len = name_of(p->tree.fd, top);
	const char *inner = above + MAX(len, 0);

	if (len <= 0 || name_of(parent, above) < len || memcmp(above, top, (size_t)len) != 0 ||
		(*inner && *inner != '/'))
		return NULL;
	inner += *inner == '/';
	return asprintf(&path, "%s%s%s", inner, *inner ? "/" : "", name) < 0 ? NULL : path;
}

/* Makes path, whose parent is there. In memory of our own nothing is to be listed. */
static int make_one(struct points *p, const char *path, bool is_dir)
{
	cleanup_list struct list l = LIST_NONE;
	char name[NAME_MAX + 1];
	cleanup_fd int parent = tree_parent(&p->tree, path, name);
	cleanup_free char *inner = NULL;
	int r;

	if (parent < 0)
		return parent;
	if (is_own(p, parent)) {
		r = make(parent, name, is_dir);
		base_close(&r);
		return r < 0 ? r : 0;
	}
	if (is_mounted(p, parent))
		return -EXDEV;
	inner = true_path(p, parent, name);
	r = list_open(&p->tree, &l);
	return r < 0 ? r : make_and_list(p, &l, parent, inner ? inner : path, is_dir);
}

/* Where somebody else made what fd is open on: it stays as long as this process lives, too. */
static int share(struct points *p, int fd, const struct stat *found)
{
	cleanup_list struct list l = LIST_NONE;
	cleanup_fd int inode = -1;
	struct sys_path path;
	struct stat st;
	int r;

	if (!S_ISDIR(found->st_mode) && (!S_ISREG(found->st_mode) || found->st_size))
		return 0;
	sys_proc_path(&path, fd, NULL);
	inode = open(path.text, O_RDONLY | O_CLOEXEC);
	if (inode < 0 || list_open(&p->tree, &l) < 0 || !list_has(&l, found->st_ino))
		return 0;
	r = hold(p, inode);
	return r == 0 && (fstat(inode, &st) < 0 || st.st_nlink == 0) ? -EAGAIN : r;
}

/* The target of the symlink at path, beneath the tree: a path to be freed, or NULL. */
static char *target_of(const struct points *p, const char *path)
{
	char name[NAME_MAX + 1], target[PATH_MAX], *joined = NULL;
	cleanup_fd int parent = tree_parent(&p->tree, path, name);
	const char *slash = strrchr(path, '/');
	ssize_t n = parent < 0 ? -1 : readlinkat(parent, name, target, sizeof(target) - 1);
	struct buf out = BUF_NONE;

	if (n <= 0)
		return NULL;
	target[n] = '\0';
	if (*target != '/' && slash && buf_add(&out, path, (size_t)(slash - path) + 1) < 0)
		return NULL;
	if (buf_adds(&out, target) == 0)
		joined = out.data;
	return joined;
}

static int open_or_make(struct points *p, const char *path, bool is_dir, int links);

/* path is missing: makes its parents, goes where a dangling symlink leads, makes it. */
static int make_missing(struct points *p, const char *path, bool is_dir, int links)
{
	cleanup_free char *target = target_of(p, path), *parent = NULL;
	const char *slash = strrchr(path, '/');
	int r;

	if (target)
		return links ? open_or_make(p, target, is_dir, links - 1) : -ELOOP;
	if (!p->make)
		return -ENOENT;
	if (slash && slash > path) {
		parent = strndup(path, (size_t)(slash - path));
		r = parent ? open_or_make(p, parent, true, links) : -ENOMEM;
		if (r < 0)
			return r;
		close(r);
	}
	r = make_one(p, path, is_dir);
	return r < 0 ? r : tree_openat(&p->tree, path, O_PATH);
}

static int open_or_make(struct points *p, const char *path, bool is_dir, int links)
{
	int fd = tree_openat(&p->tree, path, O_PATH), r;
	struct stat st;

	if (fd == -ENOENT)
		return make_missing(p, path, is_dir, links);
	if (fd < 0)
		return fd;
	r = fstat(fd, &st) < 0 ? -errno : 0;
	if (r == 0 && is_dir != S_ISDIR(st.st_mode))
		r = is_dir ? -ENOTDIR : -EISDIR;
	if (r == 0 && p->make)
		r = share(p, fd, &st);
	if (r < 0)
		close(fd);
	return r == -EAGAIN ? open_or_make(p, path, is_dir, links) : r < 0 ? r : fd;
}

/* "/usr//x/" as "usr/x", so that the list's paths have no empty components. */
static char *clean(const char *path)
{
	char *out = malloc(strlen(path) + 1), *o = out;

	if (!out)
		return NULL;
	for (; *path; path++)
		if (*path != '/' || (o > out && path[1] != '/' && path[1]))
			*o++ = *path;
	*o = '\0';
	return out;
}

int points_open(struct points *p, const char *path, bool is_dir, struct err *err)
{
	cleanup_free char *cleaned = clean(path);
	int r = cleaned ? open_or_make(p, *cleaned ? cleaned : ".", is_dir, 8) : -ENOMEM;

	if (r == -EXDEV)
		return err_set(err, -ENOENT,
			"cannot mount there, and makes nothing in what is mounted above it", path);
	return r < 0 ? err_set(err, r, "cannot mount there", path) : r;
}

/* Whether something that the list still has is in the directory of that path. */
static bool holds_entry(const struct buf *list, const char *path)
{
	size_t at, len = strlen(path);
	const char *inner;
	uint64_t ino;

	for (at = 0; at < list->len; at += strlen(list->data + at) + 1) {
		inner = entry_path(list->data + at, &ino);
		if (inner && strncmp(inner, path, len) == 0 && inner[len] == '/')
			return true;
	}
	return false;
}

/* Whether the entry stays in the list: somebody uses what it names. */
static bool remove_entry(const struct tree *tree, const struct buf *list, const char *entry)
{
	char name[NAME_MAX + 1];
	uint64_t ino;
	const char *path = entry_path(entry, &ino);
	cleanup_fd int parent = path ? tree_parent(tree, path, name) : -1;
	cleanup_fd int fd =
		parent < 0 ? -1
			   : openat(parent, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	struct stat st, above;
	bool is_dir;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_ino != ino || fstat(parent, &above) < 0)
		return false;
	is_dir = S_ISDIR(st.st_mode);
	if (!is_dir && (!S_ISREG(st.st_mode) || st.st_size))
		return false;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 || (is_dir && holds_entry(list, path)))
		return true;
	if (unlinkat(parent, name, is_dir ? AT_REMOVEDIR : 0) == 0)
		sys_utimens_fd(parent, (struct timespec[]){{0, UTIME_OMIT}, above.st_mtim});
	return false;
}

/* The last entry first: what is inside was made after what holds it. */
static void remove_entries(const struct tree *tree, struct buf *list)
{
	size_t start, end = list->len;

	while (end) {
		for (start = end - 1; start && list->data[start - 1]; start--)
			;
		if (!remove_entry(tree, list, list->data + start)) {
			memmove(list->data + start, list->data + end, list->len - end);
			buf_cut(list, list->len - (end - start));
		}
		end = start;
	}
}

static int remove_listed(const struct tree *tree)
{
	cleanup_list struct list l = LIST_NONE;
	char probe;
	int r;

	r = (int)attr_get(tree->fd, ".", POINTS_ATTR, &probe, 0);
	if (r == -ENODATA || r == -EOPNOTSUPP)
		return 0;
	r = list_open(tree, &l);
	if (r < 0 || !l.text.len)
		return r;
	remove_entries(tree, &l.text);
	return list_save(&l);
}

static int remove_aside(const struct tree *tree, const struct points_aside *aside)
{
	cleanup_buf struct buf list = BUF_NONE;

	if (!aside || !aside->len)
		return 0;
	if (buf_add(&list, aside->text, aside->len) < 0)
		return -ENOMEM;
	remove_entries(tree, &list);
	return 0;
}

/* What one of the two lists has may lie in what the other has. */
int points_remove(const struct tree *tree, struct points_aside *aside)
{
	int first = remove_aside(tree, aside), r = remove_listed(tree);
	int last = remove_aside(tree, aside);

	return r < 0 ? r : MIN(first, last);
}

void points_free(struct points *p)
{
	while (p->count)
		close(p->held[--p->count]);
	free(p->held);
	p->held = NULL;
}
