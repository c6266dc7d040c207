// SPDX-License-Identifier: Apache-2.0
/* What image-spec asks of documents. */
#include "core/image/check.h"

#include <stdio.h>

void check_tell(const struct check_at *at, const char *member, const char *what)
{
	struct check_fault fault = {.file = at->file, .what = what};
	const char *dot = at->list && *member ? "." : "";
	char text[256];

	if (at->list && at->number != SIZE_MAX)
		snprintf(text, sizeof(text), "%s[%zu]%s%s", at->list, at->number, dot, member);
	else
		snprintf(text, sizeof(text), "%s%s%s", at->list ? at->list : "", dot, member);
	fault.at = text;
	at->c->tell(at->c->arg, &fault);
}

static bool nothing(const json_t *json)
{
	return !json || json_is_null(json);
}

/* Where a text is there, it is one. True: *text may be looked at. */
static bool text_good(
	const struct check_at *at, const json_t *object, const char *key, const char **text)
{
	const json_t *value = json_object_get(object, key);

	*text = json_string_value(value);
	if (!nothing(value) && !*text)
		check_tell(at, key, "is no text");
	return *text;
}

static void need_text(const struct check_at *at, const json_t *object, const char *key)
{
	const char *text;

	if (nothing(json_object_get(object, key)))
		check_tell(at, key, "is missing");
	else if (text_good(at, object, key, &text) && !*text)
		check_tell(at, key, "is empty");
}

static void check_time(const struct check_at *at, const json_t *object, const char *key)
{
	struct timespec t;
	const char *text;

	if (text_good(at, object, key, &text) && image_time_parse(text, &t) < 0)
		check_tell(at, key, "is no time (RFC 3339)");
}

/* A list of texts, where it is there. */
static void check_texts(const struct check_at *at, const json_t *object, const char *key)
{
	const json_t *list = json_object_get(object, key), *each;
	size_t n;

	if (nothing(list))
		return;
	if (!json_is_array(list))
		check_tell(at, key, "is no list");
	json_array_foreach(list, n, each) if (!json_is_string(each))
	{
		check_tell(at, key, "has something that is no text");
		break;
	}
}

/* An object, where it is there, of texts or of objects. */
static void check_members(
	const struct check_at *at, const json_t *object, const char *key, bool texts)
{
	json_t *map = json_object_get(object, key), *value;
	const char *name;

	if (nothing(map))
		return;
	if (!json_is_object(map))
		check_tell(at, key, "is no object");
	json_object_foreach(map, name,
		value) if (!*name || (texts ? !json_is_string(value) : !json_is_object(value)))
	{
		check_tell(at, key, *name ? "has a value of a wrong type" : "has an empty key");
		break;
	}
}

static void check_annotations(const struct check_at *at, const json_t *object)
{
	check_members(at, object, "annotations", true);
}

static void check_platform(const struct check_at *at, const json_t *platform)
{
	if (nothing(platform))
		return;
	if (!json_is_object(platform)) {
		check_tell(at, "platform", "is no object");
		return;
	}
	if (!doc_text(platform, "os"))
		check_tell(at, "platform.os", "is missing or no text");
	if (!doc_text(platform, "architecture"))
		check_tell(at, "platform.architecture", "is missing or no text");
}

/* RFC 6838: two names with a slash between. */
static bool media_good(const char *media)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		"!#$&-^_.+";
	size_t type = strspn(media, letters), subtype;

	if (!type || media[type] != '/')
		return false;
	subtype = strspn(media + type + 1, letters);
	return subtype && !media[type + 1 + subtype];
}

static void check_blob(const struct check_at *at, const struct descriptor *d)
{
	int r = blob_there(at->c->l, d);

	if (r == -ENOENT)
		check_tell(at, "digest", "there is no such blob");
	else if (r == -EBADMSG)
		check_tell(at, "size", "is not the size of the blob, or that is no file");
	else if (r < 0)
		check_tell(at, "digest", "the blob cannot be looked at");
}

bool check_descriptor(const struct check_at *at, json_t *json, struct descriptor *d)
{
	cleanup_err struct err err = ERR_NONE;

	if (descriptor_read(json, NULL, d, &err) < 0) {
		check_tell(at, "", err.what);
		return false;
	}
	if (!media_good(d->media))
		check_tell(at, "mediaType", *d->media ? "is no media type" : "is missing");
	check_annotations(at, json);
	check_texts(at, json, "urls");
	check_platform(at, json_object_get(json, "platform"));
	check_blob(at, d);
	return true;
}

void check_head(const struct check_at *at, const json_t *doc, const char *media, const char *usual)
{
	const json_t *version = json_object_get(doc, "schemaVersion");
	const char *own;

	if (!json_is_integer(version) || json_integer_value(version) != 2)
		check_tell(at, "schemaVersion", "is not 2");
	if (text_good(at, doc, "mediaType", &own) && strcmp(own, *media ? media : usual) != 0)
		check_tell(at, "mediaType",
			*media ? "is not what refers to it says" : "is not that of an index");
	check_annotations(at, doc);
}

/* The part that is for whoever runs it. */
static void check_process(const struct check_at *at, const json_t *config)
{
	static const char *const texts[] = {"User", "WorkingDir", "StopSignal"};
	static const char *const lists[] = {"Env", "Entrypoint", "Cmd"};
	static const char *const sets[] = {"ExposedPorts", "Volumes"};
	const char *text;
	size_t n;

	if (!nothing(config) && !json_is_object(config))
		check_tell(at, "", "is no object");
	for (n = 0; n < ARRAY_SIZE(texts); n++)
		text_good(at, config, texts[n], &text);
	for (n = 0; n < ARRAY_SIZE(lists); n++)
		check_texts(at, config, lists[n]);
	for (n = 0; n < ARRAY_SIZE(sets); n++)
		check_members(at, config, sets[n], false);
	check_members(at, config, "Labels", true);
}

static void check_entry(const struct check_at *at, const json_t *entry)
{
	static const char *const texts[] = {"created_by", "author", "comment"};
	const json_t *empty = json_object_get(entry, "empty_layer");
	const char *text;
	size_t n;

	if (!json_is_object(entry)) {
		check_tell(at, "", "is no object");
		return;
	}
	check_time(at, entry, "created");
	for (n = 0; n < ARRAY_SIZE(texts); n++)
		text_good(at, entry, texts[n], &text);
	if (!nothing(empty) && !json_is_boolean(empty))
		check_tell(at, "empty_layer", "is neither true nor false");
}

static void check_history(const struct check_at *at, const json_t *history, size_t layers)
{
	struct check_at each = {at->c, at->file, "history", 0};
	size_t with_layer = 0;

	if (nothing(history))
		return;
	if (!json_is_array(history))
		check_tell(at, "history", "is no list");
	for (; each.number < json_array_size(history); each.number++) {
		const json_t *entry = json_array_get(history, each.number);

		check_entry(&each, entry);
		with_layer += !json_is_true(json_object_get(entry, "empty_layer"));
	}
	if (json_array_size(history) && with_layer != layers)
		check_tell(
			at, "history", "has not as many entries with a layer as there are layers");
}

static void check_rootfs(const struct check_at *at, const json_t *rootfs, size_t layers)
{
	const json_t *ids = json_object_get(rootfs, "diff_ids");
	struct check_at each = {at->c, at->file, "rootfs.diff_ids", 0};
	const char *type = doc_text(rootfs, "type");

	if (!json_is_object(rootfs)) {
		check_tell(at, "rootfs", "is missing or no object");
		return;
	}
	if (!type || strcmp(type, "layers") != 0)
		check_tell(at, "rootfs.type", "is not \"layers\"");
	if (!nothing(ids) && !json_is_array(ids))
		check_tell(at, "rootfs.diff_ids", "is no list");
	else if (json_array_size(ids) != layers)
		check_tell(at, "rootfs.diff_ids", "are not as many as there are layers");
	for (; each.number < json_array_size(ids); each.number++) {
		const char *id = json_string_value(json_array_get(ids, each.number));

		if (!id || !digest_valid(id))
			check_tell(&each, "", "is no sha256");
	}
}

void check_config(const struct check_at *at, const json_t *config, size_t layers)
{
	struct check_at process = {at->c, at->file, "config", SIZE_MAX};
	const char *text;

	if (!json_is_object(config)) {
		check_tell(at, "", "is no object");
		return;
	}
	need_text(at, config, "os");
	need_text(at, config, "architecture");
	text_good(at, config, "variant", &text);
	text_good(at, config, "author", &text);
	check_time(at, config, "created");
	check_process(&process, json_object_get(config, "config"));
	check_rootfs(at, json_object_get(config, "rootfs"), layers);
	check_history(at, json_object_get(config, "history"), layers);
}
