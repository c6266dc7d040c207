// SPDX-License-Identifier: Apache-2.0
#include "applets/lib/verbs.h"

#include "core/base/buf.h"
#include "core/base/nearest.h"

#include <stdio.h>

/* The verb's own words: what follows "APPLET ". */
static const char *verb_words(const struct verb_row *row)
{
	return strchr(row->verb->name, ' ') + 1;
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

static const struct verb_row *find(const struct verbs *v, int argc, char **argv, int *words)
{
	const struct verb_row *row;

	for (row = v->rows; row < v->rows + v->count; row++) {
		*words = match_words(verb_words(row), argc, argv);
		if (!*words && row->alias)
			*words = match_words(row->alias, argc, argv);
		if (*words)
			return row;
	}
	return NULL;
}

/* Whether some verb of two words starts with this one. */
static bool starts_verb(const struct verbs *v, const char *word)
{
	const struct verb_row *row;
	size_t len = strlen(word);

	for (row = v->rows; row < v->rows + v->count; row++)
		if (strncmp(verb_words(row), word, len) == 0 && verb_words(row)[len] == ' ')
			return true;
	return false;
}

/* The words that may follow this one. */
static int needs_more(const struct applet *self, const struct verbs *v, const char *word)
{
	cleanup_buf struct buf more = BUF_NONE;
	const struct verb_row *row;
	size_t len = strlen(word);

	for (row = v->rows; row < v->rows + v->count; row++)
		if (strncmp(verb_words(row), word, len) == 0 && verb_words(row)[len] == ' ')
			buf_addf(&more, "%s%s", more.len ? ", " : "", verb_words(row) + len + 1);
	return usage_error(
		self, "%s: one of these words must follow: %s", word, more.failed ? "" : more.data);
}

/* What was typed, of one word or two. */
static int unknown(const struct applet *self, const struct verbs *v, int argc, char **argv)
{
	cleanup_free char *typed = NULL;
	struct nearest nearest = {.len = 0};
	const struct verb_row *row;
	bool two = argc > 1 && starts_verb(v, argv[0]);

	if (argc == 1 && starts_verb(v, argv[0]))
		return needs_more(self, v, argv[0]);
	if (asprintf(&typed, "%s%s%s", argv[0], two ? " " : "", two ? argv[1] : "") < 0)
		typed = NULL;
	nearest.word = typed ? typed : argv[0];
	nearest.len = strlen(nearest.word);
	for (row = v->rows; row < v->rows + v->count; row++) {
		nearest_try(&nearest, verb_words(row));
		if (row->alias)
			nearest_try(&nearest, row->alias);
	}
	if (nearest.best)
		return usage_error(
			self, "%s: no such verb; did you mean '%s'?", nearest.word, nearest.best);
	return usage_error(self, "%s: no such verb", nearest.word);
}

int verbs_run(const struct applet *self, const struct verbs *verbs, int argc, char **argv)
{
	int words;
	const struct verb_row *row = find(verbs, argc, argv, &words);

	if (!row)
		return unknown(self, verbs, argc, argv);
	words--;
	return finish_output(row->verb, row->verb->main(row->verb, argc - words, argv + words));
}

static void help(const struct applet *self, const struct verbs *verbs)
{
	const struct verb_row *row;

	print_help(self);
	puts("\nVerbs:");
	for (row = verbs->rows; row < verbs->rows + verbs->count; row++)
		print_help_text(printf("  %s%s%s", verb_words(row), row->alias ? ", " : "",
					row->alias ? row->alias : ""),
			row->verb->summary);
}

int verbs_look(const struct applet *self, const struct verbs *verbs, struct options *o, int argc,
	char **argv)
{
	int id;

	options_start(o, self, argc, argv);
	o->stop_at_operand = o->tell = true;
	while ((id = options_next(o)) != OPTION_END)
		if (id == OPTION_BAD)
			return EXIT_USAGE;
		else if (id == OPTION_HELP)
			return help(self, verbs), EXIT_DONE;
		else if (id == OPTION_VERSION)
			return print_version(self), EXIT_DONE;
	return -1;
}

int verb_options(struct options *o, const struct verb_takers *t, int least, int most)
{
	int id, status;

	while ((id = options_next(o)) != OPTION_END) {
		if (id == OPTION_DONE || id == OPTION_BAD)
			return id == OPTION_DONE ? EXIT_DONE : EXIT_USAGE;
		status = t->common(t->common_arg, id, o->arg);
		if (status < 0)
			status = t->own ? t->own(t->own_arg, id, o->arg) : EXIT_DONE;
		if (status != EXIT_DONE)
			return status;
	}
	if (o->operand_count < least)
		return usage_error(o->applet, "an operand is missing");
	if (o->operand_count > most)
		return usage_error(o->applet, "%s: one operand too many", o->operands[most]);
	return -1;
}
