// SPDX-License-Identifier: Apache-2.0
#include "core/build/sum_cache.h"

#include "core/base/io.h"
#include "core/pack/digest.h"
#include <stdio.h>
#include <sys/file.h>
#include <time.h>

/* What nobody asked for is kept as long as there are no more than this: other builds' files. */
enum { SUMS_KEPT = 1 << 15, SUMS_MAX = 64 << 20 };

struct header {
	char magic[16];
	uint64_t count;
};

static const char magic[16] = "rlc sums 1\n";

static int64_t nanoseconds(struct timespec t)
{
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static struct sum sum_of(const struct stat *st)
{
	return (struct sum){.dev = st->st_dev,
		.ino = st->st_ino,
		.size = st->st_size,
		.mtime = nanoseconds(st->st_mtim),
		.ctime = nanoseconds(st->st_ctim)};
}

static int by_inode(const void *a, const void *b)
{
	const struct sum *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return (x->ino > y->ino) - (x->ino < y->ino);
}

/* And which of one was seen last. */
static int by_inode_and_time(const void *a, const void *b)
{
	const struct sum *x = a, *y = b;
	int r = by_inode(a, b);

	return r ? r : (x->ctime < y->ctime) - (x->ctime > y->ctime);
}

static const struct sum *sums(const struct buf *b)
{
	return (const void *)b->data;
}

static size_t sum_count(const struct buf *b)
{
	return b->len / sizeof(struct sum);
}

/* Sorted, and as many as it says; otherwise there are none. */
static bool is_sound(const struct header *h, const struct buf *known)
{
	const struct sum *all = sums(known);

	if (memcmp(h->magic, magic, sizeof magic) != 0 || known->len % sizeof(struct sum) != 0 ||
		h->count != sum_count(known))
		return false;
	for (size_t i = 1; i < h->count; i++)
		if (by_inode(&all[i - 1], &all[i]) >= 0)
			return false;
	return true;
}

static void read_known(struct sum_cache *c)
{
	enum { FLAGS = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC };
	cleanup_fd int fd = openat(c->dirfd, c->name, FLAGS);
	struct header h;

	if (fd < 0)
		return;
	if (io_read(fd, &h, sizeof h) != sizeof h || io_read_all(fd, &c->known, SUMS_MAX) < 0 ||
		!is_sound(&h, &c->known))
		buf_cut(&c->known, 0);
}

int sum_cache_open(int dirfd, const char *name, struct sum_cache **out)
{
	struct sum_cache *c = calloc(1, sizeof(*c));
	int r = -ENOMEM;

	*out = c;
	if (!c)
		return -ENOMEM;
	c->dirfd = -1;
	c->name = strdup(name);
	if (c->name)
		r = owners_init(&c->owners, false, (struct owner){0, 0});
	if (r == 0) {
		c->dirfd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		read_known(c);
	}
	return r;
}

/* Of two that say something of one inode that counts which saw it last. */
static int merge(struct sum_cache *c, struct buf *all)
{
	size_t fresh = sum_count(&c->fresh), known = sum_count(&c->known), i = 0, j = 0;
	const struct sum *a = sums(&c->fresh), *b = sums(&c->known);
	int r = 0;

	if (fresh + known > SUMS_KEPT)
		known = 0;
	while (r == 0 && (i < fresh || j < known)) {
		int order = i == fresh ? 1 : j == known ? -1 : by_inode(&a[i], &b[j]);
		bool old = order > 0 || (order == 0 && b[j].ctime > a[i].ctime);
		const struct sum *next = old ? &b[j] : &a[i];

		r = buf_add(all, next, sizeof *next);
		i += order <= 0;
		j += order >= 0;
		while (i && i < fresh && by_inode(&a[i - 1], &a[i]) == 0)
			i++;
	}
	return r;
}

static int write_all(int fd, const struct buf *all)
{
	struct header h = {.count = sum_count(all)};
	int r;

	memcpy(h.magic, magic, sizeof magic);
	r = io_write(fd, &h, sizeof h);
	return r < 0 ? r : io_write(fd, all->data, all->len);
}

/* What others found since is kept: one at a time writes. */
static void write_known(struct sum_cache *c)
{
	cleanup_buf struct buf all = BUF_NONE;
	char aside[NAME_MAX + 1];
	cleanup_fd int fd = -1;

	if (flock(c->dirfd, LOCK_EX) < 0)
		return;
	buf_cut(&c->known, 0);
	read_known(c);
	qsort(c->fresh.data, sum_count(&c->fresh), sizeof(struct sum), by_inode_and_time);
	if (merge(c, &all) < 0)
		return;
	snprintf(aside, sizeof aside, ".%.200s.%ld", c->name, (long)getpid());
	fd = openat(c->dirfd, aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	if (write_all(fd, &all) < 0 || renameat(c->dirfd, aside, c->dirfd, c->name) < 0)
		unlinkat(c->dirfd, aside, 0);
}

void sum_cache_close(struct sum_cache *c)
{
	if (!c)
		return;
	if (c->fresh.len && c->dirfd >= 0)
		write_known(c);
	base_close(&c->dirfd);
	buf_free(&c->known);
	buf_free(&c->fresh);
	free(c->name);
	free(c);
}

static unsigned char digit(char c)
{
	return (unsigned char)(c <= '9' ? c - '0' : c - 'a' + 10);
}

bool sum_cache_find(const struct sum_cache *c, const struct stat *st, char hex[65])
{
	const struct sum wanted = sum_of(st), *found = NULL;

	if (c->known.len)
		found = bsearch(
			&wanted, c->known.data, sum_count(&c->known), sizeof wanted, by_inode);
	if (!found || found->size != wanted.size || found->mtime != wanted.mtime ||
		found->ctime != wanted.ctime)
		return false;
	digest_text(found->bytes, hex);
	return true;
}

void sum_cache_add(
	struct sum_cache *c, const struct stat *st, const struct timespec *now, const char *hex)
{
	int64_t tick = st->st_ctim.tv_nsec ? INT64_C(20000000) : INT64_C(2100000000);

	if (nanoseconds(st->st_ctim) < nanoseconds(*now) - tick)
		sum_cache_note(c, st, hex);
}

void sum_cache_note(struct sum_cache *c, const struct stat *st, const char *hex)
{
	struct sum sum = sum_of(st);

	for (size_t i = 0; i < SUM_BYTES; i++)
		sum.bytes[i] = (unsigned char)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
	buf_add(&c->fresh, &sum, sizeof sum); /* without memory it is read again */
}
