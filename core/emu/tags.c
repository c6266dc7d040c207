// SPDX-License-Identifier: Apache-2.0
#include "core/emu/tags.h"
#include <pthread.h>

#define ERAS ((uint64_t)1 << 46)

/* Credentials in as many bytes as they need: a whole struct creds has room for all groups. */
struct entry {
	uint32_t hash, size, pins;
	uint16_t next; /* the next index with the same last bits of hash; 0: no more */
	char bytes[];
};

struct tags {
	pthread_mutex_t lock;
	unsigned int hint; /* no index below it is free */
	uint16_t
		first[TAGS_INDICES]; /* by the last bits of hash; 0: none. Index 0 is in no list. */
	struct entry *entries[TAGS_INDICES];
};

int tags_next(uint64_t tag, unsigned int index, uint64_t *next)
{
	uint64_t era = MIN(tag / TAGS_INDICES, ERAS + 1);

	if (era == 0)
		return -EAGAIN;
	*next = (era - 1) * TAGS_INDICES + index;
	return 0;
}

/* FNV-1a by words, and its upper half folded in, as the lists go by the last bits. */
static uint32_t hash_of(const struct creds *c)
{
	const char *at = (const char *)c;
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < creds_size(c); i += sizeof(uint32_t)) {
		uint32_t word;

		memcpy(&word, at + i, sizeof(word));
		hash = (hash ^ word) * 0x100000001b3;
	}
	return (uint32_t)(hash ^ hash >> 32);
}

static struct entry *entry_new(const struct creds *c)
{
	size_t size = creds_size(c);
	struct entry *e = malloc(sizeof(*e) + size);

	if (!e)
		return NULL;
	*e = (struct entry){.hash = hash_of(c), .size = (uint32_t)size};
	memcpy(e->bytes, c, size);
	return e;
}

static bool entry_is(const struct entry *e, const struct creds *c)
{
	return e->size == creds_size(c) && memcmp(e->bytes, c, e->size) == 0;
}

int tags_new(const struct creds *initial, struct tags **out)
{
	struct tags *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->entries[0] = entry_new(initial);
	if (!t->entries[0]) {
		free(t);
		return -ENOMEM;
	}
	pthread_mutex_init(&t->lock, NULL);
	t->hint = 1;
	*out = t;
	return 0;
}

void tags_free(struct tags *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < TAGS_INDICES; i++)
		free(t->entries[i]);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/* The index that the credentials have, or -ENOENT. */
static int find(const struct tags *t, const struct creds *c)
{
	uint32_t hash = hash_of(c);

	if (entry_is(t->entries[0], c))
		return 0;
	for (unsigned int i = t->first[hash % TAGS_INDICES]; i; i = t->entries[i]->next)
		if (t->entries[i]->hash == hash && entry_is(t->entries[i], c))
			return (int)i;
	return -ENOENT;
}

static void remove_entry(struct tags *t, unsigned int index)
{
	struct entry *e = t->entries[index];
	uint16_t *link = &t->first[e->hash % TAGS_INDICES];

	while (*link != index)
		link = &t->entries[*link]->next;
	*link = e->next;
	t->entries[index] = NULL;
	free(e);
}

/*
 * Frees what nobody has. While a list of processes is read, one of them can fork in front of where
 * the reader is: the child, and what it has, is found by reading twice.
 */
static int reclaim(struct tags *t, tags_in_use in_use, void *arg)
{
	uint8_t used[TAGS_INDICES / 8] = {0};

	for (int times = 0; in_use && times < 2; times++) {
		int r = in_use(arg, used);

		if (r < 0)
			return r;
	}
	for (unsigned int i = 1; in_use && i < TAGS_INDICES; i++)
		if (t->entries[i] && !t->entries[i]->pins && !(used[i / 8] >> i % 8 & 1))
			remove_entry(t, i);
	t->hint = 1;
	return 0;
}

static unsigned int free_index(struct tags *t)
{
	while (t->hint < TAGS_THREADS && t->entries[t->hint])
		t->hint++;
	return t->hint;
}

static int add(struct tags *t, const struct creds *c, tags_in_use in_use, void *arg)
{
	unsigned int index = free_index(t);
	struct entry *e;

	if (index == TAGS_THREADS) {
		int r = reclaim(t, in_use, arg);

		if (r < 0)
			return r;
		index = free_index(t);
	}
	if (index == TAGS_THREADS)
		return -EAGAIN;
	e = entry_new(c);
	if (!e)
		return -ENOMEM;
	e->next = t->first[e->hash % TAGS_INDICES];
	t->first[e->hash % TAGS_INDICES] = (uint16_t)index;
	t->entries[index] = e;
	return (int)index;
}

int tags_intern(struct tags *t, const struct creds *c, tags_in_use in_use, void *arg)
{
	int r;

	pthread_mutex_lock(&t->lock);
	r = find(t, c);
	if (r < 0)
		r = add(t, c, in_use, arg);
	if (r > 0)
		t->entries[r]->pins++;
	pthread_mutex_unlock(&t->lock);
	return r;
}

void tags_unpin(struct tags *t, unsigned int index)
{
	pthread_mutex_lock(&t->lock);
	if (index && index < TAGS_INDICES && t->entries[index] && t->entries[index]->pins)
		t->entries[index]->pins--;
	pthread_mutex_unlock(&t->lock);
}

int tags_get(struct tags *t, unsigned int index, struct creds *out)
{
	const struct entry *e;
	int r = -ENOENT;

	pthread_mutex_lock(&t->lock);
	e = index < TAGS_INDICES ? t->entries[index] : NULL;
	if (e) {
		memcpy(out, e->bytes, e->size);
		r = 0;
	}
	pthread_mutex_unlock(&t->lock);
	return r;
}
