// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_STREAM_H
#define RLC_STREAM_H

#include "core/base/err.h"
#include <stdatomic.h>

/*
 * Streams of bytes, pulled out of a source or pushed into a sink. Stages are
 * put around each other; a stage owns the one it was given. Each may do its
 * work in a thread of its own; what comes out does not depend on it. Threads start with the
 * first bytes (source_decompress reads some), so unshare(2) and the like come before.
 */

enum compression {
	COMPRESS_NONE,
	COMPRESS_GZIP,
	COMPRESS_ZSTD,
	COMPRESS_CHUNKED /* zstd:chunked; for layers alone, see core/image/chunked.h */
};

/* A source: bytes are pulled, a block at a time, without copying. */
struct source;

/*
 * The next block: its length (> 0) with *block pointing to it until the next
 * call, 0 at the end, or negative errno (-EBADMSG for damaged data, -E2BIG for a zstd
 * window that is too large); after an error the same error comes again.
 */
ssize_t source_next(struct source *s, const void **block);

/* Why the last source_next failed, in words ("damaged gzip data", ...), or NULL. */
const char *source_why(const struct source *s);

/* Ends threads, frees the stage and those within. NULL is fine. */
void source_free(struct source *s);

/* Reads all that is left: how many bytes that were, or negative errno. */
int64_t source_drain(struct source *s);

/* All constructors return 0 and *out, or negative errno; on failure the inner stage is freed. */

/* The bytes of fd, which stays the caller's. */
int source_fd(int fd, struct source **out);

/* n bytes of memory that stays the caller's; for tests. */
int source_memory(const void *data, size_t n, struct source **out);

/*
 * Looks at the first bytes and puts the fitting decompressor around inner:
 * gzip (RFC 1952: any number of members in a row, checksums and lengths verified; what follows
 * the last and does not start like one is ignored, as zero padding is and as GNU gzip does),
 * zstd (RFC 8878: any number of frames and skippable frames, checksums verified, a window of at
 * most 128 MiB), or nothing. *found says which. Truncated data is an error, not an end. inner is
 * always read to its end. From the second block on, decompression runs in a thread ahead
 * of the reader by a bounded number of blocks; where none can be started, the reader does it.
 * -ENOTSUP where this rlc was built without that decompressor.
 */
int source_decompress(struct source *inner, enum compression *found, struct source **out);

/* Adds the bytes that pass to *count, which somebody else may read meanwhile. */
int source_count(struct source *inner, atomic_ullong *count, struct source **out);

/* Hashes what passes with SHA-256, in a thread of its own. -ENOTSUP: built without. */
int source_digest(struct source *inner, struct source **out);

/* The digest of all that has passed, as 64 hex digits and NUL. 0; -EINVAL before the end. */
int source_digest_hex(struct source *s, char hex[65]);

/* A sink: bytes are pushed. */
struct sink;

/* 0 or negative errno; after an error the same error comes again. */
int sink_write(struct sink *s, const void *data, size_t n);

/* Writes what is still inside and waits for it: only after 0 is all of it written. */
int sink_finish(struct sink *s);

/* Writes all that is left in a source, and finishes. 0 or negative errno. */
int sink_pump(struct sink *s, struct source *from);

void sink_free(struct sink *s);

int sink_fd(int fd, struct sink **out);

/*
 * Compresses: gzip as members of 256 KiB by libdeflate (or zlib) with no name
 * and no time in the header, zstd as one frame, in `threads` threads (0: as many as there are
 * processors). The bytes depend on the input and level only (how it was cut into writes, the
 * processor and the number of threads do not matter). level 0 is the default: 6 for
 * gzip, 3 for zstd; 1 to 9 (12 for libdeflate) and 1 to 19, where 10 and more need
 * 60 to 130 MB a thread. -EINVAL for others, -ENOTSUP where this rlc was built without that
 * compressor. Where no thread can be started, gzip is made by the caller, and zstd fails in
 * sink_write with the reason (-EAGAIN), for it would be other bytes without.
 */
int sink_compress(
	struct sink *inner, enum compression how, int level, int threads, struct sink **out);

/* Adds the bytes that pass to *count, as source_count. */
int sink_count(struct sink *inner, atomic_ullong *count, struct sink **out);

/* Hashes what passes with SHA-256; hex as for the source, after sink_finish. */
int sink_digest(struct sink *inner, struct sink **out);
int sink_digest_hex(struct sink *s, char hex[65]);

#endif
