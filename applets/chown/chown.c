// SPDX-License-Identifier: Apache-2.0
/* kconfig
config APPLET_CHOWN
	bool "rlc-chown, rlc-chgrp"
	default y
	help
	  Change the owner or the group that files have inside a container.
*/
/* man chown
.Sh DESCRIPTION
Gives each
.Ar FILE
the owner and group that it is to have inside the container.
As an ordinary user that is written down in the file's record; nothing changes for
other users of the host.
Where an id is mapped into the user namespace, the file is really given to it.
As real root the file is really given away, unless
.Fl -records
is set.
.Pp
The owner and group are
.Bl -tag -width OWNER:GROUP -compact
.It Ar OWNER
the group stays
.It Ar OWNER : Ns Ar GROUP
both change
.It Ar OWNER :
the group becomes the login group of
.Ar OWNER ,
a name
.It : Ns Ar GROUP
the owner stays
.El
.Pp
Each is a name, or a number; a number with a
.Ql +
before it is never a name.
Names are looked up in the
.Pa etc/passwd
and
.Pa etc/group
of the tree: those below
.Ar DIR
where
.Fl -root
names one, and otherwise those of the nearest directory above
.Ar FILE
that has them.
The host's own are never used.
.Pp
What is not given stays as it was: after
.Ql chown 42:43 f; chown :77 f
the file belongs to 42:77.
Setuid and setgid bits and file capabilities are taken away where
.Xr chown 2
does so.
A symlink that is named is followed, within the tree, unless
.Fl h
or
.Fl R
is given.
.Sh EXIT STATUS
0 where all was done, 1 where something was not, 2 for wrong usage.
.Sh EXAMPLES
Give a mailbox inside a root file system to the user and group that it calls mail:
.Pp
.Dl rlc-chown --root rootfs mail:mail /var/mail/joe
.Pp
The same for all of a folder, showing what changes:
.Pp
.Dl rlc-chown -Rc --root rootfs mail:mail /var/mail
.Sh SEE ALSO
.Xr chown 1 ,
.Xr rlc 1 ,
.Xr rlc-chgrp 1 ,
.Xr rlc-getattr 1
*/
/* man chgrp
.Sh DESCRIPTION
Gives each
.Ar FILE
the group that it is to have inside the container; see
.Xr rlc-chown 1 .
.Ar GROUP
is a name from the tree's own
.Pa etc/group ,
or a number.
.Sh EXIT STATUS
0 where all was done, 1 where something was not, 2 for wrong usage.
.Sh EXAMPLES
.Dl rlc-chgrp --root rootfs shadow /etc/shadow
.Sh SEE ALSO
.Xr chgrp 1 ,
.Xr rlc 1 ,
.Xr rlc-chown 1
*/
#include "applets/chown/spec.h"
#include "applets/lib/each.h"

#include <stdio.h>

#define KEEP_BOTH ((struct owner){OWNER_KEEP, OWNER_KEEP})

enum { OPT_DEREFERENCE = 256, OPT_FROM, OPT_PRESERVE_ROOT, OPT_NO_PRESERVE_ROOT, OPT_REFERENCE };

struct job {
	struct context c;
	struct each each;
	bool group_only; /* chgrp */
	bool referent;   /* of a symlink, what it leads to is changed */
	int dereference; /* what was said: 1, 0, or -1 */
	enum { TELL_NOTHING, TELL_CHANGES, TELL_ALL } tell;
	bool preserve_root;
	struct stat top; /* of the tree, where preserve_root */
	const char *from_text, *reference;
	struct spec to, from;
	struct names *names;
};

static int read_spec(struct job *j, const char *text, struct spec *s)
{
	bool dotted = false;
	const char *wrong = j->group_only && s == &j->to ? spec_parse_group(j->names, text, s)
							 : spec_parse(j->names, text, s, &dotted);

	if (dotted)
		report(j->c.self, "warning: '.' should be ':': '%s'", text);
	if (!wrong)
		return EXIT_DONE;
	report(j->c.self, "invalid %s: '%s'%s", wrong, text,
		*wrong == 's' ? ""
			      : " (names are looked up in the tree's own etc/passwd and etc/group:"
				" --root DIR)");
	return EXIT_SOME;
}

/* Of the names that the spec has; without --root each operand may be in a tree of its own. */
static int read_words(struct job *j, const char *text, const char *operand)
{
	cleanup_err struct err err = ERR_NONE;

	names_free(j->names);
	j->names = NULL;
	if (tree_names(&j->c.tree, operand, &j->names, &err) < 0) {
		report_err(j->c.self, &err);
		return EXIT_SOME;
	}
	if (!j->reference && read_spec(j, text, &j->to) != EXIT_DONE)
		return EXIT_SOME;
	return j->from_text ? read_spec(j, j->from_text, &j->from) : EXIT_DONE;
}

static void show_owner(const struct job *j, struct owner owner)
{
	const char *user = names_user(j->names, owner.uid),
		   *group = names_group(j->names, owner.gid);

	if (j->to.user && user)
		printf("%s", user);
	else if (j->to.user)
		printf("%u", owner.uid);
	if (j->to.user && j->to.group)
		putchar(':');
	if (j->to.group && group)
		printf("%s", group);
	else if (j->to.group)
		printf("%u", owner.gid);
}

/* The word as it was said, but for the "+". */
static const char *word(const char *said)
{
	return said ? said + (*said == '+') : "";
}

static void show_to(const struct job *j)
{
	printf("%s%s%s", word(j->to.user), j->to.user && j->to.group ? ":" : "", word(j->to.group));
}

/* What became of an inode; old is NULL where it is not known. */
enum outcome { RETAINED, CHANGED, FAILED };

static void tell(
	const struct job *j, const char *path, enum outcome outcome, const struct owner *old)
{
	static const char *const words[] = {"", "changed ", "failed to change "};
	bool any = j->to.user || j->to.group;
	cleanup_buf struct buf shown = BUF_NONE;

	if (j->tell == TELL_NOTHING || (j->tell == TELL_CHANGES && outcome == RETAINED))
		return;
	if (show_path(&shown, path, strlen(path)) < 0)
		return;
	printf("%s%s of '%s'", words[outcome], j->to.user || !any ? "ownership" : "group",
		shown.data ? shown.data : "");
	if (outcome == RETAINED)
		printf(" retained");
	if (any && old) {
		printf(outcome == RETAINED ? " as " : " from ");
		show_owner(j, *old);
	}
	if (any && outcome != RETAINED) {
		printf(" to ");
		show_to(j);
	}
	putchar('\n');
}

static int fail(const struct job *j, struct err *err)
{
	if (j->each.quiet)
		err_free(err);
	else
		report_err(j->c.self, err);
	return EXIT_SOME;
}

static bool matches(uint32_t id, uint32_t wanted)
{
	return wanted == OWNER_KEEP || wanted == id;
}

static bool is_whole(struct owner owner)
{
	return owner.uid != OWNER_KEEP && owner.gid != OWNER_KEEP;
}

/* path is what people call it. A malformed record is replaced, not merged with. */
static int change(const struct job *j, struct dir *dir, const char *name, const char *path,
	struct node *node, int read, struct err *err)
{
	struct owner old = {node->st.st_uid, node->st.st_gid}, to = j->to.owner;
	bool asked = matches(old.uid, j->from.owner.uid) && matches(old.gid, j->from.owner.gid);

	if (read == -EBADMSG && is_whole(to))
		err_free(err);
	else if (read < 0)
		goto failed;
	if (asked && (node_chown(&j->c.owners, dir, name, node, to, err) < 0 ||
			     node_clear_setid(dir, name, node, err) < 0))
		goto failed;
	asked = asked && !(matches(old.uid, to.uid) && matches(old.gid, to.gid));
	tell(j, path, asked ? CHANGED : RETAINED, &old);
	return EXIT_DONE;
failed:
	fail(j, err);
	tell(j, path, FAILED, read < 0 ? NULL : &old);
	return EXIT_SOME;
}

static int change_referent(const struct job *j, const char *path)
{
	struct dir dir = DIR_NONE;
	cleanup_err struct err err = ERR_NONE;
	cleanup_free char *real = NULL;
	char name[NAME_MAX + 1];
	struct node node;
	int status, r = each_follow(&j->c.tree, path, &dir, name, &real);

	if (r == 0) {
		r = node_read(&j->c.owners, &dir, name, &node, &err);
		status = change(j, &dir, name, path, &node, r, &err);
		if (dir_flush(&j->c.owners, &dir, &err) < 0)
			status = fail(j, &err);
	} else {
		err_set(&err, r, "cannot dereference", path);
		status = fail(j, &err);
		tell(j, path, FAILED, NULL);
	}
	dir_end(&dir);
	return status;
}

static bool is_top(const struct job *j, const struct visit *v)
{
	cleanup_fd int fd = tree_openat(&j->c.tree, v->path, O_PATH);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == j->top.st_dev &&
	       st.st_ino == j->top.st_ino;
}

static int refuse_top(const struct job *j, const char *path)
{
	report(j->c.self, "it is dangerous to operate recursively on '/'%s%s%s",
		strcmp(path, "/") ? " (which '" : "", strcmp(path, "/") ? path : "",
		strcmp(path, "/") ? "' is)" : "");
	report(j->c.self, "use --no-preserve-root to do it all the same");
	return EXIT_SOME;
}

/* A directory is changed after its entries. */
static int visit(void *arg, const struct visit *v, bool *enter)
{
	struct job *j = arg;
	cleanup_err struct err err = ERR_NONE;
	struct node node;
	int r;

	if (!v->leaving && *enter) {
		if (!j->preserve_root || !is_top(j, v))
			return EXIT_DONE;
		*enter = false;
		return refuse_top(j, v->path);
	}
	r = node_read(&j->c.owners, v->dir, v->name, &node, &err);
	if (r != 0 && r != -EBADMSG) {
		fail(j, &err);
		tell(j, v->path, FAILED, NULL);
		return EXIT_SOME;
	}
	if (j->referent && S_ISLNK(node.real.st_mode))
		return change_referent(j, v->path);
	return change(j, v->dir, v->name, v->path, &node, r, &err);
}

static int read_reference(struct job *j)
{
	struct dir dir = DIR_NONE;
	cleanup_err struct err err = ERR_NONE;
	cleanup_free char *real = NULL;
	char name[NAME_MAX + 1];
	struct node node = {.own = KEEP_BOTH};
	int r = each_follow(&j->c.tree, j->reference, &dir, name, &real);

	r = r < 0 ? err_set(&err, r, NULL, j->reference)
		  : node_read(&j->c.owners, &dir, name, &node, &err);
	dir_end(&dir);
	if (r < 0) {
		report_err(j->c.self, &err);
		return EXIT_SOME;
	}
	j->to.owner = (struct owner){node.st.st_uid, node.st.st_gid};
	if (j->group_only)
		j->to.owner.uid = OWNER_KEEP;
	return EXIT_DONE;
}

static int change_all(struct job *j, const char *spec, char **operands)
{
	int status = EXIT_DONE;
	bool named = false;

	for (; *operands; operands++) {
		if (!named && read_words(j, spec, *operands) != EXIT_DONE) {
			status = EXIT_SOME;
			if (j->c.root)
				break;
			continue;
		}
		named = j->c.root;
		if (j->reference)
			spec_name(j->names, j->to.owner, j->group_only, &j->to);
		status |= each_inode(&j->each, *operands);
	}
	return status;
}

static int run(struct job *j, char **operands)
{
	const char *spec = j->reference ? NULL : *operands++;
	int status = context_begin(&j->c);

	if (status != EXIT_DONE)
		return status;
	if (j->preserve_root && (j->c.root ? fstat(j->c.tree.fd, &j->top) : stat("/", &j->top)) < 0)
		j->preserve_root = false;
	if (j->reference && read_reference(j) != EXIT_DONE)
		return EXIT_SOME;
	return context_finish(&j->c, change_all(j, spec, operands));
}

static bool take_option(struct job *j, int id, const char *arg)
{
	switch (id) {
	case 'c':
		j->tell = TELL_CHANGES;
		return true;
	case 'f':
		j->each.quiet = true;
		return true;
	case 'v':
		j->tell = TELL_ALL;
		return true;
	case 'h':
		j->dereference = 0;
		return true;
	case OPT_DEREFERENCE:
		j->dereference = 1;
		return true;
	case OPT_FROM:
		j->from_text = arg;
		return true;
	case OPT_PRESERVE_ROOT:
	case OPT_NO_PRESERVE_ROOT:
		j->preserve_root = id == OPT_PRESERVE_ROOT;
		return true;
	case OPT_REFERENCE:
		j->reference = arg;
		return true;
	case 'R':
		j->each.recursive = true;
		return true;
	case 'H':
	case 'L':
	case 'P':
		j->each.follow = id == 'H' ? FOLLOW_OPERANDS : id == 'L' ? FOLLOW_ALL : FOLLOW_NONE;
		return true;
	default:
		return context_option(&j->c, id, arg) > 0;
	}
}

/* Without -R the last three options say nothing. */
static bool settle_symlinks(struct job *j)
{
	bool physical = !j->each.recursive || j->each.follow == FOLLOW_NONE;

	if (physical)
		j->each.follow = FOLLOW_NONE;
	j->referent = j->dereference == -1 ? !(j->each.recursive && physical) : j->dereference;
	return !(j->each.recursive && physical && j->referent);
}

static int chown_main(const struct applet *self, int argc, char **argv)
{
	struct job j = {.c = CONTEXT_NONE,
		.group_only = strcmp(self->name, "chgrp") == 0,
		.dereference = -1,
		.to = SPEC_NONE,
		.from = SPEC_NONE};
	struct options o;
	int id, status;

	j.c.self = self;
	j.each = (struct each){.c = &j.c, .visit = visit, .arg = &j};
	options_start(&o, self, argc, argv);
	while ((id = options_next(&o)) != OPTION_END)
		if (id == OPTION_DONE)
			return EXIT_DONE;
		else if (id == OPTION_BAD || !take_option(&j, id, o.arg))
			return EXIT_USAGE;
	j.each.in_two = j.tell == TELL_NOTHING && !j.preserve_root;
	if (!settle_symlinks(&j))
		return usage_error(self, "-R --dereference needs -H or -L too");
	if (o.operand_count < 1 + !j.reference)
		return usage_error(
			self, o.operand_count ? "the files are missing" : "operands are missing");
	status = run(&j, o.operands);
	names_free(j.names);
	spec_free(&j.to);
	spec_free(&j.from);
	context_end(&j.c);
	return status;
}

static const struct option_row chown_options[] = {
	{'c', 'c', "changes", NULL, "tell of each file that is changed"},
	{'f', 'f', "silent", NULL, "leave out most messages about errors"},
	{'f', 0, "quiet", NULL, NULL},
	{'v', 'v', "verbose", NULL, "tell of each file"},
	{OPT_DEREFERENCE, 0, "dereference", NULL,
		"change what a symlink leads to (the default without -R)"},
	{'h', 'h', "no-dereference", NULL, "change the symlink itself"},
	{OPT_FROM, 0, "from", "OWNER:GROUP", "change only what has that owner and group now"},
	{OPT_PRESERVE_ROOT, 0, "preserve-root", NULL, "refuse to go through all of '/'"},
	{OPT_NO_PRESERVE_ROOT, 0, "no-preserve-root", NULL, "do not refuse it (the default)"},
	{OPT_REFERENCE, 0, "reference", "RFILE", "take owner and group from RFILE"},
	{'R', 'R', "recursive", NULL, "change all below directories, too"},
	{0, 0, NULL, NULL, "With -R, the last of these counts"},
	{'H', 'H', NULL, NULL, "go through directories that a named symlink leads to"},
	{'L', 'L', NULL, NULL, "go through directories that any symlink leads to"},
	{'P', 'P', NULL, NULL, "go through no symlink (the default)"},
	{0, 0, NULL, NULL, "Trees"},
	CONTEXT_ROWS{0},
};

const struct applet applet_chown = {
	.name = "chown",
	.summary = "Change the owner and group that files have inside a container.",
	.usage = "[OPTION]... OWNER[:[GROUP]] FILE...\n[OPTION]... :GROUP FILE...\n"
		 "[OPTION]... --reference=RFILE FILE...",
	.options = chown_options,
	.main = chown_main,
};

const struct applet applet_chgrp = {
	.name = "chgrp",
	.summary = "Change the group that files have inside a container.",
	.usage = "[OPTION]... GROUP FILE...\n[OPTION]... --reference=RFILE FILE...",
	.options = chown_options,
	.main = chown_main,
};
