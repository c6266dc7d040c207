// SPDX-License-Identifier: Apache-2.0
/* man rlc
.Sh DESCRIPTION
An ordinary user cannot give a file to somebody else, so a container that such a
user unpacks would lose the owners of its files.
.Nm
keeps them: the owner that a file has inside the container is a
.Em record
in the attribute
.Li user.rootlesscontainers
of the file itself.
The applets of
.Nm
read records, write them, show them, and carry them into archives and out of
them.
They need no privilege, no daemon and no library.
.Pp
Each applet is named for the command whose work it does on records, and takes
the options of that command.
An applet is run by its own name,
.Ql rlc-chown ,
where such a link to
.Nm
exists, or as
.Ql rlc chown .
.Pp
A record holds a user and a group, each a number or
.Dq keep ,
which is the owner that the id map gives: the user who owns the files is 0
inside the container.
A file without a record keeps both.
umoci and other programs for containers without root read and write the same
records.
Names of users and groups are looked up in the container's own
.Pa etc/passwd
and
.Pa etc/group ,
not in the host's.
.Pp
As real root, owners are real, and records are ignored where an applet is not
told otherwise: anybody can write a record on a file that they may write to.
.Pp
.Fl -install
replaces what
.Ar DIR
has under the names of the applets, one at a time, so that a name is never
missing.
Hard links need
.Ar DIR
to be on the file system of
.Nm .
.Ss Where ownership is kept
.Bl -tag -width Ds
.It Li user.rootlesscontainers
The record of a file or directory.
.It Li user.rlc.dirmap
On a directory: the owners of the symlinks, FIFOs and sockets in it, since these can
have no such attribute.
.It Li user.containers.override_stat
On an empty file that stands for a device: the type and the numbers of the device.
On a directory that
.Ql rlc tar
made for an extraction, and that is open to you alone: the mode it has inside.
.It Li user.rlc.kept.\& Ns Ar NAME
The attribute
.Ar NAME ,
which the kernel refused to an ordinary user; it is packed as
.Ar NAME .
.El
.Pp
Where a file system has no such attributes, or a directory no more room for them,
.Fl -sidecar Ns = Ns Ar FILE
keeps the same in a file; give it to each applet that works on that tree.
.Sh ENVIRONMENT
.Bl -tag -width POSIXLY_CORRECT
.It Ev POSIXLY_CORRECT
The first operand ends the options, as
.Ql --
does.
.El
.Sh EXIT STATUS
.Bl -tag -width 127
.It 0
All was done.
.It 1
Something could not be done; a message says what.
.It 2
Wrong usage.
.It 127
There is no such applet.
.El
.Sh EXAMPLES
Unpack a layer, look at its owners, change one, and pack it again:
.Bd -literal -offset indent
rlc tar -xf layer.tar.gz -C rootfs
rlc ls -l rootfs/etc/shadow
rlc chown --root rootfs mail:mail /var/mail
rlc tar -czf new.tar.gz -C rootfs .
.Ed
.Pp
Make the links, so that
.Ql rlc-chown
works too:
.Pp
.Dl rlc --install -s ~/.local/bin
 */
#include "applets/lib/applet.h"
#include "core/base/nearest.h"

#include <stdio.h>
#include <sys/auxv.h>
#include <sys/epoll.h>

enum { EXIT_NO_APPLET = 127 };

enum { RLC_LIST = 256, RLC_INSTALL };

static const struct option_row rlc_options[] = {
	{RLC_LIST, 0, "list", NULL, "list the applets, one a line"},
	{RLC_INSTALL, 0, "install", NULL, "make hard links to rlc in DIR, one an applet"},
	{'s', 's', "symbolic", NULL, "make symbolic links instead"},
	{'v', 'v', "verbose", NULL,
		"with --list, show what they do; with --version, the libraries' versions"},
	{0},
};

static int rlc_main(const struct applet *self, int argc, char **argv);

static const struct applet rlc = {
	.name = "",
	.summary = "Keep, see, change and carry the ownership of a container's files.",
	.usage = "APPLET [ARGUMENT]...\n--install [-s] DIR\n--list [-v]\n--version [-v]",
	.options = rlc_options,
	.main = rlc_main,
};

static const struct applet *find_applet(const char *name)
{
	const struct applet *const *a;

	for (a = applet_table; *a; a++)
		if (strcmp((*a)->name, name) == 0)
			return *a;
	return NULL;
}

static int no_applet(const char *name)
{
	struct nearest nearest = {.word = name, .len = strlen(name)};
	const struct applet *const *a;

	for (a = applet_table; *a; a++)
		nearest_try(&nearest, (*a)->name);
	if (nearest.best)
		report(&rlc, "%s: no such applet; did you mean '%s'?", name, nearest.best);
	else
		report(&rlc, "%s: no such applet; 'rlc --list' shows them", name);
	return EXIT_NO_APPLET;
}

static int run_applet(const char *name, int argc, char **argv)
{
	const struct applet *applet = find_applet(name);

	return applet ? finish_output(applet, applet->main(applet, argc, argv)) : no_applet(name);
}

static void list_applets(bool verbose)
{
	const struct applet *const *a;

	for (a = applet_table; *a; a++) {
		if (verbose)
			print_help_text(printf("  %s", (*a)->name), (*a)->summary);
		else
			puts((*a)->name);
	}
}

static void show_help(void)
{
	print_help(&rlc);
	puts("\nApplets:");
	list_applets(true);
}

static void show_version(bool verbose)
{
	const char *const *library;

	print_version(&rlc);
	for (library = rlc_library_versions; verbose && *library; library++)
		puts(*library);
}

/* The absolute path of the running program, also before /proc is mounted. */
static char *own_path(void)
{
	char *path = realpath("/proc/self/exe", NULL);

	return path ? path : realpath((const char *)(uintptr_t)getauxval(AT_EXECFN), NULL);
}

/* Makes the link under another name and moves it, so that the old one never lacks. */
static int install_link(int dir, const char *path, const struct applet *applet, bool symbolic)
{
	char name[NAME_MAX + 1], made[32];
	int r;

	snprintf(name, sizeof(name), "rlc-%s", applet->name);
	snprintf(made, sizeof(made), ".rlc-%ld", (long)getpid());
	r = symbolic ? symlinkat(path, dir, made) : linkat(AT_FDCWD, path, dir, made, 0);
	if (r != 0)
		return -errno;
	r = renameat(dir, made, dir, name) != 0 ? -errno : 0;
	unlinkat(dir, made, 0); /* it stays where both are links to one file already */
	return r;
}

static int install_links(const char *dir_path, bool symbolic)
{
	cleanup_free char *path = own_path();
	const struct applet *const *a;
	int status = EXIT_DONE;
	cleanup_fd int dir = -1;

	if (!path) {
		report(&rlc, "cannot find rlc itself: %s", strerror(errno));
		return EXIT_SOME;
	}
	dir = open(dir_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0) {
		report(&rlc, "%s: cannot open: %s", dir_path, strerror(errno));
		return EXIT_SOME;
	}
	for (a = applet_table; *a; a++) {
		int r = install_link(dir, path, *a, symbolic);

		if (r == 0)
			continue;
		report(&rlc, "%s/rlc-%s: cannot link: %s%s", dir_path, (*a)->name, strerror(-r),
			r == -EXDEV ? "; -s makes symbolic links" : "");
		status = EXIT_SOME;
	}
	return status;
}

/* What the command line asks of rlc itself. */
struct request {
	int verb; /* an option's id; 0 to run an applet */
	bool symbolic, verbose;
	struct options o;
};

/* False after a message about a wrong option. */
static bool read_request(struct request *r, const struct applet *self, int argc, char **argv)
{
	int id;

	*r = (struct request){0};
	options_start(&r->o, self, argc, argv);
	r->o.stop_at_operand = r->o.tell = true;
	while ((id = options_next(&r->o)) != OPTION_END) {
		if (id == OPTION_BAD)
			return false;
		if (id == 's')
			r->symbolic = true;
		else if (id == 'v')
			r->verbose = true;
		else
			r->verb = id;
		if (id == RLC_INSTALL)
			r->o.stop_at_operand = false;
	}
	return true;
}

static int rlc_main(const struct applet *self, int argc, char **argv)
{
	struct request r;
	int operands;

	if (!read_request(&r, self, argc, argv))
		return EXIT_USAGE;
	operands = r.verb == RLC_INSTALL;
	if (r.verb == 0 && r.o.operand_count)
		return run_applet(r.o.operands[0], r.o.operand_count, r.o.operands);
	if (r.verb == 0)
		return usage_error(self, "the name of an applet is missing");
	if (r.o.operand_count < operands)
		return usage_error(self, "the directory for the links is missing");
	if (r.o.operand_count > operands)
		return usage_error(self, "%s: one operand too many", r.o.operands[operands]);
	if (r.verb == RLC_INSTALL)
		return install_links(r.o.operands[0], r.symbolic);
	if (r.verb == RLC_LIST)
		list_applets(r.verbose);
	else if (r.verb == OPTION_HELP)
		show_help();
	else
		show_version(r.verbose);
	return EXIT_DONE;
}

/*
 * A file that is opened as descriptor 0, 1 or 2 would be read and written by mistake. What
 * stands in for a missing one fails as it would: it is open the wrong way round.
 */
static void open_missing(void)
{
	int fd;

	for (fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd ? O_RDONLY : O_WRONLY) < 0)
			epoll_create1(0);
}

int main(int argc, char **argv)
{
	static char buffer[1 << 16];
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	const char *name = slash ? slash + 1 : argc > 0 ? argv[0] : "rlc";

	open_missing();
	if (!isatty(STDOUT_FILENO))
		setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	if (strncmp(name, "rlc-", 4) == 0)
		return run_applet(name + 4, argc, argv);
	return finish_output(&rlc, rlc_main(&rlc, argc, argv));
}
