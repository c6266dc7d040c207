// SPDX-License-Identifier: Apache-2.0
/* An image written, and the indexes above it up to its tag. */
#include "core/image/read.h"

/* An image on its way into index.json. */
struct save {
	struct layout *l;
	const char *tag;
	struct image *i;
	char old[DIGEST_MAX];    /* of the manifest before; "" for a new one */
	struct descriptor *path; /* the indexes as they are now, as i->path */
	size_t path_count;
	json_t *without; /* digests of indexes that do not have the image, as keys */
};

static int no_memory(const struct save *s, struct err *err)
{
	return err_set(err, -ENOMEM, "cannot write", s->l->path);
}

static bool has_digest(const json_t *descriptor, const char *digest)
{
	const char *text = doc_text(descriptor, "digest");

	return text && strcmp(text, digest) == 0;
}

static int set_tag(json_t *descriptor, const char *tag)
{
	json_t *annotations = doc_object(descriptor, "annotations");

	return annotations ? doc_set_text(annotations, IMAGE_REF_NAME, tag) : -ENOMEM;
}

int index_set_tag(json_t *index, const char *tag, json_t *descriptor)
{
	json_t *manifests = json_object_get(index, "manifests");
	size_t n = json_array_size(manifests), first = n;

	if (set_tag(descriptor, tag) < 0) {
		json_decref(descriptor);
		return -ENOMEM;
	}
	while (n--)
		if (descriptor_is_tagged(json_array_get(manifests, n), tag)) {
			first = n;
			json_array_remove(manifests, n);
		}
	return json_array_insert_new(manifests, MIN(first, json_array_size(manifests)), descriptor)
		       ? -ENOMEM
		       : 0;
}

int image_set_platform(const struct image *i, json_t *descriptor)
{
	static const char *const keys[] = {"architecture", "os", "variant"};
	json_t *platform = doc_object(descriptor, "platform");
	size_t n;

	if (!platform)
		return -ENOMEM;
	for (n = 0; n < ARRAY_SIZE(keys); n++) {
		const char *text = doc_text(i->config, keys[n]);

		if (doc_set_text(platform, keys[n], text && *text ? text : NULL) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Whether a descriptor stands for the same platform as the image. */
static bool same_platform(const struct image *i, const json_t *descriptor)
{
	static const char *const keys[] = {"os", "architecture", "variant"};
	const json_t *platform = json_object_get(descriptor, "platform");
	size_t n;

	if (!json_is_object(platform))
		return false;
	for (n = 0; n < ARRAY_SIZE(keys); n++) {
		const char *a = doc_text(platform, keys[n]), *b = doc_text(i->config, keys[n]);

		if (strcmp(a ? a : "", b ? b : "") != 0)
			return false;
	}
	return true;
}

/* Which entry of a list the image replaces: its old self's, or its platform's; else the size. */
static size_t find_entry(const struct save *s, const json_t *list, const char *tag)
{
	size_t n, size = json_array_size(list), found = size;

	for (n = size; n--;) {
		const json_t *each = json_array_get(list, n);

		if (tag && !descriptor_is_tagged(each, tag))
			continue;
		if (has_digest(each, s->old))
			return n;
		if (same_platform(s->i, each))
			found = n;
	}
	return found;
}

/* Puts the new manifest's descriptor into a list of an index. */
static int put_manifest(const struct save *s, json_t *list, size_t at)
{
	json_t *old = json_array_get(list, at);
	json_t *made = descriptor_moved(old ? old : s->i->top.json, &s->i->top);

	if (!made || image_set_platform(s->i, made) < 0) {
		json_decref(made);
		return -ENOMEM;
	}
	return (old ? json_array_set_new(list, at, made) : json_array_append_new(list, made))
		       ? -ENOMEM
		       : 0;
}

static int rewrite(struct save *s, const json_t *descriptor, size_t depth, bool must,
	struct descriptor *out, struct err *err);

/* Rewrites the first index in the list that has the image: 1, 0 where none has, -errno. */
static int rewrite_inner(struct save *s, json_t *list, size_t depth, struct err *err)
{
	json_t *each, *made;
	size_t n;

	json_array_foreach(list, n, each)
	{
		struct descriptor d;
		const char *media = doc_text(each, "mediaType");
		int r = media && media_is_index(media) ? rewrite(s, each, depth, false, &d, err)
						       : 0;

		if (r == 0)
			continue;
		if (r < 0)
			return r;
		made = descriptor_moved(each, &d);
		descriptor_done(&d);
		return made && json_array_set_new(list, n, made) == 0 ? 1 : no_memory(s, err);
	}
	return 0;
}

/* Writes an index anew, and notes it as the one of that depth. */
static int put_index(struct save *s, const json_t *old, const json_t *doc, const char *media,
	size_t depth, struct descriptor *out, struct err *err)
{
	struct descriptor *path = &s->path[depth];
	json_t *json;
	int r = blob_put_doc(s->l, doc, media, out, err);

	if (r < 0)
		return r;
	json = descriptor_moved(old, out);
	if (!json)
		return no_memory(s, err);
	descriptor_done(path);
	r = descriptor_read(json, s->l->path, path, err);
	json_decref(json);
	s->path_count = MAX(s->path_count, depth + 1);
	return r;
}

/*
 * Writes an index with the new manifest in it, in the place of the old one or of its platform:
 * 1 and *out; 0 where it has neither, unless it must; negative errno with err.
 */
static int rewrite(struct save *s, const json_t *descriptor, size_t depth, bool must,
	struct descriptor *out, struct err *err)
{
	cleanup_descriptor struct descriptor d = DESCRIPTOR_NONE;
	cleanup_json json_t *doc = NULL;
	json_t *list;
	size_t at;
	int r;

	if (depth >= INDEX_DEPTH_MAX)
		return err_tell(err, -EBADMSG, "its indexes are nested too deeply", s->l->path);
	r = descriptor_read((json_t *)(uintptr_t)descriptor, s->l->path, &d, err);
	if (r == 0 && json_object_get(s->without, d.digest))
		return 0;
	if (r == 0)
		r = blob_doc(s->l, &d, &doc, err);
	if (r < 0)
		return r;
	list = index_manifests(s->l, &d, doc, err);
	if (!list)
		return -EBADMSG;
	at = find_entry(s, list, NULL);
	r = at < json_array_size(list) ? 0 : rewrite_inner(s, list, depth + 1, err);
	if (r == 0 && at == json_array_size(list) && !must)
		return json_object_set_new(s->without, d.digest, json_true()) == 0
			       ? 0
			       : no_memory(s, err);
	if (r < 0)
		return r;
	if (r == 0 && put_manifest(s, list, at) < 0)
		return no_memory(s, err);
	r = put_index(s, descriptor, doc, d.media, depth, out, err);
	return r < 0 ? r : 1;
}

/* The entry of index.json for the index to change: the tag's, if the image came from there. */
static const json_t *root_of(const struct save *s, const json_t *index, size_t *at)
{
	const json_t *list = json_object_get(index, "manifests"), *each, *found = NULL;
	size_t n;

	*at = json_array_size(list);
	if (!s->i->tag || strcmp(s->i->tag, s->tag) != 0)
		return s->i->path[0].json;
	json_array_foreach(list, n, each)
	{
		const char *media = doc_text(each, "mediaType");

		if (!descriptor_is_tagged(each, s->tag) || !media || !media_is_index(media))
			continue;
		if (found && !has_digest(each, s->i->path[0].digest))
			continue;
		found = each;
		*at = n;
	}
	return found ? found : s->i->path[0].json;
}

static int change_nested(struct save *s, json_t *index, struct err *err)
{
	json_t *list = json_object_get(index, "manifests"), *made;
	cleanup_descriptor struct descriptor d = DESCRIPTOR_NONE;
	size_t at;
	const json_t *root = root_of(s, index, &at);
	int r = rewrite(s, root, 0, true, &d, err);

	if (r < 0)
		return r;
	made = descriptor_moved(root, &d);
	if (!made)
		return no_memory(s, err);
	if (at == json_array_size(list))
		r = index_set_tag(index, s->tag, made);
	else
		r = json_array_set_new(list, at, made) ? -ENOMEM : 0;
	return r < 0 ? no_memory(s, err) : 0;
}

/* How many entries have the tag; *one is one of them. */
static size_t count_tagged(const json_t *list, const char *tag, size_t *one)
{
	const json_t *each;
	size_t n, count = 0;

	json_array_foreach(list, n, each) if (descriptor_is_tagged(each, tag))
	{
		count++;
		*one = n;
	}
	return count;
}

/* One tag may stand for several images of index.json itself, each of a platform of its own. */
static int change_flat(struct save *s, json_t *index, struct err *err)
{
	json_t *list = json_object_get(index, "manifests"), *made;
	size_t at = 0, count = count_tagged(list, s->tag, &at);
	bool alone = !s->i->tag || strcmp(s->i->tag, s->tag) != 0 || count < 2;

	made = descriptor_moved(s->i->top.json, &s->i->top);
	if (!made)
		return no_memory(s, err);
	if (json_object_get(made, "platform") && image_set_platform(s->i, made) < 0) {
		json_decref(made);
		return no_memory(s, err);
	}
	if (alone)
		return index_set_tag(index, s->tag, made) < 0 ? no_memory(s, err) : 0;
	at = find_entry(s, list, s->tag);
	if (set_tag(made, s->tag) < 0) {
		json_decref(made);
		return no_memory(s, err);
	}
	if (at < json_array_size(list) ? json_array_set_new(list, at, made)
				       : json_array_append_new(list, made))
		return no_memory(s, err);
	return 0;
}

static int change(void *arg, json_t *index, struct err *err)
{
	struct save *s = arg;

	return s->i->path_count ? change_nested(s, index, err) : change_flat(s, index, err);
}

/* Writes the config and then the manifest, which i->top describes from here on. */
static int put_image(struct layout *l, struct image *i, struct err *err)
{
	cleanup_descriptor struct descriptor config = DESCRIPTOR_NONE, top = DESCRIPTOR_NONE;
	const char *media = i->docker ? MEDIA_DOCKER_MANIFEST : MEDIA_MANIFEST;
	json_t *json;
	int r = blob_put_doc(
		l, i->config, i->docker ? MEDIA_DOCKER_CONFIG : MEDIA_CONFIG, &config, err);

	if (r < 0)
		return r;
	json = descriptor_moved(json_object_get(i->manifest, "config"), &config);
	if (!json || json_object_set_new(i->manifest, "config", json) != 0)
		return err_set(err, -ENOMEM, "cannot write", l->path);
	descriptor_done(&i->config_blob);
	r = descriptor_read(json, l->path, &i->config_blob, err);
	if (r == 0 && doc_set_text(i->manifest, "mediaType", media) < 0)
		r = err_set(err, -ENOMEM, "cannot write", l->path);
	if (r == 0)
		r = blob_put_doc(l, i->manifest, media, &top, err);
	if (r < 0)
		return r;
	json = descriptor_moved(i->top.json, &top);
	if (!json)
		return err_set(err, -ENOMEM, "cannot write", l->path);
	descriptor_done(&i->top);
	r = descriptor_read(json, l->path, &i->top, err);
	json_decref(json);
	return r;
}

static void take_path(struct image *i, struct descriptor *path, size_t count)
{
	size_t n;

	for (n = 0; n < i->path_count; n++)
		descriptor_done(&i->path[n]);
	free(i->path);
	i->path = path;
	i->path_count = count;
}

int image_save(struct layout *l, const char *tag, struct image *i, struct err *err)
{
	struct save s = {.l = l, .tag = tag, .i = i};
	int r;

	strcpy(s.old, i->top.digest);
	s.path = calloc(INDEX_DEPTH_MAX + 1, sizeof(*s.path));
	if (!s.path)
		return no_memory(&s, err);
	s.without = json_object();
	r = put_image(l, i, err);
	if (r == 0)
		r = layout_change(l, change, &s, err);
	json_decref(s.without);
	take_path(i, s.path, s.path_count);
	return r;
}

struct tagging {
	const char *tag;
	const struct descriptor *d;
};

static int change_tag(void *arg, json_t *index, struct err *err)
{
	const struct tagging *t = arg;
	json_t *copy = json_deep_copy(t->d->json);

	if (!copy || index_set_tag(index, t->tag, copy) < 0)
		return err_set(err, -ENOMEM, "cannot tag", t->tag);
	return 0;
}

int image_tag(struct layout *l, const char *tag, const struct descriptor *d, struct err *err)
{
	struct tagging t = {tag, d};

	return layout_change(l, change_tag, &t, err);
}
