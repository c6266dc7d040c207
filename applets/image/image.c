// SPDX-License-Identifier: Apache-2.0
/* kconfig
config APPLET_IMAGE
	bool "rlc-image"
	default y
	select PACK
	select SHA256
	select IMAGE
	help
	  Unpack, change, repack and inspect OCI images, with the owners of their files, as an
	  ordinary user.
*/
/* man image
.Sh DESCRIPTION
Works on images in an OCI image layout: a directory that holds images as blobs, each named by
its digest, and the file
.Pa index.json ,
which says by which tags they are called.
Verbs and options are those of
.Xr umoci 1 .
.Pp
What is read is verified: digests, sizes, and what the documents must say.
What is written is written aside, synced and renamed,
.Pa index.json
last, so that whoever is interrupted leaves the layout as it was.
Several may work on one layout at once.
.Pp
.Fl -compress Cm zstd:chunked
makes zstd layers in which each file is compressed by itself, with a table of contents behind them,
from which Podman and others fetch only the files that they lack.
Such a layer has no sparse files, and only names in UTF-8.
.Sh ENVIRONMENT
.Bl -tag -width SOURCE_DATE_EPOCH
.It Ev SOURCE_DATE_EPOCH
Seconds since 1970: the time that counts as now, so that the same work makes the same bytes.
.It Ev TMPDIR
Where
.Cm copy
has a layout of its own while neither end is one that it may write to, and where what is known of
the files goes that has no room in memory when layers are merged or compared;
.Pa /tmp
where it is not set.
.El
.Sh EXIT STATUS
0 where all was done, 1 where something was not, 2 for wrong usage.
.Sh EXAMPLES
An image from nothing:
.Bd -literal -offset indent
rlc-image init --layout images
rlc-image new --image images:mine
rlc-image config --image images:mine --config.cmd /bin/sh
rlc-image stat --image images:mine
.Ed
.Pp
Of an image, a changed one:
.Bd -literal -offset indent
rlc-image unpack --image images:debian bundle
rlc-unshare -R bundle/rootfs apt-get install -y hello
rlc-image repack --image images:hello bundle
rlc-image diff images:debian images:hello
rlc-image copy images:hello docker-archive:hello.tar:hello:1
.Ed
.Sh SEE ALSO
.Xr rlc 1 ,
.Xr rlc-tar 1 ,
.Xr rlc-unshare 1
*/
#include "applets/image/image.h"
#include "applets/lib/text.h"

#include <stdio.h>

/* The verbs, as --help shows them; words are what follows "image ". */
static const struct verb_row {
	const struct applet *verb;
	const char *alias; /* another word for it; NULL for none */
} verbs[] = {
	{&verb_init, NULL},
	{&verb_new, NULL},
	{&verb_list, "ls"},
	{&verb_tag, NULL},
	{&verb_remove, "rm"},
	{&verb_gc, NULL},
	{&verb_stat, NULL},
	{&verb_config, NULL},
	{&verb_past, NULL},
	{&verb_flatten, NULL},
	{&verb_squash, NULL},
	{&verb_rebase, NULL},
	{&verb_copy, NULL},
	{&verb_diff, NULL},
	{&verb_apply, NULL},
	{&verb_validate, NULL},
	{&verb_index_list, "index ls"},
	{&verb_index_add, NULL},
	{&verb_index_merge, NULL},
	{&verb_index_remove, "index rm"},
	{&verb_unpack, NULL},
	{&verb_repack, NULL},
	{&verb_insert, NULL},
	{&verb_raw_unpack, NULL},
	{&verb_raw_add_layer, NULL},
	{&verb_raw_config, "raw runtime-config"},
};

static const char *verb_words(const struct verb_row *row)
{
	return row->verb->name + strlen("image ");
}

/* Whether the words are those of the command line: how many they are, or 0. */
static int match_words(const char *words, int argc, char **argv)
{
	int n = 0;

	while (*words) {
		size_t len = strcspn(words, " ");

		if (n == argc || strncmp(argv[n], words, len) != 0 || argv[n][len])
			return 0;
		n++;
		words += len + (words[len] == ' ');
	}
	return n;
}

static const struct verb_row *find_verb(int argc, char **argv, int *words)
{
	const struct verb_row *row;

	for (row = verbs; row < verbs + ARRAY_SIZE(verbs); row++) {
		*words = match_words(verb_words(row), argc, argv);
		if (!*words && row->alias)
			*words = match_words(row->alias, argc, argv);
		if (*words)
			return row;
	}
	return NULL;
}

/* Whether some verb of two words starts with this one. */
static bool starts_verb(const char *word)
{
	const struct verb_row *row;
	size_t len = strlen(word);

	for (row = verbs; row < verbs + ARRAY_SIZE(verbs); row++)
		if (strncmp(verb_words(row), word, len) == 0 && verb_words(row)[len] == ' ')
			return true;
	return false;
}

/* The words that may follow this one. */
static int needs_more(const struct applet *self, const char *word)
{
	cleanup_buf struct buf more = BUF_NONE;
	const struct verb_row *row;
	size_t len = strlen(word);

	for (row = verbs; row < verbs + ARRAY_SIZE(verbs); row++)
		if (strncmp(verb_words(row), word, len) == 0 && verb_words(row)[len] == ' ')
			buf_addf(&more, "%s%s", more.len ? ", " : "", verb_words(row) + len + 1);
	return usage_error(
		self, "%s: one of these words must follow: %s", word, more.failed ? "" : more.data);
}

/* What was typed, of one word or two. */
static int no_verb(const struct applet *self, int argc, char **argv)
{
	cleanup_free char *typed = NULL;
	struct nearest nearest = {.len = 0};
	const struct verb_row *row;
	bool two = argc > 1 && starts_verb(argv[0]);

	if (argc == 1 && starts_verb(argv[0]))
		return needs_more(self, argv[0]);
	if (asprintf(&typed, "%s%s%s", argv[0], two ? " " : "", two ? argv[1] : "") < 0)
		typed = NULL;
	nearest.word = typed ? typed : argv[0];
	nearest.len = strlen(nearest.word);
	for (row = verbs; row < verbs + ARRAY_SIZE(verbs); row++) {
		nearest_try(&nearest, verb_words(row));
		if (row->alias)
			nearest_try(&nearest, row->alias);
	}
	if (nearest.best)
		return usage_error(
			self, "%s: no such verb; did you mean '%s'?", nearest.word, nearest.best);
	return usage_error(self, "%s: no such verb", nearest.word);
}

static void show_help(const struct applet *self)
{
	const struct verb_row *row;

	print_help(self);
	puts("\nVerbs:");
	for (row = verbs; row < verbs + ARRAY_SIZE(verbs); row++)
		print_help_text(printf("  %s%s%s", verb_words(row), row->alias ? ", " : "",
					row->alias ? row->alias : ""),
			row->verb->summary);
}

enum { IMAGE_LOG = 256, IMAGE_VERBOSE };

static const struct option_row image_options[] = {
	{IMAGE_VERBOSE, 0, "verbose", NULL, "taken as umoci does; messages stay the same"},
	{IMAGE_LOG, 0, "log", "LEVEL", "the same"},
	{0},
};

/* A time that is not understood would silently become now. */
static bool good_epoch(const char *epoch)
{
	char *end;

	errno = 0;
	(void)strtoll(epoch, &end, 10);
	return end != epoch && !*end && !errno;
}

static int image_main(const struct applet *self, int argc, char **argv)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	const struct verb_row *row;
	struct options o;
	int id, words;

	options_start(&o, self, argc, argv);
	o.stop_at_operand = o.tell = true;
	while ((id = options_next(&o)) != OPTION_END)
		if (id == OPTION_BAD)
			return EXIT_USAGE;
		else if (id == OPTION_HELP)
			return show_help(self), EXIT_DONE;
		else if (id == OPTION_VERSION)
			return print_version(self), EXIT_DONE;
	if (o.operand_count == 0)
		return usage_error(self, "the verb is missing");
	if (epoch && *epoch && !good_epoch(epoch))
		return usage_error(self, "SOURCE_DATE_EPOCH: '%s' is not understood", epoch);
	row = find_verb(o.operand_count, o.operands, &words);
	if (!row)
		return no_verb(self, o.operand_count, o.operands);
	words--;
	return finish_output(
		row->verb, row->verb->main(row->verb, o.operand_count - words, o.operands + words));
}

const struct applet applet_image = {
	.name = "image",
	.summary = "Unpack, change, repack and inspect OCI images, with their files' owners.",
	.usage = "VERB [ARGUMENT]...",
	.options = image_options,
	.main = image_main,
};
