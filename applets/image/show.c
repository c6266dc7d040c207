// SPDX-License-Identifier: Apache-2.0
#include "applets/image/image.h"
#include "applets/image/show.h"
#include "applets/lib/text.h"
#include "core/image/doc.h"

#include <stdio.h>

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = doc_text(object, key);

	return text ? text : "";
}

static bool has(const json_t *object, const char *key)
{
	return *text_of(object, key);
}

/* A character of UTF-8, len bytes of it. */
static unsigned int decode(const char *s, size_t len)
{
	static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	unsigned int c = (unsigned char)s[0] & masks[len];
	size_t i;

	for (i = 1; i < len; i++)
		c = c << 6 | ((unsigned char)s[i] & 0x3f);
	return c;
}

/* Characters that show nothing, or change how others are shown. */
static bool unprintable(unsigned int c)
{
	static const unsigned int ranges[][2] = {{0, 0x1f}, {0x7f, 0xa0}, {0xad, 0xad},
		{0x200b, 0x200f}, {0x2028, 0x202f}, {0x205f, 0x206f}, {0x3000, 0x3000},
		{0xe000, 0xf8ff}, {0xfeff, 0xfeff}, {0xfff0, 0xfffb}, {0xe0000, 0x10ffff}};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		if (c >= ranges[i][0] && c <= ranges[i][1])
			return true;
	return false;
}

/* Adds one character as strconv.Quote does: whether it had to be written otherwise. */
static bool add_quoted(struct buf *out, const char *s, size_t len)
{
	static const char letters[] = "\aa\bb\ff\nn\rr\tt\vv\"\"\\\\";
	unsigned int c = len ? decode(s, len) : (unsigned char)*s;
	const char *letter = NULL;
	size_t i;

	for (i = 0; i + 1 < sizeof(letters) && c; i += 2)
		if ((unsigned char)letters[i] == c && len)
			letter = letters + i + 1;
	if (letter)
		buf_addf(out, "\\%c", *letter);
	else if (!len || c < 0x20 || c == 0x7f)
		buf_addf(out, "\\x%02x", c);
	else if (unprintable(c))
		buf_addf(out, c > 0xffff ? "\\U%08x" : "\\u%04x", c);
	else
		buf_add(out, s, len);
	return letter || !len || unprintable(c);
}

void show_quoted(struct buf *out, const char *text, bool precise)
{
	cleanup_buf struct buf quoted = BUF_NONE;
	bool needed = precise && (!*text || strpbrk(text, " ,"));
	size_t left = strlen(text);

	buf_adds(&quoted, "");
	while (left) {
		size_t len = utf8_length(text, left), step = len ? len : 1;

		needed |= add_quoted(&quoted, text, len);
		text += step;
		left -= step;
	}
	if (needed)
		buf_addf(out, "\"%s\"", quoted.data);
	else
		buf_adds(out, quoted.data);
	out->failed |= quoted.failed;
}

void show_size(struct buf *out, int64_t size)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
	double value = (double)size;
	size_t unit = 0;

	for (; value >= 1000 && unit + 1 < ARRAY_SIZE(units); unit++)
		value /= 1000;
	buf_addf(out, "%.4g%s", value, units[unit]);
}

static void start(struct buf *out, int tabs, const char *key)
{
	while (tabs--)
		buf_adds(out, "\t");
	buf_addf(out, "%s:", key);
}

void show_text(struct buf *out, int tabs, const char *key, const char *value)
{
	start(out, tabs, key);
	buf_adds(out, " ");
	show_quoted(out, value, true);
	buf_adds(out, "\n");
}

static bool show_empty(struct buf *out, int tabs, const char *key, bool empty)
{
	start(out, tabs, key);
	buf_adds(out, empty ? " (empty)\n" : "");
	return empty;
}

static void show_item(struct buf *out, int tabs, const json_t *item)
{
	const char *text = json_string_value(item);

	while (tabs--)
		buf_adds(out, "\t");
	show_quoted(out, text ? text : "", true);
	buf_adds(out, "\n");
}

void show_list(struct buf *out, int tabs, const char *key, const json_t *list)
{
	const json_t *each;
	size_t n;

	if (show_empty(out, tabs, key, json_array_size(list) == 0))
		return;
	buf_adds(out, "\n");
	json_array_foreach(list, n, each) show_item(out, tabs + 1, each);
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The keys of an object, sorted; the caller's to free. */
static const char **sorted_keys(const json_t *object, size_t *count)
{
	const char **keys = calloc(json_object_size(object) + 1, sizeof(*keys)), *key;
	json_t *value;

	*count = 0;
	if (!keys)
		return NULL;
	json_object_foreach((json_t *)(uintptr_t)object, key, value) keys[(*count)++] = key;
	qsort(keys, *count, sizeof(*keys), compare_keys);
	return keys;
}

void show_map(struct buf *out, int tabs, const char *key, const json_t *map)
{
	size_t count, n;
	cleanup_free const char **keys = NULL;

	if (show_empty(out, tabs, key, json_object_size(map) == 0))
		return;
	buf_adds(out, "\n");
	keys = sorted_keys(map, &count);
	out->failed |= !keys;
	for (n = 0; keys && n < count; n++) {
		cleanup_buf struct buf name = BUF_NONE;

		show_quoted(&name, keys[n], true);
		show_text(out, tabs + 1, name.data ? name.data : "", text_of(map, keys[n]));
	}
}

void show_set(struct buf *out, int tabs, const char *key, const json_t *set)
{
	size_t count, n;
	cleanup_free const char **keys = NULL;

	if (show_empty(out, tabs, key, json_object_size(set) == 0))
		return;
	keys = sorted_keys(set, &count);
	out->failed |= !keys;
	for (n = 0; keys && n < count; n++) {
		buf_adds(out, n ? ", " : " ");
		show_quoted(out, keys[n], true);
	}
	buf_adds(out, "\n");
}

void show_platform(struct buf *out, int tabs, const json_t *platform)
{
	const json_t *features = json_object_get(platform, "os.features");

	start(out, tabs, "Platform");
	buf_adds(out, "\n");
	show_text(out, tabs + 1, "OS", text_of(platform, "os"));
	if (has(platform, "os.version"))
		show_text(out, tabs + 1, "OS Version", text_of(platform, "os.version"));
	if (json_array_size(features))
		show_list(out, tabs + 1, "OS Features", features);
	start(out, tabs + 1, "Architecture");
	buf_adds(out, " ");
	show_quoted(out, text_of(platform, "architecture"), true);
	if (has(platform, "variant")) {
		buf_adds(out, " (");
		show_quoted(out, text_of(platform, "variant"), false);
		buf_adds(out, ")");
	}
	buf_adds(out, "\n");
}

void show_descriptor(struct buf *out, int tabs, const json_t *d)
{
	cleanup_buf struct buf size = BUF_NONE;
	const json_t *platform = json_object_get(d, "platform");

	start(out, tabs++, "Descriptor");
	buf_adds(out, "\n");
	show_text(out, tabs, "Media Type", text_of(d, "mediaType"));
	if (has(d, "artifactType"))
		show_text(out, tabs, "Artifact Type", text_of(d, "artifactType"));
	show_text(out, tabs, "Digest", text_of(d, "digest"));
	show_size(&size, json_integer_value(json_object_get(d, "size")));
	show_text(out, tabs, "Size", size.data ? size.data : "");
	if (json_is_object(platform))
		show_platform(out, tabs, platform);
	if (json_array_size(json_object_get(d, "urls")))
		show_list(out, tabs, "URLs", json_object_get(d, "urls"));
	if (json_object_size(json_object_get(d, "annotations")))
		show_map(out, tabs, "Annotations", json_object_get(d, "annotations"));
	if (has(d, "data"))
		show_text(out, tabs, "Data", text_of(d, "data"));
}

int show_image(const struct applet *self, int argc, char **argv,
	int (*print)(const struct image *i, bool json))
{
	cleanup_verb struct verb v = VERB_NONE;
	cleanup_err struct err err = ERR_NONE;
	cleanup_layout struct layout l = LAYOUT_NONE;
	cleanup_image struct image image = IMAGE_NONE;
	int status, r;

	if (!verb_start(&v, self, argc, argv, NULL, NULL, 0, 0, &status))
		return status;
	r = verb_open(&v, LAYOUT_READ, &l, &image, &err);
	if (r < 0)
		return verb_fail(&v, &err);
	r = print(&image, v.json);
	if (r < 0)
		err_set(&err, r, "cannot print", NULL);
	return r < 0 ? verb_fail(&v, &err) : EXIT_DONE;
}
