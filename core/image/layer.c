// SPDX-License-Identifier: Apache-2.0
#include "core/image/layer.h"
#include "core/image/chunked.h"
#include "core/image/verify.h"
#include "core/pack/archive.h"

#include <stdio.h>

static const struct media {
	const char *name;
	enum compression how;
} medias[] = {
	{MEDIA_LAYER, COMPRESS_NONE},
	{MEDIA_LAYER_GZIP, COMPRESS_GZIP},
	{MEDIA_LAYER_ZSTD, COMPRESS_ZSTD},
	{MEDIA_DOCKER_LAYER, COMPRESS_GZIP},
	{MEDIA_DOCKER_LAYER_PLAIN, COMPRESS_NONE},
	{MEDIA_DOCKER_LAYER_ZSTD, COMPRESS_ZSTD},
	{"application/vnd.docker.image.rootfs.foreign.diff.tar", COMPRESS_NONE},
	{"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", COMPRESS_GZIP},
	{"application/vnd.oci.image.layer.nondistributable.v1.tar", COMPRESS_NONE},
	{"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", COMPRESS_GZIP},
	{"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", COMPRESS_ZSTD},
};

int layer_media(const char *media, enum compression *how)
{
	const struct media *m;

	for (m = medias; m < medias + ARRAY_SIZE(medias); m++)
		if (strcmp(m->name, media) == 0) {
			*how = m->how;
			return 0;
		}
	return -ENOTSUP;
}

/* Puts around *s what decompresses it; where that fails, *s is gone. */
static int decompress(
	const struct descriptor *d, enum compression how, struct source **s, struct err *err)
{
	enum compression found = COMPRESS_NONE;
	int r;

	if (how == COMPRESS_NONE)
		return 0;
	r = source_decompress(*s, &found, s);
	if (r < 0) {
		*s = NULL;
		return err_set(err, r, "cannot decompress", d->digest);
	}
	if (found == how || source_why(*s))
		return 0;
	source_free(*s);
	*s = NULL;
	return err_tell(err, -EBADMSG, "is not compressed as its media type says", d->digest);
}

int layer_source(const struct layout *l, const struct descriptor *d, const char *diff_id,
	struct source **out, struct err *err)
{
	enum compression how;
	int r = layer_media(d->media, &how);

	*out = NULL;
	if (r < 0)
		return err_tell(err, r, "has no layer's media type", d->digest);
	r = blob_source(l, d, out, err);
	if (r == 0)
		r = decompress(d, how, out, err);
	if (r < 0)
		return r;
	r = source_verify(*out, -1, diff_id, -1, "its content does not have its diff_id", out);
	if (r < 0)
		*out = NULL;
	return r < 0 ? err_set(err, r, "cannot read", d->digest) : 0;
}

int layer_check(const struct layout *l, const struct descriptor *d, const char *diff_id,
	const char *path, struct err *err)
{
	cleanup_entry struct entry e = ENTRY_NONE;
	struct archive_in *in = NULL;
	struct source *s;
	bool again = false;
	int r = layer_source(l, d, diff_id, &s, err);

	if (r == 0)
		r = archive_in_open(s, &in);
	if (r == 0)
		do
			r = archive_in_next(in, &e, &again, NULL);
		while (r > 0 || (r < 0 && again));
	archive_in_free(in);
	return r == -EBADMSG ? err_tell(err, r, "is no archive", path) : r;
}

/* The sinks from the outermost on; on failure what was made is gone. */
static int make_sinks(struct layer_out *out, int level, struct sink **sink)
{
	int r = sink_fd(out->blob.fd, sink);

	if (r == 0)
		r = sink_digest(*sink, sink);
	if (r < 0)
		return r;
	out->stored = *sink;
	r = out->how == COMPRESS_CHUNKED ? sink_chunked(*sink, level, sink)
					 : sink_compress(*sink, out->how, level, 0, sink);
	out->packed = *sink;
	if (r == 0)
		r = sink_digest(*sink, sink);
	if (r == 0)
		out->content = *sink;
	return r;
}

int layer_begin(struct layout *l, enum compression how, int level, struct layer_out *out,
	struct sink **sink, struct err *err)
{
	int r = blob_begin(l, &out->blob, err);

	*sink = NULL;
	if (r < 0)
		return r;
	out->how = how;
	r = make_sinks(out, level, sink);
	if (r == 0)
		return 0;
	*sink = NULL;
	layer_abandon(out);
	return err_set(err, r, "cannot write a layer", l->path);
}

static const char *media_of(enum compression how)
{
	return how == COMPRESS_GZIP   ? MEDIA_LAYER_GZIP
	       : how == COMPRESS_NONE ? MEDIA_LAYER
				      : MEDIA_LAYER_ZSTD;
}

int layer_commit(
	struct layer_out *out, struct descriptor *d, char diff_id[DIGEST_MAX], struct err *err)
{
	char content[65], stored[65], digest[DIGEST_MAX];
	struct stat st;
	int r = sink_digest_hex(out->content, content);

	if (r == 0)
		r = sink_digest_hex(out->stored, stored);
	if (r == 0 && fstat(out->blob.fd, &st) != 0)
		r = -errno;
	if (r < 0)
		return err_set(err, r, "cannot write a layer", NULL);
	snprintf(diff_id, DIGEST_MAX, "sha256:%s", content);
	snprintf(digest, sizeof(digest), "sha256:%s", stored);
	r = blob_commit(&out->blob, stored, err);
	if (r == 0 && descriptor_make(media_of(out->how), digest, st.st_size, d) < 0)
		r = err_set(err, -ENOMEM, "cannot write a layer", NULL);
	if (r == 0 && out->how == COMPRESS_CHUNKED && chunked_annotate(out->packed, d->json) < 0)
		r = err_set(err, -ENOMEM, "cannot write a layer", NULL);
	return r;
}

void layer_abandon(struct layer_out *out)
{
	blob_abandon(&out->blob);
	out->content = out->packed = out->stored = NULL;
}

bool compression_parse(const char *word, enum compression *how)
{
	static const char *const words[] = {[COMPRESS_NONE] = "none",
		[COMPRESS_GZIP] = "gzip",
		[COMPRESS_ZSTD] = "zstd",
		[COMPRESS_CHUNKED] = "zstd:chunked"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(word, words[i]) == 0) {
			*how = (enum compression)i;
			return true;
		}
	return false;
}
