// SPDX-License-Identifier: Apache-2.0
/* The events of libyaml's parser become a tree. */
#include "core/build/yaml.h"

#include <yaml.h>

struct anchor {
	char *name;
	struct yaml_value *value;
};

struct reading {
	const char *path, *text;
	size_t len;
	struct err *err;
	struct yaml *out;
	size_t values, bytes;                    /* so far, aliases written out */
	struct yaml_value *open[YAML_DEPTH_MAX]; /* what has begun and not ended */
	struct yaml_value *key[YAML_DEPTH_MAX];  /* in each: one that waits for its value */
	size_t depth;
	struct anchor anchors[YAML_ANCHORS_MAX];
	size_t anchor_count;
	bool ended; /* the document has */
};

static struct place place_of(const yaml_mark_t *mark)
{
	return (struct place){mark->line + 1, mark->column + 1};
}

/* Where the byte at offset is. */
static struct place place_at(const char *text, size_t offset)
{
	struct place at = {1, 1};

	for (; offset; offset--, text++)
		if (*text == '\n')
			at = (struct place){at.line + 1, 1};
		else if ((*text & 0xc0) != 0x80)
			at.column++;
	return at;
}

/* Whether a tab stands there, which libyaml only calls a character that starts no token. */
static bool is_tab(const struct reading *r, const struct place *at)
{
	const char *p = r->text, *end = p + r->len;
	size_t line, column;

	for (line = 1; line < at->line; line++) {
		p = memchr(p, '\n', (size_t)(end - p));
		if (!p)
			return false;
		p++;
	}
	for (column = 1; p < end && column < at->column; p++)
		column += p + 1 < end && (p[1] & 0xc0) != 0x80;
	return p < end && *p == '\t';
}

static int parser_error(const struct reading *r, const yaml_parser_t *p)
{
	struct place at = place_of(&p->problem_mark);
	const char *context = p->context ? p->context : "";

	if (p->error == YAML_MEMORY_ERROR)
		return err_set(r->err, -ENOMEM, NULL, NULL);
	if (p->error == YAML_READER_ERROR) {
		at = place_at(r->text, MIN(p->problem_offset, r->len));
		return place_err(r->err, -EINVAL, r->path, &at,
			"no YAML: %s; it must be text in UTF-8 without control characters",
			p->problem);
	}
	if (is_tab(r, &at))
		return place_err(r->err, -EINVAL, r->path, &at,
			"a tab, where YAML takes only spaces to indent");
	return place_err(r->err, -EINVAL, r->path, &at, "no YAML: %s%s%s", context,
		*context ? ": " : "", p->problem);
}

static int count(struct reading *r, const struct place *at, size_t values, size_t bytes)
{
	r->values += values;
	r->bytes += bytes;
	if (r->values <= YAML_VALUES_MAX && r->bytes <= YAML_BYTES_MAX)
		return 0;
	return place_err(r->err, -E2BIG, r->path, at,
		"with all aliases written out there are more than %d values or %d bytes",
		YAML_VALUES_MAX, YAML_BYTES_MAX);
}

static struct yaml_value *new_value(struct reading *r, enum yaml_kind kind, const yaml_mark_t *mark)
{
	struct yaml_value *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->kind = kind;
	v->place = place_of(mark);
	v->values = 1;
	v->next = r->out->all;
	r->out->all = v;
	return v;
}

static int add_entry(struct yaml_value *to, struct yaml_value *key, struct yaml_value *value)
{
	if (!(to->count & (to->count - 1))) {
		size_t room = to->count ? to->count * 2 : 1;
		struct yaml_entry *more = reallocarray(to->entries, room, sizeof(*more));

		if (!more)
			return -ENOMEM;
		to->entries = more;
	}
	to->entries[to->count++] = (struct yaml_entry){key, value};
	return 0;
}

/* Puts v where it belongs: into what is open, as a key or as a value. */
static int put(struct reading *r, struct yaml_value *v, const struct place *at)
{
	struct yaml_value *in = r->depth ? r->open[r->depth - 1] : NULL;
	struct yaml_value **key = r->depth ? &r->key[r->depth - 1] : NULL;

	if (!in) {
		r->out->root = v;
		return 0;
	}
	if (in->kind == YAML_MAP && !*key) {
		if (v->kind != YAML_TEXT)
			return place_err(r->err, -EINVAL, r->path, at,
				"a key is %s; it must be text", yaml_kind_word(v));
		*key = v;
		return 0;
	}
	if (add_entry(in, *key, v) < 0)
		return err_set(r->err, -ENOMEM, NULL, NULL);
	*key = NULL;
	return 0;
}

/* What an explicit tag says: whether the text is as good as quoted, or -EINVAL. */
static int tag_quotes(const struct reading *r, const char *tag, const struct place *at)
{
	static const char known[] =
		YAML_STR_TAG " " YAML_SEQ_TAG " " YAML_MAP_TAG " " YAML_INT_TAG " " YAML_BOOL_TAG
			     " " YAML_NULL_TAG " " YAML_FLOAT_TAG " ";
	size_t len = tag ? strlen(tag) : 0;
	const char *found;

	if (!tag)
		return 0;
	found = strchr(tag, ' ') ? NULL : strstr(known, tag);
	if (strcmp(tag, "!") == 0 || strcmp(tag, YAML_STR_TAG) == 0)
		return 1;
	if (found && found[len] == ' ' && (found == known || found[-1] == ' '))
		return 0;
	return place_err(r->err, -EINVAL, r->path, at, "the tag %s has no meaning here", tag);
}

static int set_anchor(
	struct reading *r, const yaml_char_t *name, struct yaml_value *v, const struct place *at)
{
	struct anchor *a = r->anchors + r->anchor_count;

	if (!name)
		return 0;
	if (r->anchor_count == YAML_ANCHORS_MAX)
		return place_err(
			r->err, -E2BIG, r->path, at, "more than %d anchors", YAML_ANCHORS_MAX);
	a->name = strdup((const char *)name);
	if (!a->name)
		return err_set(r->err, -ENOMEM, NULL, NULL);
	a->value = v;
	r->anchor_count++;
	return 0;
}

static int on_alias(struct reading *r, const yaml_event_t *e)
{
	struct place at = place_of(&e->start_mark);
	const char *name = (const char *)e->data.alias.anchor;
	size_t i = r->anchor_count;
	struct yaml_value *v;

	while (i && strcmp(r->anchors[i - 1].name, name) != 0)
		i--;
	if (!i)
		return place_err(
			r->err, -EINVAL, r->path, &at, "nothing before has the anchor '&%s'", name);
	v = r->anchors[i - 1].value;
	if (!v->whole)
		return place_err(r->err, -EINVAL, r->path, &at,
			"'*%s' stands within what it names, which would have no end", name);
	if (count(r, &at, v->values, v->bytes) < 0)
		return -E2BIG;
	return put(r, v, &at);
}

static int on_text(struct reading *r, const yaml_event_t *e)
{
	struct place at = place_of(&e->start_mark);
	const char *text = (const char *)e->data.scalar.value;
	size_t len = e->data.scalar.length;
	int quoted = tag_quotes(r, (const char *)e->data.scalar.tag, &at);
	struct yaml_value *v;

	if (quoted < 0)
		return quoted;
	if (memchr(text, '\0', len))
		return place_err(r->err, -EINVAL, r->path, &at, "there is a NUL in the text");
	v = new_value(r, YAML_TEXT, &e->start_mark);
	if (!v || !(v->text = strndup(text, len)))
		return err_set(r->err, -ENOMEM, NULL, NULL);
	v->plain = !quoted && e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	v->bytes = len;
	v->whole = true;
	if (count(r, &at, 1, len) < 0)
		return -E2BIG;
	if (set_anchor(r, e->data.scalar.anchor, v, &at) < 0)
		return r->err ? r->err->code : -E2BIG;
	return put(r, v, &at);
}

static int on_start(struct reading *r, const yaml_event_t *e, enum yaml_kind kind,
	const yaml_char_t *anchor, const yaml_char_t *tag)
{
	struct place at = place_of(&e->start_mark);
	struct yaml_value *v;
	int code;

	if (r->depth == YAML_DEPTH_MAX)
		return place_err(
			r->err, -E2BIG, r->path, &at, "nested deeper than %d", YAML_DEPTH_MAX);
	code = tag_quotes(r, (const char *)tag, &at);
	if (code < 0)
		return code;
	v = new_value(r, kind, &e->start_mark);
	if (!v)
		return err_set(r->err, -ENOMEM, NULL, NULL);
	code = count(r, &at, 1, 0);
	if (code == 0)
		code = set_anchor(r, anchor, v, &at);
	if (code == 0)
		code = put(r, v, &at);
	r->open[r->depth] = v;
	r->key[r->depth++] = NULL;
	return code;
}

static int on_end(struct reading *r)
{
	struct yaml_value *v = r->open[--r->depth];
	size_t i;

	for (i = 0; i < v->count; i++) {
		const struct yaml_entry *e = &v->entries[i];

		v->values += e->value->values + (e->key ? e->key->values : 0);
		v->bytes += e->value->bytes + (e->key ? e->key->bytes : 0);
	}
	v->whole = true;
	return v->kind == YAML_MAP ? yaml_finish_map(r->path, v, r->err) : 0;
}

static int on_document(struct reading *r, const yaml_event_t *e)
{
	struct place at = place_of(&e->start_mark);

	if (!r->ended)
		return 0;
	return place_err(r->err, -EINVAL, r->path, &at,
		"a second document begins here; a file has one, without '---' in the middle");
}

static int on_event(struct reading *r, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		return on_document(r, e);
	case YAML_DOCUMENT_END_EVENT:
		r->ended = true;
		return 0;
	case YAML_ALIAS_EVENT:
		return on_alias(r, e);
	case YAML_SCALAR_EVENT:
		return on_text(r, e);
	case YAML_SEQUENCE_START_EVENT:
		return on_start(
			r, e, YAML_LIST, e->data.sequence_start.anchor, e->data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		return on_start(
			r, e, YAML_MAP, e->data.mapping_start.anchor, e->data.mapping_start.tag);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return on_end(r);
	default:
		return 0;
	}
}

static int read_events(struct reading *r, yaml_parser_t *p)
{
	bool more = true;
	int code = 0;

	while (more && code == 0) {
		yaml_event_t e;

		if (!yaml_parser_parse(p, &e))
			return parser_error(r, p);
		more = e.type != YAML_STREAM_END_EVENT;
		code = on_event(r, &e);
		yaml_event_delete(&e);
	}
	return code;
}

int yaml_read(const char *path, const char *text, size_t len, struct yaml *out, struct err *err)
{
	cleanup_free struct reading *r = calloc(1, sizeof(*r));
	yaml_parser_t p;
	int code;

	if (!r || !yaml_parser_initialize(&p))
		return err_set(err, -ENOMEM, NULL, NULL);
	*r = (struct reading){.path = path, .text = text, .len = len, .err = err, .out = out};
	yaml_parser_set_input_string(&p, (const unsigned char *)text, len);
	yaml_parser_set_encoding(&p, YAML_UTF8_ENCODING);
	code = read_events(r, &p);
	yaml_parser_delete(&p);
	while (r->anchor_count)
		free(r->anchors[--r->anchor_count].name);
	if (code < 0)
		yaml_done(out);
	return code;
}
