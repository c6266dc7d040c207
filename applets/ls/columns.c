// SPDX-License-Identifier: Apache-2.0
#include "applets/ls/ls.h"

#include "applets/lib/text.h"
#include "core/owner/text.h"
#include <sys/ioctl.h>

enum { GAP = 2, LEAST = 3, TAB = 8 };

static size_t line_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	struct text t = text_of(columns, columns ? strlen(columns) : 0);
	uint32_t n;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
		return size.ws_col;
	return text_u32(&t, &n) && n > 0 && n < INT_MAX ? n : 80;
}

/* A column a character; what is no character comes as '?' or as it is. */
static size_t text_width(const char *s)
{
	size_t len = strlen(s), width = 0;

	while (len) {
		size_t n = utf8_length(s, len);

		if (n == 0)
			n = 1;
		s += n;
		len -= n;
		width++;
	}
	return width;
}

static size_t item_width(
	const struct ls *ls, const struct items *l, const struct item *item, size_t front)
{
	bool marked = ls->classify && type_mark(item->mode);

	return front + text_width(item_name(l, item)) + marked;
}

/* The files in columns of so many rows; whether they fit. */
static bool fits(const size_t *files, size_t count, size_t columns, size_t *widths, size_t line)
{
	size_t rows = (count + columns - 1) / columns, sum = 0;

	for (size_t i = 0; i < columns; i++)
		widths[i] = LEAST;
	for (size_t i = 0; i < count; i++) {
		size_t column = i / rows, width = files[i] + (column == columns - 1 ? 0 : GAP);

		if (widths[column] < width)
			widths[column] = width;
	}
	for (size_t i = 0; i < columns; i++)
		sum += widths[i];
	return sum < line;
}

/* Goes on from one column to another, by tabs as far as they go. */
static void print_gap(struct out *o, size_t from, size_t to)
{
	while (from < to) {
		bool tab = to / TAB > (from + 1) / TAB;

		out_char(o, tab ? '\t' : ' ');
		from += tab ? TAB - from % TAB : 1;
	}
}

struct layout {
	size_t *files, *widths; /* of each file, of each column */
	size_t front, columns;
};

static void print_rows(
	struct ls *ls, const struct items *l, const struct widths *w, const struct layout *layout)
{
	size_t rows = (l->count + layout->columns - 1) / layout->columns;

	for (size_t row = 0; row < rows; row++) {
		size_t at = 0;

		for (size_t i = row, column = 0; i < l->count; i += rows, column++) {
			print_front(ls, &l->items[i], w);
			print_name(ls, item_name(l, &l->items[i]), l->items[i].mode);
			if (i + rows < l->count)
				print_gap(&ls->out, at + layout->files[i],
					at + layout->widths[column]);
			at += layout->widths[column];
		}
		out_char(&ls->out, '\n');
	}
}

void print_columns(struct ls *ls, const struct items *l, const struct widths *w)
{
	size_t line = line_width(), most = MAX(MIN(line / LEAST, l->count), 1);
	cleanup_free size_t *files = calloc(l->count + 1, sizeof(*files));
	cleanup_free size_t *widths = calloc(most, sizeof(*widths));
	struct layout layout = {files, widths, front_width(ls, w), most};

	if (!files || !widths)
		return ls_no_memory(ls);
	for (size_t i = 0; i < l->count; i++)
		files[i] = item_width(ls, l, &l->items[i], layout.front);
	while (layout.columns > 1 && !fits(files, l->count, layout.columns, widths, line))
		layout.columns--;
	if (layout.columns == 1)
		fits(files, l->count, 1, widths, line);
	print_rows(ls, l, w, &layout);
}
