// SPDX-License-Identifier: Apache-2.0
/* The way from a tag to one image, through indexes. */
#include "core/image/read.h"

#include <stdio.h>

bool media_is_index(const char *media)
{
	return strcmp(media, MEDIA_INDEX) == 0 || strcmp(media, MEDIA_DOCKER_LIST) == 0;
}

bool media_is_manifest(const char *media)
{
	return strcmp(media, MEDIA_MANIFEST) == 0 || strcmp(media, MEDIA_DOCKER_MANIFEST) == 0;
}

const char *descriptor_tag(const json_t *descriptor)
{
	return doc_text(json_object_get(descriptor, "annotations"), IMAGE_REF_NAME);
}

bool descriptor_is_tagged(const json_t *descriptor, const char *tag)
{
	const char *text = descriptor_tag(descriptor);

	return text && strcmp(text, tag) == 0;
}

/* A descriptor that was met. */
struct item {
	struct descriptor d;
	size_t parent; /* the item of the index that it stands in; NOWHERE: none */
	size_t depth;
	bool leaf; /* a manifest */
};

#define NOWHERE SIZE_MAX

struct search {
	const struct layout *l;
	struct item *items;
	size_t count, room;
	json_t *seen; /* digests, as keys */
	int64_t bytes;
	const char *name; /* for err */
	struct err *err;
};

static void search_end(struct search *s)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		descriptor_done(&s->items[i].d);
	free(s->items);
	json_decref(s->seen);
}

#define cleanup_search cleanup(search_end)

/* BuildKit keeps what it says about images among them, as for a platform unknown/unknown. */
static bool is_no_image(const json_t *descriptor)
{
	const char *os = doc_text(json_object_get(descriptor, "platform"), "os");

	return os && strcmp(os, "unknown") == 0;
}

/* Adds a descriptor, which gets one more reference; what was there before is passed over. */
static int search_add(struct search *s, const struct descriptor *d, size_t parent)
{
	struct item *item;

	if (json_object_get(s->seen, d->digest) || is_no_image(d->json))
		return 0;
	if (json_object_set_new(s->seen, d->digest, json_true()) != 0)
		return err_set(s->err, -ENOMEM, "cannot read", s->name);
	if (s->count == INDEX_ITEMS_MAX)
		return err_tell(s->err, -EFBIG, "its indexes have too many entries", s->name);
	if (s->count == s->room) {
		size_t room = s->room ? s->room * 2 : 16;
		struct item *items = realloc(s->items, room * sizeof(*items));

		if (!items)
			return err_set(s->err, -ENOMEM, "cannot read", s->name);
		s->items = items;
		s->room = room;
	}
	item = &s->items[s->count++];
	*item = (struct item){.d = *d, .parent = parent};
	item->depth = parent == NOWHERE ? 0 : s->items[parent].depth + 1;
	json_incref(d->json);
	return 0;
}

json_t *index_manifests(
	const struct layout *l, const struct descriptor *d, const json_t *index, struct err *err)
{
	json_t *manifests = json_object_get(index, "manifests");
	const char *media = doc_text(index, "mediaType");

	if (!json_is_array(manifests))
		blob_err(l, d->digest, -EBADMSG, "is no index", err);
	else if (json_object_get(index, "layers") || json_object_get(index, "config"))
		blob_err(l, d->digest, -EBADMSG, "is a manifest and an index at once", err);
	else if (json_array_size(manifests) > INDEX_ITEMS_MAX)
		blob_err(l, d->digest, -EBADMSG, "has too many entries", err);
	else if (media && *d->media && strcmp(media, d->media) != 0)
		blob_err(l, d->digest, -EBADMSG, "its media type is not what refers to it says",
			err);
	else
		return manifests;
	return NULL;
}

static int add_entries(struct search *s, size_t number, const json_t *index)
{
	struct descriptor *d = &s->items[number].d, each;
	json_t *manifests = index_manifests(s->l, d, index, s->err), *json;
	size_t i;

	if (!manifests)
		return -EBADMSG;
	json_array_foreach(manifests, i, json)
	{
		cleanup_err struct err err = ERR_NONE;
		int r = descriptor_read(json, NULL, &each, &err);

		if (r < 0)
			return blob_err(s->l, s->items[number].d.digest, r, err.what, s->err);
		r = search_add(s, &each, number);
		descriptor_done(&each);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Looks into an item: a manifest is a leaf, an index brings more items, all else is nothing. */
static int search_item(struct search *s, size_t number)
{
	cleanup_json json_t *doc = NULL;
	struct item *item = &s->items[number];
	int r;

	item->leaf = media_is_manifest(item->d.media);
	if (item->leaf || (*item->d.media && !media_is_index(item->d.media)))
		return 0;
	if (item->depth >= INDEX_DEPTH_MAX)
		return err_tell(s->err, -EBADMSG, "its indexes are nested too deeply", s->name);
	s->bytes += MIN(item->d.size, INDEX_BYTES_MAX);
	if (s->bytes > INDEX_BYTES_MAX)
		return err_tell(s->err, -EFBIG, "its indexes are too large", s->name);
	r = blob_doc(s->l, &item->d, &doc, s->err);
	if (r < 0)
		return r;
	/* Without a media type the document itself must say */
	item->leaf = !*item->d.media && !json_object_get(doc, "manifests");
	return item->leaf ? 0 : add_entries(s, number, doc);
}

/* Of which platform a leaf is: the descriptor's word, or where it has none the config's. */
static int leaf_platform(struct search *s, const struct item *item, json_t **platform)
{
	cleanup_image struct image image = IMAGE_NONE;
	int r;

	*platform = json_incref(json_object_get(item->d.json, "platform"));
	if (json_is_object(*platform))
		return 0;
	doc_done(platform);
	r = image_read(s->l, &item->d, &image, s->err);
	*platform = json_incref(image.config);
	return r;
}

static int leaf_fits(struct search *s, const struct item *item, const struct platform *want,
	bool *fits, bool *usual)
{
	cleanup_json json_t *platform = NULL;
	int r = leaf_platform(s, item, &platform);

	*fits = r == 0 && platform_fits(want, platform);
	*usual = r == 0 && platform_usual(platform);
	return r;
}

/* The one leaf that fits; among several the one of the usual variant. */
static int choose_fitting(struct search *s, const struct platform *want, size_t *found)
{
	size_t fitting = 0, best = 0, i, last[2] = {0, 0};

	for (i = 0; i < s->count; i++) {
		bool fits = false, usual = false;
		int r = s->items[i].leaf ? leaf_fits(s, &s->items[i], want, &fits, &usual) : 0;

		if (r < 0)
			return r;
		fitting += fits;
		best += fits && usual;
		if (fits)
			last[usual] = i;
	}
	if (!fitting)
		return err_tell(s->err, -ENOENT, "has no image for that platform", s->name);
	if (fitting > 1 && best != 1)
		return err_tell(
			s->err, -EEXIST, "several images fit, name one by --platform", s->name);
	*found = best == 1 ? last[1] : last[0];
	return 0;
}

static int choose(struct search *s, const struct platform *want, size_t *found)
{
	cleanup_platform struct platform here = PLATFORM_NONE;
	size_t leaves = 0, i;

	for (i = 0; i < s->count; i++)
		if (s->items[i].leaf) {
			leaves++;
			*found = i;
		}
	if (leaves == 0)
		return err_tell(s->err, s->count ? -ENOTSUP : -ENOENT,
			s->count ? "is no image" : "there is no such tag", s->name);
	if (want)
		return choose_fitting(s, want, found);
	if (leaves == 1)
		return 0;
	if (platform_here(&here) < 0)
		return err_set(s->err, -ENOMEM, "cannot read", s->name);
	return choose_fitting(s, &here, found);
}

/* The indexes above the item, into the image. */
static int take_path(const struct search *s, size_t number, struct image *out)
{
	size_t n = s->items[number].depth, at = s->items[number].parent;

	out->path = calloc(n + 1, sizeof(*out->path));
	if (!out->path)
		return err_set(s->err, -ENOMEM, "cannot read", s->name);
	out->path_count = n;
	for (; at != NOWHERE; at = s->items[at].parent) {
		out->path[--n] = s->items[at].d;
		json_incref(out->path[n].json);
	}
	return 0;
}

/* Goes on from the items that are there until all are known. */
static int search_all(struct search *s)
{
	size_t i;
	int r = 0;

	for (i = 0; i < s->count && r == 0; i++)
		r = search_item(s, i);
	return r;
}

static int search_run(struct search *s, const struct platform *want, struct image *out)
{
	size_t found = 0;
	int r = search_all(s);

	if (r == 0)
		r = choose(s, want, &found);
	if (r == 0)
		r = image_read(s->l, &s->items[found].d, out, s->err);
	if (r == 0)
		r = take_path(s, found, out);
	if (r < 0)
		image_done(out);
	return r;
}

int image_open_descriptor(const struct layout *l, const struct descriptor *d,
	const struct platform *want, struct image *out, struct err *err)
{
	cleanup_search struct search s = {
		.l = l, .seen = json_object(), .name = d->digest, .err = err};
	int r = search_add(&s, d, NOWHERE);

	*out = (struct image)IMAGE_NONE;
	return r < 0 ? r : search_run(&s, want, out);
}

/* All descriptors of index.json with that tag. */
static int add_tagged(struct search *s, const json_t *index, const char *tag)
{
	json_t *json;
	struct descriptor d;
	size_t i;
	int r = 0;

	json_array_foreach(json_object_get(index, "manifests"), i, json)
	{
		if (!descriptor_is_tagged(json, tag))
			continue;
		r = descriptor_read(json, s->name, &d, s->err);
		if (r == 0)
			r = search_add(s, &d, NOWHERE);
		descriptor_done(&d);
		if (r < 0)
			break;
	}
	return r;
}

/* Starts at a tag; name is to be freed after search_end. */
static int search_tag(struct search *s, const char *tag, char **name)
{
	cleanup_json json_t *index = NULL;
	int r = layout_index(s->l, &index, s->err);

	if (r < 0)
		return r;
	if (asprintf(name, "%s:%s", s->l->path, tag) < 0)
		*name = NULL;
	s->name = *name;
	return add_tagged(s, index, tag);
}

int image_open(const struct layout *l, const char *tag, const struct platform *want,
	struct image *out, struct err *err)
{
	cleanup_free char *name = NULL;
	cleanup_search struct search s = {.l = l, .seen = json_object(), .err = err};
	int r = search_tag(&s, tag, &name);

	*out = (struct image)IMAGE_NONE;
	if (r == 0)
		r = search_run(&s, want, out);
	if (r == 0)
		out->tag = strdup(tag);
	if (r == 0 && !out->tag)
		r = err_set(err, -ENOMEM, "cannot read", name);
	if (r < 0)
		image_done(out);
	return r;
}

int image_each(
	const struct layout *l, const char *tag, image_each_fn *each, void *arg, struct err *err)
{
	cleanup_free char *name = NULL;
	cleanup_search struct search s = {.l = l, .seen = json_object(), .err = err};
	int r = search_tag(&s, tag, &name);
	size_t i;

	if (r == 0)
		r = search_all(&s);
	if (r == 0 && s.count == 0)
		r = err_tell(err, -ENOENT, "there is no such tag", name);
	for (i = 0; i < s.count && r == 0; i++) {
		cleanup_json json_t *platform = NULL;

		if (!s.items[i].leaf)
			continue;
		r = leaf_platform(&s, &s.items[i], &platform);
		if (r == 0)
			r = each(arg, &s.items[i].d, platform);
	}
	return r;
}
