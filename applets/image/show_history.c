// SPDX-License-Identifier: Apache-2.0
#include "applets/image/show.h"
#include "core/image/image.h"

/* A column is that wide at most: longer texts stand out, and do not make each line as long. */
enum { COLUMNS = 5, WIDTH_MAX = 1024 };

/* A line of the table; the cells stand in text, one behind the other, each ended by NUL. */
struct line {
	struct buf text;
	size_t cells[COLUMNS];
};

static void add_cell(struct line *line, int column, const char *text)
{
	line->cells[column] = line->text.len;
	show_quoted(&line->text, text, false);
	buf_add(&line->text, "", 1);
}

/* Characters, as Go's tabwriter counts them. */
static size_t width(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static void add_text(struct line *line, int column, const json_t *entry, const char *key)
{
	const char *text = doc_text(entry, key);

	add_cell(line, column, text ? text : "");
}

static void fill_line(struct line *line, const json_t *entry, const struct descriptor *layer)
{
	cleanup_buf struct buf size = BUF_NONE;

	if (layer)
		show_size(&size, layer->size);
	add_cell(line, 0, layer ? layer->digest : "<none>");
	add_text(line, 1, entry, "created");
	add_text(line, 2, entry, "created_by");
	add_cell(line, 3, size.data ? size.data : "<none>");
	add_text(line, 4, entry, "comment");
}

static void print_line(struct buf *out, const struct line *line, const size_t widths[COLUMNS])
{
	int c;

	for (c = 0; c < COLUMNS && !line->text.failed; c++) {
		const char *cell = line->text.data + line->cells[c];
		size_t pad = c + 1 < COLUMNS ? MAX(widths[c], width(cell) + 1) - width(cell) : 0;

		buf_adds(out, cell);
		while (pad--)
			buf_adds(out, " ");
	}
	buf_adds(out, "\n");
	out->failed |= line->text.failed;
}

static void fill_lines(const struct image *i, const json_t *history, struct line *lines)
{
	const json_t *entry;
	size_t n, layer = 0;
	int c;

	for (c = 0; c < COLUMNS; c++)
		add_cell(&lines[0], c,
			((const char *const[]){
				"LAYER", "CREATED", "CREATED BY", "SIZE", "COMMENT"})[c]);
	json_array_foreach(history, n, entry)
	{
		bool empty = json_is_true(json_object_get(entry, "empty_layer"));
		bool has = !empty && layer < i->layer_count;

		fill_line(&lines[n + 1], entry, has ? &i->layers[layer] : NULL);
		layer += has;
	}
}

void show_history(struct buf *out, const struct image *i)
{
	const json_t *history = json_object_get(i->config, "history");
	size_t count = json_array_size(history) + 1, n, widths[COLUMNS] = {0};
	struct line *lines = calloc(count, sizeof(*lines));
	int c;

	if (!lines) {
		out->failed = true;
		return;
	}
	fill_lines(i, history, lines);
	for (n = 0; n < count; n++)
		for (c = 0; c < COLUMNS && !lines[n].text.failed; c++)
			widths[c] = MAX(widths[c],
				MIN(MAX(width(lines[n].text.data + lines[n].cells[c]) + 1, 4),
					WIDTH_MAX));
	for (n = 0; n < count; n++) {
		print_line(out, &lines[n], widths);
		buf_free(&lines[n].text);
	}
	free(lines);
}

/* An entry with what layer it made, which comes first. */
static json_t *history_entry(const struct image *i, const json_t *entry, size_t layer)
{
	static const char *const keys[] = {
		"created", "created_by", "author", "comment", "empty_layer"};
	bool has = layer < i->layer_count;
	json_t *out = json_object(), *value;
	size_t n;

	json_object_set_new(out, "layer", has ? json_incref(i->layers[layer].json) : json_null());
	json_object_set_new(out, "diff_id", json_string(has ? i->diff_ids[layer] : ""));
	for (n = 0; n < ARRAY_SIZE(keys); n++) {
		value = json_object_get(entry, keys[n]);
		if (value && json_object_set(out, keys[n], value) != 0)
			break;
	}
	return out;
}

json_t *history_json(const struct image *i)
{
	json_t *list = json_array(), *entry;
	size_t n, layer = 0;

	json_array_foreach(json_object_get(i->config, "history"), n, entry)
	{
		bool empty = json_is_true(json_object_get(entry, "empty_layer"));
		json_t *made = history_entry(i, entry, empty ? i->layer_count : layer);

		layer += !empty;
		if (json_array_append_new(list, made) != 0) {
			doc_done(&list);
			return NULL;
		}
	}
	return list;
}
