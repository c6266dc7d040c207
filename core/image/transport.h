// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_TRANSPORT_H
#define RLC_TRANSPORT_H

#include "core/image/image.h"
#include "core/pack/archive.h"

/* Images on their way between layouts and archives. */

/* Told of each blob that a descriptor stands for: what it refers to first, itself last. */
typedef int blob_fn(void *arg, const struct descriptor *d, struct err *err);

/*
 * Calls each for all blobs of a manifest, or of an index and all in it (at most 16 deep). What
 * each returns, or negative errno with err.
 */
int blobs_each(const struct layout *l, const struct descriptor *d, blob_fn *each, void *arg,
	struct err *err);

/*
 * Puts a blob of one layout into another, verified: shared where the file system can (reflink; with
 * link as a hard link, where the file is the caller's own and nobody else may write to it). 0 or
 * negative errno with err.
 */
int blob_copy(const struct layout *from, struct layout *to, const struct descriptor *d, bool link,
	struct err *err);

/*
 * Writes all that a descriptor stands for as an archive of an image layout, which has it under tag
 * (NULL: none), into out, which stays the caller's to finish. The same image, the same bytes. 0 or
 * negative errno with err.
 */
int oci_archive_write(const struct layout *l, const struct descriptor *d, const char *tag,
	struct archive_out *out, struct err *err);

/*
 * Puts the blobs of an archive of an image layout into a layout, verified, and finds what its tag
 * stands for (NULL: the only one there is): *out. fd can seek. 0 or negative errno with err:
 * -ENOENT without such a tag, -EEXIST where there are several.
 */
int oci_archive_read(
	int fd, struct layout *l, const char *tag, struct descriptor *out, struct err *err);

/*
 * Writes an image as docker-save(1) does, called name ("NAME:TAG", NULL: nothing): layers not
 * compressed, its config, manifest.json. As oci_archive_write.
 */
int docker_archive_write(const struct layout *l, const struct image *i, const char *name,
	struct archive_out *out, struct err *err);

/*
 * Puts an image of docker-save(1) into a layout as blobs, layers compressed as how says (their
 * diff_ids are verified); name chooses (NULL: the only one there is). config describes the
 * config as it stands in the archive. As oci_archive_read.
 */
int docker_archive_read(int fd, struct layout *l, const char *name, enum compression how,
	struct image *out, struct err *err);

/*
 * Writes a manifest for an image whose config is a blob already (config_blob), in OCI's or Docker's
 * media types: i->top. The layers are as they are. 0 or negative errno with err.
 */
int image_put_manifest(struct layout *l, struct image *i, bool docker, struct err *err);

/* The rest is between the files transport_*.c. */

/*
 * Each entry of the archive in fd, from its start; path is clean. Stops where it is not 0. passed
 * (may be NULL) counts the archive's bytes.
 */
typedef int member_fn(
	void *arg, const char *path, struct entry *e, struct archive_in *data, struct err *err);
int members_each(int fd, atomic_ullong *passed, member_fn *each, void *arg, struct err *err);

/* The entry's content as text of at most DOC_MAX bytes. 0 or negative errno with err. */
int member_text(struct archive_in *data, const struct entry *e, struct buf *out, struct err *err);

/* The entry's content as a source; data stays the caller's. 0 or negative errno. */
int member_source(struct archive_in *data, struct source **out);

/* Adds a member of n bytes, or a directory (data NULL). 0 or negative errno with err. */
int member_put(
	struct archive_out *out, const char *path, const void *data, size_t n, struct err *err);

/* Adds a member of size bytes from a source, which is freed. 0 or negative errno with err. */
int member_put_source(
	struct archive_out *out, const char *path, struct source *s, int64_t size, struct err *err);

#endif
