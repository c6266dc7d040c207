// SPDX-License-Identifier: Apache-2.0
/* kconfig
config APPLET_GETATTR
	bool "rlc-getattr"
	default y
	help
	  Show the records of files as they are stored.
*/
/* man getattr
.Sh DESCRIPTION
Shows what the record of each
.Ar PATH
says, as it is stored: a line with its user and group, each a number or
.Dq keep ,
which stands for what the real owner is inside the container.
Nothing is merged with the real owner;
.Xr rlc-ls 1
and
.Xr rlc-stat 1
show what the container sees.
A
.Ar PATH
without a record is shown as
.Dq none ;
with
.Fl R ,
what is found without one is left out.
Symlinks are not followed.
.Pp
Where
.Li user.containers.override_stat
stands, the permissions that it gives are shown too, its owner where there is no record, and a
device that is kept as an empty file with its type and numbers.
.Pp
With
.Fl -dump
the output is what
.Ql rlc-setattr --restore
reads: a line for each inode, with
.Ql -:-
where there is no record.
Its paths are those that were given and the ways down from them, so restore it from the same
working directory or with the same
.Fl -root .
Control characters, spaces and backslashes in a path are
.Li \eooo ,
and all other bytes stand for themselves.
.Pp
With
.Fl -json
each line is an object with
.Li path ,
.Li uid
and
.Li gid
.Pq null for keep ,
and
.Li raw ,
the bytes in hex; null where no attribute of the inode itself has them.
.Li mode ,
.Li device ,
.Li major
and
.Li minor
come where they are shown without it.
.Pp
Records are shown to real root, too.
.Sh EXIT STATUS
0 where all could be read, 1 where something could not be, or a record is malformed: its path and
its bytes are then shown on standard error; 2 for wrong usage.
.Sh EXAMPLES
.Bd -literal
$ rlc-getattr --root rootfs etc/shadow
etc/shadow: uid=keep gid=42
.Ed
.Pp
Keep all owners of a tree in a file, and put them back:
.Bd -literal -offset indent
rlc-getattr -R --dump --root rootfs . >owners
rlc-setattr --restore=owners --root rootfs
.Ed
.Sh SEE ALSO
.Xr rlc 1 ,
.Xr rlc-setattr 1 ,
.Xr rlc-stat 1
*/
#include "applets/lib/each.h"

#include "core/owner/attr.h"
#include <stdio.h>
#include <sys/sysmacros.h>

enum { OPT_JSON = 256, OPT_DUMP };

struct job {
	struct context c;
	struct each each;
	enum { AS_TEXT, AS_JSON, AS_DUMP } form;
};

/* What is stored for an inode: its record, or the owner that override_stat has. */
static struct owner stored(const struct node *node)
{
	if (node->recorded || !node->override)
		return node->kept;
	return (struct owner){node->st.st_uid, node->st.st_gid};
}

static int add_id(struct buf *out, uint32_t id, const char *keep)
{
	return id == OWNER_KEEP ? buf_adds(out, keep) : buf_addf(out, "%u", id);
}

static int add_text(const struct visit *v, const struct node *node, struct buf *out)
{
	struct owner owner = stored(node);

	if (show_path(out, v->path, strlen(v->path)) < 0)
		return -ENOMEM;
	if (!node->recorded && !node->override)
		return buf_adds(out, ": none\n");
	if (buf_adds(out, ": uid=") < 0 || add_id(out, owner.uid, "keep") < 0 ||
		buf_adds(out, " gid=") < 0 || add_id(out, owner.gid, "keep") < 0 ||
		(node->override && buf_addf(out, " mode=%04o", node->st.st_mode & 07777) < 0) ||
		(node->disguised && buf_addf(out, " device=%c%u,%u", dump_type(node->st.st_mode),
					    major(node->st.st_rdev), minor(node->st.st_rdev)) < 0))
		return -ENOMEM;
	return buf_adds(out, "\n");
}

static int add_hex(struct buf *out, const struct buf *raw)
{
	int r = 0;

	for (size_t i = 0; i < raw->len && r == 0; i++)
		r = buf_addf(out, "%02x", (unsigned char)raw->data[i]);
	return r;
}

#ifdef CONFIG_JSON
static int add_raw(const struct visit *v, struct buf *out)
{
	cleanup_buf struct buf raw = BUF_NONE;

	if (node_raw(v->dir, v->name, &raw) < 0)
		return buf_adds(out, "null");
	if (buf_adds(out, "\"") < 0 || add_hex(out, &raw) < 0)
		return -ENOMEM;
	return buf_adds(out, "\"");
}

static int add_json(const struct visit *v, const struct node *node, struct buf *out)
{
	struct owner owner = stored(node);

	if (buf_adds(out, "{\"path\":") < 0 || json_quote(out, v->path, strlen(v->path)) < 0 ||
		buf_adds(out, ",\"uid\":") < 0 || add_id(out, owner.uid, "null") < 0 ||
		buf_adds(out, ",\"gid\":") < 0 || add_id(out, owner.gid, "null") < 0 ||
		buf_adds(out, ",\"raw\":") < 0 || add_raw(v, out) < 0 ||
		(node->override &&
			buf_addf(out, ",\"mode\":\"%04o\"", node->st.st_mode & 07777) < 0) ||
		(node->disguised && buf_addf(out, ",\"device\":\"%c\",\"major\":%u,\"minor\":%u",
					    dump_type(node->st.st_mode), major(node->st.st_rdev),
					    minor(node->st.st_rdev)) < 0))
		return -ENOMEM;
	return buf_adds(out, "}\n");
}
#else
#define add_json add_text
#endif

static int add_dump(const struct visit *v, const struct node *node, struct buf *out)
{
	struct dump_line line = {.owner = stored(node),
		.recorded = node->recorded || node->override,
		.type = dump_type(node->st.st_mode),
		.major = major(node->st.st_rdev),
		.minor = minor(node->st.st_rdev),
		.path = (char *)v->path};

	return dump_format(&line, out);
}

/* Adds " NAME=HEX" for an attribute that stands; of a long one the beginning. */
static void add_bytes(const struct visit *v, const char *name, const char *attr, struct buf *out)
{
	enum { SHOWN = 64 };
	cleanup_buf struct buf raw = BUF_NONE;
	bool cut, record = strcmp(attr, RECORD_ATTR) == 0;

	if ((record ? node_raw(v->dir, name, &raw) : attr_read(v->dir->fd, name, attr, &raw)) < 0)
		return;
	cut = raw.len > SHOWN;
	buf_cut(&raw, MIN(raw.len, SHOWN));
	if (buf_addf(out, " %s=", attr) == 0 && add_hex(out, &raw) == 0 && cut)
		buf_adds(out, "...");
}

static int report_malformed(const struct job *j, const struct visit *v, const struct node *node)
{
	static const char *const attrs[] = {
		RECORD_ATTR, RECORD_ATTR_UID, RECORD_ATTR_GID, OVERRIDE_ATTR};
	cleanup_buf struct buf bytes = BUF_NONE;

	if (!S_ISREG(node->real.st_mode) && !S_ISDIR(node->real.st_mode))
		add_bytes(v, NULL, DIRMAP_ATTR, &bytes);
	else
		for (size_t i = 0; i < ARRAY_SIZE(attrs); i++)
			add_bytes(v, v->name, attrs[i], &bytes);
	report(j->c.self, "%s: the record is malformed:%s", v->path, bytes.data ? bytes.data : "");
	return EXIT_SOME;
}

/* Nothing is said of what was not named and has no record; a dump says so. */
static bool is_silent(const struct job *j, const struct visit *v, const struct node *node)
{
	return j->form != AS_DUMP && v->depth > 0 && !node->recorded && !node->override;
}

static int visit(void *arg, const struct visit *v, bool *enter)
{
	static int (*const forms[])(const struct visit *, const struct node *, struct buf *) = {
		[AS_TEXT] = add_text, [AS_JSON] = add_json, [AS_DUMP] = add_dump};
	const struct job *j = arg;
	cleanup_err struct err err = ERR_NONE;
	cleanup_buf struct buf line = BUF_NONE;
	struct node node;
	int r;

	(void)enter;
	if (v->leaving)
		return EXIT_DONE;
	r = node_read(&j->c.owners, v->dir, v->name, &node, &err);
	if (r == -EBADMSG)
		return report_malformed(j, v, &node);
	if (r == 0 && is_silent(j, v, &node))
		return EXIT_DONE;
	if (r == 0 && forms[j->form](v, &node, &line) < 0)
		err_set(&err, -ENOMEM, NULL, v->path);
	if (err.code) {
		report_err(j->c.self, &err);
		return EXIT_SOME;
	}
	fwrite(line.data, 1, line.len, stdout);
	return EXIT_DONE;
}

static bool take_option(struct job *j, int id, const char *arg)
{
	switch (id) {
	case 'R':
		j->each.recursive = true;
		return true;
	case OPT_JSON:
	case OPT_DUMP:
		j->form = id == OPT_JSON ? AS_JSON : AS_DUMP;
		return true;
	default:
		return context_option(&j->c, id, arg) > 0;
	}
}

static int getattr_main(const struct applet *self, int argc, char **argv)
{
	struct job j = {.c = CONTEXT_NONE};
	struct options o;
	int id, status;

	j.c.self = self;
	j.c.records = true;
	j.each = (struct each){.c = &j.c, .visit = visit, .arg = &j};
	options_start(&o, self, argc, argv);
	while ((id = options_next(&o)) != OPTION_END)
		if (id == OPTION_DONE)
			return EXIT_DONE;
		else if (id == OPTION_BAD || !take_option(&j, id, o.arg))
			return EXIT_USAGE;
	if (!o.operand_count)
		return usage_error(self, "the files are missing");
	j.c.brief = !j.each.recursive;
	status = context_begin(&j.c);
	if (status == EXIT_DONE)
		for (; *o.operands; o.operands++)
			status |= each_inode(&j.each, *o.operands);
	context_end(&j.c);
	return status;
}

static const struct option_row getattr_options[] = {
	{'R', 'R', "recursive", NULL, "show all below directories, too"},
#ifdef CONFIG_JSON
	{OPT_JSON, 0, "json", NULL, "print one JSON object a line"},
#endif
	{OPT_DUMP, 0, "dump", NULL, "print what rlc-setattr --restore reads"},
	CONTEXT_ROW_ROOT,
	CONTEXT_ROW_SIDECAR{0},
};

const struct applet applet_getattr = {
	.name = "getattr",
	.summary = "Show the records of files as they are stored.",
	.usage = "[OPTION]... PATH...",
	.options = getattr_options,
	.main = getattr_main,
};
