// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_LAYOUT_H
#define RLC_LAYOUT_H

#include "core/image/doc.h"
#include "core/pack/stream.h"
#include <stdatomic.h>

/*
 * An OCI image layout (image-spec, image-layout.md): oci-layout, index.json and
 * blobs/sha256/HEX. What is written is written aside, synced and renamed, index.json last, so that
 * whoever is interrupted leaves the layout as it was, with at most some blobs that nothing
 * refers to.
 */
struct layout {
	int fd;                /* the directory; it is locked, see enum layout_use */
	int blobs;             /* blobs/sha256 in it; -1 where there is none */
	char *path;            /* owned; as given, for messages */
	atomic_ullong *passed; /* not owned; counts the bytes of blob_source; NULL: nobody asks */
};

#define LAYOUT_NONE                                                                                \
	{                                                                                          \
		-1, -1, NULL, NULL                                                                 \
	}
#define cleanup_layout cleanup(layout_close)

enum layout_use {
	LAYOUT_READ,  /* no lock: blobs do not change */
	LAYOUT_WRITE, /* a shared lock until it is closed: nobody collects what is being added */
	LAYOUT_SOLE   /* an exclusive lock: for collecting what nothing refers to */
};

/* What is being written has a name in the layout that starts so. */
#define LAYOUT_ASIDE ".rlc-"

/*
 * Makes an empty layout in dir, which may exist if it is empty, or has what an interrupted attempt
 * left; its parents must exist. 0; -EEXIST where something is in it; negative errno with err.
 */
int layout_create(const char *dir, struct err *err);

/*
 * Opens the layout in dir and checks its version (1.0.x). Waits for the lock that use says. 0 or
 * negative errno with err: -EBADMSG where it is no layout or one of another version.
 */
int layout_open(struct layout *l, const char *dir, enum layout_use use, struct err *err);

void layout_close(struct layout *l);

/*
 * Writes an empty index.json where there is none, under the lock of layout_change. 1; 0 where there
 * is one; negative errno with err.
 */
int layout_index_anew(const struct layout *l, struct err *err);

/* Reads index.json: an object whose "manifests" is an array of objects. 0 or -errno with err. */
int layout_index(const struct layout *l, json_t **index, struct err *err);

/* Changes the index in place: 0, or negative errno with err and nothing is written. */
typedef int index_change_fn(void *arg, json_t *index, struct err *err);

/*
 * Reads index.json under a lock of its own, so that two who change it at once lose nothing, lets
 * change work on it, and puts the new one in its place. 0 or negative errno with err.
 */
int layout_change(struct layout *l, index_change_fn *change, void *arg, struct err *err);

/*
 * Removes blobs that index.json does not lead to, and what killed writers left; l is open for
 * LAYOUT_SOLE. Layers are not read. Where a document on the way is damaged nothing is removed, for
 * what it leads to cannot be known; one that is missing leads to nothing. 0 or negative errno with
 * err.
 */
int layout_collect(struct layout *l, struct err *err);

#define DIGEST_MAX 72 /* "sha256:", 64 hexadecimal digits in lower case, NUL */

/*
 * Opens the regular file name in the directory dirfd for reading, and nothing else: no symlink
 * is followed, no FIFO waited for. The descriptor; -ELOOP for a symlink, -EBADMSG for what is no
 * file, negative errno.
 */
int layout_file(int dirfd, const char *name, struct stat *st);

/*
 * Opens blobs/sha256 in a layout's directory, symlinks not followed; the second makes it where it
 * is missing, and syncs what it is in. The descriptor or negative errno.
 */
int layout_blobs(int dirfd);
int layout_make_blobs(int dirfd);

/*
 * A new file in the layout, open for writing, and its name, which is nobody else's. The descriptor
 * or negative errno.
 */
int layout_aside(const struct layout *l, char name[NAME_MAX + 1]);

/* Whether text is a digest that rlc knows. */
bool digest_valid(const char *text);

/* The digits of such a digest. */
static inline const char *digest_hex(const char *digest)
{
	return digest + strlen("sha256:");
}

/* What an index or a manifest says of a blob. */
struct descriptor {
	const char *media; /* in json, "" where it says none */
	char digest[DIGEST_MAX];
	int64_t size; /* never negative */
	json_t *json; /* a reference to the whole of it */
};

#define DESCRIPTOR_NONE                                                                            \
	{                                                                                          \
		"", "", 0, NULL                                                                    \
	}
#define cleanup_descriptor cleanup(descriptor_done)

/*
 * Takes a descriptor from json, which gets one more reference. 0; -EBADMSG where digest or size are
 * missing or are none; -ENOTSUP for a digest other than sha256. where is for err.
 */
int descriptor_read(json_t *json, const char *where, struct descriptor *out, struct err *err);

/*
 * A copy of json, a descriptor or NULL, that says of another blob: its media type, digest and
 * size; content and places of the old one go. The caller's reference; NULL: no memory.
 */
json_t *descriptor_moved(const json_t *json, const struct descriptor *to);

/* A new descriptor. 0 or -ENOMEM. */
int descriptor_make(const char *media, const char *digest, int64_t size, struct descriptor *out);

void descriptor_done(struct descriptor *d);

/* Fills err for the blob of that digest, whose path it gets, and returns code. */
int blob_err(
	const struct layout *l, const char *digest, int code, const char *what, struct err *err);

/*
 * The bytes of a blob as stored. Their number and digest are verified as they pass: where they
 * are not what d says, the end is -EBADMSG instead. 0 or negative errno with err.
 */
int blob_source(
	const struct layout *l, const struct descriptor *d, struct source **out, struct err *err);

/* A whole blob that is a document, verified. 0 or negative errno with err. */
int blob_doc(const struct layout *l, const struct descriptor *d, json_t **out, struct err *err);

/* Whether the blob is there as a regular file of the right size: 0, -ENOENT, -EBADMSG, -errno. */
int blob_there(const struct layout *l, const struct descriptor *d);

/* A blob that is being written: a file aside, gone again unless it is committed. */
struct blob_out {
	struct layout *layout; /* NULL: none, or committed */
	int fd;
	char name[NAME_MAX + 1];
};

#define BLOB_OUT_NONE                                                                              \
	{                                                                                          \
		NULL, -1, ""                                                                       \
	}
#define cleanup_blob_out cleanup(blob_abandon)

/* Opens b->fd, into which the caller writes. 0 or negative errno with err. */
int blob_begin(struct layout *l, struct blob_out *b, struct err *err);

/*
 * Syncs what was written and gives it its name, hex being the digest of it all (64 digits).
 * Where such a blob is there already, it is replaced. 0 or negative errno with err.
 */
int blob_commit(struct blob_out *b, const char *hex, struct err *err);

void blob_abandon(struct blob_out *b);

/* Writes bytes, a document, as a blob and describes it. 0 or negative errno with err. */
int blob_put(struct layout *l, const void *data, size_t n, const char *media,
	struct descriptor *out, struct err *err);
int blob_put_doc(struct layout *l, const json_t *doc, const char *media, struct descriptor *out,
	struct err *err);

#endif
