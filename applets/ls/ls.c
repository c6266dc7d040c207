// SPDX-License-Identifier: Apache-2.0
/* kconfig
config APPLET_LS
	bool "rlc-ls"
	default y
	help
	  Lists files with the owners and devices that they have inside the container.
*/
/* man ls
.Sh DESCRIPTION
Lists each
.Ar FILE ,
and what is in it where it is a directory; without operands, the working
directory.
The listing is what
.Xr ls 1
would print inside the container: owners come from records, their names from the
tree's own
.Pa etc/passwd
and
.Pa etc/group ,
and a device that is kept as an empty file is shown as the device.
A number that the tree has no name for is shown as a number.
.Pp
Names are sorted by their bytes.
On a terminal they come in columns, and what a terminal would obey comes as
.Ql \&? ;
elsewhere they come one a line and as they are.
.Pp
A symbolic link that is an operand and leads to a directory is followed, unless
.Fl l , d
or
.Fl F
is given.
.Pp
Where a record is malformed, a message shows its path and bytes, and
.Ql \&?
stands for the owner.
.Pp
.Fl -json
prints an object a line:
.Li path , type
(file, dir, symlink, fifo, socket, char or block),
.Li mode
(octal digits),
.Li uid , gid , user , group
(null where the tree has no name),
.Li size , nlink , ino , mtime
(seconds since 1970 with nine decimals),
.Li target
of a symbolic link,
.Li major
and
.Li minor
of a device.
.Sh ENVIRONMENT
.Bl -tag -width COLUMNS
.It Ev COLUMNS
How wide the output may be where it is no terminal.
.It Ev TZ
The time zone that times are shown in.
.El
.Sh EXIT STATUS
0, or 1 where something could not be listed or a record is malformed; 2 for wrong
usage.
.Sh EXAMPLES
.Dl rlc ls -l rootfs/etc/shadow
.Pp
Which files belong to user 8:
.Pp
.Dl rlc ls -R --json rootfs | jq -r 'select(.uid == 8).path'
.Sh SEE ALSO
.Xr rlc 1 ,
.Xr rlc-getattr 1 ,
.Xr rlc-stat 1
 */
#include "applets/ls/ls.h"

enum { OPT_FULL_TIME = 256, OPT_JSON };

static const struct option_row ls_options[] = {
	{'a', 'a', "all", NULL, "show names that begin with a dot"},
	{'A', 'A', "almost-all", NULL, "the same without . and .."},
	{'C', 'C', NULL, NULL, "list in columns, as on a terminal"},
	{'d', 'd', "directory", NULL, "list directories themselves, not what is in them"},
	{'F', 'F', "classify", NULL, "mark names by type: one of */=@|"},
	{OPT_FULL_TIME, 0, "full-time", NULL, "-l with dates, seconds and fractions of them"},
	{'h', 'h', "human-readable", NULL, "sizes as 1.5K, 234M, 2G"},
	{'i', 'i', "inode", NULL, "show inode numbers"},
	{'l', 'l', NULL, NULL, "show mode, links, owners, size and time"},
	{'n', 'n', "numeric-uid-gid", NULL, "-l with numbers for users and groups"},
	{'r', 'r', "reverse", NULL, "the other way round"},
	{'R', 'R', "recursive", NULL, "list what is below directories, too"},
	{'s', 's', "size", NULL, "show what is used of the disk, in units of 1,024 bytes"},
	{'S', 'S', NULL, NULL, "sort by size, the largest first"},
	{'t', 't', NULL, NULL, "sort by time, the newest first"},
	{'1', '1', NULL, NULL, "list one a line"},
	{OPT_JSON, 0, "json", NULL, "an object a line, for scripts"},
	CONTEXT_ROWS{0},
};

void ls_complain(struct ls *ls, struct err *err)
{
	ls->status = EXIT_SOME;
	out_flush(&ls->out);
	report_err(ls->context.self, err);
}

void ls_no_memory(struct ls *ls)
{
	struct err err = {.code = -ENOMEM};

	ls_complain(ls, &err);
}

static void take_format(struct ls *ls, int id)
{
	if (id == '1' && ls->format != FORMAT_LONG)
		ls->format = FORMAT_ONE;
	if (id == 'C')
		ls->format = FORMAT_COLUMNS;
	if (id == 'l' || id == 'n' || id == OPT_FULL_TIME)
		ls->format = FORMAT_LONG;
	ls->numeric |= id == 'n';
	ls->when.full |= id == OPT_FULL_TIME;
}

static void take_choice(struct ls *ls, int id)
{
	if (id == 'a')
		ls->hidden = HIDDEN_ALL;
	if (id == 'A')
		ls->hidden = HIDDEN_BUT_DOTS;
	if (id == 'S')
		ls->sort = SORT_SIZE;
	if (id == 't')
		ls->sort = SORT_TIME;
}

static void take_option(struct ls *ls, int id, bool *json)
{
	take_format(ls, id);
	take_choice(ls, id);
	ls->directory |= id == 'd';
	ls->classify |= id == 'F';
	ls->human |= id == 'h';
	ls->inode |= id == 'i';
	ls->reverse |= id == 'r';
	ls->recursive |= id == 'R';
	ls->blocks |= id == 's';
	*json |= id == OPT_JSON;
}

/* EXIT_DONE, or -1 with the status to end with. */
static int parse(struct ls *ls, struct options *o, int argc, char **argv)
{
	bool json = false;
	int id;

	options_start(o, ls->context.self, argc, argv);
	while ((id = options_next(o)) != OPTION_END) {
		int r = id > 0 ? context_option(&ls->context, id, o->arg) : id;

		if (r < 0)
			return r;
		if (r == 0)
			take_option(ls, id, &json);
	}
	if (json)
		ls->format = FORMAT_JSON;
	ls->recursive &= !ls->directory;
	return 0;
}

static int ls_run(struct ls *ls, int argc, char **argv)
{
	static char here[] = ".";
	char *only[] = {here, NULL};
	struct options o;
	int status = parse(ls, &o, argc, argv);

	if (status < 0)
		return status == OPTION_DONE ? EXIT_DONE : EXIT_USAGE;
	status = context_begin(&ls->context);
	if (status != EXIT_DONE)
		return status;
	when_start(&ls->when);
	list_operands(ls, o.operand_count ? o.operands : only, MAX(o.operand_count, 1));
	out_flush(&ls->out);
	return context_finish(&ls->context, ls->status);
}

static int ls_main(const struct applet *self, int argc, char **argv)
{
	struct ls *ls = calloc(1, sizeof(*ls));
	int status;

	if (!ls) {
		report(self, "%s", err_reason(-ENOMEM));
		return EXIT_SOME;
	}
	ls->context = (struct context){.self = self, .tree = TREE_NONE};
	ls->to_terminal = isatty(STDOUT_FILENO);
	ls->format = ls->to_terminal ? FORMAT_COLUMNS : FORMAT_ONE;
	status = ls_run(ls, argc, argv);
	names_free(ls->names);
	buf_free(&ls->line);
	context_end(&ls->context);
	free(ls);
	return status;
}

const struct applet applet_ls = {
	.name = "ls",
	.summary = "List files with the owners that they have inside the container.",
	.usage = "[OPTION]... [FILE]...",
	.options = ls_options,
	.main = ls_main,
};
