// SPDX-License-Identifier: Apache-2.0
#include "core/base/base.h"

#include <sys/mman.h>

/*
 * Where rlc is to be small and has one thread, this takes the place of the C library's allocator.
 * A block is a power of two in size, its header included, and goes back to others of that size;
 * large ones are mapped by themselves. musl only.
 */
#if !defined(CONFIG_FAST) && !defined(CONFIG_APPLET_TAR) && !defined(__GLIBC__)

enum { SMALLEST = 5, LARGEST = 17, CHUNK = 1 << 18 }; /* 32 bytes, 128 KiB */

/* Before what the caller has; 16 bytes, so that this is aligned. */
struct header {
	size_t room; /* header included */
	size_t unused;
};

struct free_block {
	struct header header;
	struct free_block *next;
};

static struct {
	struct free_block *lists[LARGEST + 1];
	char *at;
	size_t left; /* of the chunk that blocks are cut from */
} heap;

static void *map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static size_t whole_pages(size_t size)
{
	return (size + 4095) & ~(size_t)4095;
}

static struct header *cut(size_t room)
{
	struct header *h;

	if (heap.left < room) {
		heap.at = map(CHUNK);
		heap.left = heap.at ? CHUNK : 0;
		if (!heap.at)
			return NULL;
	}
	h = (struct header *)(void *)heap.at;
	heap.at += room;
	heap.left -= room;
	return h;
}

static struct header *find(size_t size)
{
	int order = SMALLEST;
	struct free_block *b;

	while ((size_t)1 << order < size)
		order++;
	b = heap.lists[order];
	if (!b)
		return cut((size_t)1 << order);
	heap.lists[order] = b->next;
	return &b->header;
}

void *malloc(size_t size)
{
	size_t room = size + sizeof(struct header);
	struct header *h = NULL;

	if (size < PTRDIFF_MAX - 8192) {
		bool large = room > (size_t)1 << LARGEST;

		h = large ? map(whole_pages(room)) : find(room);
		if (h)
			h->room = large ? whole_pages(room)
				  : room <= 1 << SMALLEST
					  ? 1 << SMALLEST
					  : (size_t)1 << (64 - __builtin_clzl(room - 1));
	}
	if (!h)
		errno = ENOMEM;
	return h ? h + 1 : NULL;
}

void free(void *p)
{
	struct free_block *b = p ? (void *)((struct header *)p - 1) : NULL;
	int order;

	if (!b)
		return;
	if (b->header.room > (size_t)1 << LARGEST) {
		int saved = errno;

		munmap(b, b->header.room);
		errno = saved;
		return;
	}
	order = __builtin_ctzl(b->header.room);
	b->next = heap.lists[order];
	heap.lists[order] = b;
}

/* With memset the compiler would make a call to calloc, that is itself, of it. */
void *calloc(size_t n, size_t each)
{
	size_t size;
	void *p = NULL;

	if (__builtin_mul_overflow(n, each, &size))
		errno = ENOMEM;
	else
		p = malloc(size);
	if (p)
		explicit_bzero(p, size);
	return p;
}

void *realloc(void *p, size_t size)
{
	struct header *h = p ? (struct header *)p - 1 : NULL;
	void *moved;

	if (h && size <= h->room - sizeof(*h) && h->room <= (size_t)1 << LARGEST)
		return p;
	moved = malloc(size);
	if (!moved || !h)
		return moved;
	memcpy(moved, p, MIN(size, h->room - sizeof(*h)));
	free(p);
	return moved;
}

#endif
