// SPDX-License-Identifier: Apache-2.0
/* kconfig
config APPLET_BUILD
	bool "rlc-build"
	default y
	depends on APPLET_UNSHARE
	select PACK
	select SHA256
	select IMAGE
	select BUILD
	help
	  Builds images from a file of steps, as an ordinary user.
*/
/* man build
.Sh DESCRIPTION
Builds images from a file of steps as
.Xr stacker 1
does, whose files, verbs and options these are: as an ordinary user, without subordinate ids.
Steps run in
.Xr rlc-unshare 1
as fake root over an overlay of the layers so far; what a step changes becomes one layer, with true
owners.
Nothing is fetched: images and files come from this machine.
.Ss The file
An image a key; in it:
.Bl -tag -width Ds
.It Cm from
What it is based on:
.Cm type
.Cm scratch ,
.Cm oci
.Pq Cm url No is Ar DIR : Ns Ar TAG ,
.Cm docker
.Po Cm url
is
.Li oci: Ns Ar DIR : Ns Ar TAG ,
.Li docker-archive: Ns Ar FILE : Ns Ar NAME
or
.Li oci-archive: Ns Ar FILE : Ns Ar TAG
.Pc ,
.Cm tar
.Pq Cm url No is a file, or Li stacker:// Ns Ar NAME Ns / Ns Ar PATH
or
.Cm built
.Pq Cm tag No is an image of this build .
.Cm insecure
is taken, and changes nothing: it is about registries.
.It Cm imports
Files, directories and
.Li stacker:// Ns Ar NAME Ns / Ns Ar PATH ,
which steps find in
.Pa /stacker/imports ;
with
.Cm dest
they are put into the image instead, with
.Cm mode , uid
and
.Cm gid .
A
.Pa /
at the end of a path is what is in the directory.
.It Cm overlay_dirs
Directories whose content is put into the image; owners are root's.
.It Cm binds
Directories and files of the host that steps see, and may write to.
.It Cm apply
Other images whose layers are included as they are.
What both changed, and not alike, is an error that names it, but for lists of users and packages:
these are merged, rpm's database by the image's own
.Xr rpmdb 8 ,
.Pa ld.so.cache
by its
.Xr ldconfig 8 .
.It Cm run
The steps, for
.Pa /bin/sh -xe .
What they put into
.Pa /stacker/artifacts
is left in the stacker directory.
.It Cm build_env , build_env_passthrough
What variables they have; without the second one those of proxies and
.Ev SOURCE_DATE_EPOCH
pass.
.It Cm generate_labels
Steps whose changes are thrown away; a file in
.Pa /oci-labels
is a label.
.It Cm environment , labels , annotations , cmd , entrypoint , full_command
.It Cm working_dir , volumes , runtime_user , os , arch
The image's configuration.
.It Cm build_only
It goes to no layout.
.El
.Pp
.Cm config
is no image; its
.Cm prerequisites
are files that are built before.
.Li ${{ Ns Ar NAME Ns }}
and
.Li ${{ Ns Ar NAME : Ns Ar DEFAULT Ns }}
are substituted.
.Ss What is cached
Steps are known by all that they are made of: the base's layers, the script, its environment, the
content, modes and owners of imports, overlay_dirs and binds, what is taken from other images,
.Ev SOURCE_DATE_EPOCH .
Times do not count.
The rest of a recipe, as labels, runs no steps again;
.Cm generate_labels
runs by itself.
What changes while steps run is not taken for what they had: the next build runs them again.
.Sh ENVIRONMENT
.Bl -tag -width SOURCE_DATE_EPOCH
.It Ev SOURCE_DATE_EPOCH
Seconds since 1970: the time that counts as now, and the latest that a layer has, so that the same
inputs make the same bytes.
Holes of files are written as zeros then: which zeros are a hole is the file system's choice.
Where no overlay can be mounted steps run in a whole tree, and make the same, unless they look at
link counts or inode numbers: there each name of a file of the base is a file of its own.
.El
.Sh FILES
.Bl -tag -width .stacker/artifacts/NAME
.It Pa .stacker/logs/NAME
What the steps of an image wrote.
.It Pa .stacker/artifacts/NAME
What they left there.
.It Pa .stacker/layout
A layout of all images that were built, with those that are
.Cm build_only .
.It Pa .stacker/store
Their layers, unpacked.
.It Pa oci
The layout that images go to.
.It Pa ~/.config/stacker/conf.yaml
With
.Ev XDG_CONFIG_HOME
.Pa conf.yaml
in that: what
.Fl -config
names otherwise.
.Cm work_dir , stacker_dir , oci_dir
and
.Cm rootfs_dir
are what the options
.Fl -work-dir , -stacker-dir , -oci-dir
and
.Fl -roots-dir
are, where these are not given.
.El
.Sh EXIT STATUS
0 where all was done, 1 where something was not, 2 for wrong usage;
.Cm chroot
has that of its command.
.Sh EXAMPLES
.Bd -literal -offset indent
cat >stacker.yaml <<'END'
hello:
  from: {type: oci, url: "images:debian"}
  run: |
    apt-get update
    apt-get install -y hello
  cmd: hello
END
rlc-build build
rlc-build chroot hello hello
.Ed
.Pp
Why is it built again?
.Pp
.Dl rlc-build build --why
.Sh SEE ALSO
.Xr rlc 1 ,
.Xr rlc-image 1 ,
.Xr rlc-unshare 1 ,
.Xr stacker 1
*/
#include "applets/build/build.h"
#include "applets/lib/verbs.h"

/* The verbs, as --help shows them. */
static const struct verb_row rows[] = {
	{&build_build, NULL},
	{&build_recursive, NULL},
	{&build_convert, NULL},
	{&build_publish, NULL},
	{&build_chroot, "exec"},
	{&build_clean, NULL},
	{&build_inspect, NULL},
	{&build_grab, NULL},
	{&build_gc, NULL},
	{&build_check, NULL},
};

static const struct verbs verbs = {rows, ARRAY_SIZE(rows)};

static const struct option_row build_rows[] = {
	BUILD_ROWS,
	{0},
};

/* The options before the verb go behind it: its table has them, too. */
static char **verb_first(char **argv, char **verb)
{
	char *word = *verb;

	memmove(argv + 1, argv, (size_t)(verb - argv) * sizeof(*argv));
	argv[0] = word;
	return argv;
}

static int build_main(const struct applet *self, int argc, char **argv)
{
	struct options o;
	int status = verbs_look(self, &verbs, &o, argc, argv);

	if (status >= 0)
		return status;
	if (o.operand_count == 0)
		return usage_error(self, "the verb is missing");
	return verbs_run(self, &verbs, argc - 1, verb_first(argv + 1, o.operands));
}

const struct applet applet_build = {
	.name = "build",
	.summary = "Build images from a file of steps.",
	.usage = "[OPTION]... VERB [ARGUMENT]...",
	.options = build_rows,
	.main = build_main,
};
