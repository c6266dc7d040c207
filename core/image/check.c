// SPDX-License-Identifier: Apache-2.0
/* All that a layout has, looked at. */
#include "core/image/check.h"
#include "core/image/read.h"

#include <stdio.h>

enum { FILE_MAX = 96 }; /* "blobs/sha256/HEX" */

static void file_of(const char *digest, char file[FILE_MAX])
{
	snprintf(file, FILE_MAX, "blobs/sha256/%s", digest_hex(digest));
}

/* Whether key was not seen before. */
static bool first_time(struct check *c, const char *key)
{
	if (json_object_get(c->seen, key))
		return false;
	if (json_object_set_new(c->seen, key, json_true()) != 0)
		c->no_memory = true;
	return true;
}

/* A document that will be looked into later, once; what is not there was told already. */
static void enqueue(struct check *c, const struct descriptor *d)
{
	char key[DIGEST_MAX + sizeof(c->queue->media) + 2];

	if (blob_there(c->l, d) < 0)
		return;
	snprintf(key, sizeof(key), "%s %.127s", d->digest, d->media);
	if (!first_time(c, key))
		return;
	if (c->count == c->room) {
		size_t room = c->room ? c->room * 2 : 64;
		struct check_item *queue = realloc(c->queue, room * sizeof(*queue));

		if (!queue) {
			c->no_memory = true;
			return;
		}
		c->queue = queue;
		c->room = room;
	}
	strcpy(c->queue[c->count].digest, d->digest);
	c->queue[c->count].size = d->size;
	snprintf(c->queue[c->count++].media, sizeof(c->queue->media), "%s", d->media);
}

/* Reads a blob, or what a layer decompresses to: why that fails, or NULL. */
static const char *read_bytes(
	const struct check *c, const struct descriptor *d, const char *diff_id, char why[128])
{
	cleanup_err struct err err = ERR_NONE;
	struct source *s = NULL;
	const char *text = NULL;
	int r = diff_id ? layer_source(c->l, d, diff_id, &s, &err) : blob_source(c->l, d, &s, &err);
	int64_t n = r < 0 ? 0 : source_drain(s);

	if (r < 0)
		text = err.what ? err.what : err_reason(r);
	else if (n < 0)
		text = source_why(s) ? source_why(s) : err_reason((int)n);
	if (text)
		snprintf(why, 128, "%s", text);
	source_free(s);
	return text ? why : NULL;
}

/* A blob's bytes, and with diff_id those that it decompresses to. */
static void check_bytes(struct check *c, const struct descriptor *d, const char *diff_id)
{
	char file[FILE_MAX], key[2 * DIGEST_MAX + 132], why[128], stored[128];
	struct check_at at = {c, file, NULL, 0};
	const char *text;

	snprintf(key, sizeof(key), "%s %s %.127s", d->digest, diff_id ? diff_id : "-",
		diff_id ? d->media : "");
	if (blob_there(c->l, d) < 0 || !first_time(c, key))
		return;
	first_time(c, d->digest);
	file_of(d->digest, file);
	text = read_bytes(c, d, diff_id, why);
	/* A damaged blob may be no archive any more: then that is not what is wrong with it */
	if (text && diff_id && read_bytes(c, d, NULL, stored))
		text = stored;
	if (text)
		check_tell(&at, "", text);
}

/* A document of its own, or NULL after its fault was told. */
static json_t *read_doc(struct check *c, const struct descriptor *d)
{
	cleanup_err struct err err = ERR_NONE;
	char file[FILE_MAX];
	struct check_at at = {c, file, NULL, 0};
	json_t *doc;
	int r = blob_doc(c->l, d, &doc, &err);

	first_time(c, d->digest);
	file_of(d->digest, file);
	if (r < 0)
		check_tell(&at, "", err.what ? err.what : err_reason(r));
	return doc;
}

/* Each layer with the diff_id that the config (NULL: none that is an image's) has for it. */
static void check_layers(const struct check_at *at, const json_t *layers, const json_t *config)
{
	const json_t *ids = json_object_get(json_object_get(config, "rootfs"), "diff_ids");
	struct check_at each = {at->c, at->file, "layers", 0};

	if (json_array_size(layers) > IMAGE_LAYERS_MAX) {
		check_tell(at, "layers", "are over 1024");
		return;
	}
	for (; each.number < json_array_size(layers); each.number++) {
		cleanup_descriptor struct descriptor d = DESCRIPTOR_NONE;
		const char *id = json_string_value(json_array_get(ids, each.number));
		enum compression how;

		if (!check_descriptor(&each, json_array_get(layers, each.number), &d))
			continue;
		if (config && layer_media(d.media, &how) < 0)
			check_tell(&each, "mediaType", "is not that of a layer");
		else if (config && id && digest_valid(id))
			check_bytes(at->c, &d, id);
		else
			check_bytes(at->c, &d, NULL);
	}
}

/* BuildKit's word about an image looks like one, but what it has for layers are documents. */
static bool is_for_unknown(const json_t *config)
{
	const char *os = json_string_value(json_object_get(config, "os"));

	return os && strcmp(os, "unknown") == 0;
}

static void check_manifest(const struct check_at *at, const json_t *doc)
{
	struct check_at where = {at->c, at->file, "config", SIZE_MAX};
	cleanup_descriptor struct descriptor d = DESCRIPTOR_NONE;
	cleanup_json json_t *config = NULL;
	const json_t *layers = json_object_get(doc, "layers");
	char file[FILE_MAX];
	struct check_at in_config = {at->c, file, NULL, 0};

	if (!json_is_array(layers))
		check_tell(at, "layers", "is missing or no list");
	if (check_descriptor(&where, json_object_get(doc, "config"), &d)) {
		bool image = strcmp(d.media, MEDIA_CONFIG) == 0 ||
			     strcmp(d.media, MEDIA_DOCKER_CONFIG) == 0;

		file_of(d.digest, file);
		if (!image)
			check_bytes(at->c, &d, NULL);
		else if (blob_there(at->c->l, &d) == 0)
			config = read_doc(at->c, &d);
		if (config)
			check_config(&in_config, config, json_array_size(layers));
	}
	check_layers(at, layers, is_for_unknown(config) ? NULL : config);
}

/* The descriptors of an index, which are looked into later. */
static void check_manifests(const struct check_at *at, const json_t *manifests, bool top)
{
	struct check_at each = {at->c, at->file, "manifests", 0};

	if (!json_is_array(manifests))
		check_tell(at, "manifests", "is missing or no list");
	for (; each.number < json_array_size(manifests); each.number++) {
		cleanup_descriptor struct descriptor d = DESCRIPTOR_NONE;
		json_t *json = json_array_get(manifests, each.number);
		const char *tag = descriptor_tag(json);

		if (!check_descriptor(&each, json, &d))
			continue;
		if (top && tag && !tag_valid(tag))
			check_tell(&each, "annotations." IMAGE_REF_NAME, "is no tag");
		enqueue(at->c, &d);
	}
}

static void check_item(struct check *c, const struct check_item *item)
{
	struct descriptor d = {.media = item->media, .size = item->size};
	cleanup_json json_t *doc = NULL;
	char file[FILE_MAX];
	struct check_at at = {c, file, NULL, 0};
	bool is_index = media_is_index(item->media);

	strcpy(d.digest, item->digest);
	file_of(item->digest, file);
	if (!is_index && !media_is_manifest(item->media)) {
		check_bytes(c, &d, NULL);
		return;
	}
	doc = read_doc(c, &d);
	if (!doc)
		return;
	if (!json_is_object(doc)) {
		check_tell(&at, "", "is no object");
		return;
	}
	check_head(&at, doc, item->media, "");
	if (json_object_get(doc, "manifests") &&
		(json_object_get(doc, "layers") || json_object_get(doc, "config")))
		check_tell(&at, "", "is a manifest and an index at once");
	if (is_index)
		check_manifests(&at, json_object_get(doc, "manifests"), false);
	else
		check_manifest(&at, doc);
}

static void check_index(struct check *c)
{
	cleanup_err struct err err = ERR_NONE;
	cleanup_json json_t *index = NULL;
	struct check_at at = {c, "index.json", NULL, 0};
	int r = layout_index(c->l, &index, &err);

	if (r < 0) {
		check_tell(&at, "", err.what ? err.what : err_reason(r));
		return;
	}
	check_head(&at, index, "", MEDIA_INDEX);
	check_manifests(&at, json_object_get(index, "manifests"), true);
}

/* An entry of blobs/sha256 that nothing led to. */
static void check_entry(struct check *c, const char *name)
{
	struct descriptor d = {.media = ""};
	char file[32 + NAME_MAX];
	struct check_at at = {c, file, NULL, 0};
	struct stat st;

	snprintf(file, sizeof(file), "blobs/sha256/%s", name);
	snprintf(d.digest, sizeof(d.digest), "sha256:%.64s", name);
	if (strlen(name) != 64 || !digest_valid(d.digest)) {
		check_tell(&at, "", "its name is no digest");
		return;
	}
	if (json_object_get(c->seen, d.digest))
		return;
	if (fstatat(c->l->blobs, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode)) {
		check_tell(&at, "", "is no file");
		return;
	}
	d.size = st.st_size;
	check_bytes(c, &d, NULL);
}

static int check_blobs(struct check *c, struct err *err)
{
	int copy = openat(c->l->blobs, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;

	if (!dir)
		return err_set_at(err, -errno, "cannot read", c->l->path, "blobs/sha256");
	while ((errno = 0, e = readdir(dir)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			check_entry(c, e->d_name);
	return errno ? err_set_at(err, -errno, "cannot read", c->l->path, "blobs/sha256") : 0;
}

int layout_check(const struct layout *l, check_fn *tell, void *arg, struct err *err)
{
	struct check c = {.l = l, .tell = tell, .arg = arg, .seen = json_object()};
	size_t n;
	int r = 0;

	check_index(&c);
	for (n = 0; n < c.count; n++) {
		struct check_item item = c.queue[n]; /* the queue may move */

		check_item(&c, &item);
	}
	if (l->blobs >= 0)
		r = check_blobs(&c, err);
	if (c.no_memory || !c.seen)
		r = err_set(err, -ENOMEM, "cannot look at all of it", l->path);
	json_decref(c.seen);
	free(c.queue);
	return r;
}
