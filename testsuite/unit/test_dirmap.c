// SPDX-License-Identifier: Apache-2.0
#include "core/owner/dirmap.h"
#include "testsuite/unit/test.h"

#define KEEP OWNER_KEEP

/* The parts of an entry: name "a", inode 5, a symlink. */
#define NAME "0a0161"
#define INO "1005"
#define TYPE "180a"

static const struct {
	const char *hex, *what;
	uint64_t ino;
	uint32_t type;
	struct owner owner;
} good[] = {
	{"0a0b" NAME INO TYPE "20072808", "7:8", 5, S_IFLNK, {7, 8}},
	{"0a0b20072808" TYPE INO NAME, "fields in any order", 5, S_IFLNK, {7, 8}},
	{"0a09" NAME INO TYPE "2007", "an absent gid is keep", 5, S_IFLNK, {7, KEEP}},
	{"0a07" NAME INO TYPE, "absent ids are keep", 5, S_IFLNK, {KEEP, KEEP}},
	{"0a09" NAME INO TYPE "2000", "uid 0 is not keep", 5, S_IFLNK, {0, KEEP}},
	{"0a0d" NAME INO TYPE "20ffffffff0f", "keep as a number", 5, S_IFLNK, {KEEP, KEEP}},
	{"0a0a" NAME INO TYPE "320178", "an unknown field in an entry", 5, S_IFLNK, {KEEP, KEEP}},
	{"0a07" NAME INO TYPE "1001", "an unknown field in the map", 5, S_IFLNK, {KEEP, KEEP}},
	{"0a10" NAME "10ffffffffffffffffff01" TYPE, "the highest inode number", UINT64_MAX, S_IFLNK,
		{KEEP, KEEP}},
	{"0a08" NAME "108500" TYPE, "an over-long inode number", 5, S_IFLNK, {KEEP, KEEP}},
	{"0a07" NAME INO "1801", "a FIFO", 5, S_IFIFO, {KEEP, KEEP}},
	{"0a07" NAME INO "180c", "a socket", 5, S_IFSOCK, {KEEP, KEEP}},
	{"0a07" NAME INO "1802", "a character device", 5, S_IFCHR, {KEEP, KEEP}},
	{"0a07" NAME INO "1806", "a block device", 5, S_IFBLK, {KEEP, KEEP}},
};

static const struct {
	const char *hex, *what;
} bad[] = {
	{"0a", "no length"},
	{"0a08" NAME INO TYPE, "an entry beyond the end"},
	{"0a06" NAME INO TYPE, "an entry that ends within a field"},
	{"0a04" INO TYPE, "no name"},
	{"0a05" NAME TYPE, "no inode number"},
	{"0a05" NAME INO, "no type"},
	{"0a00", "an empty entry"},
	{"0a06"
	 "0a00" INO TYPE,
		"the empty name"},
	{"0a07"
	 "0a012e" INO TYPE,
		"the name ."},
	{"0a08"
	 "0a022e2e" INO TYPE,
		"the name .."},
	{"0a09"
	 "0a03612f62" INO TYPE,
		"a name with a slash"},
	{"0a07"
	 "0a012f" INO TYPE,
		"the name /"},
	{"0a08"
	 "0a026100" INO TYPE,
		"a name with a NUL"},
	{"0a07" NAME INO TYPE "0a07" NAME "1006" TYPE, "a name twice"},
	{"0a07" NAME INO TYPE "0a07"
	 "0a0162" INO TYPE "0a07" NAME INO TYPE,
		"a name twice, apart"},
	{"0a07" NAME INO "1800", "type 0"},
	{"0a07" NAME INO "1803", "type 3"},
	{"0a07" NAME INO "180f", "type 15"},
	{"0a07" NAME INO "1810", "type 16"},
	{"0a08" NAME INO "188a01", "a type beyond four bits"},
	{"0a07"
	 "080161" INO TYPE,
		"a name that is a number"},
	{"0800", "entries that are a number"},
	{"0b0c", "a group"},
	{"0000", "field number 0"},
	{"800000", "field number 0, over-long"},
	{"0a0a" NAME INO TYPE "800000", "field number 0 in an entry"},
	{"8a0007" NAME INO TYPE, "an over-long key"},
	{"0a8700" NAME INO TYPE, "an over-long length"},
	{"0a0a" NAME INO TYPE "f8ffffff7f00", "a field number above 2^29 - 1"},
};

static int decode(const char *hex, struct dirmap *map)
{
	unsigned char data[128];

	return dirmap_decode(data, test_unhex(hex, data), map);
}

static void test_decode(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		cleanup_dirmap struct dirmap map = DIRMAP_NONE;
		const struct dirmap_entry *e;
		int ret = decode(good[i].hex, &map);

		e = dirmap_find(&map, "a");
		CHECK(ret == 0 && map.count == 1 && e && e->ino == good[i].ino &&
				e->type == good[i].type && owner_same(e->owner, good[i].owner),
			"read: %s", good[i].what);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		cleanup_dirmap struct dirmap map = DIRMAP_NONE;

		CHECK(decode(bad[i].hex, &map) == -EBADMSG && !map.count && !map.entries,
			"refused: %s", bad[i].what);
	}
}

static void test_empty(void)
{
	cleanup_dirmap struct dirmap map = DIRMAP_NONE;
	cleanup_buf struct buf b = BUF_NONE;

	CHECK(dirmap_decode(NULL, 0, &map) == 0 && map.count == 0, "the empty value");
	CHECK(dirmap_encode(&map, &b) == 0 && b.len == 0, "an empty map is the empty value");
	CHECK(!dirmap_find(&map, "a") && !dirmap_remove(&map, "a"), "nothing in an empty map");
}

static int set(struct dirmap *map, const char *name, uint64_t ino, struct owner owner)
{
	struct dirmap_entry e = {(char *)name, ino, S_IFLNK, owner};

	return dirmap_set(map, &e);
}

static bool sorted(const struct dirmap *map)
{
	for (size_t i = 1; i < map->count; i++)
		if (strcmp(map->entries[i - 1].name, map->entries[i].name) >= 0)
			return false;
	return true;
}

static void test_names(void)
{
	static const char *const refused[] = {"", ".", "..", "/", "a/b", "/a", "a/"};
	static const char *const taken[] = {"...", ".a", " ", "\n", "\xff\xfe", "..a", "-"};
	cleanup_dirmap struct dirmap map = DIRMAP_NONE;
	char longest[NAME_MAX + 2];

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		CHECK(set(&map, refused[i], 1, (struct owner){1, 1}) == -EINVAL, "no name: '%s'",
			refused[i]);
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		CHECK(set(&map, taken[i], 1, (struct owner){1, 1}) == 0, "a name: %zu", i);
	memset(longest, 'n', sizeof(longest));
	longest[NAME_MAX + 1] = '\0';
	CHECK(set(&map, longest, 1, (struct owner){1, 1}) == -EINVAL, "no name: 256 bytes");
	longest[NAME_MAX] = '\0';
	CHECK(set(&map, longest, 1, (struct owner){1, 1}) == 0, "a name: 255 bytes");
	CHECK(sorted(&map) && map.count == ARRAY_SIZE(taken) + 1, "names are sorted as bytes");
}

static void test_types(void)
{
	cleanup_dirmap struct dirmap map = DIRMAP_NONE;
	struct dirmap_entry e = {(char *)"a", 1, S_IFLNK | 0777, {1, 1}};

	CHECK(dirmap_set(&map, &e) == -EINVAL, "a mode is no type");
	e.type = S_IFLNK >> 12;
	CHECK(dirmap_set(&map, &e) == -EINVAL, "a type has to be shifted");
	e.type = 0;
	CHECK(dirmap_set(&map, &e) == -EINVAL && map.count == 0, "no type");
}

static void test_change(void)
{
	cleanup_dirmap struct dirmap map = DIRMAP_NONE;

	set(&map, "b", 2, (struct owner){2, 2});
	set(&map, "a", 1, (struct owner){1, 1});
	set(&map, "c", 3, (struct owner){3, 3});
	CHECK(map.count == 3 && sorted(&map), "three names");
	set(&map, "b", 9, (struct owner){KEEP, 4});
	CHECK(map.count == 3 && dirmap_find(&map, "b")->ino == 9 &&
			dirmap_find(&map, "b")->owner.gid == 4,
		"an entry set again is replaced");
	CHECK(dirmap_remove(&map, "b") && !dirmap_find(&map, "b") && map.count == 2,
		"a removed entry is gone");
	CHECK(dirmap_find(&map, "a")->ino == 1 && dirmap_find(&map, "c")->ino == 3,
		"the others stay");
	CHECK(!dirmap_remove(&map, "b") && !dirmap_find(&map, "") && !dirmap_find(&map, "aa"),
		"names that are not there");
}

static bool same_map(const struct dirmap *a, const struct dirmap *b)
{
	for (size_t i = 0; i < a->count && a->count == b->count; i++) {
		const struct dirmap_entry *x = &a->entries[i], *y = &b->entries[i];

		if (strcmp(x->name, y->name) != 0 || x->ino != y->ino || x->type != y->type ||
			!owner_same(x->owner, y->owner))
			return false;
	}
	return a->count == b->count;
}

/* n names in an order that is not the sorted one. */
static void fill(struct dirmap *map, size_t n, const char *form)
{
	for (size_t i = 0; i < n; i++) {
		char name[64];

		snprintf(name, sizeof(name), form, i * 7919 % n);
		set(map, name, 11059205 + i, (struct owner){1000, i & 1 ? KEEP : 42});
	}
}

static void test_many(void)
{
	cleanup_dirmap struct dirmap map = DIRMAP_NONE, back = DIRMAP_NONE;
	cleanup_buf struct buf b = BUF_NONE, again = BUF_NONE;

	fill(&map, 2000, "name%05zu");
	CHECK(map.count == 2000 && sorted(&map), "2,000 names");
	CHECK(dirmap_encode(&map, &b) == 0 && dirmap_decode(b.data, b.len, &back) == 0 &&
			same_map(&map, &back),
		"2,000 names written and read back");
	CHECK(dirmap_encode(&back, &again) == 0 && again.len == b.len &&
			memcmp(again.data, b.data, b.len) == 0,
		"the same map gives the same bytes");
}

static void test_order(void)
{
	cleanup_dirmap struct dirmap map = DIRMAP_NONE;
	cleanup_buf struct buf b = BUF_NONE;
	static const char hex[] = "0a070a0162" INO TYPE "0a07" NAME INO TYPE;
	static const char now[] = "0a07" NAME INO TYPE "0a070a0162" INO TYPE;
	unsigned char want[64];
	size_t len = test_unhex(now, want);

	CHECK(decode(hex, &map) == 0 && map.count == 2 && sorted(&map), "names out of order");
	CHECK(dirmap_encode(&map, &b) == 0 && b.len == len && memcmp(b.data, want, len) == 0,
		"names are written in order");
}

static void test_size(void)
{
	cleanup_dirmap struct dirmap map = DIRMAP_NONE, big = DIRMAP_NONE;
	cleanup_buf struct buf b = BUF_NONE;
	static const char *const names[] = {"libexample.so", "python3", "ld.so"};

	for (size_t i = 0; i < 130; i++) {
		char name[32];

		snprintf(name, sizeof(name), "%s.%zu", names[i % 3], i);
		set(&map, name, 11059205 + i, (struct owner){1000, 1000});
	}
	CHECK(dirmap_encode(&map, &b) == 0 && b.len <= 4000, "130 entries in 4,000 bytes (%zu)",
		b.len);
	fill(&big, 4000, "name%05zu");
	buf_cut(&b, 0);
	CHECK(dirmap_encode(&big, &b) == -E2BIG && b.len == 0, "a map above DIRMAP_MAX");
}

/* Whether what these bytes say, where they say anything, survives writing and reading. */
static bool round_trip(const void *data, size_t len)
{
	cleanup_dirmap struct dirmap map = DIRMAP_NONE, back = DIRMAP_NONE;
	cleanup_buf struct buf b = BUF_NONE;
	int ret = dirmap_decode(data, len, &map);

	if (ret < 0)
		return ret == -EBADMSG && !map.entries;
	return sorted(&map) && dirmap_encode(&map, &b) == 0 &&
	       dirmap_decode(b.data, b.len, &back) == 0 && same_map(&map, &back);
}

static void test_hostile(void)
{
	cleanup_free unsigned char *data = malloc(DIRMAP_MAX + 2);
	bool good_so_far = true;

	for (unsigned int v = 0; v < 1 << 16; v++) {
		data[0] = (unsigned char)v;
		data[1] = (unsigned char)(v >> 8);
		good_so_far &= round_trip(data, 1) && round_trip(data, 2);
	}
	CHECK(good_so_far, "every input of one or two bytes");
	for (size_t i = 0; i <= DIRMAP_MAX; i += 2) {
		data[i] = 0x0a;
		data[i + 1] = 0;
	}
	CHECK(round_trip(data, DIRMAP_MAX), "32,768 empty entries");
	for (size_t i = 0; i <= DIRMAP_MAX; i += 2)
		data[i] = 0x38;
	CHECK(round_trip(data, DIRMAP_MAX), "32,768 unknown fields");
	CHECK(!dirmap_decode(data, DIRMAP_MAX, &(struct dirmap)DIRMAP_NONE), "at the limit");
	CHECK(dirmap_decode(data, DIRMAP_MAX + 2, &(struct dirmap)DIRMAP_NONE) == -EBADMSG,
		"above the limit");
}

static void test_damage(void)
{
	cleanup_dirmap struct dirmap map = DIRMAP_NONE;
	cleanup_buf struct buf b = BUF_NONE;
	bool good_so_far = true;

	fill(&map, 4, "n%zu");
	dirmap_encode(&map, &b);
	for (size_t cut = 0; cut <= b.len; cut++)
		good_so_far &= round_trip(b.data, cut);
	for (size_t bit = 0; bit < b.len * 8; bit++) {
		b.data[bit / 8] ^= (char)(1 << bit % 8);
		good_so_far &= round_trip(b.data, b.len);
		b.data[bit / 8] ^= (char)(1 << bit % 8);
	}
	CHECK(good_so_far, "a map cut off at every byte, and with every bit flipped");
}

int main(void)
{
	test_decode();
	test_empty();
	test_names();
	test_types();
	test_change();
	test_many();
	test_order();
	test_size();
	test_hostile();
	test_damage();
	return test_done();
}
