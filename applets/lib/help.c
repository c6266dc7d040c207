// SPDX-License-Identifier: Apache-2.0
#include "applets/lib/options.h"

#include <stdio.h>

enum { HELP_COLUMN = 29, WIDTH = 80 };

/* How much of text fits on a line of that width: up to a space, or a word that is longer. */
static size_t line_length(const char *text, size_t width)
{
	size_t fits = 0, end;

	for (end = strcspn(text, " "); end <= width || !fits;
		end += 1 + strcspn(text + end + 1, " ")) {
		fits = end;
		if (!text[end])
			break;
	}
	return fits;
}

void print_help_text(int used, const char *text)
{
	if (used > HELP_COLUMN - 2) {
		putchar('\n');
		used = 0;
	}
	do {
		size_t n = line_length(text, WIDTH - HELP_COLUMN);

		printf("%*s%.*s\n", HELP_COLUMN - used, "", (int)n, text);
		text += n + (text[n] == ' ');
		used = 0;
	} while (*text);
}

static void print_option(const struct option_row *row)
{
	int used = row->letter ? printf("  -%c", row->letter) : printf("    ");

	if (row->word)
		used += printf("%s--%s", row->letter ? ", " : "  ", row->word);
	if (row->arg && *row->arg == '[')
		used += printf("[=%s", row->arg + 1);
	else if (row->arg)
		used += printf("%c%s", row->word ? '=' : ' ', row->arg);
	print_help_text(used, row->help);
}

static void print_options(const struct option_row *row)
{
	const struct option_row *first = row;

	for (; row && !option_row_is_end(row); row++) {
		if (!row->letter && !row->word)
			printf("%s%s:\n", row == first ? "" : "\n", row->help);
		else if (row->help)
			print_option(row);
	}
}

static void print_name(const struct applet *self)
{
	printf("rlc%s%s ", *self->name ? "-" : "", self->name);
}

static void print_usage(const struct applet *self)
{
	const char *line = self->usage, *before = "Usage: ";

	while (line) {
		size_t n = strcspn(line, "\n");

		fputs(before, stdout);
		print_name(self);
		printf("%.*s\n", (int)n, line);
		line = line[n] ? line + n + 1 : NULL;
		before = "   or: ";
	}
}

void print_help(const struct applet *self)
{
	print_usage(self);
	printf("\n%s\n\n", self->summary);
	print_options(self->options);
	print_options(options_of_all);
}

void print_version(const struct applet *self)
{
	print_name(self);
	puts(rlc_version);
}
