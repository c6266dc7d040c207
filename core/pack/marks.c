// SPDX-License-Identifier: Apache-2.0
#include "core/pack/level.h"

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

static uint64_t rotate(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

/* SipHash's round. */
static void mix(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

static void absorb(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	mix(v);
	mix(v);
	v[0] ^= word;
}

/* SipHash-2-4 of device, directory and name. */
static uint64_t hash(const struct marks *m, dev_t dev, ino_t dir, const char *name)
{
	uint64_t v[4] = {m->key[0] ^ 0x736f6d6570736575, m->key[1] ^ 0x646f72616e646f6d,
		m->key[0] ^ 0x6c7967656e657261, m->key[1] ^ 0x7465646279746573};
	size_t len = strlen(name), at;

	absorb(v, dev);
	absorb(v, dir);
	for (at = 0; at + 8 <= len; at += 8) {
		uint64_t word;

		memcpy(&word, name + at, 8);
		absorb(v, word);
	}
	uint64_t rest = (uint64_t)len << 56;

	memcpy(&rest, name + at, len - at);
	absorb(v, rest);
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		mix(v);
	rest = v[0] ^ v[1] ^ v[2] ^ v[3];
	return rest ? rest : 1;
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
