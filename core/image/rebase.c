// SPDX-License-Identifier: Apache-2.0
#include "core/image/rebase.h"

#include "core/image/read.h"

static json_t *layers_of(const struct image *i)
{
	return json_object_get(i->manifest, "layers");
}

static json_t *ids_of(const struct image *i)
{
	return json_object_get(json_object_get(i->config, "rootfs"), "diff_ids");
}

static json_t *history_of(const struct image *i)
{
	return json_object_get(i->config, "history");
}

static bool has_layer(const json_t *entry)
{
	return !json_is_true(json_object_get(entry, "empty_layer"));
}

/* The number of the history's entry for a layer; the number of entries where it has none. */
static size_t entry_of(const struct image *i, size_t layer)
{
	const json_t *each;
	size_t n;

	json_array_foreach(history_of(i), n, each) if (has_layer(each) && layer-- == 0) return n;
	return json_array_size(history_of(i));
}

/* The last item of a list takes the place of count from first on. */
static int fold(json_t *list, size_t first, size_t count)
{
	size_t last = json_array_size(list) - 1;
	json_t *item = json_incref(json_array_get(list, last));
	int r = json_array_remove(list, last);

	while (count-- && r == 0)
		r = json_array_remove(list, first);
	if (r != 0) {
		json_decref(item);
		return -ENOMEM;
	}
	return json_array_insert_new(list, first, item) == 0 ? 0 : -ENOMEM;
}

/* The new entry is made at the end and goes to where the last of the layers' is. */
static int squash_history(struct image *i, size_t first, size_t count, const struct history *h)
{
	size_t last = entry_of(i, first + count - 1), n = entry_of(i, first);
	json_t *list = history_of(i), *each;

	if (last == json_array_size(list))
		return 0;
	for (; n < last + (h ? 1 : 0); n++)
		if (has_layer(each = json_array_get(list, n)) &&
			json_object_set_new(each, "empty_layer", json_true()) != 0)
			return -ENOMEM;
	if (!h)
		return 0;
	if (image_add_history(i, h) < 0)
		return -ENOMEM;
	return fold(list, last + 1, 0);
}

int image_squash(struct image *i, size_t first, size_t count, const struct descriptor *layer,
	const char *diff_id, const struct history *h)
{
	int r = squash_history(i, first, count, h);

	if (r == 0)
		r = image_add_layer(i, layer, diff_id, NULL);
	if (r == 0)
		r = fold(layers_of(i), first, count);
	if (r == 0)
		r = fold(ids_of(i), first, count);
	return r < 0 ? r : image_index_layers(NULL, i, NULL);
}

static bool same(const json_t *a, const json_t *b)
{
	return a == b || (a && b && json_equal(a, b));
}

static bool is_object(const json_t *json)
{
	return !json || json_is_object(json);
}

/* Whether all members of mine that are as in from become what onto has. 0 or -ENOMEM. */
static int merge_objects(json_t *mine, const json_t *from, const json_t *onto, bool deep);

/* A list "KEY=VALUE" as an object, whose keys stay in order. */
static json_t *env_object(const json_t *list)
{
	json_t *out = json_object();
	const json_t *each;
	size_t n;

	json_array_foreach(list, n, each)
	{
		const char *text = json_string_value(each);
		size_t len = text ? strcspn(text, "=") : 0;
		cleanup_free char *key = text ? strndup(text, len) : NULL;

		if (key && json_object_set_new(out, key, json_string(text)) != 0)
			break;
	}
	return out;
}

static json_t *env_list(json_t *object)
{
	json_t *out = json_array(), *each;
	const char *key;

	json_object_foreach(object, key, each) if (json_array_append(out, each) != 0) break;
	return out;
}

static int merge_env(json_t *mine, const json_t *from, const json_t *onto)
{
	json_t *env = env_object(json_object_get(mine, "Env"));
	cleanup_json json_t *old = env_object(json_object_get(from, "Env"));
	cleanup_json json_t *new = env_object(json_object_get(onto, "Env"));
	int r = env && old && new ? merge_objects(env, old, new, false) : -ENOMEM;

	if (r == 0 && json_object_size(env) && json_object_set_new(mine, "Env", env_list(env)) != 0)
		r = -ENOMEM;
	json_decref(env);
	return r;
}

static int merge_member(json_t *mine, const char *key, const json_t *old, json_t *new, bool deep)
{
	json_t *value = json_object_get(mine, key);

	if (deep && json_is_object(value) && is_object(old) && is_object(new))
		return merge_objects(value, old, new, false);
	if (!same(value, old) || same(old, new))
		return 0;
	if (!new)
		return json_object_del(mine, key) == 0 || !value ? 0 : -ENOMEM;
	new = json_deep_copy(new);
	return json_object_set_new(mine, key, new) == 0 ? 0 : -ENOMEM;
}

static int merge_objects(json_t *mine, const json_t *from, const json_t *onto, bool deep)
{
	cleanup_json json_t *keys = json_object();
	const char *key;
	json_t *each;
	int r = 0;

	if (!keys || (from && json_object_update(keys, (json_t *)(uintptr_t)from) != 0) ||
		(onto && json_object_update(keys, (json_t *)(uintptr_t)onto) != 0))
		return -ENOMEM;
	json_object_foreach(keys, key, each)
	{
		if (deep && strcmp(key, "Env") == 0)
			continue;
		r = merge_member(
			mine, key, json_object_get(from, key), json_object_get(onto, key), deep);
		if (r < 0)
			return r;
	}
	return deep ? merge_env(mine, from, onto) : 0;
}

static bool stands_on(const struct image *i, const struct image *from)
{
	if (from->layer_count > i->layer_count)
		return false;
	for (size_t n = 0; n < from->layer_count; n++)
		if (strcmp(i->diff_ids[n], from->diff_ids[n]) != 0)
			return false;
	return true;
}

static bool same_platform(const struct image *a, const struct image *b)
{
	return same(json_object_get(a->config, "os"), json_object_get(b->config, "os")) &&
	       same(json_object_get(a->config, "architecture"),
		       json_object_get(b->config, "architecture"));
}

/* copies of all of one list, before those of another from number first on. */
static json_t *join(const json_t *head, const json_t *tail, size_t first)
{
	json_t *out = head ? json_deep_copy(head) : json_array();

	for (; out && first < json_array_size(tail); first++)
		if (json_array_append(out, json_array_get(tail, first)) != 0)
			return json_decref(out), NULL;
	return out;
}

/* How many of the history's entries are those of the layers below. */
static size_t entries_below(const struct image *i, const struct image *from)
{
	const json_t *mine = history_of(i), *theirs = history_of(from), *each;
	size_t n;

	json_array_foreach(theirs, n, each) if (!same(each, json_array_get(mine, n))) break;
	if (n == json_array_size(theirs) && n > 0)
		return n;
	if (from->layer_count == 0)
		return 0;
	n = entry_of(i, from->layer_count - 1);
	return n < json_array_size(mine) ? n + 1 : 0;
}

static int replace_lists(struct image *i, const struct image *from, const struct image *onto)
{
	json_t *history = join(history_of(onto), history_of(i), entries_below(i, from));
	json_t *layers = join(layers_of(onto), layers_of(i), from->layer_count);
	json_t *ids = join(ids_of(onto), ids_of(i), from->layer_count);
	json_t *rootfs = doc_object(i->config, "rootfs");
	int r = json_object_set_new(i->config, "history", history);

	r |= json_object_set_new(i->manifest, "layers", layers);
	r |= json_object_set_new(rootfs, "diff_ids", ids);
	return r ? -ENOMEM : doc_set_text(rootfs, "type", "layers");
}

int image_rebase(
	struct image *i, const struct image *from, const struct image *onto, struct err *err)
{
	json_t *config = doc_object(i->config, "config");
	int r;

	if (!stands_on(i, from))
		return err_tell(err, -EINVAL, "its layers are not those that the image begins with",
			from->tag ? from->tag : from->top.digest);
	if (!same_platform(i, onto))
		return err_tell(err, -EINVAL, "is for another platform",
			onto->tag ? onto->tag : onto->top.digest);
	r = config ? merge_objects(config, json_object_get(from->config, "config"),
			     json_object_get(onto->config, "config"), true)
		   : -ENOMEM;
	if (r == 0)
		r = replace_lists(i, from, onto);
	if (r == 0)
		r = image_set_docker(i, i->docker);
	return r < 0 ? err_set(err, r, "cannot rebase", NULL) : 0;
}
