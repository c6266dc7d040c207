// SPDX-License-Identifier: Apache-2.0
/* kconfig
config APPLET_MKNOD
	bool "rlc-mknod"
	default y
	help
	  Make devices, as an ordinary user too, and FIFOs.
*/
/* man mknod
.Sh DESCRIPTION
Makes
.Ar NAME ,
which must not be there yet:
.Bl -tag -width b
.It b
a block device
.It c , u
a character device
.It p
a FIFO
.El
.Pp
A device needs
.Ar MAJOR
and
.Ar MINOR ,
in decimal, or in octal or hexadecimal with
.Ql 0
or
.Ql 0x
before them.
Real root makes a real device.
Everybody else, and real root with
.Fl -records ,
makes an empty regular file that says in
.Li user.containers.override_stat
which device it stands for: archives, listings and the container see the device, but it cannot
be opened as one.
The character device 0, 0, overlayfs's whiteout, is real for everybody.
.Pp
The mode is that of
.Xr umask 2 ,
or exactly
.Ar MODE :
an octal number, or symbolic as for
.Xr chmod 1 ,
starting from a=rw.
.Sh EXIT STATUS
0 where it was made, 1 where not, 2 for wrong usage.
.Sh EXAMPLES
.Dl rlc-mknod -m 666 --root rootfs dev/null c 1 3
.Sh SEE ALSO
.Xr mknod 1 ,
.Xr rlc 1 ,
.Xr rlc-ls 1
*/
#include "applets/lib/context.h"

#include <stdio.h>
#include <sys/sysmacros.h>

/* What the kernel allows. */
enum { MAJOR_MAX = 0xfff, MINOR_MAX = 0xfffff };

struct job {
	struct context c;
	const char *mode_text;
	mode_t mode; /* with its type */
	unsigned int major, minor;
};

static mode_t who_bits(const char **at)
{
	mode_t who = 0;

	for (;; ++*at)
		if (**at == 'u')
			who |= 0700;
		else if (**at == 'g')
			who |= 0070;
		else if (**at == 'o')
			who |= 0007;
		else if (**at == 'a')
			who |= 0777;
		else
			return who;
}

static mode_t permission_bits(const char **at, mode_t mode)
{
	mode_t bits = 0;

	/* One of u, g and o alone is what that one has now. */
	if (**at == 'u' || **at == 'g' || **at == 'o') {
		bits = mode >> (**at == 'u' ? 6 : **at == 'g' ? 3 : 0) & 7;
		++*at;
		return bits * 0111;
	}
	for (;; ++*at)
		if (**at == 'r')
			bits |= 0444;
		else if (**at == 'w')
			bits |= 0222;
		else if (**at == 'x')
			bits |= 0111;
		else
			return bits;
}

/* "u=rw,g+r,o-rwx"; who is not said is all, but for what umask takes. False: malformed. */
static bool parse_symbolic(const char *at, mode_t mask, mode_t *mode)
{
	do {
		mode_t who = who_bits(&at), among = who ? who : 0777 & ~mask;

		if (!*at || !strchr("+-=", *at))
			return false;
		while (*at && strchr("+-=", *at)) {
			char op = *at++;
			mode_t bits = permission_bits(&at, *mode) & among;

			if (op == '=')
				*mode &= ~(who ? who : 0777u);
			*mode = op == '-' ? *mode & ~bits : *mode | bits;
		}
	} while (*at++ == ',');
	return !at[-1];
}

/* Only permissions: set-id and sticky bits mean nothing here. */
static bool parse_mode(const char *text, mode_t mask, mode_t *mode)
{
	char *end;
	unsigned long value;

	*mode = 0666;
	if (!text) {
		*mode &= ~mask;
		return true;
	}
	if (*text < '0' || *text > '7')
		return parse_symbolic(text, mask, mode);
	value = strtoul(text, &end, 8);
	*mode = (mode_t)value;
	return !*end && value <= 0777;
}

static bool parse_number(const char *text, unsigned int max, unsigned int *value)
{
	char *end;
	unsigned long number;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	number = strtoul(text, &end, 0);
	*value = (unsigned int)number;
	return !*end && !errno && number <= max;
}

static bool is_whiteout(const struct job *j)
{
	return S_ISCHR(j->mode) && !j->major && !j->minor;
}

static int make_file(
	const struct job *j, struct dir *dir, const char *name, struct owner owner, struct err *err)
{
	const struct foreign what = {.owner = owner,
		.mode = j->mode,
		.has_mode = true,
		.major = j->major,
		.minor = j->minor};

	return node_make_device(&j->c.owners, dir, name, &what, err);
}

static int make_real(
	const struct job *j, struct dir *dir, const char *name, struct owner owner, struct err *err)
{
	mode_t mask = umask(0);
	int r = mknodat(dir->fd, name, j->mode, makedev(j->major, j->minor)) < 0 ? -errno : 0;

	umask(mask);
	if (r < 0)
		return err_set_at(err, r, "cannot make", dir->path, name);
	if (j->c.owners.records)
		r = node_own_new(&j->c.owners, dir, name, -1, owner, err);
	if (r == 0)
		r = dir_flush(&j->c.owners, dir, err);
	if (r < 0)
		unlinkat(dir->fd, name, 0);
	return r;
}

/* As mknod(2) has it: a directory with setgid gives its group. */
static int owner_in(const struct job *j, struct dir *dir, struct owner *owner, struct err *err)
{
	struct node node;
	int r = node_read(&j->c.owners, dir, NULL, &node, err);

	*owner = j->c.owners.base;
	if (r == 0 && node.st.st_mode & S_ISGID)
		owner->gid = node.st.st_gid;
	return r;
}

static int make(const struct job *j, const char *path, struct err *err)
{
	char name[NAME_MAX + 1];
	cleanup_free char *parent = NULL;
	const char *slash = strrchr(path, '/');
	struct dir dir = DIR_NONE;
	struct owner owner;
	int r = tree_parent(&j->c.tree, path, name);

	if (r < 0)
		return err_set(err, r, "cannot make", path);
	parent = strndup(path, slash ? (size_t)(slash - path) : 0);
	dir_start(&dir, r, !parent || !slash ? "." : slash == path ? "/" : parent);
	r = owner_in(j, &dir, &owner, err);
	if (r == 0 && (S_ISFIFO(j->mode) || !j->c.owners.records || is_whiteout(j)))
		r = make_real(j, &dir, name, owner, err);
	else if (r == 0)
		r = make_file(j, &dir, name, owner, err);
	dir_end(&dir);
	return r;
}

/* EXIT_DONE, or EXIT_USAGE after a message. */
static int take_operands(struct job *j, const struct options *o)
{
	const struct applet *self = j->c.self;
	const char *type = o->operand_count > 1 ? o->operands[1] : "";
	mode_t mask = umask(0);

	umask(mask);
	if (o->operand_count < 2)
		return usage_error(self, "NAME and TYPE are missing");
	if (!*type || type[1] || !strchr("bcup", *type))
		return usage_error(self, "'%s' is no type: b, c, u or p", type);
	if (*type == 'p' && o->operand_count > 2)
		return usage_error(self, "a FIFO has no device numbers");
	if (*type != 'p' && o->operand_count != 4)
		return usage_error(self, "a device needs MAJOR and MINOR, and nothing more");
	if (!parse_mode(j->mode_text, mask, &j->mode))
		return usage_error(self, "'%s' is no mode of permissions", j->mode_text);
	j->mode |= *type == 'p' ? S_IFIFO : *type == 'b' ? S_IFBLK : S_IFCHR;
	if (*type != 'p' && !parse_number(o->operands[2], MAJOR_MAX, &j->major))
		return usage_error(self, "'%s' is no major device number", o->operands[2]);
	if (*type != 'p' && !parse_number(o->operands[3], MINOR_MAX, &j->minor))
		return usage_error(self, "'%s' is no minor device number", o->operands[3]);
	return EXIT_DONE;
}

static int run(struct job *j, const char *path)
{
	cleanup_err struct err err = ERR_NONE;
	int status = context_begin(&j->c);

	if (status != EXIT_DONE)
		return status;
	if (make(j, path, &err) < 0) {
		report_err(j->c.self, &err);
		status = EXIT_SOME;
	}
	return context_finish(&j->c, status);
}

static int mknod_main(const struct applet *self, int argc, char **argv)
{
	struct job j = {.c = CONTEXT_NONE};
	struct options o;
	int id, status;

	j.c.self = self;
	options_start(&o, self, argc, argv);
	while ((id = options_next(&o)) != OPTION_END)
		if (id == OPTION_DONE)
			return EXIT_DONE;
		else if (id == 'm')
			j.mode_text = o.arg;
		else if (id == OPTION_BAD || context_option(&j.c, id, o.arg) <= 0)
			return EXIT_USAGE;
	status = take_operands(&j, &o);
	if (status == EXIT_DONE)
		status = run(&j, o.operands[0]);
	context_end(&j.c);
	return status;
}

static const struct option_row mknod_options[] = {
	{'m', 'm', "mode", "MODE", "the permissions, not a=rw less the umask"},
	CONTEXT_ROWS{0},
};

const struct applet applet_mknod = {
	.name = "mknod",
	.summary = "Make a device, as an ordinary user too, or a FIFO.",
	.usage = "[OPTION]... NAME b|c|u MAJOR MINOR\n[OPTION]... NAME p",
	.options = mknod_options,
	.main = mknod_main,
};
