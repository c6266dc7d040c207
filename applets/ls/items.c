// SPDX-License-Identifier: Apache-2.0
#include "applets/ls/ls.h"

bool items_need_look(const struct ls *ls)
{
	return ls->format == FORMAT_LONG || ls->format == FORMAT_JSON || ls->sort != SORT_NAME ||
	       ls->inode || ls->blocks || ls->classify;
}

/* Adds text that must have an offset of 32 bits. */
static int add_text(struct items *l, const char *s, size_t len, uint32_t *at)
{
	if (l->text.len + len + 1 > UINT32_MAX)
		return -ENOMEM;
	*at = (uint32_t)l->text.len;
	return buf_add(&l->text, s, len) < 0 || buf_add(&l->text, "", 1) < 0 ? -ENOMEM : 0;
}

int items_add(struct items *l, const struct item *item)
{
	if (l->count == l->room) {
		size_t room = l->room ? l->room + l->room / 2 : 32;
		void *items = reallocarray(l->items, room, sizeof(*l->items));

		if (!items)
			return -ENOMEM;
		l->items = items;
		l->room = room;
	}
	l->items[l->count++] = *item;
	return 0;
}

int items_add_path(struct items *l, const char *path, uint32_t *at)
{
	return add_text(l, path, strlen(path), at);
}

void items_free(struct items *l)
{
	buf_free(&l->text);
	free(l->items);
	*l = (struct items)ITEMS_NONE;
}

/* Attributes are asked for only where records count. */
static int look(
	struct ls *ls, struct dir *dir, const char *name, struct node *node, struct err *err)
{
	const struct owners *o = &ls->context.owners;
	struct stat st;

	if (o->records || o->sidecar)
		return node_read(o, dir, name, node, err);
	if ((name ? fstatat(dir->fd, name, &st, AT_SYMLINK_NOFOLLOW) : fstat(dir->fd, &st)) < 0)
		return err_set_at(err, -errno, NULL, dir->path, name);
	node_plain(o, &st, node);
	return 0;
}

static void complain_malformed(struct ls *ls, struct dir *dir, const char *name, const char *path)
{
	cleanup_buf struct buf raw = BUF_NONE, hex = BUF_NONE;

	ls->status = EXIT_SOME;
	if (node_raw(dir, name, &raw) < 0)
		raw.len = 0;
	for (size_t i = 0; i < raw.len; i++)
		if (buf_addf(&hex, "%02x", (unsigned char)raw.data[i]) < 0)
			return ls_no_memory(ls);
	out_flush(&ls->out);
	report(ls->context.self, "%s: the record is malformed%s%s", path, hex.len ? ": " : "",
		hex.len ? hex.data : "");
}

/* What could not be looked at has a message; operands are named as they were given. */
static int complain(
	struct ls *ls, struct dir *dir, const char *name, const char *operand, struct err *err)
{
	if (operand) {
		char *path = strdup(operand);

		if (!path)
			return -ENOMEM;
		free(err->path);
		err->path = path;
	}
	if (err->code == -EBADMSG)
		complain_malformed(ls, dir, name, err->path ? err->path : "?");
	else
		ls_complain(ls, err);
	return 0;
}

static int read_target(struct dir *dir, const char *name, struct items *l, struct item *item)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(dir->fd, name, target, sizeof(target));

	return n < 0 ? 0 : add_text(l, target, (size_t)n, &item->target);
}

/* -F marks what a symlink leads to, within the tree; nothing where it leads nowhere. */
static int read_target_mode(struct ls *ls, struct dir *dir, const char *name, struct item *item)
{
	struct dir found = DIR_NONE;
	struct node node;

	if (ls->context.root) {
		cleanup_free char *path = dir_path(dir, name);

		if (!path)
			return -ENOMEM;
		found.fd = tree_openat(&ls->context.tree, path, O_PATH);
	} else {
		found.fd = openat(dir->fd, name, O_PATH | O_CLOEXEC);
	}
	if (found.fd >= 0 && look(ls, &found, NULL, &node, NULL) == 0)
		item->target_mode = node.st.st_mode;
	dir_end(&found);
	return 0;
}

static void fill(struct ls *ls, const struct node *node, struct item *item)
{
	const struct stat *st = &node->st;

	item->mode = st->st_mode;
	item->nlink = (uint32_t)st->st_nlink;
	item->uid = st->st_uid;
	item->gid = st->st_gid;
	item->size = st->st_size;
	item->mtime = st->st_mtim.tv_sec;
	item->nsec = (uint32_t)st->st_mtim.tv_nsec;
	item->blocks = st->st_blocks;
	item->ino = st->st_ino;
	item->rdev = st->st_rdev;
	item->user = names_user(ls->names, item->uid);
	item->group = names_group(ls->names, item->gid);
}

int item_read(struct ls *ls, struct dir *dir, const char *name, const char *operand,
	struct items *l, struct item *item)
{
	cleanup_err struct err err = ERR_NONE;
	struct node node;
	int r = look(ls, dir, name, &node, &err);

	item->failed = r < 0 && r != -EBADMSG;
	item->malformed = r == -EBADMSG;
	if (r < 0 && complain(ls, dir, name, operand, &err) < 0)
		return -ENOMEM;
	if (item->failed)
		return 0;
	fill(ls, &node, item);
	if (!S_ISLNK(node.real.st_mode) || !name)
		return 0;
	r = ls->format == FORMAT_LONG || ls->format == FORMAT_JSON ? read_target(dir, name, l, item)
								   : 0;
	if (r == 0 && ls->format == FORMAT_LONG && ls->classify)
		r = read_target_mode(ls, dir, name, item);
	return r;
}

/* What the comparisons need. */
struct order {
	const struct items *items;
	enum sort sort;
	bool reverse;
};

static int compare_keys(const struct order *o, const struct item *a, const struct item *b)
{
	if (o->sort == SORT_SIZE && a->size != b->size)
		return a->size < b->size ? 1 : -1;
	if (o->sort == SORT_TIME && a->mtime != b->mtime)
		return a->mtime < b->mtime ? 1 : -1;
	if (o->sort == SORT_TIME && a->nsec != b->nsec)
		return a->nsec < b->nsec ? 1 : -1;
	return strcmp(item_name(o->items, a), item_name(o->items, b));
}

static int compare(const void *a, const void *b, void *order)
{
	const struct order *o = order;
	int r = compare_keys(o, a, b);

	return o->reverse ? -r : r;
}

void items_sort(const struct ls *ls, struct items *l)
{
	struct order o = {l, ls->sort, ls->reverse};

	if (l->count > 1)
		qsort_r(l->items, l->count, sizeof(*l->items), compare, &o);
}
