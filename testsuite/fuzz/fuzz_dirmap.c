// SPDX-License-Identifier: Apache-2.0
/*
 * Directory maps: what is read is sorted, of possible names and types, and is
 * written and read back alike; setting and removing keep it so.
 */
#include "core/owner/dirmap.h"
#include "testsuite/fuzz/fuzz.h"

static void check_entries(const struct dirmap *map)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct dirmap_entry *e = &map->entries[i];

		MUST(e->name[0] && !strchr(e->name, '/') && strlen(e->name) <= 255);
		MUST(strcmp(e->name, ".") != 0 && strcmp(e->name, "..") != 0);
		MUST((e->type & S_IFMT) == e->type && e->type);
		MUST(i == 0 || strcmp(map->entries[i - 1].name, e->name) < 0);
		MUST(dirmap_find(map, e->name) == e);
	}
}

/* The same entries, set one by one from the last. */
static void check_set(const struct dirmap *map, const struct buf *bytes)
{
	cleanup_dirmap struct dirmap made = DIRMAP_NONE;
	cleanup_buf struct buf b = BUF_NONE;

	for (size_t i = map->count; i-- > 0;)
		MUST(dirmap_set(&made, &map->entries[i]) == 0);
	check_entries(&made);
	MUST(dirmap_encode(&made, &b) == 0 && same_bytes(&b, bytes));
}

static void check_remove(struct dirmap *map)
{
	while (map->count) {
		cleanup_free char *name = strdup(map->entries[map->count / 2].name);

		MUST(name && dirmap_remove(map, name));
		MUST(!dirmap_find(map, name) && !dirmap_remove(map, name));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_dirmap struct dirmap map = DIRMAP_NONE, back = DIRMAP_NONE;
	cleanup_buf struct buf b = BUF_NONE, again = BUF_NONE;
	int ret = dirmap_decode(data, size, &map);

	if (ret < 0) {
		MUST(ret == -EBADMSG && !map.entries && !map.count);
		return 0;
	}
	check_entries(&map);
	MUST(dirmap_encode(&map, &b) == 0 && b.len <= size);
	MUST(dirmap_decode(b.data, b.len, &back) == 0 && back.count == map.count);
	MUST(dirmap_encode(&back, &again) == 0 && same_bytes(&b, &again));
	check_set(&map, &b);
	check_remove(&map);
	return 0;
}
