// SPDX-License-Identifier: Apache-2.0
#include "applets/ls/ls.h"

#include "applets/lib/show.h"
#include "applets/lib/text.h"
#include <stdio.h>
#include <sys/sysmacros.h>

bool prints_alone(const struct ls *ls)
{
	return ls->format == FORMAT_JSON || (ls->format == FORMAT_ONE && !ls->inode && !ls->blocks);
}

char type_mark(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return '/';
	case S_IFLNK:
		return '@';
	case S_IFIFO:
		return '|';
	case S_IFSOCK:
		return '=';
	case S_IFREG:
		return mode & 0111 ? '*' : 0;
	default:
		return 0;
	}
}

/* A terminal gets no control characters and no bytes that are no characters. */
static void print_harmless(struct out *o, const char *s)
{
	size_t len = strlen(s);

	while (len) {
		size_t n = utf8_length(s, len);
		unsigned char c = (unsigned char)*s;
		bool harmless = n && !(n == 1 && (c < 0x20 || c == 0x7f)) &&
				!(n == 2 && c == 0xc2 && (s[1] & 0xe0) == 0x80);

		if (n == 0)
			n = 1;
		out_bytes(o, harmless ? s : "?", harmless ? n : 1);
		s += n;
		len -= n;
	}
}

static void print_text(struct ls *ls, const char *s)
{
	if (ls->to_terminal)
		print_harmless(&ls->out, s);
	else
		out_text(&ls->out, s);
}

void print_name(struct ls *ls, const char *name, mode_t mode)
{
	char mark = ls->classify ? type_mark(mode) : 0;

	print_text(ls, name);
	if (mark)
		out_char(&ls->out, mark);
}

/* Blocks are shown in units of 1,024 bytes. */
static void print_blocks(struct ls *ls, int64_t blocks, size_t width)
{
	struct human h;

	if (!ls->human) {
		out_number(&ls->out, ((uint64_t)blocks + 1) / 2, width);
		return;
	}
	human_of(&h, (uint64_t)blocks * 512);
	out_right(&ls->out, h.text, width);
}

void print_front(struct ls *ls, const struct item *item, const struct widths *w)
{
	if (ls->inode) {
		if (item->failed)
			out_right(&ls->out, "?", w->inode);
		else
			out_number(&ls->out, item->ino, w->inode);
		out_char(&ls->out, ' ');
	}
	if (ls->blocks) {
		if (item->failed)
			out_right(&ls->out, "?", w->blocks);
		else
			print_blocks(ls, item->blocks, w->blocks);
		out_char(&ls->out, ' ');
	}
}

size_t front_width(const struct ls *ls, const struct widths *w)
{
	return (ls->inode ? w->inode + 1 : 0) + (ls->blocks ? w->blocks + 1 : 0);
}

/* Names stand left, numbers right. */
static void print_owner(struct ls *ls, bool known, const char *name, uint32_t id, size_t width)
{
	if (!known)
		name = "?";
	if (name) {
		size_t len = strlen(name);

		print_text(ls, name);
		out_spaces(&ls->out, len < width ? width - len : 0);
	} else {
		out_number(&ls->out, id, width);
	}
	out_char(&ls->out, ' ');
}

static void print_size(struct ls *ls, const struct item *item, const struct widths *w)
{
	struct out *o = &ls->out;

	if (S_ISCHR(item->mode) || S_ISBLK(item->mode)) {
		out_number(o, major(item->rdev), w->size - 2 - w->minor);
		out_bytes(o, ", ", 2);
		out_number(o, minor(item->rdev), w->minor);
	} else if (ls->human) {
		struct human h;

		human_of(&h, (uint64_t)item->size);
		out_right(o, h.text, w->size);
	} else {
		out_number(o, (uint64_t)item->size, w->size);
	}
	out_char(o, ' ');
}

static void print_unknown(struct ls *ls, const struct item *item, const struct widths *w)
{
	const size_t widths[] = {w->nlink, w->user, w->group, w->size};
	struct out *o = &ls->out;
	char mode[11];

	show_mode(item->mode, mode);
	out_char(o, mode[0]);
	out_text(o, "????????? ");
	out_right(o, "?", widths[0]);
	out_char(o, ' ');
	print_owner(ls, false, NULL, 0, widths[1]);
	print_owner(ls, false, NULL, 0, widths[2]);
	out_right(o, "?", widths[3]);
	out_char(o, ' ');
	when_print_unknown(&ls->when, o);
	out_char(o, ' ');
}

void print_long(struct ls *ls, const struct item *item, const struct widths *w)
{
	struct out *o = &ls->out;
	char mode[11];

	if (item->failed) {
		print_unknown(ls, item, w);
		return;
	}
	show_mode(item->mode, mode);
	out_bytes(o, mode, 10);
	out_char(o, ' ');
	out_number(o, item->nlink, w->nlink);
	out_char(o, ' ');
	print_owner(ls, !item->malformed, item->user, item->uid, w->user);
	print_owner(ls, !item->malformed, item->group, item->gid, w->group);
	print_size(ls, item, w);
	when_print(&ls->when, o, item->mtime, item->nsec);
	out_char(o, ' ');
}

static void print_line(
	struct ls *ls, const struct items *l, const struct item *item, const struct widths *w)
{
	const char *target = item_target(l, item);

	print_front(ls, item, w);
	if (ls->format == FORMAT_LONG)
		print_long(ls, item, w);
	if (ls->format == FORMAT_LONG && target) {
		print_text(ls, item_name(l, item));
		out_bytes(&ls->out, " -> ", 4);
		print_name(ls, target, item->target_mode);
	} else {
		print_name(ls, item_name(l, item), item->mode);
	}
	out_char(&ls->out, '\n');
}

/* The inode with what --json shows. */
static void stat_of(const struct item *item, struct stat *st)
{
	*st = (struct stat){
		.st_mode = item->mode,
		.st_nlink = item->nlink,
		.st_uid = item->uid,
		.st_gid = item->gid,
		.st_size = item->size,
		.st_mtim = {item->mtime, item->nsec},
		.st_ino = item->ino,
		.st_rdev = item->rdev,
	};
}

static int json_path(struct buf *path, const char *dir, const char *name)
{
	size_t len = dir ? strlen(dir) : 0;

	while (len > 1 && dir[len - 1] == '/')
		len--;
	if (len &&
		(buf_add(path, dir, len) < 0 || (dir[len - 1] != '/' && buf_adds(path, "/") < 0)))
		return -ENOMEM;
	return buf_adds(path, name);
}

static int print_json(
	struct ls *ls, const char *dir, const struct items *l, const struct item *item)
{
	cleanup_buf struct buf path = BUF_NONE;
	struct stat st;
	struct shown shown = {.st = &st,
		.owner_known = !item->malformed,
		.user = item->user,
		.group = item->group,
		.target = item_target(l, item)};

	if (json_path(&path, dir, item_name(l, item)) < 0)
		return -ENOMEM;
	stat_of(item, &st);
	shown.path = path.data;
	buf_cut(&ls->line, 0);
	if (show_json(&ls->line, &shown) < 0)
		return -ENOMEM;
	out_bytes(&ls->out, ls->line.data, ls->line.len);
	return 0;
}

static void print_all_json(struct ls *ls, const char *dir, const struct items *l)
{
	for (size_t i = 0; i < l->count; i++)
		if (!l->items[i].failed && print_json(ls, dir, l, &l->items[i]) < 0)
			ls_no_memory(ls);
}

void print_items(struct ls *ls, const char *dir, const struct items *l)
{
	struct widths w = {0};

	if (ls->format == FORMAT_JSON) {
		print_all_json(ls, dir, l);
		return;
	}
	if (!prints_alone(ls))
		widths_of(ls, l, &w);
	if (ls->format == FORMAT_COLUMNS) {
		print_columns(ls, l, &w);
		return;
	}
	for (size_t i = 0; i < l->count; i++)
		print_line(ls, l, &l->items[i], &w);
}

void print_title(struct ls *ls, const char *dir)
{
	if (ls->format == FORMAT_JSON || !ls->titles)
		return;
	if (ls->began)
		out_char(&ls->out, '\n');
	ls->began = true;
	print_text(ls, dir);
	out_bytes(&ls->out, ":\n", 2);
}

void print_total(struct ls *ls, const struct items *l)
{
	int64_t blocks = 0;

	if (ls->format == FORMAT_JSON || (ls->format != FORMAT_LONG && !ls->blocks))
		return;
	for (size_t i = 0; i < l->count; i++)
		blocks += l->items[i].blocks;
	out_text(&ls->out, "total ");
	print_blocks(ls, blocks, 0);
	out_char(&ls->out, '\n');
}
