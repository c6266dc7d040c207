// SPDX-License-Identifier: Apache-2.0
#include "core/image/merge_store.h"

#include "core/base/io.h"
#include <stdio.h>

enum { IN_MEMORY = 8 << 20, TAIL = 64 << 10, CHUNK = 256 << 10 };

/*
 * Position p is in memory below IN_MEMORY, else in the file at p - IN_MEMORY, whose end has not
 * been written yet but waits in tail.
 */
struct merge_store {
	char *chunks[IN_MEMORY / CHUNK]; /* no piece lies in two */
	uint32_t end;                    /* where the next piece goes */
	int fd;
	char *tail;
	uint32_t tail_at; /* the position of tail[0] */
};

int merge_store_new(struct merge_store **out)
{
	struct merge_store *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->fd = -1;
	*out = s;
	return 0;
}

void merge_store_free(struct merge_store *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(s->chunks); i++)
		free(s->chunks[i]);
	free(s->tail);
	base_close(&s->fd);
	free(s);
}

static int open_file(void)
{
	const char *dir = getenv("TMPDIR");
	cleanup_free char *name = NULL;
	int fd = open(dir ? dir : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	if (asprintf(&name, "%s/rlc-XXXXXX", dir ? dir : "/tmp") < 0) {
		name = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	unlink(name);
	return fd;
}

static int flush(struct merge_store *s)
{
	int r = io_pwrite(s->fd, s->tail, s->end - s->tail_at, (off_t)s->tail_at - IN_MEMORY);

	s->tail_at = s->end;
	return r;
}

static int start_file(struct merge_store *s)
{
	s->tail = malloc(TAIL);
	if (!s->tail)
		return -ENOMEM;
	s->fd = open_file();
	s->end = s->tail_at = IN_MEMORY;
	return s->fd < 0 ? s->fd : 0;
}

static int add_to_file(struct merge_store *s, const void *data, size_t n, uint32_t *at)
{
	int r = 0;

	if (!s->tail)
		r = start_file(s);
	if (r == 0 && n > UINT32_MAX - s->end)
		return -EFBIG;
	if (r == 0 && s->end - s->tail_at + n > TAIL)
		r = flush(s);
	if (r < 0)
		return r;
	*at = s->end;
	s->end += n;
	if (n > TAIL) {
		s->tail_at = s->end;
		return io_pwrite(s->fd, data, n, (off_t)*at - IN_MEMORY);
	}
	memcpy(s->tail + (*at - s->tail_at), data, n);
	return 0;
}

int merge_store_add(struct merge_store *s, const void *data, size_t n, uint32_t *at)
{
	uint32_t left = CHUNK - s->end % CHUNK;
	char **chunk;

	if (n > CHUNK || s->tail)
		return add_to_file(s, data, n, at);
	if (n > left)
		s->end += left;
	if (s->end >= IN_MEMORY)
		return add_to_file(s, data, n, at);
	chunk = &s->chunks[s->end / CHUNK];
	if (!*chunk)
		*chunk = malloc(CHUNK);
	if (!*chunk)
		return -ENOMEM;
	*at = s->end;
	memcpy(*chunk + s->end % CHUNK, data, n);
	s->end += n;
	return 0;
}

static void read_memory(struct merge_store *s, uint32_t at, char *data, size_t n)
{
	const char *chunk = s->chunks[at / CHUNK];

	if (chunk)
		memcpy(data, chunk + at % CHUNK, MIN(n, (size_t)(CHUNK - at % CHUNK)));
}

static int read_file(struct merge_store *s, uint32_t at, char *data, size_t n)
{
	size_t from_file = at < s->tail_at ? MIN(n, (size_t)(s->tail_at - at)) : 0;
	size_t from_tail = MIN(n - from_file, (size_t)(s->end - at - from_file));
	size_t done = 0;

	while (done < from_file) {
		ssize_t r = pread(
			s->fd, data + done, from_file - done, (off_t)at - IN_MEMORY + (off_t)done);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return r < 0 ? -errno : -EIO;
		done += (size_t)r;
	}
	if (from_tail)
		memcpy(data + from_file, s->tail + (at + from_file - s->tail_at), from_tail);
	return 0;
}

int merge_store_read(struct merge_store *s, uint32_t at, void *data, size_t n)
{
	memset(data, 0, n);
	if (at >= s->end)
		return 0;
	if (at >= IN_MEMORY)
		return read_file(s, at, data, n);
	read_memory(s, at, data, n);
	return 0;
}
