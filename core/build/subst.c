// SPDX-License-Identifier: Apache-2.0
/* ${{NAME}} and ${{NAME:DEFAULT}}, before the text is read as YAML. */
#include "core/base/nearest.h"
#include "core/build/fields.h"

#include <stdio.h>

/* The most bytes of the text that is made of a file; how deep values may name others. */
enum { TEXT_MAX = 16 << 20, DEPTH_MAX = 8 };

static const struct pair *find(const struct substitutions *s, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < s->pairs.count; i++)
		if (strncmp(s->pairs.at[i].name, name, len) == 0 && !s->pairs.at[i].name[len])
			return &s->pairs.at[i];
	return NULL;
}

static bool name_valid(const char *name)
{
	return *name && !name[strcspn(name, ":{}$ \t\n")];
}

int substitutions_add(struct substitutions *s, const char *text, struct err *err)
{
	const char *equals = strchr(text, '=');
	cleanup_free char *name = equals ? strndup(text, (size_t)(equals - text)) : NULL;

	if (!equals)
		return err_tell(err, -EINVAL, "a substitution is written NAME=VALUE", text);
	if (!name)
		return err_set(err, -ENOMEM, NULL, NULL);
	if (!name_valid(name))
		return err_tell(err, -EINVAL,
			"a substitution's name is not empty, and without blanks and ':{}$'", text);
	if (find(s, name, strlen(name)))
		return 0;
	if (pairs_add(&s->pairs, name, equals + 1) < 0)
		return err_set(err, -ENOMEM, NULL, NULL);
	return 0;
}

static int add_entries(
	struct substitutions *s, const char *path, const struct yaml_value *map, struct err *err)
{
	size_t i;

	if (map->kind != YAML_MAP)
		return place_err(err, -EINVAL, path, &map->place,
			"there is %s; write a substitution a line, as 'NAME: VALUE'",
			yaml_kind_word(map));
	for (i = 0; i < map->count; i++) {
		const struct yaml_value *key = map->entries[i].key, *value = map->entries[i].value;

		if (!name_valid(key->text))
			return place_err(err, -EINVAL, path, &key->place,
				"a substitution's name is not empty, and without blanks and ':{}$'");
		if (value->kind != YAML_TEXT)
			return place_err(err, -EINVAL, path, &value->place,
				"the value of '%s' is %s; text is expected", key->text,
				yaml_kind_word(value));
		if (!find(s, key->text, strlen(key->text)) &&
			pairs_add(&s->pairs, key->text, yaml_is_null(value) ? "" : value->text) < 0)
			return err_set(err, -ENOMEM, NULL, NULL);
	}
	return 0;
}

int substitutions_read(struct substitutions *s, const char *path, struct err *err)
{
	cleanup_buf struct buf text = BUF_NONE;
	cleanup_yaml struct yaml y = YAML_NONE;
	int code = read_whole(path, &text, err);

	if (code == 0)
		code = yaml_read(path, text.len ? text.data : "", text.len, &y, err);
	if (code < 0 || !y.root || yaml_is_null(y.root))
		return code;
	return add_entries(s, path, y.root, err);
}

void substitutions_free(struct substitutions *s)
{
	pairs_free(&s->pairs);
}

struct replacing {
	const struct substitutions *s;
	const char *path;
	struct place at; /* in the file */
	struct buf *out;
	struct err *err;
};

static int no_value(const struct replacing *r, const char *name, int len)
{
	struct nearest near = {.word = name, .len = (size_t)len};
	size_t i;

	for (i = 0; i < r->s->pairs.count; i++)
		nearest_try(&near, r->s->pairs.at[i].name);
	if (near.best)
		return place_err(r->err, -EINVAL, r->path, &r->at,
			"'%.*s' has no value; did you mean '%s'?", len, name, near.best);
	return place_err(r->err, -EINVAL, r->path, &r->at,
		"'%.*s' has no value: give one by --substitute %.*s=VALUE, or a default as in "
		"'${{%.*s:DEFAULT}}'",
		len, name, len, name, len, name);
}

/* "$NAME" and "${NAME}" of a name that was given would quietly be left to the shell. */
static int check_shell_name(const struct replacing *r, const char *p)
{
	bool braced = p[1] == '{';
	const char *name = p + 1 + braced;
	size_t len =
		strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");

	if (!len || !find(r->s, name, len) || (braced && name[len] != '}' && name[len] != ':'))
		return 0;
	return place_err(r->err, -EINVAL, r->path, &r->at,
		"'%.*s%s' is left to the shell, but a substitution '%.*s' was given: write "
		"'${{%.*s}}', or give the substitution another name",
		(int)(name - p + len), p, braced ? "}" : "", (int)len, name, (int)len, name);
}

static void step(struct place *at, const char *text, size_t n)
{
	for (; n; n--, text++)
		if (*text == '\n')
			*at = (struct place){at->line + 1, 1};
		else if ((*text & 0xc0) != 0x80)
			at->column++;
}

static int add_value(struct replacing *r, const char *text, size_t len, int depth);

/* What is between the braces. */
static int replace(struct replacing *r, const char *inside, size_t len, int depth)
{
	const char *colon = memchr(inside, ':', len);
	size_t name_len = colon ? (size_t)(colon - inside) : len;
	const struct pair *pair = find(r->s, inside, name_len);

	if (pair)
		return add_value(r, pair->value, strlen(pair->value), depth + 1);
	if (!colon)
		return no_value(r, inside, (int)MIN(len, 256));
	return add_value(r, colon + 1, len - name_len - 1, depth + 1);
}

/* Where the placeholder at p ends: behind its braces, or NULL. */
static const char *placeholder_end(const char *p, const char *end)
{
	const char *brace = memchr(p, '}', (size_t)(end - p));

	return brace && brace + 1 < end && brace[1] == '}' ? brace + 2 : NULL;
}

static int add_text(struct replacing *r, const char *text, size_t len)
{
	if (buf_add(r->out, text, len) < 0)
		return err_set(r->err, -ENOMEM, NULL, NULL);
	if (r->out->len <= TEXT_MAX)
		return 0;
	return place_err(r->err, -E2BIG, r->path, &r->at,
		"with its substitutions the text has more than %d bytes", TEXT_MAX);
}

/* Text with its placeholders; depth is 0 in the file itself, more in a value. */
static int add_value(struct replacing *r, const char *text, size_t len, int depth)
{
	const char *end = text + len;
	int code = 0;

	if (depth > DEPTH_MAX)
		return place_err(r->err, -ELOOP, r->path, &r->at,
			"the values of substitutions name each other without end");
	while (text < end && code == 0) {
		const char *dollar = memchr(text, '$', (size_t)(end - text));
		const char *next = dollar ? dollar : end;

		code = add_text(r, text, (size_t)(next - text));
		if (depth == 0)
			step(&r->at, text, (size_t)(next - text));
		text = next;
		if (code < 0 || !dollar)
			continue;
		if (end - text >= 3 && text[1] == '{' && text[2] == '{') {
			next = placeholder_end(text + 3, end);
			if (!next)
				return place_err(r->err, -EINVAL, r->path, &r->at,
					"'${{' without its '}}'; the name and the default have no "
					"'}' in them");
			code = replace(r, text + 3, (size_t)(next - text) - 5, depth);
		} else {
			next = text + 1;
			code = check_shell_name(r, text);
			code = code < 0 ? code : add_text(r, text, 1);
		}
		if (depth == 0)
			step(&r->at, text, (size_t)(next - text));
		text = next;
	}
	return code;
}

int substitute(const struct substitutions *s, const char *path, const char *text, struct buf *out,
	struct err *err)
{
	struct replacing r = {.s = s, .path = path, .at = {1, 1}, .out = out, .err = err};

	if (buf_adds(out, "") < 0)
		return err_set(err, -ENOMEM, NULL, NULL);
	return add_value(&r, text, strlen(text), 0);
}
