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
Builds images from a file of steps, as
.Xr stacker 1
does, whose files and options these are.
.Sh SEE ALSO
.Xr rlc-image 1 ,
.Xr rlc-unshare 1
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
	int id;

	options_start(&o, self, argc, argv);
	o.stop_at_operand = o.tell = true;
	while ((id = options_next(&o)) != OPTION_END)
		if (id == OPTION_BAD)
			return EXIT_USAGE;
		else if (id == OPTION_HELP)
			return verbs_help(self, &verbs), EXIT_DONE;
		else if (id == OPTION_VERSION)
			return print_version(self), EXIT_DONE;
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
