// SPDX-License-Identifier: Apache-2.0
#include "applets/ls/ls.h"

#include "core/owner/widen.h"
#include <stdio.h>

/* A directory that is being listed with what is below it. */
struct frame {
	struct dir dir;
	struct widen widened;
	size_t path_len;    /* of its path in the descent's */
	struct buf subdirs; /* names that are still to be listed, each ended by NUL */
	size_t next;        /* in subdirs */
};

/* The way down from an operand. It is no recursion: a tree may be deeper than the stack. */
struct descent {
	struct buf path; /* of the directory that is listed now */
	struct frame *frames;
	size_t depth, room;
};

static bool is_dots(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

static bool is_shown(const struct ls *ls, const char *name)
{
	return name[0] != '.' || ls->hidden != HIDDEN_NONE;
}

static struct frame *top(struct descent *d)
{
	return &d->frames[d->depth - 1];
}

static void pop(struct descent *d)
{
	struct frame *f = &d->frames[--d->depth];

	widen_undo(&f->widened);
	dir_end(&f->dir);
	buf_free(&f->subdirs);
	if (d->depth)
		buf_cut(&d->path, top(d)->path_len);
}

static void descent_free(struct descent *d)
{
	while (d->depth)
		pop(d);
	free(d->frames);
	buf_free(&d->path);
}

/* Makes a frame for fd, which is owned from here on, as is what was widened for it. */
static int push(struct descent *d, int fd, const struct widen *widened)
{
	struct frame f = {.widened = *widened, .path_len = d->path.len, .subdirs = BUF_NONE};

	dir_start(&f.dir, fd, NULL);
	if (d->depth == d->room) {
		size_t room = d->room ? d->room * 2 : 16;
		void *frames = reallocarray(d->frames, room, sizeof(*d->frames));

		if (!frames) {
			widen_undo(&f.widened);
			dir_end(&f.dir);
			return -ENOMEM;
		}
		d->frames = frames;
		d->room = room;
	}
	d->frames[d->depth++] = f;
	return 0;
}

/* A directory of one's own opens even where its mode says no, and no namespace helps. */
static int open_dir(int dirfd, const char *name, struct widen *widened)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(dirfd, name, flags);

	if (fd < 0 && errno == EACCES && widen(widened, dirfd, name, S_IRUSR | S_IXUSR) == 0)
		fd = openat(dirfd, name, flags);
	return fd < 0 ? -errno : fd;
}

/* One that opens may still not let itself be searched. */
static void make_searchable(struct frame *f)
{
	struct stat st;

	if (f->widened.fd < 0 && fstatat(f->dir.fd, ".", &st, 0) < 0 && errno == EACCES)
		widen(&f->widened, f->dir.fd, NULL, S_IXUSR);
}

/* ".." of the tree's top is the top itself. */
static const char *name_to_read(const struct ls *ls, const struct dir *dir, const char *name)
{
	struct stat here, root;

	if (!is_dots(name))
		return name;
	if (!name[1])
		return NULL;
	if (ls->context.root && fstat(dir->fd, &here) == 0 &&
		fstat(ls->context.tree.fd, &root) == 0 && here.st_dev == root.st_dev &&
		here.st_ino == root.st_ino)
		return NULL;
	return name;
}

/* The name is in the items' text, and may move with it. */
static int read_entry(struct ls *ls, struct frame *f, const char *in_text, unsigned char type,
	struct items *l, struct item *item)
{
	char name[NAME_MAX + 1];

	strcpy(name, in_text);
	item->mode = DTTOIF(type);
	if (!items_need_look(ls) && !(ls->recursive && type == DT_UNKNOWN))
		return 0;
	return item_read(ls, &f->dir, name_to_read(ls, &f->dir, name), NULL, l, item);
}

static int note_subdir(const struct ls *ls, struct frame *f, const char *name, mode_t mode)
{
	if (!ls->recursive || !S_ISDIR(mode) || is_dots(name))
		return 0;
	return buf_add(&f->subdirs, name, strlen(name) + 1);
}

/* Reads an entry and prints it at once: a directory of a million files needs no memory for them. */
static int list_alone(struct ls *ls, struct descent *d, struct listing *entries)
{
	struct item item;
	struct items one = {&item, 1, 1, BUF_NONE};
	int r = 0;

	for (size_t i = 0; i < entries->count && r == 0; i++) {
		size_t at = ls->reverse ? entries->count - 1 - i : i;
		const char *name = listing_name(entries, at);

		if (!is_shown(ls, name))
			continue;
		item = (struct item){.name = 0};
		buf_cut(&one.text, 0);
		r = buf_add(&one.text, name, strlen(name) + 1);
		if (r == 0)
			r = read_entry(ls, top(d), name, entries->entries[at].type, &one, &item);
		if (r < 0)
			break;
		print_items(ls, d->path.data, &one);
		r = note_subdir(ls, top(d), name, item.mode);
	}
	buf_free(&one.text);
	return r;
}

static int read_entries(struct ls *ls, struct frame *f, struct listing *entries, struct items *l)
{
	/* The names' memory goes over to the items: there may be much of it. */
	l->text = entries->names;
	entries->names = (struct buf)BUF_NONE;
	for (size_t i = 0; i < entries->count; i++) {
		struct item item = {.name = entries->entries[i].name};
		int r;

		if (!is_shown(ls, item_name(l, &item)))
			continue;
		r = read_entry(ls, f, item_name(l, &item), entries->entries[i].type, l, &item);
		if (r < 0 || items_add(l, &item) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int list_together(struct ls *ls, struct descent *d, struct listing *entries)
{
	cleanup_items struct items l = ITEMS_NONE;
	int r = read_entries(ls, top(d), entries, &l);

	if (r < 0)
		return r;
	if (ls->sort != SORT_NAME || ls->reverse)
		items_sort(ls, &l);
	print_total(ls, &l);
	print_items(ls, d->path.data, &l);
	for (size_t i = 0; i < l.count && r == 0; i++)
		r = note_subdir(ls, top(d), item_name(&l, &l.items[i]), l.items[i].mode);
	return r;
}

static int read_names(struct ls *ls, struct frame *f, struct listing *entries)
{
	int r = listing_read(f->dir.fd, false, entries);

	if (r == 0 && ls->hidden == HIDDEN_ALL)
		r = listing_add(entries, ".", DT_DIR);
	if (r == 0 && ls->hidden == HIDDEN_ALL)
		r = listing_add(entries, "..", DT_DIR);
	return r == 0 ? listing_sort(entries) : r;
}

static void list_dir(struct ls *ls, struct descent *d)
{
	cleanup_listing struct listing entries = LISTING_NONE;
	cleanup_err struct err err = ERR_NONE;
	int r;

	top(d)->dir.path = d->path.data;
	make_searchable(top(d));
	print_title(ls, d->path.data);
	r = read_names(ls, top(d), &entries);
	if (r < 0) {
		err_set(&err, r, "cannot read", d->path.data);
		ls_complain(ls, &err);
	} else if ((prints_alone(ls) && ls->sort == SORT_NAME
				   ? list_alone(ls, d, &entries)
				   : list_together(ls, d, &entries)) < 0) {
		ls_no_memory(ls);
	}
}

static int enter(struct descent *d, int dirfd, const char *name)
{
	struct widen widened = WIDEN_NONE;
	int fd = open_dir(dirfd, name, &widened);

	if (fd >= 0)
		return push(d, fd, &widened);
	widen_undo(&widened);
	return fd;
}

static int add_to_path(struct buf *path, const char *name)
{
	if (path->data[path->len - 1] != '/' && buf_adds(path, "/") < 0)
		return -ENOMEM;
	return buf_adds(path, name);
}

/* Lists the next directory below the one that was listed last, or goes up. */
static void step(struct ls *ls, struct descent *d)
{
	struct frame *f = top(d);
	const char *name = f->subdirs.data + f->next;
	cleanup_err struct err err = ERR_NONE;
	int r;

	if (f->next == f->subdirs.len) {
		pop(d);
		return;
	}
	f->next += strlen(name) + 1;
	r = add_to_path(&d->path, name);
	if (r == 0)
		r = enter(d, f->dir.fd, name);
	if (r == 0) {
		list_dir(ls, d);
		return;
	}
	err_set(&err, r, "cannot open", d->path.data);
	ls_complain(ls, &err);
	buf_cut(&d->path, top(d)->path_len);
}

/* Paths below "a/" are "a/b". */
static void trim_slashes(struct descent *d)
{
	while (d->path.len > 1 && d->path.data[d->path.len - 1] == '/')
		buf_cut(&d->path, d->path.len - 1);
	top(d)->path_len = d->path.len;
}

/* The operand itself: a symlink was found to lead to a directory in the tree before. */
static int enter_operand(struct ls *ls, struct descent *d, const char *path)
{
	char name[NAME_MAX + 1];
	cleanup_fd int parent = tree_parent(&ls->context.tree, path, name);
	struct widen widened = WIDEN_NONE;
	int r;

	if (parent < 0)
		return parent;
	r = enter(d, parent, name);
	if (r != -ELOOP && r != -ENOTDIR)
		return r;
	r = tree_openat(&ls->context.tree, path, O_RDONLY | O_DIRECTORY);
	return r < 0 ? r : push(d, r, &widened);
}

void list_tree(struct ls *ls, const char *path)
{
	struct descent d = {.path = BUF_NONE};
	cleanup_err struct err err = ERR_NONE;
	int r = buf_adds(&d.path, path);

	if (r == 0)
		r = enter_operand(ls, &d, path);
	if (r == 0) {
		ls_adopt(ls, top(&d)->dir.fd, "");
		list_dir(ls, &d);
		trim_slashes(&d);
		while (d.depth && !ferror(stdout))
			step(ls, &d);
	} else {
		err_set(&err, r, "cannot open", path);
		ls_complain(ls, &err);
	}
	descent_free(&d);
}
