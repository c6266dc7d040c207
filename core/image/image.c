// SPDX-License-Identifier: Apache-2.0
/* An image's manifest and config as they are read. */
#include "core/image/read.h"

static void forget_layers(struct image *i)
{
	size_t n;

	for (n = 0; n < i->layer_count && i->layers; n++)
		descriptor_done(&i->layers[n]);
	free(i->layers);
	free(i->diff_ids);
	i->layers = NULL;
	i->diff_ids = NULL;
	i->layer_count = 0;
}

void image_done(struct image *i)
{
	size_t n;

	forget_layers(i);
	for (n = 0; n < i->path_count; n++)
		descriptor_done(&i->path[n]);
	free(i->path);
	free(i->tag);
	descriptor_done(&i->top);
	descriptor_done(&i->config_blob);
	doc_done(&i->manifest);
	doc_done(&i->config);
	*i = (struct image)IMAGE_NONE;
}

/* What is not there, or null as Go writes it, counts as empty. */
static bool is_list(const json_t *json)
{
	return !json || json_is_null(json) || json_is_array(json);
}

/* Where a document stands that has the fault. */
struct place {
	const struct layout *l;
	const char *digest;
	struct err *err;
};

static int fault(const struct place *at, int code, const char *what)
{
	return at->l ? blob_err(at->l, at->digest, code, what, at->err)
		     : err_set(at->err, code, what, at->digest);
}

static int read_layers(struct image *i, const struct place *at)
{
	json_t *layers = json_object_get(i->manifest, "layers"), *each;
	size_t n;

	if (!is_list(layers))
		return fault(at, -EBADMSG, "its layers are no list");
	if (json_array_size(layers) > IMAGE_LAYERS_MAX)
		return fault(at, -EFBIG, "no image may have over 1024 layers");
	i->layers = calloc(json_array_size(layers) + 1, sizeof(*i->layers));
	if (!i->layers)
		return fault(at, -ENOMEM, "cannot read");
	json_array_foreach(layers, n, each)
	{
		cleanup_err struct err err = ERR_NONE;
		int r = descriptor_read(each, NULL, &i->layers[n], &err);

		if (r < 0)
			return fault(at, r, err.what);
		i->layer_count++;
	}
	return 0;
}

static int read_diff_ids(struct image *i, const struct place *at)
{
	const json_t *rootfs = json_object_get(i->config, "rootfs");
	const json_t *ids = json_object_get(rootfs, "diff_ids"), *each;
	const char *type = doc_text(rootfs, "type");
	size_t n;

	if (!is_list(ids) || (i->layer_count && (!type || strcmp(type, "layers") != 0)))
		return fault(at, -EBADMSG, "its rootfs has no layers");
	if (json_array_size(ids) != i->layer_count)
		return fault(
			at, -EBADMSG, "it has not as many diff_ids as the manifest has layers");
	i->diff_ids = calloc(i->layer_count + 1, sizeof(*i->diff_ids));
	if (!i->diff_ids)
		return fault(at, -ENOMEM, "cannot read");
	json_array_foreach(ids, n, each)
	{
		if (!json_is_string(each) || !digest_valid(json_string_value(each)))
			return fault(at, -EBADMSG, "a diff_id is no sha256");
		i->diff_ids[n] = json_string_value(each);
	}
	return 0;
}

static int check_history(const struct image *i, const struct place *at)
{
	const json_t *history = json_object_get(i->config, "history"), *each;
	size_t n;

	if (!is_list(history))
		return fault(at, -EBADMSG, "its history is no list");
	if (json_array_size(history) > IMAGE_HISTORY_MAX)
		return fault(at, -EFBIG, "its history may not have over 4096 entries");
	json_array_foreach(history, n, each) if (!json_is_object(each)) return fault(
		at, -EBADMSG, "an entry of its history is no object");
	return 0;
}

int image_index_layers(const struct layout *l, struct image *i, struct err *err)
{
	struct place at = {l, i->top.digest, err};
	int r;

	forget_layers(i);
	r = read_layers(i, &at);
	at.digest = i->config_blob.digest;
	if (r == 0)
		r = read_diff_ids(i, &at);
	return r ? r : check_history(i, &at);
}

/* Whether a manifest is one, of a kind that rlc knows (image-spec, manifest.md). */
static int check_manifest(const struct image *i, const struct place *at)
{
	const char *media = doc_text(i->manifest, "mediaType");
	json_t *version = json_object_get(i->manifest, "schemaVersion");

	if (!json_is_object(i->manifest))
		return fault(at, -EBADMSG, "no object");
	if (!json_is_integer(version))
		return fault(at, -EBADMSG, "has no schemaVersion");
	if (json_integer_value(version) != 2)
		return fault(at, -ENOTSUP, "its schema is not version 2");
	/* What can be read in two ways is read differently by others (CVE-2021-41190) */
	if (json_object_get(i->manifest, "manifests"))
		return fault(at, -EBADMSG, "is a manifest and an index at once");
	if (media && *i->top.media && strcmp(media, i->top.media) != 0)
		return fault(at, -EBADMSG, "its media type is not what refers to it says");
	return 0;
}

static int read_config(const struct layout *l, struct image *i, struct err *err)
{
	cleanup_err struct err inner = ERR_NONE;
	struct place at = {l, i->top.digest, err};
	int r = descriptor_read(
		json_object_get(i->manifest, "config"), NULL, &i->config_blob, &inner);

	if (r < 0)
		return fault(&at, r, inner.what);
	if (strcmp(i->config_blob.media, MEDIA_CONFIG) != 0 &&
		strcmp(i->config_blob.media, MEDIA_DOCKER_CONFIG) != 0)
		return fault(&at, -ENOTSUP, "is no image: its config has another media type");
	r = blob_doc(l, &i->config_blob, &i->config, err);
	at.digest = i->config_blob.digest;
	return r == 0 && !json_is_object(i->config) ? fault(&at, -EBADMSG, "no object") : r;
}

int image_read(
	const struct layout *l, const struct descriptor *d, struct image *out, struct err *err)
{
	struct place at = {l, d->digest, err};
	const char *media;
	int r;

	out->top = *d;
	json_incref(d->json);
	r = blob_doc(l, d, &out->manifest, err);
	if (r == 0)
		r = check_manifest(out, &at);
	if (r == 0)
		r = read_config(l, out, err);
	if (r == 0)
		r = image_index_layers(l, out, err);
	media = *d->media ? d->media : doc_text(out->manifest, "mediaType");
	out->docker = media && strcmp(media, MEDIA_DOCKER_MANIFEST) == 0;
	return r;
}

enum compression image_compression(const struct image *i)
{
	size_t n = i->layer_count;
	enum compression how;

	while (n--)
		if (layer_media(i->layers[n].media, &how) == 0 && how != COMPRESS_NONE)
			return how;
	return COMPRESS_GZIP;
}
