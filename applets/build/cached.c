// SPDX-License-Identifier: Apache-2.0
/* What was built before: found by what it was made of. */
#include "applets/build/making.h"
#include "core/build/blob.h"

#include <stdio.h>

static int load(const struct making *m, const char *hex, json_t **doc)
{
	cleanup_buf struct buf text = BUF_NONE;
	cleanup_err struct err err = ERR_NONE;

	if (work_load(m->w, "cache", hex, &text) < 0)
		return -ENOENT;
	return doc_parse(text.data, text.len, hex, doc, &err);
}

static int save(const struct making *m, const char *hex, const json_t *doc, struct err *err)
{
	cleanup_buf struct buf text = BUF_NONE;
	int r = doc_write(doc, &text);

	if (r == 0)
		r = work_save(m->w, "cache", hex, text.data, text.len);
	return r < 0 ? err_set_at(err, r, "cannot write", m->w->b.stacker, "cache") : 0;
}

static void drop(struct making *m, const struct layout *l, const struct descriptor *d)
{
	making_say(m, "%s/blobs/sha256/%s was damaged, and is made anew", l->path,
		digest_hex(d->digest));
	unlinkat(l->blobs, digest_hex(d->digest), 0);
}

bool blob_sound(struct making *m, const struct layout *l, const struct descriptor *d)
{
	int r = blob_look(m->blobs, l, d);

	if (r == -EBADMSG)
		drop(m, l, d);
	return r == 0;
}

bool layers_sound(struct making *m, const struct layout *l, const struct image *i)
{
	bool all = true;

	for (size_t n = 0; n < i->layer_count; n++)
		all &= blob_sound(m, l, &i->layers[n]);
	return all;
}

void layers_known(struct making *m, const struct layout *l, const struct image *i)
{
	for (size_t n = 0; n < i->layer_count; n++)
		blob_known(m->blobs, l, &i->layers[n]);
}

/* Whether the name stands for it already. */
static bool is_tagged(const struct making *m, const struct descriptor *d)
{
	cleanup_err struct err err = ERR_NONE;
	cleanup_json json_t *index = NULL;
	json_t *each;
	size_t n;

	if (layout_index(&m->layout, &index, &err) < 0)
		return false;
	json_array_foreach(json_object_get(index, "manifests"), n, each)
	{
		const char *tag = descriptor_tag(each), *digest = doc_text(each, "digest");

		if (tag && digest && strcmp(tag, m->r->name) == 0)
			return strcmp(digest, d->digest) == 0;
	}
	return false;
}

int cache_find_image(struct making *m, struct err *err)
{
	cleanup_json json_t *doc = NULL;
	cleanup_descriptor struct descriptor d = DESCRIPTOR_NONE;
	cleanup_image struct image i = IMAGE_NONE;
	cleanup_err struct err ignored = ERR_NONE;
	int r;

	if (load(m, m->whole, &doc) < 0 ||
		descriptor_read(json_object_get(doc, "manifest"), m->whole, &d, &ignored) < 0 ||
		image_open_descriptor(&m->layout, &d, NULL, &i, &ignored) < 0 ||
		!layers_sound(m, &m->layout, &i))
		return 0;
	if (is_tagged(m, &d))
		return 1;
	r = image_tag(&m->layout, m->r->name, &d, err);
	return r < 0 ? r : 1;
}

/* One layer with the history that it got. */
static int add_layer(struct making *m, const json_t *one)
{
	cleanup_descriptor struct descriptor d = DESCRIPTOR_NONE;
	cleanup_err struct err err = ERR_NONE;
	const char *diff_id = doc_text(one, "diffID");
	json_t *list = doc_array(m->image.config, "history");

	if (!diff_id || !digest_valid(diff_id) ||
		descriptor_read(json_object_get(one, "layer"), "cache", &d, &err) < 0)
		return -ENOENT;
	if (!list || json_array_append(list, json_object_get(one, "history")) != 0)
		return -ENOMEM;
	return image_add_layer(&m->image, &d, diff_id, NULL);
}

/* All of them are looked at before one is added. */
static bool layers_there(struct making *m, const json_t *layers)
{
	const json_t *one;
	size_t n;

	json_array_foreach(layers, n, one)
	{
		cleanup_descriptor struct descriptor d = DESCRIPTOR_NONE;
		cleanup_err struct err err = ERR_NONE;

		if (descriptor_read(json_object_get(one, "layer"), "cache", &d, &err) < 0 ||
			!blob_sound(m, &m->layout, &d) || !doc_text(one, "diffID") ||
			!json_is_object(json_object_get(one, "history")))
			return false;
	}
	return json_is_array(layers);
}

int cache_find_steps(struct making *m, struct err *err)
{
	cleanup_json json_t *doc = NULL;
	json_t *layers, *one;
	size_t n;
	int r = 0;

	if (load(m, m->steps, &doc) < 0)
		return 0;
	layers = json_object_get(doc, "layers");
	if (!layers_there(m, layers))
		return 0;
	json_array_foreach(layers, n, one)
	{
		if (r == 0)
			r = add_layer(m, one);
	}
	return r < 0 ? err_set(err, r, "cannot use what is cached", m->r->name) : 1;
}

/* The history's entries of layers, in their order. */
static json_t *history_of(const struct image *i, size_t layer)
{
	json_t *each;
	size_t n;

	json_array_foreach(json_object_get(i->config, "history"), n, each)
	{
		if (!json_is_true(json_object_get(each, "empty_layer")) && layer-- == 0)
			return each;
	}
	return NULL;
}

/* Whether what was made is of what its key says: 1, 0, or negative errno with err. */
static int can_be_kept(struct making *m, struct err *err)
{
	int changed = *m->whole ? inputs_changed(m, err) : 1;

	if (changed > 0 && *m->whole) {
		making_done(m,
			"something that it is made of changed meanwhile: the next build does its steps again");
		*m->whole = '\0';
	}
	return changed < 0 ? changed : !changed;
}

int cache_keep_steps(struct making *m, struct err *err)
{
	cleanup_json json_t *doc = json_object();
	json_t *layers = doc_array(doc, "layers");
	int r = can_be_kept(m, err);

	if (r <= 0)
		return r;
	for (size_t n = m->base_layers; n < m->image.layer_count; n++)
		if (json_array_append_new(
			    layers, json_pack("{s:O, s:s, s:O?}", "layer", m->image.layers[n].json,
					    "diffID", m->image.diff_ids[n], "history",
					    history_of(&m->image, n))) != 0)
			return err_set(err, -ENOMEM, NULL, NULL);
	return save(m, m->steps, doc, err);
}

static void labels_name(const struct making *m, char name[80])
{
	snprintf(name, 80, "labels-%s", m->generated);
}

bool cache_find_labels(struct making *m)
{
	char name[80];

	labels_name(m, name);
	return load(m, name, &m->labels) == 0;
}

int cache_keep_labels(struct making *m, struct err *err)
{
	char name[80];
	int r = can_be_kept(m, err);

	labels_name(m, name);
	return r > 0 ? save(m, name, m->labels, err) : r;
}

void cache_keep_last(const struct making *m)
{
	cleanup_buf struct buf old = BUF_NONE;
	const struct buf *now = &m->key.text;

	if (work_load(m->w, "last", m->r->name, &old) < 0 || old.len != now->len ||
		memcmp(old.data, now->data, now->len) != 0)
		work_save(m->w, "last", m->r->name, now->data, now->len);
}

int cache_keep_image(struct making *m, struct err *err)
{
	cleanup_json json_t *doc = NULL;
	int r = 0;

	if (*m->whole) {
		doc = json_pack("{s:O}", "manifest", m->image.top.json);
		r = doc ? save(m, m->whole, doc, err) : err_set(err, -ENOMEM, NULL, NULL);
	}
	if (r == 0)
		cache_keep_last(m);
	return r;
}

static int drop_layers(struct making *m, const struct image *i)
{
	int count = 0;

	for (size_t n = 0; n < i->layer_count; n++)
		if (blob_read(&m->layout, &i->layers[n]) == -EBADMSG) {
			drop(m, &m->layout, &i->layers[n]);
			count++;
		}
	return count;
}

int cache_drop_damaged(struct making *m)
{
	cleanup_err struct err err = ERR_NONE;
	cleanup_image struct image i = IMAGE_NONE;
	int count;

	if (m->layout.fd < 0 || m->layout.blobs < 0)
		return 0;
	count = drop_layers(m, &m->image);
	if (image_open(&m->layout, m->r->name, NULL, &i, &err) == 0)
		count += drop_layers(m, &i);
	return count;
}

void cache_why(const struct making *m, bool steps)
{
	cleanup_buf struct buf old = BUF_NONE, why = BUF_NONE;

	if (!m->w->why && !m->w->b.debug)
		return;
	if (m->w->no_cache)
		making_say(m, "building: --no-cache");
	else if (work_load(m->w, "last", m->r->name, &old) < 0)
		making_say(m, "building: it was not built before");
	else if (key_differs(&old, &m->key.text, &why) == 0 && why.len)
		making_say(m, "%s: %s", steps ? "building" : "configuring, its steps are cached",
			why.data);
	else
		making_say(m, "building: what was built before is gone");
}
