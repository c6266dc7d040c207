// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_CHUNKED_H
#define RLC_CHUNKED_H

#include "core/image/doc.h"
#include "core/pack/stream.h"

/*
 * zstd:chunked, as containers/storage has it: a zstd stream in which the content of each file is a
 * frame of its own. Behind it come skippable frames: a table of contents (JSON), what is needed to
 * make the same archive of files (as tar-split has it), and a footer of 64 bytes that says where
 * these are. To all others it is a layer compressed by zstd.
 */

#define CHUNKED_TOC "io.github.containers.zstd-chunked.manifest-position"
#define CHUNKED_TOC_SUM "io.github.containers.zstd-chunked.manifest-checksum"
#define CHUNKED_SPLIT "io.github.containers.zstd-chunked.tarsplit-position"

/*
 * Compresses a tar archive so. What comes out depends on the input and level alone. Writing fails
 * with -EBADMSG for what is no tar archive, -EOPNOTSUPP where it has what the table cannot say
 * (sparse files, entries of unknown types), -EILSEQ for names that are not UTF-8, -EFBIG for a
 * table over 64 MiB. As the constructors of stream.h.
 */
int sink_chunked(struct sink *inner, int level, struct sink **out);

/* After it was finished: the annotations that lead to the table. 0 or -ENOMEM. */
int chunked_annotate(const struct sink *s, json_t *descriptor);

/* The rest is between chunked*.c. */

/* Text that is compressed as it comes. */
struct packed {
	void *context; /* ZSTD_CCtx */
	struct buf out;
	uint64_t in;
};

int packed_start(struct packed *p, int level);
int packed_add(struct packed *p, const void *data, size_t n);
int packed_end(struct packed *p);
void packed_free(struct packed *p);

/* What the table says of an entry. */
struct chunk_entry {
	const char *type;
	char *name, *link; /* owned; link may be NULL */
	int64_t mode, uid, gid, size, major, minor;
	struct chunk_time {
		struct timespec at;
		bool set;
	} mtime, atime, ctime;
	json_t *attrs; /* names and values in base64; owned; NULL: none */
	char digest[65];
	uint64_t crc, start, end;
};

void chunk_entry_free(struct chunk_entry *e);

/* Adds an entry to the table, after a comma unless it is the first. */
int chunk_table_add(struct packed *table, const struct chunk_entry *e);

/* Adds bytes of the archive that are no file's content, and the place of a content, to the split.
 */
int chunk_split_bytes(struct packed *split, unsigned *position, const void *data, size_t n);
int chunk_split_file(struct packed *split, unsigned *position, const struct chunk_entry *e);

/* CRC-64 of ISO 3309, as tar-split has it; crc is 0 at first. */
void chunk_crc_start(uint64_t table[256]);
uint64_t chunk_crc(const uint64_t table[256], uint64_t crc, const void *data, size_t n);

/* The reader of tar headers, fed in any pieces. */
struct chunk_tar {
	struct chunk_entry next; /* what extended headers say of the entry to come */
	bool has_size, has_uid, has_gid;
	struct buf extended;
	char kind; /* of the extended header that is being read; 0: none */
	unsigned zeros;
	bool ended;
};

/*
 * A header of 512 bytes. 1: an entry, *e, of e->size bytes; 0: an extended header, of *size bytes
 * that chunk_tar_extended is to get; 2: the end, or nothing. Negative errno as sink_chunked.
 */
int chunk_tar_header(
	struct chunk_tar *t, const unsigned char *h, struct chunk_entry *e, int64_t *size);
int chunk_tar_extended(struct chunk_tar *t);
void chunk_tar_free(struct chunk_tar *t);

#endif
