// SPDX-License-Identifier: Apache-2.0
/* Images put into indexes, and taken out. */
#include "core/image/read.h"

/* A change of the index that a tag stands for. */
struct edit {
	struct layout *l;
	const char *tag;
	char *const *from;
	size_t count;
	const struct platform *want;
	bool all;
	json_t *done; /* what became of indexes, by digest: their new descriptor, null: nothing */
};

static int no_memory(const struct edit *e, struct err *err)
{
	return err_set(err, -ENOMEM, "cannot write", e->l->path);
}

/* Whether the descriptor is of an index; those of other media types are taken for images. */
static bool is_index(const json_t *descriptor)
{
	const char *media = doc_text(descriptor, "mediaType");

	return media && media_is_index(media);
}

/* A copy without the tag. The caller's reference, or NULL. */
static json_t *untagged(const json_t *descriptor)
{
	json_t *copy = json_deep_copy(descriptor);
	json_t *annotations = json_object_get(copy, "annotations");

	json_object_del(annotations, IMAGE_REF_NAME);
	if (annotations && json_object_size(annotations) == 0)
		json_object_del(copy, "annotations");
	return copy;
}

/* The document of an index and its list; the document is the caller's. */
static json_t *load(const struct edit *e, json_t *descriptor, json_t **doc, struct err *err)
{
	cleanup_descriptor struct descriptor d = DESCRIPTOR_NONE;

	if (descriptor_read(descriptor, e->l->path, &d, err) < 0 ||
		blob_doc(e->l, &d, doc, err) < 0)
		return NULL;
	return index_manifests(e->l, &d, *doc, err);
}

static json_t *new_index(void)
{
	json_t *doc = json_object();

	if (doc && json_object_set_new(doc, "schemaVersion", json_integer(2)) == 0 &&
		doc_set_text(doc, "mediaType", MEDIA_INDEX) == 0 && doc_array(doc, "manifests"))
		return doc;
	json_decref(doc);
	return NULL;
}

static bool same_text(const json_t *a, const json_t *b, const char *key)
{
	const char *one = doc_text(a, key), *other = doc_text(b, key);

	return strcmp(one ? one : "", other ? other : "") == 0;
}

/* Whether the entry makes the other one superfluous. */
static bool replaces(const json_t *entry, const json_t *other)
{
	static const char *const keys[] = {"os", "architecture", "variant", "os.version"};
	const json_t *a = json_object_get(entry, "platform"),
		     *b = json_object_get(other, "platform");
	const char *os = doc_text(a, "os");
	size_t n;

	if (same_text(entry, other, "digest"))
		return true;
	if (!json_is_object(a) || !json_is_object(b) || (os && strcmp(os, "unknown") == 0))
		return false;
	for (n = 0; n < ARRAY_SIZE(keys); n++)
		if (!same_text(a, b, keys[n]))
			return false;
	return true;
}

/* Adds an entry, whose reference is taken over. 0 or -ENOMEM. */
static int put(json_t *list, json_t *entry)
{
	size_t n;

	if (!entry)
		return -ENOMEM;
	for (n = 0; n < json_array_size(list); n++)
		if (replaces(entry, json_array_get(list, n)))
			return json_array_set_new(list, n, entry) ? -ENOMEM : 0;
	return json_array_append_new(list, entry) ? -ENOMEM : 0;
}

/* Adds an image, whose config says of which platform it is. */
static int put_image(const struct edit *e, json_t *list, const struct image *image, struct err *err)
{
	json_t *entry = untagged(image->top.json);

	if (!entry || image_set_platform(image, entry) < 0) {
		json_decref(entry);
		return no_memory(e, err);
	}
	return put(list, entry) < 0 ? no_memory(e, err) : 0;
}

static int put_described(struct edit *e, json_t *list, json_t *descriptor, struct err *err)
{
	cleanup_descriptor struct descriptor d = DESCRIPTOR_NONE;
	cleanup_image struct image image = IMAGE_NONE;
	int r = descriptor_read(descriptor, e->l->path, &d, err);

	if (r == 0)
		r = image_open_descriptor(e->l, &d, NULL, &image, err);
	return r < 0 ? r : put_image(e, list, &image, err);
}

/* Adds what a descriptor of index.json leads to: an image, or all entries of an index. */
static int put_root(struct edit *e, json_t *list, json_t *root, struct err *err)
{
	cleanup_json json_t *doc = NULL;
	json_t *entries, *each;
	size_t n;

	if (!is_index(root))
		return put_described(e, list, root, err);
	entries = load(e, root, &doc, err);
	if (!entries)
		return -EBADMSG;
	json_array_foreach(entries, n, each) if (put(list, json_incref(each)) < 0) return no_memory(
		e, err);
	return 0;
}

/* How many descriptors have the tag; the last is *one. */
static size_t find_roots(const json_t *index, const char *tag, json_t **one)
{
	json_t *each;
	size_t n, count = 0;

	json_array_foreach(json_object_get(index, "manifests"), n, each)
	{
		if (!descriptor_is_tagged(each, tag))
			continue;
		count++;
		*one = each;
	}
	return count;
}

static int put_tagged(
	struct edit *e, json_t *list, const json_t *index, const char *tag, struct err *err)
{
	json_t *each;
	size_t n;
	int r = -ENOENT;

	json_array_foreach(json_object_get(index, "manifests"), n, each)
	{
		if (!descriptor_is_tagged(each, tag))
			continue;
		r = put_root(e, list, each, err);
		if (r < 0)
			return r;
	}
	return r < 0 ? err_tell(err, r, "there is no such tag", tag) : 0;
}

/* One image of a tag. */
static int put_chosen(struct edit *e, json_t *list, const char *tag, struct err *err)
{
	cleanup_image struct image image = IMAGE_NONE;
	int r = image_open(e->l, tag, e->want, &image, err);

	return r < 0 ? r : put_image(e, list, &image, err);
}

/* The index that the tag stands for, or a new one with what it stands for; *old describes it. */
static int open_index(struct edit *e, json_t *index, json_t **doc, json_t **old, struct err *err)
{
	json_t *one = NULL;
	size_t roots = find_roots(index, e->tag, &one);

	*old = NULL;
	if (roots == 1 && is_index(one)) {
		*old = one;
		return load(e, one, doc, err) ? 0 : -EBADMSG;
	}
	*doc = new_index();
	if (!*doc)
		return no_memory(e, err);
	return roots ? put_tagged(e, json_object_get(*doc, "manifests"), index, e->tag, err) : 0;
}

static int save_index(
	struct edit *e, json_t *index, const json_t *doc, const json_t *old, struct err *err)
{
	cleanup_descriptor struct descriptor d = DESCRIPTOR_NONE;
	const char *media = doc_text(old, "mediaType");
	json_t *moved;
	int r = blob_put_doc(e->l, doc, media ? media : MEDIA_INDEX, &d, err);

	if (r < 0)
		return r;
	moved = descriptor_moved(old, &d);
	return moved && index_set_tag(index, e->tag, moved) == 0 ? 0 : no_memory(e, err);
}

static int change_add(void *arg, json_t *index, struct err *err)
{
	struct edit *e = arg;
	cleanup_json json_t *doc = NULL;
	json_t *old, *list;
	size_t n;
	int r = open_index(e, index, &doc, &old, err);

	list = json_object_get(doc, "manifests");
	for (n = 0; n < e->count && r == 0; n++)
		r = e->all ? put_tagged(e, list, index, e->from[n], err)
			   : put_chosen(e, list, e->from[n], err);
	return r < 0 ? r : save_index(e, index, doc, old, err);
}

int index_add(struct layout *l, const char *tag, char *const *from, size_t count,
	const struct platform *want, bool all, struct err *err)
{
	struct edit e = {
		.l = l, .tag = tag, .from = from, .count = count, .want = want, .all = all};

	return layout_change(l, change_add, &e, err);
}

/* Removes what was said about an image that goes (BuildKit's attestations). */
static void drop_about(json_t *list, const char *digest)
{
	size_t n = json_array_size(list);

	while (n--) {
		const char *about =
			doc_text(json_object_get(json_array_get(list, n), "annotations"),
				"vnd.docker.reference.digest");

		if (about && strcmp(about, digest) == 0)
			json_array_remove(list, n);
	}
}

/* Removes the entries of a list that are for the platform: how many. */
static size_t drop(const struct edit *e, json_t *list)
{
	size_t n = json_array_size(list), count = 0;

	for (; n--; n = MIN(n, json_array_size(list))) {
		cleanup_json json_t *each = json_incref(json_array_get(list, n));
		const json_t *platform = json_object_get(each, "platform");

		if (!json_is_object(platform) || !platform_fits(e->want, platform))
			continue;
		json_array_remove(list, n);
		drop_about(list, doc_text(each, "digest") ? doc_text(each, "digest") : "");
		count++;
	}
	return count;
}

static int drop_nested(struct edit *e, json_t *list, int depth, struct err *err);

/* Writes the index that descriptor names anew; *made is its reference, null if it is as it was. */
static int drop_index(struct edit *e, json_t *descriptor, int depth, json_t **made, struct err *err)
{
	cleanup_json json_t *doc = NULL;
	cleanup_descriptor struct descriptor d = DESCRIPTOR_NONE;
	json_t *entries = load(e, descriptor, &doc, err);
	int r = entries ? drop_nested(e, entries, depth, err) : -EBADMSG;

	if (r > 0)
		r = blob_put_doc(e->l, doc, doc_text(descriptor, "mediaType"), &d, err);
	if (r < 0)
		return r;
	*made = d.json ? json_incref(d.json) : json_null();
	return 0;
}

/* The same for entry n of a list, an index, once however often it is named: 1, 0 or -errno. */
static int drop_entry(struct edit *e, json_t *list, size_t n, int depth, struct err *err)
{
	cleanup_descriptor struct descriptor d = DESCRIPTOR_NONE;
	json_t *each = json_array_get(list, n), *made;
	const char *digest = doc_text(each, "digest");
	int r;

	made = digest ? json_incref(json_object_get(e->done, digest)) : NULL;
	r = made ? 0 : drop_index(e, each, depth, &made, err);
	if (r < 0)
		return r;
	if (json_object_set_new(e->done, digest, made) != 0)
		return no_memory(e, err);
	if (json_is_null(made))
		return 0;
	r = descriptor_read(made, e->l->path, &d, err);
	if (r == 0 && json_array_set_new(list, n, descriptor_moved(each, &d)) != 0)
		r = no_memory(e, err);
	return r < 0 ? r : 1;
}

/* The same in a document and in the indexes that it names: 1, 0 or negative errno with err. */
static int drop_nested(struct edit *e, json_t *list, int depth, struct err *err)
{
	size_t n;
	int r = drop(e, list) > 0;

	if (depth >= INDEX_DEPTH_MAX)
		return err_tell(err, -EBADMSG, "its indexes are nested too deeply", e->l->path);
	for (n = 0; n < json_array_size(list); n++) {
		int dropped = 0;

		if (is_index(json_array_get(list, n)))
			dropped = drop_entry(e, list, n, depth + 1, err);
		if (dropped < 0)
			return dropped;
		r |= dropped;
	}
	return r;
}

static int change_remove(void *arg, json_t *index, struct err *err)
{
	struct edit *e = arg;
	cleanup_json json_t *doc = NULL;
	json_t *one = NULL, *old;
	int r;

	if (!find_roots(index, e->tag, &one))
		return err_tell(err, -ENOENT, "there is no such tag", e->tag);
	r = open_index(e, index, &doc, &old, err);
	if (r == 0)
		r = drop_nested(e, json_object_get(doc, "manifests"), 0, err);
	if (r == 0)
		return err_tell(err, -ENOENT, "has no image for that platform", e->tag);
	return r < 0 ? r : save_index(e, index, doc, old, err);
}

int index_remove(struct layout *l, const char *tag, const struct platform *which, struct err *err)
{
	struct edit e = {.l = l, .tag = tag, .want = which, .done = json_object()};
	int r = e.done ? layout_change(l, change_remove, &e, err) : no_memory(&e, err);

	json_decref(e.done);
	return r;
}
