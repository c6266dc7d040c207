// SPDX-License-Identifier: Apache-2.0
/* kconfig
config APPLET_SETATTR
	bool "rlc-setattr"
	default y
	help
	  Write, clear, restore, import and export the records of files.
*/
/* man setattr
.Sh DESCRIPTION
Writes
.Ar UID : Ns Ar GID
into the record of each
.Ar PATH ;
each of the two is a number or
.Ql keep ,
which stands for what the real owner is inside the container.
What the real owner is anyway needs no record: it is removed then.
Unlike
.Xr rlc-chown 1
it never tries chown, clears no permission bits, and does the same for real root.
Symlinks are not followed.
.Pp
.Fl -restore
reads what
.Ql rlc-getattr --dump
printed, and brings all records of the inodes that it names into the state that they had then.
Where an inode is of another type now, it is left alone, with a message.
The paths are taken as they stand: use
.Fl -root
for a dump that somebody else wrote.
.Pp
.Fl -import
goes through each
.Ar DIR
and takes over what another program's store says: owners become records, the permissions become
real (setuid bits too: keep the top directory closed to others), and devices, FIFOs, sockets and
symlinks that stand there as regular files become disguised devices and real FIFOs, sockets and
symlinks.
The store stays as it was.
.Fl -export
writes such a store from what the container sees now.
The stores are
.Bl -tag -width fuseoverlayfs
.It fakeroot
the file that
.Ql fakeroot -s
writes and
.Ql fakeroot -i
reads.
It knows files by inode number, so it holds for this very tree and for no copy.
.It override
.Li user.containers.override_stat
of containers/storage.
.It fuseoverlayfs
.Li user.fuseoverlayfs.override_stat ,
and for reading the same in
.Li security .
It cannot say what is a device.
.It virtfs
.Li user.virtfs.*
of QEMU's 9p with
.Ql security_model=mapped-xattr .
On export symlinks, FIFOs and sockets become regular files, as that program keeps them; an
import turns them back.
.El
.Pp
.Cm override
and
.Cm fuseoverlayfs
cannot hold the owner of a symlink, FIFO or socket; an export says at its end how many had one.
.Sh EXIT STATUS
0 where all was done, 1 where something was not, 2 for wrong usage.
.Sh EXAMPLES
.Dl rlc-setattr --root rootfs keep:42 etc/shadow
.Pp
Continue in rlc what was begun under fakeroot, and the other way:
.Bd -literal -offset indent
fakeroot -s owners -- debootstrap stable rootfs
rlc-setattr --import=fakeroot --file=owners rootfs
rlc-setattr --export=fakeroot --file=owners rootfs
fakeroot -i owners -- tar -C rootfs -cf rootfs.tar .
.Ed
.Sh SEE ALSO
.Xr rlc 1 ,
.Xr rlc-chown 1 ,
.Xr rlc-getattr 1
*/
#include "applets/setattr/setattr.h"

#include "core/owner/text.h"

enum { OPT_CLEAR = 256, OPT_RESTORE, OPT_IMPORT, OPT_EXPORT, OPT_FILE };

int setattr_fail(const struct setattr *s, struct err *err)
{
	report_err(s->c.self, err);
	return EXIT_SOME;
}

static int set_one(const struct setattr *s, struct dir *dir, const char *name, struct err *err)
{
	struct node node;
	struct owner owner = s->owner;
	int r = node_read(&s->c.owners, dir, name, &node, err);

	if (r == -EBADMSG) {
		err_free(err);
		node.recorded = true;
	} else if (r < 0) {
		return r;
	}
	if (owner_same(owner, node.own))
		owner = KEEP_BOTH;
	return node_record(&s->c.owners, dir, name, &node, owner, err);
}

static int visit(void *arg, const struct visit *v, bool *enter)
{
	const struct setattr *s = arg;
	cleanup_err struct err err = ERR_NONE;

	(void)enter;
	if (v->leaving || set_one(s, v->dir, v->name, &err) == 0)
		return EXIT_DONE;
	return setattr_fail(s, &err);
}

static bool parse_id(struct text *t, uint32_t *id)
{
	*id = OWNER_KEEP;
	return text_word(t, "keep") || (text_u32(t, id) && *id != OWNER_KEEP);
}

static bool parse_owner(const char *text, struct owner *owner)
{
	struct text t = text_of(text, strlen(text));

	return parse_id(&t, &owner->uid) && text_char(&t, ':') && parse_id(&t, &owner->gid) &&
	       text_end(&t);
}

static int run(struct setattr *s, char **operands)
{
	int status = context_begin(&s->c);

	if (status != EXIT_DONE)
		return status;
	if (s->verb == RESTORE)
		status = setattr_restore(s);
#ifdef CONFIG_FOREIGN
	else if (s->verb == IMPORT || s->verb == EXPORT)
		status = setattr_exchange(s, operands);
#endif
	else
		for (; *operands; operands++)
			status |= each_inode(&s->each, *operands);
	return context_finish(&s->c, status);
}

static bool take_verb(struct setattr *s, int verb, const char *arg)
{
	if (s->verb != SET)
		return usage_error(
			       s->c.self, "only one of --clear, --restore, --import and --export"),
		       false;
	s->verb = verb;
	if (verb == RESTORE)
		s->file = arg;
	else
		s->store = arg;
	return true;
}

static bool take_option(struct setattr *s, int id, const char *arg)
{
	switch (id) {
	case 'R':
		s->each.recursive = true;
		return true;
	case OPT_CLEAR:
		return take_verb(s, CLEAR, NULL);
	case OPT_RESTORE:
		return take_verb(s, RESTORE, arg);
	case OPT_IMPORT:
		return take_verb(s, IMPORT, arg);
	case OPT_EXPORT:
		return take_verb(s, EXPORT, arg);
	case OPT_FILE:
		s->file = arg;
		return true;
	default:
		return context_option(&s->c, id, arg) > 0;
	}
}

/* What is wrong with the operands is told: EXIT_DONE or EXIT_USAGE. The owner is taken off them. */
static int take_operands(struct setattr *s, struct options *o)
{
	if (s->verb == RESTORE && o->operand_count)
		return usage_error(s->c.self, "--restore takes no files: the dump names them");
	if (s->file && s->verb < RESTORE)
		return usage_error(s->c.self, "--file is for --import and --export");
	if (s->verb == SET) {
		if (!o->operand_count)
			return usage_error(s->c.self, "operands are missing");
		if (!parse_owner(o->operands[0], &s->owner))
			return usage_error(s->c.self, "'%s' is not UID:GID in numbers, or keep",
				o->operands[0]);
		o->operands++;
		o->operand_count--;
	}
	if (s->verb != RESTORE && !o->operand_count)
		return usage_error(s->c.self, "the files are missing");
	return EXIT_DONE;
}

static int setattr_main(const struct applet *self, int argc, char **argv)
{
	struct setattr s = {.c = CONTEXT_NONE, .owner = KEEP_BOTH};
	struct options o;
	int id, status;

	s.c.self = self;
	s.c.records = true;
	s.each = (struct each){.c = &s.c, .visit = visit, .arg = &s};
	options_start(&o, self, argc, argv);
	while ((id = options_next(&o)) != OPTION_END)
		if (id == OPTION_DONE)
			return EXIT_DONE;
		else if (id == OPTION_BAD || !take_option(&s, id, o.arg))
			return EXIT_USAGE;
	status = take_operands(&s, &o);
	if (status == EXIT_DONE)
		status = run(&s, o.operands);
	context_end(&s.c);
	return status;
}

static const struct option_row setattr_options[] = {
	{'R', 'R', "recursive", NULL, "do the same for all below directories"},
	{OPT_CLEAR, 0, "clear", NULL, "remove the records"},
	{OPT_RESTORE, 0, "restore", "FILE",
		"put back what rlc-getattr --dump printed; - is standard input"},
#ifdef CONFIG_FOREIGN
	{OPT_IMPORT, 0, "import", "STORE",
		"take over owners, permissions and devices from fakeroot, override, fuseoverlayfs or virtfs"},
	{OPT_EXPORT, 0, "export", "STORE", "write them to such a store"},
	{OPT_FILE, 0, "file", "FILE", "fakeroot's save file, else standard input or output"},
#endif
	CONTEXT_ROW_ROOT,
	CONTEXT_ROW_BASE_OWNER,
	CONTEXT_ROW_SIDECAR{0},
};

const struct applet applet_setattr = {
	.name = "setattr",
	.summary = "Write the records of files: set, clear, restore, import, export.",
	.usage =
		"[OPTION]... UID:GID PATH...\n[OPTION]... --clear PATH...\n[OPTION]... --restore=FILE"
#ifdef CONFIG_FOREIGN
		"\n[OPTION]... --import=STORE [--file=FILE] DIR...\n[OPTION]... --export=STORE [--file=FILE] DIR..."
#endif
	,
	.options = setattr_options,
	.main = setattr_main,
};
