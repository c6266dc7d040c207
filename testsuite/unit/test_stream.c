// SPDX-License-Identifier: Apache-2.0
/* Streams: what goes in comes out, whatever the threads; what is damaged or cut is told. */
#include "testsuite/unit/stream.h"

static void round_trips(enum compression how)
{
	static const size_t sizes[] = {
		0, 1, 4, STREAM_BLOCK - 1, STREAM_BLOCK, STREAM_BLOCK + 1, 512 * 1024, 5000000};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		cleanup_buf struct buf in = BUF_NONE, packed = BUF_NONE, out = BUF_NONE;

		fill(&in, sizes[i]);
		pack(&in, (struct how){how, 0, 2, 0}, &packed);
		CHECK(unpack(&packed, &out) == 0 && same(&in, &out), "%s: %zu bytes there and back",
			name_of(how), sizes[i]);
	}
}

static void same_bytes(enum compression how, int level)
{
	static const struct {
		int threads;
		size_t writes;
	} ways[] = {{1, 65536}, {2, 777}, {5, 3000000}, {40, 262144}, {0, 1000000}};
	cleanup_buf struct buf in = BUF_NONE, first = BUF_NONE;

	fill(&in, 3000001);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		cleanup_buf struct buf packed = BUF_NONE;

		pack(&in, (struct how){how, level, ways[i].threads, ways[i].writes}, &packed);
		if (i == 0)
			add(&first, packed.data, packed.len);
		CHECK(packed.len && same(&first, &packed),
			"%s -%d: the same bytes from %d threads and writes of %zu", name_of(how),
			level, ways[i].threads, ways[i].writes);
	}
}

static void levels(enum compression how, int max)
{
	cleanup_buf struct buf in = BUF_NONE, fast = BUF_NONE, best = BUF_NONE, out = BUF_NONE;

	fill(&in, 100000);
	pack(&in, (struct how){how, 1, 1, 0}, &fast);
	pack(&in, (struct how){how, max, 1, 0}, &best);
	CHECK(best.len && best.len != fast.len, "%s: the level counts", name_of(how));
	CHECK(unpack(&best, &out) == 0 && same(&in, &out), "%s -%d comes back", name_of(how), max);
	CHECK(pack(&in, (struct how){how, max + 1, 1, 0}, &out) == -EINVAL, "%s -%d is refused",
		name_of(how), max + 1);
	CHECK(pack(&in, (struct how){how, -1, 1, 0}, &out) == -EINVAL, "%s: level -1 is refused",
		name_of(how));
}

static void several(enum compression how)
{
	cleanup_buf struct buf in = BUF_NONE, one = BUF_NONE, three = BUF_NONE;
	const char *why;

	fill(&in, 1000);
	pack(&in, (struct how){how, 0, 1, 0}, &one);
	for (int i = 0; i < 3; i++)
		add(&three, one.data, one.len);
	for (size_t block = 4; block < 40; block++) {
		cleanup_buf struct buf out = BUF_NONE;
		int r = unpack_blocks(&three, block, &out, &why);

		CHECK(r == 0 && out.len == 3000 && memcmp(out.data + 2000, in.data, 1000) == 0,
			"%s: three in a row, in pieces of %zu bytes", name_of(how), block);
	}
}

static void cut_off(enum compression how)
{
	cleanup_buf struct buf in = BUF_NONE, packed = BUF_NONE;
	size_t told = 0, least = 4;

	fill(&in, 700);
	pack(&in, (struct how){how, 0, 1, 0}, &packed);
	for (size_t n = least; n < packed.len; n++) {
		cleanup_buf struct buf out = BUF_NONE;
		struct buf cut = {.data = packed.data, .len = n};

		told += unpack(&cut, &out) == -EBADMSG;
	}
	CHECK(packed.len > least && told == packed.len - least,
		"%s: cut off anywhere in %zu bytes is told (%zu)", name_of(how), packed.len, told);
}

static void bits_flipped(enum compression how)
{
	cleanup_buf struct buf in = BUF_NONE, packed = BUF_NONE;
	size_t wrong = 0, told = 0;

	fill(&in, 300);
	pack(&in, (struct how){how, 0, 1, 0}, &packed);
	for (size_t bit = 8 * 4; bit < 8 * packed.len; bit++) {
		cleanup_buf struct buf out = BUF_NONE;
		int r;

		packed.data[bit / 8] ^= (char)(1 << bit % 8);
		r = unpack(&packed, &out);
		told += r < 0;
		wrong += r == 0 && !same(&in, &out);
		packed.data[bit / 8] ^= (char)(1 << bit % 8);
	}
	CHECK(told > 8 && wrong == 0, "%s: no flipped bit changes content untold (%zu told)",
		name_of(how), told);
}

static uint32_t crc32_of(const char *data, size_t n)
{
	uint32_t crc = ~0u;

	while (n--) {
		crc ^= (unsigned char)*data++;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

/* A member with every field that a header can have; extra is how long FEXTRA is. */
static void fancy_member(struct buf *out, const struct buf *plain, uint16_t extra)
{
	size_t start = out->len;
	uint32_t crc;

	ADD(out, "\x1f\x8b\x08\x1f\x01\x02\x03\x04\x02\x03");
	add(out, &extra, 2);
	for (int i = 0; i < extra; i++)
		ADD(out, "x");
	ADD(out, "a name\0a comment\0");
	crc = crc32_of(out->data + start, out->len - start);
	add(out, &crc, 2);
	add(out, plain->data + 10, plain->len - 10);
}

static void gzip_headers(void)
{
	cleanup_buf struct buf in = BUF_NONE, plain = BUF_NONE, fancy = BUF_NONE;
	const char *why;

	fill(&in, 50);
	pack(&in, (struct how){COMPRESS_GZIP, 0, 1, 0}, &plain);
	fancy_member(&fancy, &plain, 7);
	fancy_member(&fancy, &plain, 0);
	for (size_t block = 4; block < fancy.len; block++) {
		cleanup_buf struct buf out = BUF_NONE;
		int r = unpack_blocks(&fancy, block, &out, &why);

		CHECK(r == 0 && out.len == 100 && memcmp(out.data + 50, in.data, 50) == 0,
			"gzip: all fields of a header, in pieces of %zu bytes", block);
	}
	for (size_t at = 3; at < 12 + 7 + 17 + 2; at++) {
		cleanup_buf struct buf out = BUF_NONE;

		fancy.data[at] ^= 0x40;
		CHECK(unpack(&fancy, &out) == -EBADMSG, "gzip: a change at %zu of a header is told",
			at);
		fancy.data[at] ^= 0x40;
	}
}

static void gzip_tails(void)
{
	static const struct {
		const char *bytes;
		size_t n;
		int result;
		const char *what;
	} tails[] = {
		{"\0\0\0\0\0\0\0\0", 8, 0, "zeros"},
		{"\0\0\x1f\x8b", 4, 0, "zeros and what looks like a member"},
		{"garbage", 7, 0, "garbage"},
		{"\x1f", 1, 0, "half of what starts a member"},
		{"\x1fz", 2, 0, "garbage that begins alike"},
		{"\x1f\x8b", 2, -EBADMSG, "the start of a member"},
		{"\x1f\x8b\x08\0\0\0\0\0\0\x03", 10, -EBADMSG, "a member's header"},
		{"\x1f\x8b\x07\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0", 20, -EBADMSG,
			"a member of another method"},
	};
	const char *why;

	for (size_t i = 0; i < ARRAY_SIZE(tails); i++) {
		cleanup_buf struct buf in = BUF_NONE, packed = BUF_NONE;

		fill(&in, 20);
		pack(&in, (struct how){COMPRESS_GZIP, 0, 1, 0}, &packed);
		add(&packed, tails[i].bytes, tails[i].n);
		for (size_t block = packed.len; block > packed.len - tails[i].n - 2; block--) {
			cleanup_buf struct buf out = BUF_NONE;
			int r = unpack_blocks(&packed, block, &out, &why);

			CHECK(r == tails[i].result && same(&in, &out),
				"gzip: %s after a member, cut at %zu", tails[i].what, block);
		}
	}
}

static void gzip_bytes(void)
{
	cleanup_buf struct buf in = BUF_NONE, packed = BUF_NONE;
	static const char start[] = "\x1f\x8b\x08\0\0\0\0\0";

	fill(&in, STREAM_BLOCK + 1);
	pack(&in, (struct how){COMPRESS_GZIP, 0, 1, 0}, &packed);
	CHECK(packed.len > 30 && memcmp(packed.data, start, 8) == 0,
		"gzip: no name and no time in the header");
	CHECK(memcmp(packed.data + packed.len - 4, "\1\0\0\0", 4) == 0,
		"gzip: a member ends after 256 KiB");
}

/* A frame with a window descriptor and one empty block. */
static void zstd_window(unsigned char descriptor, int result)
{
	cleanup_buf struct buf in = BUF_NONE, out = BUF_NONE;
	char bytes[] = "\x28\xb5\x2f\xfd\0?\1\0";

	bytes[5] = (char)descriptor;
	add(&in, bytes, 9);
	CHECK(unpack(&in, &out) == result, "zstd: window descriptor %#x gives %d", descriptor,
		result);
}

static void zstd_skippable(void)
{
	cleanup_buf struct buf in = BUF_NONE, frame = BUF_NONE, all = BUF_NONE;
	const char *why;

	fill(&in, 100);
	pack(&in, (struct how){COMPRESS_ZSTD, 0, 1, 0}, &frame);
	ADD(&all, "\x5f\x2a\x4d\x18\x03\0\0\0abc");
	add(&all, frame.data, frame.len);
	ADD(&all, "\x50\x2a\x4d\x18\0\0\0\0");
	for (size_t block = 4; block < all.len; block++) {
		cleanup_buf struct buf out = BUF_NONE;

		CHECK(unpack_blocks(&all, block, &out, &why) == 0 && same(&in, &out),
			"zstd: skippable frames around, in pieces of %zu", block);
	}
	ADD(&all, "rest");
	frame.len = 0;
	CHECK(unpack(&all, &frame) == -EBADMSG, "zstd: what is no frame is told");
}

static void test_compressor(enum compression how, int standard, int max)
{
	cleanup_buf struct buf in = BUF_NONE, out = BUF_NONE;

	if (!built(how)) {
		CHECK(pack(&in, (struct how){how, 0, 1, 0}, &out) == -ENOTSUP, "%s is not built",
			name_of(how));
		return;
	}
	round_trips(how);
	same_bytes(how, standard);
	same_bytes(how, 1);
	levels(how, max);
	several(how);
	cut_off(how);
	bits_flipped(how);
}

static void test_gzip(void)
{
	gzip_headers();
	gzip_tails();
	gzip_bytes();
}

static void test_zstd(void)
{
	zstd_window(17 << 3, 0);
	zstd_window(17 << 3 | 1, -E2BIG);
	zstd_window(18 << 3, -E2BIG);
	zstd_window(31 << 3, -E2BIG);
	zstd_skippable();
}

static void test_plain(void)
{
	static const char *const texts[] = {"", "x", "\x1f", "abc", "\x28\xb5\x2f", "plain text"};

	round_trips(COMPRESS_NONE);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		cleanup_buf struct buf in = BUF_NONE, out = BUF_NONE;

		add(&in, texts[i], strlen(texts[i]));
		CHECK(unpack(&in, &out) == 0 && same(&in, &out), "%zu plain bytes stay", in.len);
	}
}

int main(void)
{
	test_plain();
	test_compressor(COMPRESS_GZIP, 6, SINK_GZIP_LEVEL_MAX);
	test_compressor(COMPRESS_ZSTD, 3, 19);
	if (built(COMPRESS_GZIP))
		test_gzip();
	if (built(COMPRESS_ZSTD))
		test_zstd();
	return test_done();
}
