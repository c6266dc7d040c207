// SPDX-License-Identifier: Apache-2.0
/* A file of images: its text becomes recipes. */
#include "core/build/fields.h"

static int read_nothing(
	const struct reader *r, const char *key, const struct yaml_value *v, void *out)
{
	(void)r, (void)key, (void)v, (void)out;
	return 0;
}

#define ROW(key, read, member)                                                                     \
	{                                                                                          \
#key, read, offsetof(struct recipe, member), 0, false                              \
	}
#define ROW_GIVEN(key, read, member, given)                                                        \
	{                                                                                          \
#key, read, offsetof(struct recipe, member), offsetof(struct recipe, given), false \
	}
#define ROW_NEEDED(key, read, member)                                                              \
	{                                                                                          \
#key, read, offsetof(struct recipe, member), 0, true                               \
	}
#define ROW_WHOLE(key, read, needed)                                                               \
	{                                                                                          \
#key, read, 0, 0, needed                                                           \
	}

/* Their order is that of messages. */
static const struct field recipe_fields[] = {
	ROW_WHOLE(from, read_from, true),
	ROW_WHOLE(imports, read_imports, false),
	ROW_WHOLE(import, read_old_imports, false),
	ROW_WHOLE(overlay_dirs, read_overlay_dirs, false),
	ROW_WHOLE(binds, read_binds, false),
	ROW_WHOLE(apply, read_apply, false),
	ROW(run, read_lines, run),
	ROW(generate_labels, read_lines, generate_labels),
	ROW_GIVEN(cmd, read_command, cmd, has_cmd),
	ROW_GIVEN(entrypoint, read_command, entrypoint, has_entrypoint),
	ROW_GIVEN(full_command, read_command, full_command, has_full_command),
	ROW(build_env, read_env, build_env),
	ROW_GIVEN(build_env_passthrough, read_regexes, passthrough, has_passthrough),
	ROW(environment, read_env, environment),
	ROW(labels, read_pairs, labels),
	ROW(annotations, read_pairs, annotations),
	ROW(volumes, read_list, volumes),
	ROW(working_dir, read_text, working_dir),
	ROW(runtime_user, read_text, runtime_user),
	ROW(build_only, read_bool, build_only),
	ROW_NEEDED(os, read_text, os),
	ROW_NEEDED(arch, read_text, arch),
	{"bom", read_nothing, 0, offsetof(struct recipe, has_bom), false},
	{0},
};

static int read_recipe(const struct reader *r, const struct yaml_value *name,
	const struct yaml_value *v, struct recipe *out)
{
	int code;

	out->place = name->place;
	if (set_text(r, &out->name, name->text) < 0)
		return -ENOMEM;
	if (!recipe_name_valid(name->text))
		return place_err(r->err, -EINVAL, r->path, &name->place,
			"'%s' cannot be an image's name; it is letters and digits, with single "
			"'-', '.', '_', '@' or '+' between them",
			name->text);
	if (yaml_is_null(v))
		return place_err(r->err, -EINVAL, r->path, &name->place,
			"'%s' is empty; below it, indented, 'from:' is expected", name->text);
	if (v->kind != YAML_MAP)
		return wrong_kind(r, name->text, v, "an image, a map with 'from',");
	code = fields_read(r, "an image", recipe_fields, v, out);
	if (code == 0 && !yaml_find(v, "from"))
		return place_err(r->err, -EINVAL, r->path, &name->place,
			"'%s' needs 'from', which says what it is based on", name->text);
	return code;
}

/* Makes each an absolute path. */
static int read_prerequisites(
	const struct reader *r, const char *key, const struct yaml_value *v, void *out)
{
	struct recipes *recipes = out;
	struct strings *list = &recipes->prerequisites;
	size_t i;
	int code = read_list(r, key, v, list);

	recipes->prerequisite_places = calloc(v->count + 1, sizeof(struct place));
	if (!recipes->prerequisite_places)
		return err_set(r->err, -ENOMEM, NULL, NULL);
	for (i = 0; code == 0 && i < list->count; i++) {
		recipes->prerequisite_places[i] = v->entries[i].value->place;
		code = read_source(r, "a prerequisite", v->entries[i].value, &list->at[i]);
	}
	return code;
}

static const struct field config_fields[] = {
	{"prerequisites", read_prerequisites, 0, 0, false},
	{0},
};

static int read_config(const struct reader *r, const struct yaml_value *v, struct recipes *out)
{
	if (yaml_is_null(v))
		return 0;
	if (v->kind != YAML_MAP)
		return wrong_kind(r, "config", v, "a map with 'prerequisites'");
	return fields_read(r, "'config', which is no image,", config_fields, v, out);
}

static int read_root(const struct reader *r, const struct yaml_value *root, struct recipes *out)
{
	static const struct place start = {1, 1};
	size_t i;
	int code = 0;

	if (!root || root->kind != YAML_MAP || !root->count)
		return place_err(r->err, -EINVAL, r->path, root ? &root->place : &start,
			"there is no image; one is written 'NAME:', and below, indented, 'from:'");
	out->at = calloc(root->count, sizeof(*out->at));
	if (!out->at)
		return err_set(r->err, -ENOMEM, NULL, NULL);
	for (i = 0; code == 0 && i < root->count; i++) {
		const struct yaml_value *key = root->entries[i].key, *v = root->entries[i].value;

		code = strcmp(key->text, "config") == 0
			       ? read_config(r, v, out)
			       : read_recipe(r, key, v, &out->at[out->count++]);
	}
	return code;
}

/* Where the file is. */
static int set_path(struct recipes *out, const char *path, struct err *err)
{
	cleanup_free char *cwd = *path == '/' ? strdup("/") : getcwd(NULL, 0);
	const char *slash;

	if (!cwd)
		return err_set(err, -errno, "the working directory", NULL);
	out->shown = strdup(path);
	out->path = path_absolute(cwd, path);
	slash = out->path ? strrchr(out->path, '/') : NULL;
	if (slash)
		out->dir = slash == out->path ? strdup("/")
					      : strndup(out->path, (size_t)(slash - out->path));
	return out->dir && out->shown ? 0 : err_set(err, -ENOMEM, NULL, NULL);
}

static int parse(const char *path, const struct substitutions *s, const char *text,
	bool require_hash, struct recipes *out, struct err *err)
{
	cleanup_yaml struct yaml y = YAML_NONE;
	cleanup_buf struct buf all = BUF_NONE;
	struct reader r = {.path = path, .require_hash = require_hash, .err = err};
	int code = set_path(out, path, err);

	if (code == 0)
		code = substitute(s, path, text, &all, err);
	if (code == 0)
		code = yaml_read(path, all.data, all.len, &y, err);
	if (code < 0)
		return code;
	r.dir = out->dir;
	out->text = all.data;
	all = (struct buf)BUF_NONE;
	return read_root(&r, y.root, out);
}

int recipes_parse(const char *path, const char *text, size_t len, const struct substitutions *s,
	bool require_hash, struct recipes *out, struct err *err)
{
	static const struct place start = {1, 1};
	cleanup_free char *copy = strndup(text, len);
	int code;

	if (!copy)
		return err_set(err, -ENOMEM, NULL, NULL);
	if (strlen(copy) != len)
		return place_err(err, -EINVAL, path, &start, "there is a NUL in the text");
	code = parse(path, s, copy, require_hash, out, err);
	if (code < 0)
		recipes_free(out);
	return code;
}

int recipes_read(const char *path, const struct substitutions *s, bool require_hash,
	struct recipes *out, struct err *err)
{
	cleanup_buf struct buf text = BUF_NONE;
	int code = read_whole(path, &text, err);

	return code < 0 ? code
			: recipes_parse(path, text.data, text.len, s, require_hash, out, err);
}
