// SPDX-License-Identifier: Apache-2.0
/* Values of YAML as text, numbers, lists, pairs. */
#include "core/build/fields.h"
#include "core/base/io.h"
#include "core/base/nearest.h"

#include <regex.h>
#include <stdio.h>

enum { FILE_MAX = 4 << 20 };

int wrong_kind(
	const struct reader *r, const char *key, const struct yaml_value *v, const char *wanted)
{
	return place_err(r->err, -EINVAL, r->path, &v->place, "'%s' is %s; %s is expected", key,
		yaml_is_null(v) ? "empty" : yaml_kind_word(v), wanted);
}

int set_text(const struct reader *r, char **out, const char *text)
{
	free(*out);
	*out = strdup(text);
	return *out ? 0 : err_set(r->err, -ENOMEM, NULL, NULL);
}

static int unknown_key(const struct reader *r, const char *what, const struct field *table,
	const struct yaml_value *key)
{
	struct nearest near = {.word = key->text, .len = strlen(key->text)};
	cleanup_buf struct buf all = BUF_NONE;
	const struct field *f;

	for (f = table; f->key; f++) {
		nearest_try(&near, f->key);
		buf_addf(&all, "%s%s", f == table ? "" : ", ", f->key);
	}
	if (near.best)
		return place_err(r->err, -EINVAL, r->path, &key->place,
			"%s has no key '%s'; did you mean '%s'?", what, key->text, near.best);
	return place_err(r->err, -EINVAL, r->path, &key->place, "%s has no key '%s'; there are %s",
		what, key->text, all.failed ? "others" : all.data);
}

int fields_read(const struct reader *r, const char *what, const struct field *table,
	const struct yaml_value *v, void *out)
{
	char *base = out;
	size_t i;

	for (i = 0; i < v->count; i++) {
		const struct yaml_value *key = v->entries[i].key, *value = v->entries[i].value;
		const struct field *f = table;
		int code;

		while (f->key && strcmp(f->key, key->text) != 0)
			f++;
		if (!f->key)
			return unknown_key(r, what, table, key);
		if (yaml_is_null(value) && !f->needed)
			continue;
		code = f->read(r, key->text, value, base + f->at);
		if (code < 0)
			return code;
		if (f->given)
			*(bool *)(base + f->given) = true;
	}
	return 0;
}

int read_text(const struct reader *r, const char *key, const struct yaml_value *v, void *out)
{
	if (v->kind != YAML_TEXT || yaml_is_null(v))
		return wrong_kind(r, key, v, "text");
	if (!*v->text)
		return place_err(r->err, -EINVAL, r->path, &v->place, "'%s' is empty", key);
	return set_text(r, out, v->text);
}

int read_bool(const struct reader *r, const char *key, const struct yaml_value *v, void *out)
{
	static const char *const words[] = {"true", "false", "yes", "no", "on", "off"};
	size_t i;

	for (i = 0; v->kind == YAML_TEXT && i < ARRAY_SIZE(words); i++)
		if (strcasecmp(v->text, words[i]) == 0) {
			*(bool *)out = i % 2 == 0;
			return 0;
		}
	if (v->kind != YAML_TEXT)
		return wrong_kind(r, key, v, "true or false");
	return place_err(r->err, -EINVAL, r->path, &v->place,
		"'%s' is '%s'; true or false is expected", key, v->text);
}

int read_list(const struct reader *r, const char *key, const struct yaml_value *v, void *out)
{
	size_t i;

	if (v->kind != YAML_LIST)
		return wrong_kind(r, key, v, "a list");
	for (i = 0; i < v->count; i++) {
		const struct yaml_value *item = v->entries[i].value;

		if (item->kind != YAML_TEXT || yaml_is_null(item))
			return place_err(r->err, -EINVAL, r->path, &item->place,
				"item %zu of '%s' is %s; text is expected", i + 1, key,
				yaml_is_null(item) ? "empty" : yaml_kind_word(item));
		if (strings_add(out, item->text) < 0)
			return err_set(r->err, -ENOMEM, NULL, NULL);
	}
	return 0;
}

int read_lines(const struct reader *r, const char *key, const struct yaml_value *v, void *out)
{
	if (v->kind == YAML_MAP)
		return wrong_kind(r, key, v, "text or a list");
	if (v->kind == YAML_LIST)
		return read_list(r, key, v, out);
	return strings_add(out, v->text) < 0 ? err_set(r->err, -ENOMEM, NULL, NULL) : 0;
}

int read_command(const struct reader *r, const char *key, const struct yaml_value *v, void *out)
{
	int code;

	if (v->kind != YAML_TEXT)
		return read_lines(r, key, v, out);
	code = words_split(v->text, out);
	if (code == -EINVAL)
		return place_err(r->err, code, r->path, &v->place,
			"'%s' has a quote that does not end, or a backslash at its end", key);
	return code < 0 ? err_set(r->err, code, NULL, NULL) : 0;
}

int read_pairs(const struct reader *r, const char *key, const struct yaml_value *v, void *out)
{
	size_t i;

	if (v->kind != YAML_MAP)
		return wrong_kind(r, key, v, "a map of names and values");
	for (i = 0; i < v->count; i++) {
		const struct yaml_value *name = v->entries[i].key, *value = v->entries[i].value;

		if (!*name->text)
			return place_err(r->err, -EINVAL, r->path, &name->place,
				"a name in '%s' is empty", key);
		if (value->kind != YAML_TEXT)
			return wrong_kind(r, name->text, value, "text");
		if (pairs_add(out, name->text, yaml_is_null(value) ? "" : value->text) < 0)
			return err_set(r->err, -ENOMEM, NULL, NULL);
	}
	return 0;
}

int read_env(const struct reader *r, const char *key, const struct yaml_value *v, void *out)
{
	size_t i;

	for (i = 0; v->kind == YAML_MAP && i < v->count; i++)
		if (strchr(v->entries[i].key->text, '='))
			return place_err(r->err, -EINVAL, r->path, &v->entries[i].key->place,
				"'%s' in '%s': a variable's name has no '='",
				v->entries[i].key->text, key);
	return read_pairs(r, key, v, out);
}

enum { REGEX_MAX = 256 };

/* Repeated repetitions would take memory without end. */
static bool regex_bounded(const char *text)
{
	const char *brace = strchr(text, '{');

	return strlen(text) <= REGEX_MAX && !(brace && strchr(brace + 1, '{'));
}

int read_regexes(const struct reader *r, const char *key, const struct yaml_value *v, void *out)
{
	struct strings *list = out;
	size_t i;
	int code = read_list(r, key, v, list);

	for (i = 0; code == 0 && i < list->count; i++) {
		const struct place *at = &v->entries[i].value->place;
		regex_t regex;

		if (!regex_bounded(list->at[i]))
			return place_err(r->err, -E2BIG, r->path, at,
				"item %zu of '%s' has more than %d bytes, or more than one '{'",
				i + 1, key, REGEX_MAX);
		if (regcomp(&regex, list->at[i], REG_EXTENDED | REG_NOSUB) != 0)
			return place_err(r->err, -EINVAL, r->path, at,
				"item %zu of '%s' is no regular expression; '.*' lets all through",
				i + 1, key);
		regfree(&regex);
	}
	return code;
}

int read_dest(const struct reader *r, const char *key, const struct yaml_value *v, void *out)
{
	char **dest = out;
	cleanup_free char *clean = NULL;
	size_t len;
	int code = read_text(r, key, v, out);

	if (code < 0)
		return code;
	if (**dest != '/')
		return place_err(r->err, -EINVAL, r->path, &v->place,
			"'%s' is '%s', a relative path; write where it is in the image, from '/' on",
			key, *dest);
	clean = path_absolute("/", *dest);
	len = strlen(*dest);
	if (!clean)
		return err_set(r->err, -ENOMEM, NULL, NULL);
	if ((*dest)[len - 1] == '/' && clean[1])
		strcat(strcpy(*dest, clean), "/");
	else
		strcpy(*dest, clean);
	return 0;
}

int read_source(const struct reader *r, const char *key, const struct yaml_value *v, void *out)
{
	char **source = out, *absolute;
	int code = read_text(r, key, v, out);

	if (code < 0)
		return code;
	if (url_scheme(*source))
		return place_err(r->err, -EINVAL, r->path, &v->place,
			"'%s' is an URL; a path of this machine is expected", key);
	absolute = path_absolute(r->dir, *source);
	if (!absolute)
		return err_set(r->err, -ENOMEM, NULL, NULL);
	free(*source);
	*source = absolute;
	return 0;
}

int read_whole(const char *path, struct buf *out, struct err *err)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	int code;

	if (fd < 0)
		return err_set(err, -errno, "cannot open", path);
	code = io_read_all(fd, out, FILE_MAX);
	return code < 0 ? err_set(err, code, "cannot read", path) : 0;
}
