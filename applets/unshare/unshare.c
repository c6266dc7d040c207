// SPDX-License-Identifier: Apache-2.0
/* kconfig
config APPLET_UNSHARE
	bool "rlc-unshare"
	default y
	select RUN
	help
	  Runs a command in namespaces of its own, as root over a tree, for an ordinary user.
*/
/* man unshare
.Sh DESCRIPTION
Runs
.Ar COMMAND
(a shell, where none is named) in namespaces of its own, where an ordinary user is root over
the own files.
The options of
.Xr unshare 1
have their names and meaning.
Where none of them names or implies a namespace, these are made: user, mount, pid, ipc and uts; the
own ids become 0, a fresh
.Pa /proc
is mounted, and what
.Ar COMMAND
does to the owners of files is kept in records, as
.Xr rlc-chown 1
keeps it.
.Ss Processes
The command is a child of a process that reaps what it leaves behind, and that is the first of the
pid namespace: when it ends, all that the command has started ends.
Signals that are sent to
.Nm
are passed on to the command.
It stays in the process group of
.Nm ,
so a terminal reaches it as it would without
.Nm .
When
.Nm
is killed, the command is killed.
Where there is no pid namespace, processes that are still running at the end are named; nobody
answers their system calls any more.
.Pp
Where the command line names namespaces, and nothing is emulated, no process is added:
.Nm
becomes the command, or with
.Fl -fork
its parent, as
.Xr unshare 1
does.
.Pp
A namespace option with a
.Ar FILE
binds the namespace to that file, where it stays until the file is unmounted; root may do that, and
nothing is emulated then.
.Ss The root
With
.Fl -root
the tree is the root, and there is no way from it to the rest of the host.
The command finds a
.Pa /dev
with null, zero, full, random, urandom, tty, ptmx, pts, shm, fd, stdin, stdout and stderr, a
.Pa /proc ,
the host's
.Pa /sys ,
.Pa /etc/resolv.conf
and
.Pa /etc/hosts
(which it cannot write to), and
.Pa /run
and
.Pa /tmp
as the tree has them.
Where the tree lacks a place for one of these, or for what
.Fl -bind
and
.Fl -tmpfs
name, it is made, and removed at the end.
Until then the attribute
.Li user.rlc.points
of the tree's top lists it; where
.Nm
was killed, the next one on that tree removes it.
In the upper directory of an overlay, the directories above such a place may stay as copies of the
lower ones.
.Pp
With namespace options but without
.Fl -mount ,
it is a plain
.Xr chroot 2 .
.Pp
Where standard input is no terminal, a command in such a root gets a session of its own and cannot
type into the caller's terminal;
.Fl -no-new-session
leaves it in the caller's.
At a terminal it shares the terminal, as in a shell; before Linux 6.2 it could type into it.
With
.Fl -foreground
it is a process group of its own there, which some shells
.Pq dash
need to leave without a complaint; Ctrl-Z is its own affair, then.
.Ss Emulation
.Bl -tag -width Ds
.It Cm full
System calls that have to do with owners and devices are answered from records, static programs'
too.
Where user namespaces are refused, and nothing that needs one is asked for, the command runs without
any, in the root that is there.
.It Cm lie
They succeed and do nothing.
.It Cm auto
The better of these that the host allows.
Nothing is emulated for a command that is not root in a user namespace of its own.
.It Cm off
The kernel answers.
.El
.Pp
Subordinate ids are used where
.Fl -map-auto ,
.Fl -map-users
or
.Fl -map-groups
say so, never else: files then belong to ids that the user cannot easily get rid of.
.Sh ENVIRONMENT
.Bl -tag -width SHELL
.It Ev SHELL
What runs where no command is named; in another root it is
.Pa /bin/sh .
.It Ev PATH
In another root,
.Pa /usr/local/sbin , /usr/sbin
and
.Pa /sbin
are added where they are missing.
.It Ev HOME
Is
.Pa /root
in another root.
.It Ev TMPDIR
Is taken away in another root.
.El
.Pp
.Fl -env
comes after all that.
.Sh EXIT STATUS
.Bl -tag -width 128+N
.It 125
.Nm
itself failed.
.It 126
The command was found and cannot be run.
.It 127
The command was not found.
.It 128+N
The command was ended by signal N.
.It Em other
The command's own.
.El
.Sh EXAMPLES
Be root, and keep what root does:
.Bd -literal -offset indent
rlc-unshare sh -c 'touch mailbox; chown 8:8 mailbox'
rlc-stat -c %u:%g mailbox
.Ed
.Pp
See each step:
.Pp
.Dl rlc-unshare --explain true
.Pp
Ask what this host allows:
.Pp
.Dl rlc-unshare --rung
.Pp
Work in a tree; this one has the host's programs:
.Bd -literal -offset indent
mkdir -p rootfs/usr rootfs/etc
ln -s usr/bin usr/lib usr/lib64 usr/sbin rootfs
rlc-unshare -R rootfs --bind /usr:/usr:ro sh -c 'ls /'
.Ed
.Pp
Change a tree without changing it, by layers:
.Bd -literal -offset indent
mkdir -p upper work
rlc-unshare --overlay rootfs --upper upper --work work --bind /usr sh -c 'echo hello >/new'
cat upper/new
.Ed
.Sh SEE ALSO
.Xr unshare 1 ,
.Xr rlc 1 ,
.Xr rlc-tar 1 ,
.Xr namespaces 7 ,
.Xr user_namespaces 7
*/
#include "applets/unshare/unshare.h"

#include "applets/unshare/options.h"
#include "core/base/buf.h"
#include "core/base/io.h"

/* --explain: what is done, and below it why. */
static void tell(void *arg, const char *call, const char *why)
{
	cleanup_buf struct buf line = BUF_NONE;

	(void)arg;
	if (show_path(&line, call, strlen(call)) == 0 && buf_addf(&line, "\n    %s\n", why) == 0)
		io_write(STDERR_FILENO, line.data, line.len);
}

static int unshare_main(const struct applet *self, int argc, char **argv)
{
	struct job j;
	int status = job_read(&j, self, argc, argv);

	if (j.explain)
		j.log.tell = tell;
	if (status < 0)
		status = j.rung ? job_rung(&j) : job_run(&j);
	job_free(&j);
	return status;
}

static const struct option_row unshare_options[] = {
	{.help = "Namespaces (without any of these: user, mount, pid, ipc, uts)"},
	{'U', 'U', "user", "[FILE]", "a user namespace"},
	{'m', 'm', "mount", "[FILE]", "mounts of its own"},
	{'p', 'p', "pid", "[FILE]", "process numbers of its own"},
	{'n', 'n', "net", "[FILE]", "a network of its own"},
	{'i', 'i', "ipc", "[FILE]", "System V IPC of its own"},
	{'u', 'u', "uts", "[FILE]", "a host name of its own"},
	{'C', 'C', "cgroup", "[FILE]", "cgroups seen from its own"},
	{'T', 'T', "time", "[FILE]", "clocks of its own"},
	{'f', 'f', "fork", NULL, "the command is a child, not this process itself"},
	{OPT_KILL_CHILD, 0, "kill-child", "[SIGNAL]",
		"send SIGNAL (KILL) when this process ends; --fork"},
	{OPT_PROPAGATION, 0, "propagation", "TYPE",
		"of mounts: private, shared, slave or unchanged"},
	{OPT_MOUNT_PROC, 0, "mount-proc", "[DIR]", "a fresh proc at DIR (/proc); --mount"},
	{OPT_MONOTONIC, 0, "monotonic", "SECONDS", "set this clock, in a time namespace"},
	{OPT_BOOTTIME, 0, "boottime", "SECONDS", "set this clock, in a time namespace"},
	{.help = "Ids (each implies --user)"},
	{'r', 'r', "map-root-user", NULL, "your own ids are 0"},
	{'c', 'c', "map-current-user", NULL, "your own ids stay"},
	{OPT_MAP_USER, 0, "map-user", "USER", "your own id is that of USER"},
	{OPT_MAP_GROUP, 0, "map-group", "GROUP", "your group is GROUP"},
	{OPT_MAP_USERS, 0, "map-users", "OUTER,INNER,COUNT", "COUNT ids from OUTER on; or auto"},
	{OPT_MAP_GROUPS, 0, "map-groups", "OUTER,INNER,COUNT", "the same for groups"},
	{OPT_MAP_AUTO, 0, "map-auto", NULL, "your subordinate ids, from 0 on"},
	{.help = "The command"},
	{'S', 'S', "setuid", "UID", "the command's user"},
	{'G', 'G', "setgid", "GID", "the command's group; it has no others"},
	{OPT_SETGROUPS, 0, "setgroups", "WORD", "allow or deny setgroups(2)"},
	{.help = "What it sees"},
	{'R', 'R', "root", "DIR", "DIR is the root"},
	{OPT_OVERLAY, 0, "overlay", "LOWERS",
		"layers, the uppermost first, with ':' between them, are the root"},
	{OPT_UPPER, 0, "upper", "DIR", "where changes of the overlay go"},
	{OPT_WORK, 0, "work", "DIR", "an empty directory beside it"},
	{OPT_BIND, 0, "bind", "SRC:DST:ro",
		"show SRC at DST (the same path), with :ro for reading only"},
	{OPT_TMPFS, 0, "tmpfs", "DST", "an empty file system in memory at DST"},
	{OPT_READ_ONLY, 0, "read-only", NULL, "the root cannot be written to"},
	{'w', 'w', "wd", "DIR", "start in DIR"},
	{OPT_HOSTNAME, 0, "hostname", "NAME", "the host's name"},
	{OPT_ENV, 0, "env", "NAME=VALUE", "set a variable"},
	{OPT_CLEARENV, 0, "clearenv", NULL, "take all other variables away"},
	{OPT_NO_NEW_SESSION, 0, "no-new-session", NULL, "stay in the caller's session"},
	{OPT_FOREGROUND, 0, "foreground", NULL, "have the terminal alone, as shells want it"},
	{.help = "Fake root"},
	{OPT_EMULATE, 0, "emulate", "HOW", "auto, full, lie or off"},
	{OPT_AS, 0, "as", "USER[:GROUP]", "the command is USER, by the root's own names"},
	{OPT_STRICT, 0, "strict", NULL, "another user reads only what it may read"},
	{OPT_RUNG, 0, "rung", NULL, "show what this host allows, and exit"},
	{OPT_EXPLAIN, 0, "explain", NULL, "show each step before it is taken"},
	{0},
};

const struct applet applet_unshare = {
	.name = "unshare",
	.summary = "Run a command as root over a tree, in namespaces of its own.",
	.usage = "[OPTION]... [COMMAND [ARGUMENT]...]",
	.options = unshare_options,
	.main = unshare_main,
};
