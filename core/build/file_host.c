// SPDX-License-Identifier: Apache-2.0
/* "overlay_dirs", "binds" and "apply": directories of this machine and other images. */
#include "core/build/fields.h"

static int start_list(const struct reader *r, const char *key, const struct yaml_value *v,
	void *list, size_t size, const char *wanted)
{
	if (v->kind != YAML_LIST)
		return wrong_kind(r, key, v, wanted);
	*(void **)list = calloc(v->count + 1, size);
	return *(void **)list ? 0 : err_set(r->err, -ENOMEM, NULL, NULL);
}

static const struct field overlay_fields[] = {
	{"source", read_source, offsetof(struct overlay_dir, source), 0, true},
	{"dest", read_dest, offsetof(struct overlay_dir, dest), 0, false},
	{0},
};

static int read_overlay_dir(
	const struct reader *r, const struct yaml_value *v, struct overlay_dir *o)
{
	int code;

	if (v->kind != YAML_MAP)
		return wrong_kind(r, "an overlay_dir", v, "a map with a 'source'");
	o->place = v->place;
	code = fields_read(r, "an overlay_dir", overlay_fields, v, o);
	if (code == 0 && !o->source)
		return place_err(
			r->err, -EINVAL, r->path, &v->place, "an overlay_dir needs a 'source'");
	return code == 0 && !o->dest ? set_text(r, &o->dest, "/") : code;
}

int read_overlay_dirs(
	const struct reader *r, const char *key, const struct yaml_value *v, void *out)
{
	struct recipe *recipe = out;
	size_t i;
	int code = start_list(r, key, v, &recipe->overlay_dirs, sizeof(*recipe->overlay_dirs),
		"a list of maps with a 'source'");

	for (i = 0; code == 0 && i < v->count; i++)
		code = read_overlay_dir(
			r, v->entries[i].value, &recipe->overlay_dirs[recipe->overlay_dir_count++]);
	return code;
}

static const struct field bind_fields[] = {
	{"source", read_source, offsetof(struct bind, source), 0, true},
	{"dest", read_dest, offsetof(struct bind, dest), 0, false},
	{0},
};

/* "SOURCE" or "SOURCE -> DEST": each is one word. */
static int read_bind_text(const struct reader *r, const struct yaml_value *v, struct bind *b)
{
	static const char blanks[] = " \t\r\n";
	cleanup_free char *text = strdup(v->text);
	struct yaml_value part = {.kind = YAML_TEXT, .place = v->place};
	char *word, *save = NULL, *words[4];
	size_t count = 0;
	int code;

	if (!text)
		return err_set(r->err, -ENOMEM, NULL, NULL);
	for (word = strtok_r(text, blanks, &save); word && count < ARRAY_SIZE(words);
		word = strtok_r(NULL, blanks, &save))
		words[count++] = word;
	if (count != 1 && (count != 3 || strcmp(words[1], "->") != 0))
		return place_err(r->err, -EINVAL, r->path, &v->place,
			"a bind is written 'SOURCE', 'SOURCE -> DEST', or as a map with 'source' "
			"and 'dest'");
	part.text = words[0];
	code = read_source(r, "source", &part, &b->source);
	part.text = words[count - 1];
	if (code == 0 && count == 3)
		code = read_dest(r, "dest", &part, &b->dest);
	return code;
}

static int read_bind(const struct reader *r, const struct yaml_value *v, struct bind *b)
{
	int code;

	b->place = v->place;
	if (v->kind == YAML_LIST || yaml_is_null(v))
		return wrong_kind(r, "a bind", v, "'SOURCE', 'SOURCE -> DEST' or a map");
	code = v->kind == YAML_TEXT ? read_bind_text(r, v, b)
				    : fields_read(r, "a bind", bind_fields, v, b);
	if (code == 0 && !b->source)
		return place_err(r->err, -EINVAL, r->path, &v->place, "a bind needs a 'source'");
	return code == 0 && !b->dest ? set_text(r, &b->dest, b->source) : code;
}

int read_binds(const struct reader *r, const char *key, const struct yaml_value *v, void *out)
{
	struct recipe *recipe = out;
	size_t i;
	int code = start_list(r, key, v, &recipe->binds, sizeof(*recipe->binds), "a list");

	for (i = 0; code == 0 && i < v->count; i++)
		code = read_bind(r, v->entries[i].value, &recipe->binds[recipe->bind_count++]);
	return code;
}

/* Writes NAME as stacker://NAME, and DIR of oci:DIR:TAG as an absolute path. */
static int finish_apply(const struct reader *r, struct apply_from *a)
{
	cleanup_free char *image = url_image(a->image), *dir = NULL;
	bool oci = strncmp(a->image, "oci:", 4) == 0 && strchr(a->image + 4, ':') > a->image + 4;
	struct buf text = BUF_NONE;

	if (image && recipe_name_valid(image) && !strchr(a->image + strlen("stacker://"), '/'))
		return 0;
	if (!oci && !recipe_name_valid(a->image))
		return place_err(r->err, -EINVAL, r->path, &a->place,
			"'%s' in 'apply': the NAME of an image of this build, stacker://NAME, or "
			"oci:DIR:TAG is expected",
			a->image);
	if (oci)
		dir = path_absolute(r->dir, a->image + 4);
	if ((oci && !dir) || buf_adds(&text, oci ? "oci:" : "stacker://") < 0 ||
		buf_adds(&text, oci ? dir : a->image) < 0) {
		buf_free(&text);
		return err_set(r->err, -ENOMEM, NULL, NULL);
	}
	free(a->image);
	a->image = text.data;
	return 0;
}

int read_apply(const struct reader *r, const char *key, const struct yaml_value *v, void *out)
{
	struct recipe *recipe = out;
	size_t i;
	int code = start_list(r, key, v, &recipe->apply, sizeof(*recipe->apply),
		"a list of images of this build, stacker://NAME, or oci:DIR:TAG");

	for (i = 0; code == 0 && i < v->count; i++) {
		struct apply_from *a = &recipe->apply[recipe->apply_count++];

		a->place = v->entries[i].value->place;
		code = read_text(r, "an item of apply", v->entries[i].value, &a->image);
		if (code == 0)
			code = finish_apply(r, a);
	}
	return code;
}
