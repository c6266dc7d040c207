// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_TARBALL_H
#define RLC_TARBALL_H

#include "core/base/buf.h"

/* Archives made by hand, right ones and wrong ones, and what rlc reads in them. */

/* A tar header; size may differ from what follows. Fields that are NULL or 0 are as usual. */
struct tar_header {
	char type;
	const char *name, *link, *uname;
	int64_t size;
	unsigned mode, uid, major, minor;
	bool gnu; /* magic of GNU tar instead of POSIX */
	/* old GNU sparse map: one piece, and the real size */
	int64_t offset, length, realsize;
};

void tar_header(struct buf *out, const struct tar_header *h);

/* A body, padded to whole blocks. */
void tar_body(struct buf *out, const void *data, size_t n);

/* Header and body of a regular file, or of any type with a body of its size. */
void tar_file(struct buf *out, const char *name, const char *body);
void tar_special(struct buf *out, char type, const char *body, size_t n);

/* Adds a record to the text of a pax header. */
void pax_record(struct buf *text, const char *key, const void *value, size_t n);

/* A pax header of one record whose value is a string. */
void tar_pax(struct buf *out, const char *key, const char *value);

void tar_end(struct buf *out);

/* A cpio header of newc's format, its name and, for a file or symlink, its content. */
struct cpio_entry {
	const char *name, *body;
	unsigned ino, mode, nlink;
};

void cpio_entry(struct buf *out, const struct cpio_entry *e);

/*
 * What rlc reads in an archive, as text: a line an entry, with what is unusual about it, and a
 * line an error. Bytes outside of printable ASCII are \xXX. The caller frees it.
 */
char *archive_text(const void *data, size_t n);

#endif
