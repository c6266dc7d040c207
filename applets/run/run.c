// SPDX-License-Identifier: Apache-2.0
/* kconfig
config APPLET_RUN
	bool "rlc-run"
	default y
	select PACK
	select SHA256
	select IMAGE
	select RUN
	help
	  Runs containers: OCI bundles, and images, as an ordinary user. Podman and containerd can
	  call it.
*/
/* man run
.Sh DESCRIPTION
Runs containers as an ordinary user, without subordinate ids: what a container
does to the owners of files is kept in records, as
.Xr rlc-unshare 1
keeps it, and its users other than root are emulated.
.Pp
With an image,
.Ar LAYOUT Ns : Ns Ar TAG ,
runs a command in it, or the one that the image names; what it changes is thrown
away, or with
.Fl -commit
made an image of.
With
.Fl -bundle
runs the container that
.Pa config.json
of that directory describes, with
.Ar COMMAND
in place of its own.
.Pp
The verbs are those of an OCI runtime, with the options that
.Nm runc
has, so that others can call it:
.Pp
.Dl podman --runtime /usr/local/bin/rlc-run run --rm IMAGE
.Dl ctr run --rm -t --runc-binary /usr/local/bin/rlc-run IMAGE ID
.Pp
Nothing is paused, resumed, updated or checkpointed: there are no verbs for it.
.Ss What is as the configuration says
Arguments, environment, working directory, user and groups, umask, limits,
capabilities, mounts, namespaces (new ones or those of a file), masked and
read-only paths, host and domain name, sysctls that belong to the container's
own namespaces, hooks, terminal, a read-only root.
Mounts, masked paths and devices are found beneath the root, whatever symlinks
say.
Where the tree lacks a place for a mount it is made, and removed at the end;
until then the attribute
.Li user.rlc.points
of the tree's top lists it.
.Ss What is not
Limits by cgroups, seccomp filters, labels of security modules, id mappings of a
mount, devices other than null, zero, full, random, urandom, tty and those that the caller has under
the same name.
Where devices are denied, root's container has no CAP_MKNOD instead, and its tree is
mounted without devices.
One message says what of that a configuration asks for, and the container runs
without; with
.Cm create
it is in the log, and in the annotation
.Li rlc.skipped
that
.Cm state
shows;
with
.Fl -strict
it does not run.
A fresh
.Pa /proc
or
.Pa /sys
that the host refuses is replaced by the host's own.
Where system calls are answered,
.Li NoNewPrivs
of
.Pa /proc/self/status
is 1; setuid files work all the same where
.Li noNewPrivileges
is not set.
.Ss Processes
The first process of a container looks after its command: it reaps, passes signals on, and answers
the command's system calls where owners are emulated.
Its number is in the file of
.Fl -pid-file ,
and its end, with the command's exit status, is the container's end.
Processes that
.Cm exec
adds are looked after in the same way.
.Sh ENVIRONMENT
.Bl -tag -width XDG_RUNTIME_DIR
.It Ev XDG_RUNTIME_DIR
States are kept in
.Pa rlc-run
in it; in
.Pa /tmp/rlc-run-UID
where it is not set.
.El
.Sh EXIT STATUS
.Bl -tag -width 128+N
.It 125
A container could not be made by
.Cm run
or
.Cm exec ;
the other verbs exit with 1 where something failed, with 2 for wrong usage.
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
Unpack an image, and run it:
.Bd -literal -offset indent
rlc-image unpack --image images:debian bundle
rlc-run run -b bundle
.Ed
.Pp
As Podman does it, with
.Li \(dqterminal\(dq: false
in
.Pa config.json
or a
.Fl -console-socket :
.Bd -literal -offset indent
rlc-run create -b bundle web
rlc-run start web
rlc-run exec web ps
rlc-run kill web
rlc-run delete web
.Ed
.Sh SEE ALSO
.Xr rlc 1 ,
.Xr rlc-image 1 ,
.Xr rlc-unshare 1
*/
#include "applets/run/image.h"

#include "applets/lib/verbs.h"
#include "core/base/nearest.h"

static const struct verb_row rows[] = {
	{&run_run, NULL},
	{&run_create, NULL},
	{&run_start, NULL},
	{&run_state, NULL},
	{&run_kill, NULL},
	{&run_delete, NULL},
	{&run_list, "ls"},
	{&run_exec, NULL},
	{&run_ps, NULL},
	{&run_features, NULL},
	{&run_spec, NULL},
};

static const struct verbs verbs = {rows, ARRAY_SIZE(rows)};

/* NULL: the word is none. */
static const struct applet *find_verb(const char *word)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(strchr(rows[i].verb->name, ' ') + 1, word) == 0 ||
			(rows[i].alias && strcmp(rows[i].alias, word) == 0))
			return rows[i].verb;
	return NULL;
}

/* Options that stand before the verb belong to it; argv[first] is the verb. */
static int start_verb(const struct applet *verb, int argc, char **argv, int first)
{
	memmove(argv + 1, argv, (size_t)first * sizeof(*argv));
	return finish_output(verb, verb->main(verb, argc - 1, argv + 1));
}

/* A caller of runtimes reads the log alone. */
static int unknown(const struct call *c, const char *word)
{
	struct nearest nearest = {.word = word, .len = strlen(word)};
	cleanup_err struct err err = ERR_NONE;
	size_t i;

	if (c->log) {
		err_tell(&err, -EINVAL, "no such verb", word);
		call_fail(c, &err);
		return EXIT_USAGE;
	}
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		nearest_try(&nearest, strchr(rows[i].verb->name, ' ') + 1);
	if (nearest.best)
		return usage_error(
			c->self, "%s: no such verb; did you mean '%s'?", word, nearest.best);
	return usage_error(c->self, "%s: neither a verb nor an image, which is LAYOUT:TAG", word);
}

static int run_other(struct call *c)
{
	if (c->bundle)
		return run_bundle_once(c, c->o.operands);
	if (!c->o.operand_count)
		return usage_error(c->self, "the verb, the bundle or the image is missing");
	if (c->commit || c->store || strchr(c->o.operands[0], ':'))
		return run_image(c, c->o.operands[0], c->o.operands + 1);
	return unknown(c, c->o.operands[0]);
}

static bool starts_something(const struct applet *verb)
{
	return !verb || verb == &run_run || verb == &run_create || verb == &run_exec;
}

static int main_of_run(const struct applet *self, int argc, char **argv)
{
	const struct applet *verb = NULL;
	struct options before;
	struct call c;
	int status = verbs_look(self, &verbs, &before, argc, argv);

	if (status >= 0)
		return status;
	status = call_read(&c, self, argc, argv, 0, -1);
	if (status < 0 && !c.bundle && c.o.operand_count)
		verb = find_verb(c.o.operands[0]);
	if (status < 0 && starts_something(verb))
		run_seal(argv);
	if (verb)
		status = start_verb(verb, argc, argv, argc - c.o.operand_count);
	else if (status < 0)
		status = run_other(&c);
	call_free(&c);
	return status;
}

static const struct option_row run_options[] = {
	RUN_ROW_BUNDLE,
	{RUN_COMMIT, 0, "commit", "TAG", "make an image of what the command has changed"},
	{RUN_STORE, 0, "store", "DIR", "where unpacked layers are kept (~/.cache/rlc/store)"},
	RUN_ROWS_GUEST,
	RUN_ROWS_ALL,
	{0},
};

const struct applet applet_run = {
	.name = "run",
	.summary = "Run containers, as an ordinary user.",
	.usage =
		"[OPTION]... LAYOUT:TAG [COMMAND [ARGUMENT]...]\n-b BUNDLE [OPTION]... [COMMAND [ARGUMENT]...]\nVERB [ARGUMENT]...",
	.options = run_options,
	.main = main_of_run,
};
