// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_ARCHIVE_H
#define RLC_ARCHIVE_H

#include "core/pack/entry.h"
#include "core/pack/stream.h"

/* tar (v7, ustar, gnutar, pax) and cpio (newc; odc and others are read) by libarchive. */

struct archive_in;

/*
 * Reads entries from a source, which it owns from here on (also on failure).
 * 0 or negative errno.
 */
int archive_in_open(struct source *s, struct archive_in **out);

/*
 * The next entry, whose content is skipped if it was not read. 1, 0 at the end (after which
 * the source has been drained to its own end, so that digests are whole), or negative errno:
 * -EBADMSG where the archive is damaged or cut off (nothing more can be read), with
 * err->what saying how; an archive without an end mark is cut off. A name with a NUL byte, no
 * name, a link without target, an owner or device beyond 32 bits: -EBADMSG with the entry skipped;
 * *again then tells that the next call may go on. Names are bytes in any locale.
 * In cpio archives a hard link may bring the content of its inode: then its size is not 0.
 */
int archive_in_next(struct archive_in *a, struct entry *e, bool *again, struct err *err);

/*
 * The next block of the entry's content: its length and, for sparse files, *offset in the file;
 * 0 at the end, negative errno (cut off, damaged). The block is valid until the next call.
 */
ssize_t archive_in_data(struct archive_in *a, const void **block, int64_t *offset, struct err *err);

void archive_in_free(struct archive_in *a);

enum archive_format { FORMAT_PAX, FORMAT_USTAR, FORMAT_GNUTAR, FORMAT_NEWC };

struct archive_out;

/*
 * Writes entries into a sink, which it owns from here on (also on failure).
 * pax: headers only where ustar cannot say it (so most entries have none),
 * attributes as SCHILY.xattr.NAME alone, times truncated never rounded, whole seconds unless
 * with_ns. Same entries in, same bytes out: no process id, no time of now anywhere.
 */
int archive_out_open(
	struct sink *s, enum archive_format format, bool with_ns, struct archive_out **out);

/*
 * Writes an entry's header; e->size bytes of content follow by archive_out_data (for a
 * sparse file with runs: only the data of the runs, in order; one run of no bytes at the end says
 * that all is a hole). -ENAMETOOLONG, -ERANGE, -EFBIG, -E2BIG, -EOPNOTSUPP, -EINVAL where the
 * format cannot hold it, with err->what saying what; the archive stays good. Attributes are for
 * pax alone: other formats pass over them, and the caller says so. In newc a hard link's
 * mode has its inode's type, and e->ino and e->nlink tie the names together.
 */
int archive_out_entry(struct archive_out *a, const struct entry *e, struct err *err);

int archive_out_data(struct archive_out *a, const void *data, size_t n, struct err *err);

/* Ends the entry (content that is missing is filled with zeros). */
int archive_out_end(struct archive_out *a, struct err *err);

/* Writes the archive's end and finishes the sink. */
int archive_out_finish(struct archive_out *a, struct err *err);

void archive_out_free(struct archive_out *a);

#endif
