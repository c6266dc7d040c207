// SPDX-License-Identifier: Apache-2.0
/* What is done to an image in memory. */
#include "core/image/read.h"

int image_make(const struct platform *p, struct timespec created, struct image *out)
{
	char time[IMAGE_TIME_MAX];
	json_t *rootfs;
	bool good;

	*out = (struct image)IMAGE_NONE;
	image_time(created, time);
	out->config = json_object();
	out->manifest = json_object();
	good = doc_set_text(out->config, "created", time) == 0 &&
	       doc_set_text(out->config, "architecture", p->arch) == 0 &&
	       (!p->variant || doc_set_text(out->config, "variant", p->variant) == 0) &&
	       doc_set_text(out->config, "os", p->os) == 0 && doc_object(out->config, "config") &&
	       (rootfs = doc_object(out->config, "rootfs")) != NULL &&
	       doc_set_text(rootfs, "type", "layers") == 0 && doc_array(rootfs, "diff_ids") &&
	       json_object_set_new(out->manifest, "schemaVersion", json_integer(2)) == 0 &&
	       doc_set_text(out->manifest, "mediaType", MEDIA_MANIFEST) == 0 &&
	       doc_object(out->manifest, "config") && doc_array(out->manifest, "layers") &&
	       image_index_layers(NULL, out, NULL) == 0;
	if (!good)
		image_done(out);
	return good ? 0 : -ENOMEM;
}

int image_add_history(struct image *i, const struct history *h)
{
	const char *const texts[][2] = {{"created", h->created}, {"created_by", h->created_by},
		{"author", h->author}, {"comment", h->comment}};
	json_t *list = doc_array(i->config, "history"), *entry = json_object();
	int r = list && entry ? 0 : -ENOMEM;
	size_t n;

	for (n = 0; n < ARRAY_SIZE(texts) && r == 0; n++)
		if (texts[n][1] && *texts[n][1])
			r = doc_set_text(entry, texts[n][0], texts[n][1]);
	if (r == 0 && h->empty_layer && json_object_set_new(entry, "empty_layer", json_true()) != 0)
		r = -ENOMEM;
	if (r < 0)
		json_decref(entry);
	else if (json_array_append_new(list, entry) != 0)
		r = -ENOMEM;
	return r;
}

/* A Docker image's layers have Docker's media types. */
static const char *docker_media(const char *media)
{
	if (strcmp(media, MEDIA_LAYER_GZIP) == 0)
		return MEDIA_DOCKER_LAYER;
	if (strcmp(media, MEDIA_LAYER_ZSTD) == 0)
		return MEDIA_DOCKER_LAYER_ZSTD;
	return strcmp(media, MEDIA_LAYER) == 0 ? MEDIA_DOCKER_LAYER_PLAIN : media;
}

int image_add_layer(struct image *i, const struct descriptor *layer, const char *diff_id,
	const struct history *h)
{
	json_t *layers = doc_array(i->manifest, "layers"),
	       *rootfs = doc_object(i->config, "rootfs");
	json_t *ids = doc_array(rootfs, "diff_ids"), *copy = json_deep_copy(layer->json);

	if (i->docker && copy && doc_set_text(copy, "mediaType", docker_media(layer->media)) < 0) {
		json_decref(copy);
		copy = NULL;
	}
	if (!copy || !layers || !ids || doc_set_text(rootfs, "type", "layers") < 0) {
		json_decref(copy);
		return -ENOMEM;
	}
	if (json_array_append_new(layers, copy) != 0 ||
		json_array_append_new(ids, json_string(diff_id)) != 0)
		return -ENOMEM;
	if (h && image_add_history(i, h) < 0)
		return -ENOMEM;
	return image_index_layers(NULL, i, NULL);
}

/* And back. */
static const char *oci_media(const char *media)
{
	enum compression how;

	if (strncmp(media, MEDIA_DOCKER_LAYER_PLAIN, strlen(MEDIA_DOCKER_LAYER_PLAIN)) != 0 ||
		layer_media(media, &how) < 0)
		return media;
	return how == COMPRESS_GZIP   ? MEDIA_LAYER_GZIP
	       : how == COMPRESS_ZSTD ? MEDIA_LAYER_ZSTD
				      : MEDIA_LAYER;
}

int image_set_docker(struct image *i, bool docker)
{
	json_t *layers = json_object_get(i->manifest, "layers"), *each;
	size_t n;

	json_array_foreach(layers, n, each)
	{
		const char *media = doc_text(each, "mediaType");

		media = docker ? docker_media(media ? media : "") : oci_media(media ? media : "");
		if (doc_set_text(each, "mediaType", media) < 0)
			return -ENOMEM;
	}
	i->docker = docker;
	return image_index_layers(NULL, i, NULL);
}
