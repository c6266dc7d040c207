// SPDX-License-Identifier: Apache-2.0
/* kconfig
config APPLET_STAT
	bool "rlc-stat"
	default y
	help
	  Shows all about a file as it is inside the container, in a format of choice.
*/
/* man stat
.Sh DESCRIPTION
Shows each
.Ar FILE
as
.Xr stat 1
would inside the container: owners come from records, their names from the
tree's own
.Pa etc/passwd
and
.Pa etc/group ,
and a device that is kept as an empty file is shown as the device.
.Pp
A format is text with directives:
.Pp
.Bl -tag -width "%Hd %Ld" -compact
.It Li %a \&%A
permissions in octal, mode as
.Ic ls -l
shows it
.It Li %b \&%B
blocks used, and how many bytes each has
.It Li %d \&%D
device number, in decimal and hexadecimal
.It Li \&%Hd \&%Ld
its major and minor number
.It Li %f
mode in hexadecimal, with the type
.It Li \&%F
type in words
.It Li %g \&%G
group, as number and name
.It Li %h
hard links
.It Li %i
inode number
.It Li %n
name
.It Li \&%N
name in quotes, and where a symbolic link leads
.It Li %o
size of a good read or write
.It Li %r \&%R
number of the device that the file is, in decimal and hexadecimal
.It Li \&%Hr \&%Lr
its major and minor number
.It Li %s
size in bytes
.It Li %t \&%T
major and minor number of the device that the file is, in hexadecimal
.It Li %u \&%U
user, as number and name
.It Li %w \&%W
time of birth, for people and in seconds since 1970
.It Li %x \&%X
time of the last access
.It Li %y \&%Y
time of the last change of the content
.It Li %z \&%Z
time of the last change of anything
.It Li %%
a percent sign
.El
.Pp
Flags, a width and a precision may stand before the letter, as in
.Li %-10s
or
.Li %04a ;
.Li %.3X
shows milliseconds.
A number that the tree has no name for is
.Li UNKNOWN .
.Pp
Where a record is malformed, a message shows its path and bytes, and
.Ql \&?
stands for the owner.
.Pp
.Fl -json
prints the same objects as
.Xr rlc-ls 1 .
.Sh EXIT STATUS
0, or 1 where a file could not be looked at or its record is malformed; 2 for
wrong usage.
.Sh EXAMPLES
.Dl rlc stat -c '%u:%g %a %n' rootfs/etc/shadow
.Sh SEE ALSO
.Xr rlc 1 ,
.Xr rlc-getattr 1 ,
.Xr rlc-ls 1
 */
#include "applets/stat/stat.h"

#include "applets/lib/show.h"
#include "applets/lib/text.h"
#include "core/base/sys.h"
#include <stdio.h>

enum { OPT_PRINTF = 256, OPT_JSON };

static const struct option_row stat_options[] = {
	{'L', 'L', "dereference", NULL, "look at what a symbolic link leads to"},
	{'c', 'c', "format", "FORMAT", "print FORMAT and a newline for each file"},
	{OPT_PRINTF, 0, "printf", "FORMAT", "print FORMAT with escapes like \\n, and no newline"},
	{OPT_JSON, 0, "json", NULL, "an object a line, for scripts"},
	CONTEXT_ROWS{0},
};

/* The first line is made by hand: names stay on it, whatever they are. */
#define LINES(links)                                                                               \
	"  Size: %-10s\tBlocks: %-10b IO Block: %-6o %F\n"                                         \
	"Device: %Hd,%Ld\tInode: %-11i Links: " links "\n"                                         \
	"Access: (%04a/%10.10A)  Uid: (%5u/%8U)   Gid: (%5g/%8G)\n"                                \
	"Access: %x\nModify: %y\nChange: %z\n Birth: %w\n"

enum { SYMLINKS_MAX = 40 };

struct stat_run {
	struct context context;
	struct names *names;
	struct owner mine; /* as it was before an operand's owner counted as mine */
	const char *format;
	bool escapes, json, dereference;
	int status;
};

static void complain(struct stat_run *run, struct err *err)
{
	run->status = EXIT_SOME;
	report_err(run->context.self, err);
}

static void complain_malformed(
	struct stat_run *run, struct dir *dir, const char *name, const char *path)
{
	cleanup_buf struct buf raw = BUF_NONE, hex = BUF_NONE;

	run->status = EXIT_SOME;
	if (node_raw(dir, name, &raw) < 0)
		raw.len = 0;
	for (size_t i = 0; i < raw.len; i++)
		if (buf_addf(&hex, "%02x", (unsigned char)raw.data[i]) < 0)
			break;
	report(run->context.self, "%s: the record is malformed%s%s", path, hex.len ? ": " : "",
		hex.len ? hex.data : "");
}

/* As root with records, the owner of the tree's top (of the operand without --root) is mine. */
static void adopt(struct stat_run *run, const struct visit *v)
{
	struct owners *o = &run->context.owners;
	const char *root = run->context.root;
	struct stat st;

	o->mine = run->mine;
	if (fstatat(root ? run->context.tree.fd : v->dir->fd, root ? "" : v->name, &st,
		    AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) == 0)
		owners_adopt(o, &st);
}

static int change_names(struct stat_run *run, const char *path, struct err *err)
{
	if (run->names && run->context.root)
		return 0;
	names_free(run->names);
	run->names = NULL;
	return tree_names(&run->context.tree, path, &run->names, err);
}

static int print_default(struct buf *out, const struct subject *s)
{
	bool device = S_ISCHR(s->st->st_mode) || S_ISBLK(s->st->st_mode);
	int r = buf_adds(out, "  File: ");

	if (r == 0)
		r = text_escape(out, s->path, strlen(s->path), false);
	if (r == 0 && s->target)
		r = buf_adds(out, " -> ");
	if (r == 0 && s->target)
		r = text_escape(out, s->target, strlen(s->target), false);
	if (r == 0)
		r = buf_adds(out, "\n");
	if (r < 0)
		return r;
	return format_add(out, device ? LINES("%-5h Device type: %Hr,%Lr") : LINES("%h"), false, s);
}

static int print_json(struct buf *out, const struct subject *s)
{
	return show_json(
		out, &(struct shown){s->path, s->st, s->owner_known, s->user, s->group, s->target});
}

static int print(const struct stat_run *run, const struct subject *s)
{
	cleanup_buf struct buf out = BUF_NONE;
	int r;

	if (run->json)
		r = print_json(&out, s);
	else if (!run->format)
		r = print_default(&out, s);
	else
		r = format_add(&out, run->format, run->escapes, s);
	if (r == 0 && run->format && !run->escapes && !run->json)
		r = buf_adds(&out, "\n");
	if (r == 0 && out.len)
		fwrite(out.data, 1, out.len, stdout);
	return r;
}

/* The target of the symlink; NULL where it cannot be read. */
static char *read_target(struct dir *dir, const char *name)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(dir->fd, name, target, sizeof(target));

	return n < 0 ? NULL : strndup(target, (size_t)n);
}

static int show(struct stat_run *run, const struct visit *v, const char *path, struct err *err)
{
	cleanup_free char *target = NULL;
	struct node node;
	struct subject s = {.path = path, .st = &node.st, .birth = {0, -1}};
	int r = node_read(&run->context.owners, v->dir, v->name, &node, err);

	if (r < 0 && r != -EBADMSG)
		return r;
	if (r == -EBADMSG)
		complain_malformed(run, v->dir, v->name, path);
	s.owner_known = r == 0;
	s.user = names_user(run->names, node.st.st_uid);
	s.group = names_group(run->names, node.st.st_gid);
	s.target = target = S_ISLNK(node.st.st_mode) ? read_target(v->dir, v->name) : NULL;
	if (sys_birth(v->dir->fd, v->name, &s.birth) < 0)
		s.birth.tv_nsec = -1;
	return print(run, &s);
}

/* What a symlink at path leads to, as a path in the tree: 1, 0 where path is none, -errno. */
static int follow(const struct visit *v, struct buf *path)
{
	cleanup_free char *target = read_target(v->dir, v->name);
	char *slash = strrchr(path->data, '/');

	if (!target)
		return errno == EINVAL ? 0 : -errno;
	buf_cut(path, *target == '/' || !slash ? 0 : (size_t)(slash + 1 - path->data));
	return buf_adds(path, target) < 0 ? -ENOMEM : 1;
}

/* Finds the operand by the directory that holds it, so that a FIFO's owner is found as well. */
static int find(struct stat_run *run, const char *operand, struct walk **w, struct visit *v,
	struct err *err)
{
	cleanup_buf struct buf path = BUF_NONE;
	int r = buf_adds(&path, operand);

	for (int links = 0; r == 0; links++) {
		r = walk_start(&run->context.tree, path.data, w, err);
		if (r == 0)
			r = walk_next(*w, v);
		if (r < 0 || !run->dereference)
			break;
		r = links < SYMLINKS_MAX ? follow(v, &path) : -ELOOP;
		if (r <= 0)
			break;
		walk_free(*w);
		*w = NULL;
		r = 0;
	}
	return r < 0 ? err_set(err, r, NULL, operand) : 0;
}

static void look_at(struct stat_run *run, const char *operand)
{
	cleanup_walk struct walk *w = NULL;
	cleanup_err struct err err = ERR_NONE;
	struct visit v;
	int r = find(run, operand, &w, &v, &err);

	if (r == 0) {
		adopt(run, &v);
		r = change_names(run, operand, &err);
	}
	if (r == 0)
		r = show(run, &v, operand, &err);
	if (r < 0) {
		free(err.path);
		err.path = strdup(operand);
		err.code = r;
		complain(run, &err);
	}
}

static int take_option(struct stat_run *run, int id, const char *arg)
{
	switch (id) {
	case 'L':
		run->dereference = true;
		break;
	case 'c':
	case OPT_PRINTF:
		run->format = arg;
		run->escapes = id == OPT_PRINTF;
		break;
	case OPT_JSON:
		run->json = true;
		break;
	default:
		return context_option(&run->context, id, arg) < 0 ? OPTION_BAD : 0;
	}
	return 0;
}

static int parse(struct stat_run *run, struct options *o, int argc, char **argv)
{
	int id;

	options_start(o, run->context.self, argc, argv);
	while ((id = options_next(o)) != OPTION_END) {
		int r = id > 0 ? take_option(run, id, o->arg) : id;

		if (r < 0)
			return r;
	}
	if (o->operand_count)
		return 0;
	usage_error(run->context.self, "no file is named");
	return OPTION_BAD;
}

static int stat_main(const struct applet *self, int argc, char **argv)
{
	struct stat_run run = {.context = {.self = self, .tree = TREE_NONE}};
	struct options o;
	int r = parse(&run, &o, argc, argv);

	if (r < 0)
		return r == OPTION_DONE ? EXIT_DONE : EXIT_USAGE;
	run.status = context_begin(&run.context);
	if (run.status == EXIT_DONE) {
		run.mine = run.context.owners.mine;
		for (int i = 0; i < o.operand_count; i++)
			look_at(&run, o.operands[i]);
		run.status = context_finish(&run.context, run.status);
	}
	names_free(run.names);
	context_end(&run.context);
	return run.status;
}

const struct applet applet_stat = {
	.name = "stat",
	.summary = "Show files as they are inside the container.",
	.usage = "[OPTION]... FILE...",
	.options = stat_options,
	.main = stat_main,
};
