// SPDX-License-Identifier: Apache-2.0
#include "applets/ls/ls.h"

/* A name that outlives the table it is from: there is one for each user and group seen. */
struct word {
	struct word *next;
	char text[];
};

static const char *remember(struct word **words, const char *text)
{
	size_t size = strlen(text) + 1;
	struct word *w;

	for (w = *words; w; w = w->next)
		if (strcmp(w->text, text) == 0)
			return w->text;
	w = malloc(sizeof(*w) + size);
	if (!w)
		return NULL;
	memcpy(w->text, text, size);
	w->next = *words;
	*words = w;
	return w->text;
}

static int remember_names(struct word **words, struct item *item)
{
	if (item->user && !(item->user = remember(words, item->user)))
		return -ENOMEM;
	if (item->group && !(item->group = remember(words, item->group)))
		return -ENOMEM;
	return 0;
}

static void forget(struct word *words)
{
	while (words) {
		struct word *next = words->next;

		free(words);
		words = next;
	}
}

/* The users and groups of the tree that the operand is in. */
static void change_names(struct ls *ls, const char *path)
{
	cleanup_err struct err err = ERR_NONE;

	if (ls->numeric || (ls->format != FORMAT_LONG && ls->format != FORMAT_JSON))
		return;
	if (ls->names && ls->context.root)
		return;
	names_free(ls->names);
	ls->names = NULL;
	if (tree_names(&ls->context.tree, path, &ls->names, &err) < 0)
		ls_complain(ls, &err);
}

void ls_adopt(struct ls *ls, int fd, const char *name)
{
	struct owners *o = &ls->context.owners;
	struct stat st;

	o->mine = ls->mine;
	if (ls->context.root)
		fd = ls->context.tree.fd;
	if (fstatat(fd, ls->context.root ? "" : name, &st, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) ==
		0)
		owners_adopt(o, &st);
}

/* Symlinks to directories are followed where nothing of the link itself is asked for. */
static bool follows(const struct ls *ls)
{
	return ls->format != FORMAT_LONG && !ls->directory && !ls->classify;
}

static int read_operand(
	struct ls *ls, const struct visit *v, const char *path, struct items *l, struct item *item)
{
	struct dir target = DIR_NONE;
	int r;

	ls_adopt(ls, v->dir->fd, v->name);
	change_names(ls, path);
	r = item_read(ls, v->dir, v->name, path, l, item);
	if (r < 0 || item->failed || !S_ISLNK(item->mode) || !follows(ls))
		return r;
	target.fd = tree_openat(&ls->context.tree, path, O_PATH | O_DIRECTORY);
	if (target.fd < 0)
		return 0;
	target.path = path;
	r = item_read(ls, &target, NULL, path, l, item);
	dir_end(&target);
	return r;
}

/* The operands, apart as they are printed. */
struct operands {
	struct items files, dirs;
	struct word *words;
};

static int add_operand(struct ls *ls, struct operands *o, const char *path)
{
	cleanup_walk struct walk *w = NULL;
	cleanup_err struct err err = ERR_NONE;
	struct item item = {.name = 0};
	struct visit v;
	int r = walk_start(&ls->context.tree, path, &w, &err);

	if (r < 0) {
		ls_complain(ls, &err);
		return 0;
	}
	if (walk_next(w, &v) < 0)
		return -ENOMEM;
	r = items_add_path(&o->files, path, &item.name);
	if (r == 0)
		r = read_operand(ls, &v, path, &o->files, &item);
	if (r < 0 || item.failed)
		return r;
	if (remember_names(&o->words, &item) < 0)
		return -ENOMEM;
	if (!S_ISDIR(item.mode) || ls->directory)
		return items_add(&o->files, &item);
	r = items_add_path(&o->dirs, path, &item.name);
	return r < 0 ? r : items_add(&o->dirs, &item);
}

static void list_files(struct ls *ls, struct operands *o)
{
	struct widths none = {0};

	if (o->files.count == 0)
		return;
	items_sort(ls, &o->files);
	widths_of(ls, &o->dirs, &ls->least);
	print_items(ls, NULL, &o->files);
	ls->least = none;
	ls->began = true;
}

static void list_dirs(struct ls *ls, struct items *dirs)
{
	items_sort(ls, dirs);
	for (size_t i = 0; i < dirs->count; i++) {
		const char *path = item_name(dirs, &dirs->items[i]);

		change_names(ls, path);
		list_tree(ls, path);
	}
}

void list_operands(struct ls *ls, char **paths, int count)
{
	struct operands o = {.files = ITEMS_NONE, .dirs = ITEMS_NONE};
	int r = 0;

	ls->mine = ls->context.owners.mine;
	ls->titles = ls->recursive || count > 1;
	for (int i = 0; i < count && r == 0; i++)
		r = add_operand(ls, &o, paths[i]);
	if (r < 0)
		ls_no_memory(ls);
	list_files(ls, &o);
	list_dirs(ls, &o.dirs);
	items_free(&o.files);
	items_free(&o.dirs);
	forget(o.words);
}
