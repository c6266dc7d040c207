// SPDX-License-Identifier: Apache-2.0
#include "applets/lib/options.h"

#include "core/base/nearest.h"

const struct option_row options_of_all[] = {
	{OPTION_HELP, 0, "help", NULL, "show this and exit"},
	{OPTION_VERSION, 0, "version", NULL, "show the version and exit"},
	{0},
};

void options_start(struct options *o, const struct applet *applet, int argc, char **argv)
{
	*o = (struct options){
		.applet = applet,
		.argc = argc,
		.argv = argv,
		.next = argc > 0,
		.first = argc > 0,
		.stop_at_operand = getenv("POSIXLY_CORRECT") != NULL,
	};
}

/* The next element; it is moved before the operands seen so far. */
static char *take(struct options *o)
{
	char **first = o->argv + o->first, *taken = o->argv[o->next];

	memmove(first + 1, first, (size_t)(o->next - o->first) * sizeof(*first));
	*first = taken;
	o->first++;
	o->next++;
	return taken;
}

void options_old_style(struct options *o)
{
	if (o->next >= o->argc || *o->argv[o->next] == '-' || !*o->argv[o->next])
		return;
	o->rest = take(o);
	o->old_style = true;
}

/* What an option that was understood comes to. */
static int found(const struct options *o, int id)
{
	if (o->tell || (id != OPTION_HELP && id != OPTION_VERSION))
		return id;
	if (id == OPTION_HELP)
		print_help(o->applet);
	else
		print_version(o->applet);
	return OPTION_DONE;
}

/* Makes the next element the option's argument. */
static bool take_arg(struct options *o)
{
	if (o->next >= o->argc)
		return false;
	o->arg = take(o);
	return true;
}

static const struct option_row *find_letter(const struct option_row *row, char letter)
{
	for (; row && !option_row_is_end(row); row++)
		if (row->letter == letter)
			return row;
	return NULL;
}

static int letter_option(struct options *o)
{
	char letter = *o->rest++;
	bool old_style = o->old_style;
	const struct option_row *row = find_letter(o->applet->options, letter);

	if (row && option_needs_arg(row) && *o->rest && !old_style) {
		o->arg = o->rest;
		o->rest = NULL;
		return found(o, row->id);
	}
	if (!*o->rest) {
		o->rest = NULL;
		o->old_style = false;
	}
	if (!row)
		usage_error(o->applet, "unknown option '-%c'", letter);
	else if (!option_needs_arg(row) || take_arg(o))
		return found(o, row->id);
	else
		usage_error(o->applet, "option '-%c' needs an argument", letter);
	return OPTION_BAD;
}

/* What the tables have for a long option. */
struct match {
	const char *word; /* as it was typed, and its length */
	size_t len;
	const struct option_row *exact;
	const struct option_row *begins[2]; /* two that begin so; NULL */
	struct nearest nearest;
};

static void match_rows(struct match *m, const struct option_row *row)
{
	for (; row && !option_row_is_end(row); row++) {
		if (!row->word)
			continue;
		nearest_try(&m->nearest, row->word);
		if (strncmp(row->word, m->word, m->len) != 0)
			continue;
		if (!row->word[m->len])
			m->exact = row;
		if (!m->begins[0])
			m->begins[0] = row;
		else if (m->begins[0]->id != row->id)
			m->begins[1] = row;
	}
}

/* The row for word, or NULL after a message. */
static const struct option_row *find_word(const struct options *o, const char *word, size_t len)
{
	struct match m = {.word = word, .len = len, .nearest = {.word = word, .len = len}};
	int shown = (int)MIN(len, 256);

	match_rows(&m, o->applet->options);
	match_rows(&m, options_of_all);
	if (m.exact || (m.begins[0] && !m.begins[1]))
		return m.exact ? m.exact : m.begins[0];
	if (m.begins[1])
		usage_error(o->applet, "option '--%.*s' may be '--%s' or '--%s'", shown, word,
			m.begins[0]->word, m.begins[1]->word);
	else if (m.nearest.best)
		usage_error(o->applet, "unknown option '--%.*s'; did you mean '--%s'?", shown, word,
			m.nearest.best);
	else
		usage_error(o->applet, "unknown option '--%.*s'", shown, word);
	return NULL;
}

/* text is what follows "--". */
static int word_option(struct options *o, char *text)
{
	size_t len = strcspn(text, "=");
	const struct option_row *row = find_word(o, text, len);

	if (!row)
		return OPTION_BAD;
	if (text[len] && !row->arg) {
		usage_error(o->applet, "option '--%s' takes no argument", row->word);
		return OPTION_BAD;
	}
	if (text[len])
		o->arg = text + len + 1;
	else if (option_needs_arg(row) && !take_arg(o)) {
		usage_error(o->applet, "option '--%s' needs an argument", row->word);
		return OPTION_BAD;
	}
	return found(o, row->id);
}

/* An operand, or OPTION_END where it ends the options, or 1 where it is passed over. */
static int operand(struct options *o)
{
	if (o->in_order) {
		o->arg = take(o);
		return OPTION_OPERAND;
	}
	if (o->no_more || o->stop_at_operand)
		return OPTION_END;
	o->next++;
	return 1;
}

static int options_end(struct options *o)
{
	o->operands = o->argv + o->first;
	o->operand_count = o->argc - o->first;
	return OPTION_END;
}

int options_next(struct options *o)
{
	o->arg = NULL;
	if (o->rest)
		return letter_option(o);
	while (o->next < o->argc) {
		char *text = o->argv[o->next];
		int r;

		if (o->no_more || text[0] != '-' || !text[1]) {
			r = operand(o);
			if (r == OPTION_END)
				break;
			if (r == OPTION_OPERAND)
				return r;
		} else if (strcmp(text, "--") == 0) {
			take(o);
			o->no_more = true;
		} else if (text[1] == '-') {
			return word_option(o, take(o) + 2);
		} else {
			o->rest = take(o) + 1;
			return letter_option(o);
		}
	}
	return options_end(o);
}
