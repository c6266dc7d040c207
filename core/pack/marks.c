// SPDX-License-Identifier: Apache-2.0
#include "core/pack/level.h"

#include "core/base/siphash.h"
#include <sys/random.h>

/*
 * A set of 64-bit hashes under a secret key: 8 bytes a name, so that a layer of a million
 * entries costs 16 MiB, and a name that collides cannot be chosen from outside.
 */
struct marks {
	uint64_t key[2];
	uint64_t *slots;    /* 0: free */
	size_t count, room; /* room is a power of two */
};

static uint64_t hash(const struct marks *m, dev_t dev, ino_t dir, const char *name)
{
	const uint64_t numbers[] = {dev, dir};
	uint64_t h = siphash(m->key, numbers, ARRAY_SIZE(numbers), name, strlen(name));

	return h ? h : 1;
}

struct marks *marks_new(void)
{
	struct marks *m = calloc(1, sizeof(*m));

	if (m && getrandom(m->key, sizeof(m->key), 0) != sizeof(m->key)) {
		free(m);
		return NULL;
	}
	return m;
}

static uint64_t *slot(uint64_t *slots, size_t room, uint64_t h)
{
	size_t i = h & (room - 1);

	while (slots[i] && slots[i] != h)
		i = (i + 1) & (room - 1);
	return &slots[i];
}

static int grow(struct marks *m)
{
	size_t room = m->room ? m->room * 2 : 1024;
	uint64_t *slots = calloc(room, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < m->room; i++)
		if (m->slots[i])
			*slot(slots, room, m->slots[i]) = m->slots[i];
	free(m->slots);
	m->slots = slots;
	m->room = room;
	return 0;
}

int marks_add(struct marks *m, dev_t dev, ino_t dir, const char *name)
{
	uint64_t h = hash(m, dev, dir, name), *s;

	if (m->count * 4 >= m->room * 3 && grow(m) < 0)
		return -ENOMEM;
	s = slot(m->slots, m->room, h);
	m->count += !*s;
	*s = h;
	return 0;
}

bool marks_has(const struct marks *m, dev_t dev, ino_t dir, const char *name)
{
	return m->room && *slot(m->slots, m->room, hash(m, dev, dir, name));
}

void marks_free(struct marks *m)
{
	if (m)
		free(m->slots);
	free(m);
}
