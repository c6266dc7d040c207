// SPDX-License-Identifier: Apache-2.0
/* What a tree of YAML is asked, and what its maps come to. */
#include "core/build/yaml.h"

void yaml_done(struct yaml *y)
{
	while (y->all) {
		struct yaml_value *v = y->all;

		y->all = v->next;
		free(v->text);
		free(v->entries);
		free(v);
	}
	y->root = NULL;
}

bool yaml_is_null(const struct yaml_value *v)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL"};
	size_t i;

	if (v->kind != YAML_TEXT || !v->plain)
		return false;
	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(v->text, words[i]) == 0)
			return true;
	return false;
}

const char *yaml_kind_word(const struct yaml_value *v)
{
	return v->kind == YAML_LIST ? "a list" : v->kind == YAML_MAP ? "a map" : "text";
}

static struct yaml_entry *find(const struct yaml_entry *entries, size_t count, const char *key)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(entries[i].key->text, key) == 0)
			return (struct yaml_entry *)&entries[i];
	return NULL;
}

const struct yaml_value *yaml_find(const struct yaml_value *map, const char *key)
{
	const struct yaml_entry *e = find(map->entries, map->count, key);

	return e ? e->value : NULL;
}

/* By text, then by place. */
static int compare_keys(const void *a, const void *b)
{
	const struct yaml_value *x = *(struct yaml_value *const *)a;
	const struct yaml_value *y = *(struct yaml_value *const *)b;
	int order = strcmp(x->text, y->text);

	if (order == 0)
		order = (x->place.line > y->place.line) - (x->place.line < y->place.line);
	if (order == 0)
		order = (x->place.column > y->place.column) - (x->place.column < y->place.column);
	return order;
}

static int no_key_twice(const char *path, const struct yaml_value *map, struct err *err)
{
	cleanup_free const struct yaml_value **keys = calloc(map->count + 1, sizeof(*keys));
	size_t i;

	if (!keys)
		return err_set(err, -ENOMEM, NULL, NULL);
	for (i = 0; i < map->count; i++)
		keys[i] = map->entries[i].key;
	qsort(keys, map->count, sizeof(*keys), compare_keys);
	for (i = 1; i < map->count; i++)
		if (strcmp(keys[i - 1]->text, keys[i]->text) == 0)
			return place_err(err, -EINVAL, path, &keys[i]->place,
				"'%s' stands here a second time; the first is in line %zu, column "
				"%zu",
				keys[i]->text, keys[i - 1]->place.line, keys[i - 1]->place.column);
	return 0;
}

/* The most entries that a map may have after a merge: each is compared with each. */
enum { MERGED_MAX = 1000 };

struct merged {
	struct yaml_entry *entries;
	size_t count;
};

/* Adds what is not there yet. */
static int merge_entries(struct merged *to, const struct yaml_value *from)
{
	struct yaml_entry *more;
	size_t i;

	if (to->count + from->count > MERGED_MAX)
		return -E2BIG;
	more = reallocarray(to->entries, to->count + from->count + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	to->entries = more;
	for (i = 0; i < from->count; i++)
		if (!find(to->entries, to->count, from->entries[i].key->text))
			to->entries[to->count++] = from->entries[i];
	return 0;
}

/* Adds the map v, or each map in the list v, the first of them counting most. */
static int merge_value(
	const char *path, struct merged *to, const struct yaml_value *v, struct err *err)
{
	size_t i;
	int code = 0;

	if (v->kind == YAML_MAP)
		code = merge_entries(to, v);
	for (i = 0; code == 0 && v->kind == YAML_LIST && i < v->count; i++)
		code = v->entries[i].value->kind == YAML_MAP
			       ? merge_entries(to, v->entries[i].value)
			       : -EINVAL;
	if (code == -ENOMEM)
		return err_set(err, -ENOMEM, NULL, NULL);
	if (code == -E2BIG)
		return place_err(err, code, path, &v->place,
			"a map with '<<' has more than %d keys", MERGED_MAX);
	if (code < 0 || v->kind == YAML_TEXT)
		return place_err(err, -EINVAL, path, &v->place,
			"'<<' merges a map, or a list of maps: write '<<: *NAME'");
	return 0;
}

int yaml_finish_map(const char *path, struct yaml_value *map, struct err *err)
{
	const struct yaml_entry *merge = find(map->entries, map->count, "<<");
	struct merged m = {NULL, 0};
	size_t i;
	int code = no_key_twice(path, map, err);

	if (code < 0 || !merge || !merge->key->plain)
		return code;
	if (map->count > MERGED_MAX)
		return place_err(err, -E2BIG, path, &map->place,
			"a map with '<<' has more than %d keys", MERGED_MAX);
	m.entries = calloc(map->count, sizeof(*m.entries));
	if (!m.entries)
		return err_set(err, -ENOMEM, NULL, NULL);
	for (i = 0; i < map->count; i++)
		if (&map->entries[i] != merge)
			m.entries[m.count++] = map->entries[i];
	code = merge_value(path, &m, merge->value, err);
	if (code < 0) {
		free(m.entries);
		return code;
	}
	free(map->entries);
	map->entries = m.entries;
	map->count = m.count;
	return 0;
}
