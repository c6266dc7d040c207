// SPDX-License-Identifier: Apache-2.0
/*
 * Records: what is read is written and read back alike, writing again changes
 * nothing, and unknown fields stay byte by byte where only the ids change.
 */
#include "core/owner/record.h"
#include "core/owner/wire.h"
#include "testsuite/fuzz/fuzz.h"

/* Adds all values of unknown fields, each with its number and type, to out. */
static void unknown_fields(const uint8_t *data, size_t size, struct buf *out)
{
	struct wire w = {data, data + size};
	struct wire_field f;
	int got;

	while ((got = wire_next(&w, &f)) > 0)
		if (f.number > 2) {
			buf_add(out, &f.number, sizeof(f.number));
			buf_add(out, &f.type, sizeof(f.type));
			buf_add(out, f.data, f.len);
		}
	MUST(got == 0);
}

/* The ids as the specification says, read without protobuf-c. */
static struct owner last_ids(const uint8_t *data, size_t size)
{
	struct wire w = {data, data + size};
	uint32_t ids[2] = {0, 0};
	struct wire_field f;

	while (wire_next(&w, &f) > 0)
		if (f.number <= 2) {
			uint64_t id = 0;

			for (size_t i = 0; i < f.len; i++)
				id |= (uint64_t)(f.data[i] & 0x7f) << i * 7;
			ids[f.number - 1] = (uint32_t)id;
		}
	return (struct owner){ids[0], ids[1]};
}

static void check_rewrite(const uint8_t *data, size_t size, struct owner owner)
{
	cleanup_buf struct buf b = BUF_NONE, again = BUF_NONE, before = BUF_NONE, after = BUF_NONE;
	struct owner back;

	MUST(record_encode(data, size, owner, &b) == 0);
	MUST(b.len > 0 && b.len <= RECORD_MAX);
	MUST(record_decode(b.data, b.len, &back) == 0 && owner_same(owner, back));
	MUST(record_encode(b.data, b.len, owner, &again) == 0 && same_bytes(&b, &again));
	unknown_fields(data, size, &before);
	unknown_fields((uint8_t *)b.data, b.len, &after);
	MUST(same_bytes(&before, &after) || (size > RECORD_MAX - 12 && after.len == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct owner owner;
	int ret = record_decode(data, size, &owner);

	if (ret == 0) {
		MUST(owner_same(owner, last_ids(data, size)));
		check_rewrite(data, size, owner);
		check_rewrite(data, size, (struct owner){7, OWNER_KEEP});
	} else {
		cleanup_buf struct buf b = BUF_NONE;

		MUST(ret == -EBADMSG);
		MUST(record_encode(data, size, (struct owner){7, 42}, &b) == 0);
		MUST(b.len == 4 && memcmp(b.data, "\x08\x07\x10\x2a", 4) == 0);
	}
	return 0;
}
