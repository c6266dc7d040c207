// SPDX-License-Identifier: Apache-2.0
/* Archives of an image layout. */
#include "core/image/transport.h"
#include <stdio.h>

#define BLOBS "blobs/sha256/"

/* What is written has been seen: a blob that is referred to twice is there once. */
struct writing {
	const struct layout *l;
	struct archive_out *out;
	json_t *seen;
};

static int write_blob(void *arg, const struct descriptor *d, struct err *err)
{
	struct writing *w = arg;
	char path[sizeof(BLOBS) + 64];
	struct source *s;
	int r;

	if (json_object_get(w->seen, d->digest))
		return 0;
	if (json_object_set_new(w->seen, d->digest, json_true()) != 0)
		return err_set(err, -ENOMEM, NULL, NULL);
	r = blob_source(w->l, d, &s, err);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), BLOBS "%s", digest_hex(d->digest));
	return member_put_source(w->out, path, s, d->size, err);
}

static int write_doc(struct archive_out *out, const char *path, const json_t *doc, struct err *err)
{
	cleanup_buf struct buf text = BUF_NONE;

	if (!doc || doc_write(doc, &text) < 0)
		return err_set(err, -ENOMEM, NULL, path);
	return member_put(out, path, text.data, text.len, err);
}

static json_t *index_of(const struct descriptor *d, const char *tag)
{
	json_t *copy = json_deep_copy(d->json), *annotations = doc_object(copy, "annotations");

	if (!annotations || doc_set_text(annotations, IMAGE_REF_NAME, tag) < 0) {
		json_decref(copy);
		return NULL;
	}
	if (json_object_size(annotations) == 0)
		json_object_del(copy, "annotations");
	return json_pack("{s:i, s:s, s:[o]}", "schemaVersion", 2, "mediaType", MEDIA_INDEX,
		"manifests", copy);
}

int oci_archive_write(const struct layout *l, const struct descriptor *d, const char *tag,
	struct archive_out *out, struct err *err)
{
	cleanup_json json_t *seen = json_object(), *index = index_of(d, tag);
	cleanup_json json_t *version = json_pack("{s:s}", "imageLayoutVersion", "1.0.0");
	struct writing w = {l, out, seen};
	int r = write_doc(out, "oci-layout", version, err);

	if (r == 0)
		r = write_doc(out, "index.json", index, err);
	if (r == 0)
		r = member_put(out, "blobs/", NULL, 0, err);
	if (r == 0)
		r = member_put(out, BLOBS, NULL, 0, err);
	return r < 0 ? r : blobs_each(l, d, write_blob, &w, err);
}

struct reading {
	struct layout *l;
	json_t *index;
};

/* A blob has its digest for a name. */
static int read_blob(struct reading *r, const char *hex, struct archive_in *data, struct err *err)
{
	cleanup_blob_out struct blob_out b = BLOB_OUT_NONE;
	struct sink *to = NULL;
	struct source *s;
	char found[65];
	int code = blob_begin(r->l, &b, err);

	if (code == 0)
		code = member_source(data, &s);
	if (code == 0)
		code = source_digest(s, &s);
	if (code < 0)
		return err_set(err, code, NULL, hex);
	code = sink_fd(b.fd, &to);
	if (code == 0)
		code = sink_pump(to, s);
	if (code == 0)
		code = source_digest_hex(s, found);
	source_free(s);
	sink_free(to);
	if (code < 0)
		return err_set(err, code, "cannot copy the blob", hex);
	if (strcmp(found, hex) != 0)
		return err_tell(err, -EBADMSG, "the blob does not have its digest", hex);
	return blob_commit(&b, hex, err);
}

static int read_member(
	void *arg, const char *path, struct entry *e, struct archive_in *data, struct err *err)
{
	struct reading *r = arg;
	char digest[DIGEST_MAX];

	if (!S_ISREG(e->mode) || e->hardlink)
		return 0;
	if (strcmp(path, "index.json") == 0) {
		cleanup_buf struct buf text = BUF_NONE;
		int code = member_text(data, e, &text, err);

		doc_done(&r->index);
		return code < 0 ? code
				: doc_parse(text.len ? text.data : "", text.len, path, &r->index,
					  err);
	}
	if (strncmp(path, BLOBS, strlen(BLOBS)) != 0 || strlen(path) != strlen(BLOBS) + 64)
		return 0;
	snprintf(digest, sizeof(digest), "sha256:%s", path + strlen(BLOBS));
	return digest_valid(digest) ? read_blob(r, path + strlen(BLOBS), data, err) : 0;
}

/* What the tag stands for; without one, the only thing that is there. */
static int find_tag(const json_t *index, const char *tag, json_t **found, struct err *err)
{
	json_t *list = json_object_get(index, "manifests"), *each;
	size_t n, count = 0;

	json_array_foreach(list, n, each)
	{
		if (tag && !descriptor_is_tagged(each, tag))
			continue;
		*found = each;
		count++;
	}
	if (count == 0)
		return err_tell(err, -ENOENT, "the archive has no such image", tag);
	return count == 1 ? 0 : err_tell(err, -EEXIST, "the archive has several images", tag);
}

int oci_archive_read(
	int fd, struct layout *l, const char *tag, struct descriptor *out, struct err *err)
{
	cleanup_json json_t *index = NULL;
	struct reading reading = {l, NULL};
	json_t *found = NULL;
	int r = members_each(fd, l->passed, read_member, &reading, err);

	index = reading.index;
	if (r == 0 && !index)
		r = err_tell(err, -EBADMSG, "is no archive of an image layout", NULL);
	if (r == 0)
		r = find_tag(index, tag, &found, err);
	return r < 0 ? r : descriptor_read(found, "index.json", out, err);
}
