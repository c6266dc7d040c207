// SPDX-License-Identifier: Apache-2.0
#include "core/owner/record.h"
#include "testsuite/unit/test.h"

#define KEEP OWNER_KEEP

struct vector {
	const char *hex, *what;
	struct owner owner;
};

/* What every known program writes, and what a proto3 reader has to accept. */
static const struct vector good[] = {
	{"102a", "canonical 0:42", {0, 42}},
	{"08ffffffff0f102a", "umoci's keep:42", {KEEP, 42}},
	{"0800102a", "explicit 0:42", {0, 42}},
	{"0807", "canonical 7:0", {7, 0}},
	{"080710ffffffff0f", "umoci's 7:keep", {7, KEEP}},
	{"08071000", "explicit 7:0", {7, 0}},
	{"08e80710e807", "1000:1000", {1000, 1000}},
	{"", "the empty value is 0:0", {0, 0}},
	{"08001000", "explicit 0:0", {0, 0}},
	{"08ffffffff0f1008", "keep:8", {KEEP, 8}},
	{"08ffffffff0f10ffffffff0f", "keep:keep", {KEEP, KEEP}},
	{"08feffffff0f10feffffff0f", "the highest ids", {0xfffffffe, 0xfffffffe}},
	{"102a0807", "fields in the other order", {7, 42}},
	{"0801080208071001102a", "of repeated fields the last", {7, 42}},
	{"08071009080810ffffffff0f", "keep may be the last", {8, KEEP}},
	{"08808000", "over-long zero", {0, 0}},
	{"0887808080808080808000102a", "a varint of ten bytes", {7, 42}},
	{"08878080808000", "a varint of six bytes", {7, 0}},
	{"08ffffffffffffffffff01", "-1 in 64 bits is truncated to keep", {KEEP, 0}},
	{"088780808010", "2^32 + 7 is truncated to 7", {7, 0}},
	{"08ffffffff7f", "35 bits are truncated", {KEEP, 0}},
	{"08878080808080808080011001", "2^63 + 7 is truncated to 7", {7, 1}},
	{"88000790002a", "over-long keys", {7, 42}},
	{"8880808080808080800007", "a key of ten bytes", {7, 0}},
	{"0807102a1801", "unknown varint", {7, 42}},
	{"18ffffffffffffffffff010807", "unknown varint of ten bytes first", {7, 0}},
	{"190102030405060708102a", "unknown 64-bit", {0, 42}},
	{"1d010203040807", "unknown 32-bit", {7, 0}},
	{"1a03616263102a", "unknown bytes", {0, 42}},
	{"1a00102a", "unknown bytes, none", {0, 42}},
	{"1a83808080808080808000616263102a", "a length of ten bytes", {0, 42}},
	{"1a0408071009", "what looks like ids within unknown bytes", {0, 0}},
	{"f8ffffff0f010807", "the highest field number", {7, 0}},
};

static const struct vector bad[] = {
	{"08", "no value", {0, 0}},
	{"0880", "truncated varint", {0, 0}},
	{"080710", "truncated second field", {0, 0}},
	{"08ffffffff", "varint without an end", {0, 0}},
	{"0880808080808080808080", "varint cut off after ten bytes", {0, 0}},
	{"088080808080808080808000", "varint of eleven bytes", {0, 0}},
	{"80", "truncated key", {0, 0}},
	{"8080808080808080808000", "key of eleven bytes", {0, 0}},
	{"0000", "field number 0", {0, 0}},
	{"0200", "field number 0, bytes", {0, 0}},
	{"080700", "field number 0 at the end", {0, 0}},
	{"800000", "field number 0, over-long", {0, 0}},
	{"8080808080808080800000", "field number 0 in ten bytes", {0, 0}},
	{"808080801000", "field number 2^29", {0, 0}},
	{"888080802000", "field number 2^30 + 1 is not 1", {0, 0}},
	{"8880808080808080800207", "a key of 65 bits is not field 1", {0, 0}},
	{"0d07000000", "uid as 32-bit", {0, 0}},
	{"090700000000000000", "uid as 64-bit", {0, 0}},
	{"0a0107", "uid as bytes", {0, 0}},
	{"0a00", "uid as no bytes", {0, 0}},
	{"152a000000", "gid as 32-bit", {0, 0}},
	{"112a00000000000000", "gid as 64-bit", {0, 0}},
	{"12012a", "gid as bytes", {0, 0}},
	{"08070a0107", "uid rightly and as bytes", {0, 0}},
	{"0b0c", "uid as a group", {0, 0}},
	{"1b1c", "an unknown group", {0, 0}},
	{"1b08071c", "an unknown group with fields", {0, 0}},
	{"1c", "the end of no group", {0, 0}},
	{"1e00", "wire type 6", {0, 0}},
	{"1f00", "wire type 7", {0, 0}},
	{"0f07", "uid as wire type 7", {0, 0}},
	{"19010203", "truncated 64-bit", {0, 0}},
	{"1d0102", "truncated 32-bit", {0, 0}},
	{"1a", "no length", {0, 0}},
	{"1a0461", "bytes beyond the end", {0, 0}},
	{"1affffffff0f", "a length of 2^32 - 1", {0, 0}},
	{"1affffffffffffffffff01", "a length of 2^64 - 1", {0, 0}},
	{"1a8180808080808080800261", "a length of 65 bits is not 1", {0, 0}},
};

/* What record_encode writes, explicit in every field. */
static const struct vector written[] = {
	{"0800102a", "0:42", {0, 42}},
	{"08071000", "7:0", {7, 0}},
	{"08e80710e807", "1000:1000", {1000, 1000}},
	{"08001000", "0:0 is never the empty value", {0, 0}},
	{"08ffffffff0f1008", "keep:8", {KEEP, 8}},
	{"080710ffffffff0f", "7:keep", {7, KEEP}},
	{"08feffffff0f10808004", "4294967294:65536", {0xfffffffe, 65536}},
};

/* Records that are rewritten to say 7:42. */
static const struct {
	const char *old, *now, *what;
} rewritten[] = {
	{"", "0807102a", "the empty value"},
	{"08011002", "0807102a", "a plain record"},
	{"10021801", "0807102a1801", "an unknown varint is kept"},
	{"1901020304050607081d01020304", "0807102a1901020304050607081d01020304",
		"unknown fixed numbers are kept"},
	{"1a0361626308011801", "0807102a1a036162631801", "unknown fields keep their order"},
	{"18011802", "0807102a18011802", "a repeated unknown field is kept each time"},
	{"1880808000", "0807102a1880808000", "an over-long unknown value is kept as it is"},
	{"f8ffffff0f01", "0807102af8ffffff0f01", "the highest field number is kept"},
	{"9a80000161", "0807102a1a0161", "an over-long unknown key is kept, shorter"},
	{"0880", "0807102a", "a malformed record is ignored"},
	{"18010a0107", "0807102a", "a malformed record's unknown fields are not kept"},
};

static int decode(const char *hex, struct owner *owner)
{
	unsigned char data[64];

	return record_decode(data, test_unhex(hex, data), owner);
}

static bool says(const struct buf *b, const char *hex)
{
	unsigned char data[64];
	size_t len = test_unhex(hex, data);

	return b->len == len && (!len || memcmp(b->data, data, len) == 0);
}

static void test_decode(void)
{
	struct owner owner;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		int ret = decode(good[i].hex, &owner);

		CHECK(ret == 0 && owner_same(owner, good[i].owner), "read: %s", good[i].what);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(decode(bad[i].hex, &owner) == -EBADMSG, "refused: %s", bad[i].what);
}

static void test_encode(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(written); i++) {
		cleanup_buf struct buf b = BUF_NONE;
		struct owner back = {1, 1};
		int ret = record_encode(NULL, 0, written[i].owner, &b);

		CHECK(ret == 0 && says(&b, written[i].hex), "written: %s", written[i].what);
		ret = record_decode(b.data, b.len, &back);
		CHECK(ret == 0 && owner_same(back, written[i].owner), "read back: %s",
			written[i].what);
	}
}

static void test_rewrite(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(rewritten); i++) {
		cleanup_buf struct buf b = BUF_NONE;
		unsigned char old[64];
		size_t len = test_unhex(rewritten[i].old, old);
		int ret = record_encode(old, len, (struct owner){7, 42}, &b);

		CHECK(ret == 0 && says(&b, rewritten[i].now), "rewritten: %s", rewritten[i].what);
	}
}

static void test_append(void)
{
	cleanup_buf struct buf b = BUF_NONE;

	buf_adds(&b, "x");
	CHECK(record_encode(NULL, 0, (struct owner){1, 2}, &b) == 0 && says(&b, "7808011002"),
		"a record is added to what the buffer holds");
}

/* A record of len bytes that is one unknown field. */
static void fill(unsigned char *data, size_t len)
{
	memset(data, 'x', len);
	data[0] = 0x1a;
	data[1] = (unsigned char)((len - 3) | 0x80);
	data[2] = (unsigned char)((len - 3) >> 7);
}

static void test_limit(void)
{
	cleanup_buf struct buf b = BUF_NONE;
	unsigned char data[RECORD_MAX + 1];
	struct owner owner;

	fill(data, RECORD_MAX);
	CHECK(record_decode(data, RECORD_MAX, &owner) == 0, "a record of RECORD_MAX bytes");
	CHECK(record_encode(data, RECORD_MAX, (struct owner){7, 42}, &b) == 0 &&
			says(&b, "0807102a"),
		"unknown fields that the limit has no room for are left out");
	fill(data, RECORD_MAX + 1);
	CHECK(record_decode(data, RECORD_MAX + 1, &owner) == -EBADMSG, "a record above the limit");
	fill(data, RECORD_MAX - 4);
	buf_cut(&b, 0);
	CHECK(record_encode(data, RECORD_MAX - 4, (struct owner){7, 42}, &b) == 0 &&
			b.len == RECORD_MAX && record_decode(b.data, b.len, &owner) == 0,
		"unknown fields up to the limit are kept");
}

/* Whether what these bytes say, where they say anything, survives writing and reading. */
static bool round_trip(const unsigned char *data, size_t len)
{
	cleanup_buf struct buf b = BUF_NONE;
	struct owner first, second;
	int ret = record_decode(data, len, &first);

	if (ret < 0)
		return ret == -EBADMSG;
	return record_encode(data, len, first, &b) == 0 && b.len > 0 &&
	       record_decode(b.data, b.len, &second) == 0 && owner_same(first, second);
}

static void test_every_short_input(void)
{
	unsigned char data[3];
	bool good_so_far = true;

	for (unsigned int v = 0; v < 1 << 24; v += v < 1 << 16 ? 1 : 7) {
		data[0] = (unsigned char)v;
		data[1] = (unsigned char)(v >> 8);
		data[2] = (unsigned char)(v >> 16);
		for (size_t len = v < 1 << 16 ? 1 : 3; len <= 3; len++)
			good_so_far &= round_trip(data, len);
	}
	CHECK(good_so_far, "every input of up to two bytes, many of three");
}

static void test_prefixes(void)
{
	bool good_so_far = true;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		unsigned char data[64];
		size_t len = test_unhex(good[i].hex, data);

		for (size_t cut = 0; cut <= len; cut++)
			good_so_far &= round_trip(data, cut);
	}
	CHECK(good_so_far, "every record cut off at every byte");
}

static void test_decimal(void)
{
	static const char *const refused[] = {
		"",
		"-1",
		"+1",
		" 1",
		"1 ",
		"1\n",
		"0x1",
		"1a",
		"keep",
		"4294967296",
		"99999999999999999999999999",
		"18446744073709551617",
	};
	uint32_t id;

	CHECK(record_decode_decimal("0", 1, &id) == 0 && id == 0, "decimal 0");
	CHECK(record_decode_decimal("1000x", 4, &id) == 0 && id == 1000, "decimal, by its length");
	CHECK(record_decode_decimal("4294967295", 10, &id) == 0 && id == KEEP, "decimal keep");
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		CHECK(record_decode_decimal(refused[i], strlen(refused[i]), &id) == -EBADMSG,
			"no decimal id: %zu", i);
	CHECK(record_decode_decimal("1\0", 2, &id) == -EBADMSG, "no decimal id: a NUL");
	CHECK(record_decode_decimal(NULL, 0, &id) == -EBADMSG, "no decimal id: nothing");
}

static void test_merge(void)
{
	struct owner o = owner_merge((struct owner){42, 43}, (struct owner){KEEP, 77});

	CHECK(o.uid == 42 && o.gid == 77, "a partial change merges: 42:43, then :77");
	o = owner_merge((struct owner){KEEP, 43}, (struct owner){0, KEEP});
	CHECK(o.uid == 0 && o.gid == 43, "a partial change to 0");
}

int main(void)
{
	test_decode();
	test_encode();
	test_rewrite();
	test_append();
	test_limit();
	test_every_short_input();
	test_prefixes();
	test_decimal();
	test_merge();
	return test_done();
}
