// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_LAYER_H
#define RLC_LAYER_H

#include "core/image/layout.h"

/* Layers as blobs (image-spec, layer.md): archives, compressed or not. */

#define MEDIA_LAYER "application/vnd.oci.image.layer.v1.tar"
#define MEDIA_LAYER_GZIP MEDIA_LAYER "+gzip"
#define MEDIA_LAYER_ZSTD MEDIA_LAYER "+zstd"
#define MEDIA_DOCKER_LAYER_PLAIN "application/vnd.docker.image.rootfs.diff.tar"
#define MEDIA_DOCKER_LAYER MEDIA_DOCKER_LAYER_PLAIN ".gzip"
#define MEDIA_DOCKER_LAYER_ZSTD MEDIA_DOCKER_LAYER_PLAIN ".zstd"

/*
 * How a layer of that media type is compressed, by its name alone: 0; -ENOTSUP where it is no
 * archive's (OCI's, its old non-distributable forms, Docker's).
 */
int layer_media(const char *media, enum compression *how);

/* Reads "gzip", "zstd", "zstd:chunked" or "none". */
bool compression_parse(const char *word, enum compression *how);

/*
 * The content of a layer, decompressed as its media type says. The stored blob's digest and size,
 * and at the end diff_id, are verified: a mismatch is -EBADMSG instead of the end (source_why
 * says which). 0 or negative errno with err.
 */
int layer_source(const struct layout *l, const struct descriptor *d, const char *diff_id,
	struct source **out, struct err *err);

/* Whether a layer that came from path is an archive: 0; negative errno with err where it is not. */
int layer_check(const struct layout *l, const struct descriptor *d, const char *diff_id,
	const char *path, struct err *err);

/* A layer that is being written. Starts as LAYER_OUT_NONE. */
struct layer_out {
	struct blob_out blob;
	enum compression how;
	/* not owned: the digest of the archive, what compresses it, the digest of the blob */
	struct sink *content, *packed, *stored;
};

#define LAYER_OUT_NONE                                                                             \
	{                                                                                          \
		.blob = BLOB_OUT_NONE                                                              \
	}
#define cleanup_layer_out cleanup(layer_abandon)

/*
 * Starts a layer. *sink, the caller's to own (archive_out_open takes it), is where the archive
 * goes. level as sink_compress. 0 or negative errno with err.
 */
int layer_begin(struct layout *l, enum compression how, int level, struct layer_out *out,
	struct sink **sink, struct err *err);

/*
 * After the sink was finished and before it is freed: the blob gets its name; its descriptor and
 * the archive's digest. 0 or negative errno with err.
 */
int layer_commit(
	struct layer_out *out, struct descriptor *d, char diff_id[DIGEST_MAX], struct err *err);

void layer_abandon(struct layer_out *out);

#endif
