// SPDX-License-Identifier: Apache-2.0
#include "core/pack/create.h"

struct link {
	dev_t dev;
	ino_t ino;
	uint64_t number;
	char *path;
};

/* A hash table with open addressing; room is a power of two, a free slot has no path. */
struct links {
	struct link *slots;
	size_t count, room;
};

struct links *links_new(void)
{
	return calloc(1, sizeof(struct links));
}

static struct link *slot(struct link *slots, size_t room, dev_t dev, ino_t ino)
{
	size_t i = ((uint64_t)ino * 0x9e3779b97f4a7c15 + dev) >> 20 & (room - 1);

	while (slots[i].path && (slots[i].dev != dev || slots[i].ino != ino))
		i = (i + 1) & (room - 1);
	return &slots[i];
}

static int grow(struct links *l)
{
	size_t room = l->room ? l->room * 2 : 64;
	struct link *slots = calloc(room, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < l->room; i++)
		if (l->slots[i].path)
			*slot(slots, room, l->slots[i].dev, l->slots[i].ino) = l->slots[i];
	free(l->slots);
	l->slots = slots;
	l->room = room;
	return 0;
}

int links_meet(struct links *l, dev_t dev, ino_t ino, const char *path, const char **first,
	uint64_t *number)
{
	struct link *s;

	if (l->count * 2 >= l->room && grow(l) < 0)
		return -ENOMEM;
	s = slot(l->slots, l->room, dev, ino);
	*first = s->path;
	if (!s->path) {
		*s = (struct link){dev, ino, l->count + 1, strdup(path)};
		if (!s->path)
			return -ENOMEM;
		l->count++;
	}
	*number = s->number;
	return 0;
}

void links_free(struct links *l)
{
	for (size_t i = 0; l && i < l->room; i++)
		free(l->slots[i].path);
	if (l)
		free(l->slots);
	free(l);
}
