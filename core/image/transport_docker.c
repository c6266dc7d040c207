// SPDX-License-Identifier: Apache-2.0
/* Archives as docker-save(1) writes them. */
#include "core/image/read.h"
#include "core/image/transport.h"
#include "core/pack/path.h"

#include <stdio.h>

enum { LINKS_MAX = 4096 };

/* One image of manifest.json. */
struct saved {
	struct layout *l;
	enum compression how;
	json_t *manifest; /* manifest.json; owned */
	json_t *links;    /* which member a symlink stands for; owned */
	const char *config;
	struct image *i;
	struct layer_out out;
	/* of each layer */
	char **paths; /* owned; the member that it is */
	struct descriptor *layers;
	char (*diff_ids)[DIGEST_MAX];
	size_t count;
};

static int damaged(const char *what, struct err *err)
{
	return err_set(err, -EBADMSG, what, "manifest.json");
}

/* "d/layer.tar" -> "../e/layer.tar": the same layer twice, as old versions have it. */
static int note_link(struct saved *s, const char *path, const struct entry *e, struct err *err)
{
	cleanup_free char *whole = NULL, *clean = NULL, *dir = strdup(path);
	int r = dir ? 0 : -ENOMEM;

	if (json_object_size(s->links) >= LINKS_MAX)
		return err_tell(err, -EFBIG, "the archive has too many symlinks", path);
	if (r == 0)
		path_cut_last(dir);
	if (r == 0 && asprintf(&whole, "%s/%s", dir, e->link) < 0) {
		whole = NULL;
		r = -ENOMEM;
	}
	if (r == 0)
		r = path_clean(whole, &clean);
	/* A name that is no text cannot stand in manifest.json. */
	if (r == 0)
		json_object_set_new(s->links, path, json_string(clean));
	return r < 0 ? err_set(err, r, NULL, path) : 0;
}

static int first_pass(
	void *arg, const char *path, struct entry *e, struct archive_in *data, struct err *err)
{
	cleanup_buf struct buf text = BUF_NONE;
	struct saved *s = arg;
	int r;

	if (S_ISLNK(e->mode))
		return note_link(s, path, e, err);
	if (strcmp(path, "manifest.json") != 0)
		return 0;
	r = member_text(data, e, &text, err);
	doc_done(&s->manifest);
	return r < 0 ? r : doc_parse(text.len ? text.data : "", text.len, path, &s->manifest, err);
}

/* Some write "docker.io/library/x:1" where others write "x:1". */
static const char *short_name(const char *name)
{
	static const char *const prefixes[] = {"docker.io/", "library/"};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			name += strlen(prefixes[i]);
	return name;
}

static bool has_name(const json_t *image, const char *name)
{
	const json_t *names = json_object_get(image, "RepoTags"), *each;
	size_t n;

	json_array_foreach(names, n, each)
	{
		const char *text = json_string_value(each);

		if (text && strcmp(short_name(text), short_name(name)) == 0)
			return true;
	}
	return false;
}

static const json_t *choose(const struct saved *s, const char *name, struct err *err)
{
	const json_t *each, *found = NULL;
	size_t n;

	json_array_foreach(s->manifest, n, each)
	{
		if (name && !has_name(each, name))
			continue;
		if (found) {
			err_tell(err, -EEXIST, "the archive has several images", name);
			return NULL;
		}
		found = each;
	}
	if (!found)
		err_tell(err, -ENOENT, "the archive has no such image", name);
	return found;
}

/* The member that a name in manifest.json stands for; the caller's. */
static int member_of(const struct saved *s, const json_t *name, char **out, struct err *err)
{
	const char *text = json_string_value(name);
	int r = text ? path_clean(text, out) : -EBADMSG;

	for (int tries = 0; r == 0 && tries < 8; tries++) {
		const char *to = doc_text(s->links, *out);
		char *next;

		if (!to)
			break;
		next = strdup(to);
		free(*out);
		*out = next;
		r = next ? 0 : -ENOMEM;
	}
	return r < 0 ? err_set(err, r, "names no layers", "manifest.json") : 0;
}

static int take_image(struct saved *s, const json_t *image, struct err *err)
{
	const json_t *layers = json_object_get(image, "Layers"), *each;
	size_t n, count = json_array_size(layers);

	s->config = doc_text(image, "Config");
	if (!s->config || !json_is_array(layers))
		return damaged("has an image without Config or Layers", err);
	if (count > IMAGE_LAYERS_MAX)
		return damaged("has an image of over 1024 layers", err);
	s->paths = calloc(count + 1, sizeof(*s->paths));
	s->layers = calloc(count + 1, sizeof(*s->layers));
	s->diff_ids = calloc(count + 1, sizeof(*s->diff_ids));
	if (!s->paths || !s->layers || !s->diff_ids)
		return err_set(err, -ENOMEM, NULL, NULL);
	s->count = count;
	json_array_foreach(layers, n, each)
	{
		int r = member_of(s, each, &s->paths[n], err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* A layer's archive, mostly not compressed, becomes a blob. */
static int take_layer(struct saved *s, size_t n, struct archive_in *data, struct err *err)
{
	struct source *from = NULL;
	struct sink *to;
	enum compression found;
	int r = member_source(data, &from);

	if (r == 0)
		r = source_decompress(from, &found, &from);
	if (r < 0)
		return err_set(err, r, "cannot read the layer", s->paths[n]);
	r = layer_begin(s->l, s->how, 0, &s->out, &to, err);
	if (r == 0) {
		r = sink_pump(to, from);
		if (r < 0)
			err_set(err, r, source_why(from), s->paths[n]);
	}
	if (r == 0)
		r = layer_commit(&s->out, &s->layers[n], s->diff_ids[n], err);
	source_free(from);
	sink_free(to);
	layer_abandon(&s->out);
	return r;
}

static int take_config(
	struct saved *s, const struct entry *e, struct archive_in *data, struct err *err)
{
	cleanup_buf struct buf text = BUF_NONE;
	int r = member_text(data, e, &text, err);
	const char *bytes = text.len ? text.data : "";

	doc_done(&s->i->config);
	descriptor_done(&s->i->config_blob);
	if (r == 0)
		r = doc_parse(bytes, text.len, s->config, &s->i->config, err);
	return r < 0 ? r : blob_put(s->l, bytes, text.len, MEDIA_CONFIG, &s->i->config_blob, err);
}

static int second_pass(
	void *arg, const char *path, struct entry *e, struct archive_in *data, struct err *err)
{
	struct saved *s = arg;
	size_t first = s->count;
	int r;

	if (!S_ISREG(e->mode) || e->hardlink)
		return 0;
	if (strcmp(path, s->config) == 0)
		return take_config(s, e, data, err);
	for (size_t n = 0; n < s->count; n++) {
		if (strcmp(path, s->paths[n]) != 0 || s->layers[n].json)
			continue;
		if (first == s->count) {
			r = take_layer(s, first = n, data, err);
			if (r < 0)
				return r;
			continue;
		}
		r = descriptor_read(s->layers[first].json, path, &s->layers[n], err);
		if (r < 0)
			return r;
		memcpy(s->diff_ids[n], s->diff_ids[first], DIGEST_MAX);
	}
	return 0;
}

/* What the config says of its layers must be so. */
static int check(const struct saved *s, struct err *err)
{
	const json_t *ids = json_object_get(json_object_get(s->i->config, "rootfs"), "diff_ids");

	if (!s->i->config)
		return err_tell(err, -EBADMSG, "its config is missing", s->config);
	if (json_array_size(ids) != s->count)
		return err_tell(
			err, -EBADMSG, "has not as many diff_ids as there are layers", s->config);
	for (size_t n = 0; n < s->count; n++) {
		const char *id = json_string_value(json_array_get(ids, n));

		if (!s->layers[n].json)
			return err_tell(err, -EBADMSG, "the layer is missing", s->paths[n]);
		if (!id || strcmp(id, s->diff_ids[n]) != 0)
			return err_tell(
				err, -EBADMSG, "the layer does not have its diff_id", s->paths[n]);
	}
	return 0;
}

static int make_manifest(struct saved *s, struct err *err)
{
	json_t *list = json_array();
	int r = 0;

	for (size_t n = 0; n < s->count; n++)
		r |= json_array_append(list, s->layers[n].json);
	s->i->manifest = json_pack("{s:i, s:s, s:{}, s:o}", "schemaVersion", 2, "mediaType",
		MEDIA_MANIFEST, "config", "layers", list);
	return s->i->manifest && r == 0 ? 0 : err_set(err, -ENOMEM, NULL, NULL);
}

static int read_saved(int fd, struct saved *s, const char *name, struct err *err)
{
	const json_t *image;
	int r = members_each(fd, s->l->passed, first_pass, s, err);

	if (r < 0)
		return r;
	if (!json_is_array(s->manifest))
		return err_tell(err, -EBADMSG, "is no archive of docker save", NULL);
	image = choose(s, name, err);
	r = image ? take_image(s, image, err) : -ENOENT;
	if (r == 0)
		r = members_each(fd, s->l->passed, second_pass, s, err);
	if (r == 0)
		r = check(s, err);
	return r < 0 ? r : make_manifest(s, err);
}

int docker_archive_read(int fd, struct layout *l, const char *name, enum compression how,
	struct image *out, struct err *err)
{
	struct saved s = {.l = l, .how = how, .i = out, .out = LAYER_OUT_NONE};
	int r;

	s.links = json_object();
	r = s.links ? read_saved(fd, &s, name, err) : err_set(err, -ENOMEM, NULL, NULL);
	for (size_t n = 0; n < s.count; n++) {
		free(s.paths[n]);
		descriptor_done(&s.layers[n]);
	}
	free(s.paths);
	free(s.layers);
	free(s.diff_ids);
	doc_done(&s.manifest);
	doc_done(&s.links);
	return r;
}

static int count_bytes(
	const struct layout *l, const struct image *i, size_t n, int64_t *size, struct err *err)
{
	struct source *s;
	int r = layer_source(l, &i->layers[n], i->diff_ids[n], &s, err);

	if (r < 0)
		return r;
	*size = source_drain(s);
	if (*size < 0)
		r = err_set(err, (int)*size, source_why(s) ? source_why(s) : "cannot read",
			i->layers[n].digest);
	source_free(s);
	return r;
}

static bool is_first(const struct image *i, size_t n)
{
	for (size_t m = 0; m < n; m++)
		if (strcmp(i->diff_ids[m], i->diff_ids[n]) == 0)
			return false;
	return true;
}

/* A tar header wants the size first, so each layer is decompressed twice. */
static int write_layer(const struct layout *l, const struct image *i, size_t n,
	struct archive_out *out, struct err *err)
{
	char path[DIGEST_MAX];
	struct source *s;
	int64_t size;
	int r = count_bytes(l, i, n, &size, err);

	if (r == 0)
		r = layer_source(l, &i->layers[n], i->diff_ids[n], &s, err);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "%s.tar", digest_hex(i->diff_ids[n]));
	return member_put_source(out, path, s, size, err);
}

static json_t *describe(const struct image *i, const char *config, const char *name)
{
	json_t *layers = json_array(), *names = json_array(), *doc;
	int r = name ? json_array_append_new(names, json_string(name)) : 0;

	for (size_t n = 0; n < i->layer_count; n++)
		r |= json_array_append_new(
			layers, json_sprintf("%s.tar", digest_hex(i->diff_ids[n])));
	doc = json_pack("[{s:s, s:o, s:o}]", "Config", config, "RepoTags", names, "Layers", layers);
	if (r != 0)
		doc_done(&doc);
	return doc;
}

int docker_archive_write(const struct layout *l, const struct image *i, const char *name,
	struct archive_out *out, struct err *err)
{
	cleanup_buf struct buf text = BUF_NONE;
	cleanup_json json_t *doc = NULL;
	char config[DIGEST_MAX];
	struct source *s;
	int r = 0;

	for (size_t n = 0; r == 0 && n < i->layer_count; n++)
		if (is_first(i, n))
			r = write_layer(l, i, n, out, err);
	if (r == 0)
		r = blob_source(l, &i->config_blob, &s, err);
	if (r < 0)
		return r;
	snprintf(config, sizeof(config), "%s.json", digest_hex(i->config_blob.digest));
	r = member_put_source(out, config, s, i->config_blob.size, err);
	doc = describe(i, config, name);
	if (r == 0 && (!doc || doc_write(doc, &text) < 0))
		r = err_set(err, -ENOMEM, NULL, NULL);
	return r < 0 ? r : member_put(out, "manifest.json", text.data, text.len, err);
}
