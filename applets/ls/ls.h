// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_LS_H
#define RLC_LS_H

#include "applets/lib/context.h"
#include "applets/ls/out.h"
#include "applets/ls/when.h"

enum format { FORMAT_ONE, FORMAT_COLUMNS, FORMAT_LONG, FORMAT_JSON };
enum sort { SORT_NAME, SORT_SIZE, SORT_TIME };
enum hidden { HIDDEN_NONE, HIDDEN_BUT_DOTS, HIDDEN_ALL };

/* How wide the parts before the name are, in a set of files. */
struct widths {
	size_t inode, blocks, nlink, user, group, size, major, minor;
};

/* What was asked for, and what all of a run has in common. */
struct ls {
	struct context context;
	enum format format;
	enum sort sort;
	enum hidden hidden; /* which names that begin with a dot are shown */
	bool directory, recursive, reverse;
	bool inode, blocks, human, numeric, classify;
	bool to_terminal;
	bool titles; /* each directory's path is printed before it */
	bool began;  /* something was printed: an empty line goes before the next title */
	int status;
	struct owner mine;   /* as it was before an operand's owner counted as mine */
	struct widths least; /* directories among the operands make other operands' lines wide */
	struct names *names; /* of the operand that is being listed */
	struct when when;
	struct buf line; /* for JSON */
	struct out out;
};

/* A file, with all that any format prints of it. */
struct item {
	uint32_t name, target; /* offsets in the text; target 0: none */
	uint32_t mode, target_mode, nlink, uid, gid, nsec;
	int64_t size, mtime, blocks;
	uint64_t ino, rdev;
	const char *user, *group; /* live as long as ls->names; NULL: no name for the number */
	bool failed;              /* could not be looked at: only the name and perhaps the type */
	bool malformed;           /* its record is: nobody knows the owner */
};

/* Files that are printed together. The text has names first, so no target's offset is 0. */
struct items {
	struct item *items;
	size_t count, room;
	struct buf text;
};

#define ITEMS_NONE                                                                                 \
	{                                                                                          \
		NULL, 0, 0, BUF_NONE                                                               \
	}
#define cleanup_items cleanup(items_free)

static inline const char *item_name(const struct items *l, const struct item *item)
{
	return l->text.data + item->name;
}

static inline const char *item_target(const struct items *l, const struct item *item)
{
	return item->target ? l->text.data + item->target : NULL;
}

/* Prints a message after what was printed so far; the run ends with EXIT_SOME. */
void ls_complain(struct ls *ls, struct err *err);
void ls_no_memory(struct ls *ls);

/* Lists the operands, directories after all else. */
void list_operands(struct ls *ls, char **paths, int count);

/* Lists a directory and, where it is asked for, all below it. */
void list_tree(struct ls *ls, const char *path);

/*
 * As root with records, the owner of the tree's top counts as mine: of the operand that name in
 * dirfd is (dirfd itself where it is "") without --root.
 */
void ls_adopt(struct ls *ls, int dirfd, const char *name);

/*
 * Fills item with what name in dir is (dir itself where name is NULL). What cannot be looked at is
 * told (by the operand's path where that is not NULL) and marked. 0 or -ENOMEM.
 */
int item_read(struct ls *ls, struct dir *dir, const char *name, const char *operand,
	struct items *l, struct item *item);

/* Whether more than the name and type is needed of each file. */
bool items_need_look(const struct ls *ls);

/* Adds an item. 0 or -ENOMEM. */
int items_add(struct items *l, const struct item *item);

/* Adds a path to the text: its offset. 0 or -ENOMEM. */
int items_add_path(struct items *l, const char *path, uint32_t *at);

/* Puts them into the order that was asked for. */
void items_sort(const struct ls *ls, struct items *l);

void items_free(struct items *l);

/* Prints the files, which stand in dir (NULL where their names are paths). */
void print_items(struct ls *ls, const char *dir, const struct items *l);

/* Whether print_items prints a file as well alone as with the others. */
bool prints_alone(const struct ls *ls);

/* "DIR:" and the "total" line, each where it is asked for. */
void print_title(struct ls *ls, const char *dir);
void print_total(struct ls *ls, const struct items *l);

/* Only what the format needs; not below ls->least. */
void widths_of(const struct ls *ls, const struct items *l, struct widths *w);

/* What -i and -s ask for, and how wide it is. */
void print_front(struct ls *ls, const struct item *item, const struct widths *w);
size_t front_width(const struct ls *ls, const struct widths *w);

/* A line of -l without what -i and -s ask for, up to the name. */
void print_long(struct ls *ls, const struct item *item, const struct widths *w);

/* A name with its mark; on a terminal, what it would obey comes as '?'. */
void print_name(struct ls *ls, const char *name, mode_t mode);

/* In columns, which the terminal's width (80 where there is none) has room for. */
void print_columns(struct ls *ls, const struct items *l, const struct widths *w);

/* A size (of one-byte units), as -h shows it: at most four characters, rounded up. */
struct human {
	char text[8];
};

void human_of(struct human *h, uint64_t bytes);

/* What -F puts behind a name; 0 for nothing. */
char type_mark(mode_t mode);

#endif
