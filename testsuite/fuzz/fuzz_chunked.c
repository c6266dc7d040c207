// SPDX-License-Identifier: Apache-2.0
/*
 * zstd:chunked made of any archive: it is refused, or what is decompressed again is the archive,
 * however it was cut into writes.
 */
#include "core/image/chunked.h"
#include "core/pack/stage.h"
#include "testsuite/fuzz/fuzz.h"

#include <sys/mman.h>

/* 0 or negative errno. */
static int pack(int fd, const uint8_t *data, size_t size, size_t piece)
{
	struct sink *s;
	int r = 0;

	MUST(sink_fd(fd, &s) == 0);
	MUST(sink_chunked(s, 1, &s) == 0);
	for (size_t at = 0; r == 0 && at < size; at += piece) {
		struct block b = {.data = (unsigned char *)(uintptr_t)(data + at),
			.len = MIN(piece, size - at)};

		r = sink_push(s, &b);
	}
	if (r == 0)
		r = sink_finish(s);
	sink_free(s);
	return r;
}

static void compare(int fd, const uint8_t *data, size_t size)
{
	enum compression found;
	struct source *s;
	const void *block;
	size_t at = 0;
	ssize_t n;

	MUST(lseek(fd, 0, SEEK_SET) == 0 && source_fd(fd, &s) == 0);
	MUST(source_decompress(s, &found, &s) == 0 && found == COMPRESS_ZSTD);
	while ((n = source_next(s, &block)) > 0) {
		MUST((size_t)n <= size - at && memcmp(block, data + at, (size_t)n) == 0);
		at += (size_t)n;
	}
	MUST(n == 0 && at == size);
	source_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("chunked", MFD_CLOEXEC), small = memfd_create("small", MFD_CLOEXEC);
	int r;

	MUST(fd >= 0 && small >= 0);
	r = pack(fd, data, size, size + 1);
	MUST(pack(small, data, size, 100) == r);
	MUST(r < 0 || lseek(fd, 0, SEEK_CUR) == lseek(small, 0, SEEK_CUR));
	if (r == 0)
		compare(fd, data, size);
	close(fd);
	close(small);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed)
{
	(void)seed;
	return tar_mutate(data, size, room);
}
