// SPDX-License-Identifier: Apache-2.0
#include "core/owner/dirmap.h"

#include "core/owner/wire.h"
#include "proto/rlc.pb-c.h"

typedef Rlc__Dirmap Map;
typedef Rlc__Dirmap__Entry Entry;

#define ENTRIES 1 /* the field number of Dirmap.entries */

static void map_free(Map **m)
{
	if (*m)
		rlc__dirmap__free_unpacked(*m, NULL);
}

#define cleanup_map cleanup(map_free)

/* st_mode >> 12 as the message stores it: whether an inode can be of that type. */
static bool type_known(uint32_t type)
{
	static const uint16_t known = 1 << (S_IFREG >> 12) | 1 << (S_IFDIR >> 12) |
				      1 << (S_IFLNK >> 12) | 1 << (S_IFIFO >> 12) |
				      1 << (S_IFSOCK >> 12) | 1 << (S_IFCHR >> 12) |
				      1 << (S_IFBLK >> 12);

	return type < 16 && (known >> type & 1);
}

static bool name_valid(const char *name, size_t len)
{
	if (len < 1 || len > NAME_MAX || memchr(name, '/', len) || memchr(name, '\0', len))
		return false;
	return !(name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')));
}

/*
 * Whether the bytes are fields with shortest keys and lengths, which is what this
 * file writes and all that protobuf-c reads as the specification says.
 */
static bool well_formed(const uint8_t *data, size_t len, bool outer)
{
	struct wire w = {data, data + len};
	struct wire_field f;
	int got;

	while ((got = wire_next(&w, &f)) > 0) {
		if (!f.shortest)
			return false;
		if (outer && f.number == ENTRIES && f.type == WIRE_BYTES &&
			!well_formed(f.data, f.len, false))
			return false;
	}
	return got == 0;
}

/* Makes an owned entry out of one of the message's. */
static int entry_of(const Entry *from, struct dirmap_entry *to)
{
	const char *name = (const char *)from->name.data;

	if (!type_known(from->type) || !name_valid(name, from->name.len))
		return -EBADMSG;
	*to = (struct dirmap_entry){
		.name = strndup(name, from->name.len),
		.ino = from->ino,
		.type = from->type << 12,
		.owner.uid = from->has_uid ? from->uid : OWNER_KEEP,
		.owner.gid = from->has_gid ? from->gid : OWNER_KEEP,
	};
	return to->name ? 0 : -ENOMEM;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(
		((const struct dirmap_entry *)a)->name, ((const struct dirmap_entry *)b)->name);
}

/* Sorts what was read: -EBADMSG where a name comes twice. */
static int sort(struct dirmap *map)
{
	if (map->count < 2)
		return 0;
	qsort(map->entries, map->count, sizeof(*map->entries), by_name);
	for (size_t i = 1; i < map->count; i++)
		if (by_name(&map->entries[i - 1], &map->entries[i]) == 0)
			return -EBADMSG;
	return 0;
}

/* Fills an empty map from the message; what was made so far stays in it on error. */
static int fill(struct dirmap *map, const Map *m)
{
	if (!m->n_entries)
		return 0;
	map->entries = calloc(m->n_entries, sizeof(*map->entries));
	if (!map->entries)
		return -ENOMEM;
	map->room = m->n_entries;
	for (; map->count < m->n_entries; map->count++) {
		int ret = entry_of(m->entries[map->count], &map->entries[map->count]);

		if (ret < 0)
			return ret;
	}
	return sort(map);
}

/* protobuf-c says no more than NULL, so the allocator remembers whether it was memory. */
static void *alloc(void *failed, size_t size)
{
	void *p = malloc(size);

	if (!p)
		*(bool *)failed = true;
	return p;
}

static void release(void *failed, void *p)
{
	(void)failed;
	free(p);
}

int dirmap_decode(const void *data, size_t len, struct dirmap *map)
{
	bool failed = false;
	ProtobufCAllocator allocator = {alloc, release, &failed};
	cleanup_map Map *m = NULL;
	int ret;

	if (len > DIRMAP_MAX || (len && !well_formed(data, len, true)))
		return -EBADMSG;
	m = rlc__dirmap__unpack(&allocator, len, data);
	if (!m)
		return failed ? -ENOMEM : -EBADMSG;
	ret = fill(map, m);
	if (ret < 0)
		dirmap_free(map);
	return ret;
}

static void entry_to(const struct dirmap_entry *from, Entry *to)
{
	rlc__dirmap__entry__init(to);
	to->name.data = (uint8_t *)from->name;
	to->name.len = strlen(from->name);
	to->ino = from->ino;
	to->type = from->type >> 12;
	to->has_uid = from->owner.uid != OWNER_KEEP;
	to->uid = from->owner.uid;
	to->has_gid = from->owner.gid != OWNER_KEEP;
	to->gid = from->owner.gid;
}

static int add_packed(const Map *m, struct buf *out)
{
	size_t len = rlc__dirmap__get_packed_size(m);

	if (len > DIRMAP_MAX)
		return -E2BIG;
	if (buf_reserve(out, len) < 0)
		return -ENOMEM;
	rlc__dirmap__pack(m, (uint8_t *)out->data + out->len);
	out->len += len;
	out->data[out->len] = '\0';
	return 0;
}

int dirmap_encode(const struct dirmap *map, struct buf *out)
{
	cleanup_free Entry *entries = calloc(map->count + 1, sizeof(*entries));
	cleanup_free Entry **pointers = calloc(map->count + 1, sizeof(*pointers));
	Map m = RLC__DIRMAP__INIT;

	if (!entries || !pointers)
		return -ENOMEM;
	for (size_t i = 0; i < map->count; i++) {
		entry_to(&map->entries[i], &entries[i]);
		pointers[i] = &entries[i];
	}
	m.n_entries = map->count;
	m.entries = pointers;
	return add_packed(&m, out);
}

/* The first entry whose name is not before that name; *same says whether it has it. */
static size_t place(const struct dirmap *map, const char *name, bool *same)
{
	size_t low = 0, high = map->count;

	*same = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(map->entries[middle].name, name);

		if (order == 0)
			*same = true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct dirmap_entry *dirmap_find(const struct dirmap *map, const char *name)
{
	bool same;
	size_t i = place(map, name, &same);

	return same ? &map->entries[i] : NULL;
}

static int grow(struct dirmap *map)
{
	size_t room = map->room ? map->room * 2 : 8;
	struct dirmap_entry *entries;

	if (map->count < map->room)
		return 0;
	entries = reallocarray(map->entries, room, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	map->entries = entries;
	map->room = room;
	return 0;
}

int dirmap_set(struct dirmap *map, const struct dirmap_entry *entry)
{
	bool same;
	size_t i = place(map, entry->name, &same);
	char *name;

	if (!name_valid(entry->name, strlen(entry->name)) || (entry->type & ~(uint32_t)S_IFMT) ||
		!type_known(entry->type >> 12))
		return -EINVAL;
	if (!same) {
		name = grow(map) < 0 ? NULL : strdup(entry->name);
		if (!name)
			return -ENOMEM;
		memmove(&map->entries[i + 1], &map->entries[i],
			(map->count - i) * sizeof(*map->entries));
		map->count++;
	} else {
		name = map->entries[i].name;
	}
	map->entries[i] = *entry;
	map->entries[i].name = name;
	return 0;
}

bool dirmap_remove(struct dirmap *map, const char *name)
{
	bool same;
	size_t i = place(map, name, &same);

	if (!same)
		return false;
	free(map->entries[i].name);
	map->count--;
	memmove(&map->entries[i], &map->entries[i + 1], (map->count - i) * sizeof(*map->entries));
	return true;
}

void dirmap_free(struct dirmap *map)
{
	for (size_t i = 0; i < map->count; i++)
		free(map->entries[i].name);
	free(map->entries);
	*map = (struct dirmap)DIRMAP_NONE;
}
