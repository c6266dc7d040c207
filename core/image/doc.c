// SPDX-License-Identifier: Apache-2.0
#include "core/image/doc.h"

#include <stdio.h>

/* How many values text may hold at most, told from what must stand between them. */
static size_t values_at_most(const char *text, size_t n)
{
	bool quoted = false;
	size_t i, count = 1;

	for (i = 0; i < n; i++)
		if (quoted && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (!quoted && (text[i] == ',' || text[i] == '[' || text[i] == '{'))
			count++;
	return count;
}

static const char *reason(const json_error_t *e)
{
	switch (json_error_code(e)) {
	case json_error_stack_overflow:
		return "too many levels of nesting";
	case json_error_premature_end_of_input:
		return "the text ends too early";
	case json_error_end_of_input_expected:
		return "something follows the document";
	case json_error_invalid_utf8:
		return "no UTF-8";
	case json_error_duplicate_key:
		return "a key stands there twice";
	case json_error_numeric_overflow:
		return "a number is too large";
	case json_error_null_byte_in_key:
	case json_error_null_character:
		return "a NUL in a text";
	default:
		return "no JSON";
	}
}

/* Where it stands, and what is wrong there. */
static int fail(const json_error_t *e, const char *path, struct err *err)
{
	cleanup_free char *where = NULL;

	/* No line: the text was not yet looked at */
	if (json_error_code(e) == json_error_out_of_memory || e->line < 0)
		return err_set(err, -ENOMEM, "cannot read", path);
	if (asprintf(&where, "%s, line %d", path, e->line) < 0)
		where = NULL;
	return err_set(err, -EBADMSG, reason(e), where ? where : path);
}

int doc_parse(const void *text, size_t n, const char *path, json_t **out, struct err *err)
{
	json_error_t e = {.line = 1};

	*out = NULL;
	if (n > DOC_MAX)
		return err_tell(err, -EFBIG, "no document may have over 4 MiB", path);
	if (values_at_most(text, n) > DOC_VALUES_MAX)
		return err_tell(err, -EFBIG, "no document may have over 131072 values", path);
	*out = json_loadb(text, n, JSON_REJECT_DUPLICATES, &e);
	return *out ? 0 : fail(&e, path, err);
}

const char *doc_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

int doc_set_text(json_t *object, const char *key, const char *text)
{
	if (text)
		return json_object_set_new(object, key, json_string(text)) ? -ENOMEM : 0;
	json_object_del(object, key);
	return 0;
}

/* What key has, or made (a reference that is taken over) where it has nothing; null is nothing. */
static json_t *get_or_set(json_t *object, const char *key, json_t *made)
{
	json_t *there = json_object_get(object, key);

	if (there && !json_is_null(there))
		json_decref(made);
	else
		there = json_object_set_new(object, key, made) ? NULL : made;
	return there;
}

json_t *doc_object(json_t *object, const char *key)
{
	json_t *there = get_or_set(object, key, json_object());

	return json_is_object(there) ? there : NULL;
}

json_t *doc_array(json_t *object, const char *key)
{
	json_t *there = get_or_set(object, key, json_array());

	return json_is_array(there) ? there : NULL;
}

static int add(const char *text, size_t n, void *out)
{
	return buf_add(out, text, n);
}

int doc_write(const json_t *doc, struct buf *out)
{
	int r = json_dump_callback(doc, add, out, JSON_COMPACT | JSON_ENCODE_ANY);

	/* For a key that could not be added it goes on as if it had been */
	return r != 0 || out->failed ? -ENOMEM : 0;
}

void doc_done(json_t **doc)
{
	json_decref(*doc);
	*doc = NULL;
}
