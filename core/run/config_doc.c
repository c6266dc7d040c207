// SPDX-License-Identifier: Apache-2.0
#include "core/run/config_doc.h"

static int add_place(const struct at *at, struct buf *out)
{
	int r = at->up ? add_place(at->up, out) : 0;

	if (r < 0 || (!at->key && !at->up))
		return r;
	if (!at->key)
		return buf_addf(out, "[%zu]", at->index);
	return buf_addf(out, "%s%s", out->len ? "." : "", at->key);
}

int at_fail(const struct at *at, int code, const char *what)
{
	cleanup_buf struct buf path = BUF_NONE;

	if (add_place(at, &path) < 0)
		code = -ENOMEM;
	return err_tell(at->err, code, what, path.len ? path.data : NULL);
}

struct at at_key(const struct at *at, const char *key)
{
	json_t *value = json_object_get(at->value, key);

	return (struct at){at, key, 0, json_is_null(value) ? NULL : value, at->err};
}

struct at at_index(const struct at *at, size_t index)
{
	return (struct at){at, NULL, index, json_array_get(at->value, index), at->err};
}

static int wrong_type(const struct at *at, json_type wanted)
{
	static const char *const said[] = {[JSON_OBJECT] = "is no object",
		[JSON_ARRAY] = "is no array",
		[JSON_STRING] = "is no text",
		[JSON_INTEGER] = "is no whole number",
		[JSON_TRUE] = "is neither true nor false"};

	return at_fail(at, -EBADMSG, said[wanted]);
}

int at_member(const struct at *at, const char *key, json_type type, struct at *out)
{
	*out = at_key(at, key);
	return out->value && json_typeof(out->value) != type ? wrong_type(out, type) : 0;
}

int at_text(const struct at *at, const char *key, const char **out)
{
	struct at a;
	int r = at_member(at, key, JSON_STRING, &a);

	if (r == 0 && a.value)
		*out = json_string_value(a.value);
	return r;
}

int at_path(const struct at *at, const char *key, const char **out)
{
	const char *text = NULL;
	struct at a = at_key(at, key);
	int r = at_text(at, key, &text);

	if (r == 0 && text && *text != '/')
		return at_fail(&a, -EBADMSG, "is no absolute path");
	if (text)
		*out = text;
	return r;
}

int at_bool(const struct at *at, const char *key, bool *out)
{
	struct at a = at_key(at, key);

	if (a.value && !json_is_boolean(a.value))
		return wrong_type(&a, JSON_TRUE);
	if (a.value)
		*out = json_is_true(a.value);
	return 0;
}

int at_number(const struct at *at, const char *key, int64_t least, int64_t most, int64_t *out)
{
	struct at a;
	int r = at_member(at, key, JSON_INTEGER, &a);

	if (r < 0 || !a.value)
		return r;
	if (json_integer_value(a.value) < least || json_integer_value(a.value) > most)
		return at_fail(&a, -EBADMSG, "is out of range");
	*out = json_integer_value(a.value);
	return 0;
}

int at_u32(const struct at *at, const char *key, uint32_t *out)
{
	int64_t n = *out;
	int r = at_number(at, key, 0, UINT32_MAX, &n);

	*out = (uint32_t)n;
	return r;
}

int at_texts(const struct at *at, const char *key, char ***out)
{
	struct at a, one;
	int r = at_member(at, key, JSON_ARRAY, &a);
	size_t i, n = json_array_size(a.value);

	if (r < 0 || !a.value)
		return r;
	*out = calloc(n + 1, sizeof(**out));
	if (!*out)
		return at_fail(&a, -ENOMEM, "out of memory");
	for (i = 0; i < n; i++) {
		one = at_index(&a, i);
		if (!json_is_string(one.value))
			return wrong_type(&one, JSON_STRING);
		(*out)[i] = (char *)(uintptr_t)json_string_value(one.value);
	}
	return 0;
}

int at_each(const struct at *at, const char *key, at_read_fn *read, size_t size, void *out,
	size_t *count)
{
	struct at a, one;
	int r = at_member(at, key, JSON_ARRAY, &a);
	size_t i, n = json_array_size(a.value);
	char *all;

	if (r < 0 || !n)
		return r;
	all = calloc(n, size);
	if (!all)
		return at_fail(&a, -ENOMEM, "out of memory");
	*(void **)out = all;
	for (i = 0; r == 0 && i < n; i++) {
		one = at_index(&a, i);
		*count = i + 1;
		r = json_is_object(one.value) ? read(&one, all + i * size)
					      : wrong_type(&one, JSON_OBJECT);
	}
	return r;
}

void config_skip(struct run_config *c, const char *what)
{
	size_t i;

	for (i = 0; i < c->skipped_count; i++)
		if (strcmp(c->skipped[i], what) == 0)
			return;
	if (c->skipped_count < ARRAY_SIZE(c->skipped))
		c->skipped[c->skipped_count++] = what;
}
