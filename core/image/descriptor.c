// SPDX-License-Identifier: Apache-2.0
#include "core/image/layout.h"

#include <stdio.h>

bool digest_valid(const char *text)
{
	return strncmp(text, "sha256:", 7) == 0 && strlen(text) == DIGEST_MAX - 1 &&
	       strspn(text + 7, "0123456789abcdef") == 64;
}

/* descriptor.md: the name of an algorithm, a colon, what it encodes. */
static bool other_digest(const char *text)
{
	size_t name = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+._-");

	return name && text[name] == ':' && text[name + 1] && strncmp(text, "sha256:", 7) != 0;
}

int descriptor_read(json_t *json, const char *where, struct descriptor *out, struct err *err)
{
	const char *digest = doc_text(json, "digest"), *media = doc_text(json, "mediaType");
	const json_t *size = json_object_get(json, "size");

	*out = (struct descriptor)DESCRIPTOR_NONE;
	if (!json_is_object(json))
		return err_tell(err, -EBADMSG, "a descriptor is no object", where);
	if (!digest)
		return err_tell(err, -EBADMSG, "a descriptor has no digest", where);
	if (other_digest(digest))
		return err_tell(err, -ENOTSUP, "a digest is no sha256", where);
	if (!digest_valid(digest))
		return err_tell(err, -EBADMSG, "a digest is none", where);
	if (!json_is_integer(size) || json_integer_value(size) < 0)
		return err_tell(err, -EBADMSG, "a descriptor's size is missing or none", where);
	if (!media && json_object_get(json, "mediaType"))
		return err_tell(err, -EBADMSG, "a media type is no text", where);
	out->media = media ? media : "";
	strcpy(out->digest, digest);
	out->size = json_integer_value(size);
	out->json = json_incref(json);
	return 0;
}

int descriptor_make(const char *media, const char *digest, int64_t size, struct descriptor *out)
{
	json_t *json = json_object();

	*out = (struct descriptor)DESCRIPTOR_NONE;
	if (json_object_set_new(json, "mediaType", json_string(media)) != 0 ||
		json_object_set_new(json, "digest", json_string(digest)) != 0 ||
		json_object_set_new(json, "size", json_integer(size)) != 0) {
		json_decref(json);
		return -ENOMEM;
	}
	out->media = doc_text(json, "mediaType");
	snprintf(out->digest, sizeof(out->digest), "%s", digest);
	out->size = size;
	out->json = json;
	return 0;
}

json_t *descriptor_moved(const json_t *json, const struct descriptor *to)
{
	json_t *copy = json ? json_deep_copy(json) : json_object();

	json_object_del(copy, "data");
	json_object_del(copy, "urls");
	if (doc_set_text(copy, "mediaType", to->media) == 0 &&
		doc_set_text(copy, "digest", to->digest) == 0 &&
		json_object_set_new(copy, "size", json_integer(to->size)) == 0)
		return copy;
	json_decref(copy);
	return NULL;
}

void descriptor_done(struct descriptor *d)
{
	json_decref(d->json);
	*d = (struct descriptor)DESCRIPTOR_NONE;
}
