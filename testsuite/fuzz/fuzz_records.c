// SPDX-License-Identifier: Apache-2.0
/*
 * Lists of records: the first byte is their kind, the second and third are how long the base and
 * ours are, in 16 bytes; the rest is theirs. What is merged can be merged again, and with itself is
 * the same.
 */
#include "core/image/records.h"
#include "testsuite/fuzz/fuzz.h"

static void part(const uint8_t **data, size_t *size, size_t n, struct buf *out)
{
	n = MIN(n, *size);
	MUST(buf_add(out, *data, n) == 0);
	*data += n;
	*size -= n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_buf struct buf base = BUF_NONE, ours = BUF_NONE, theirs = BUF_NONE;
	cleanup_buf struct buf out = BUF_NONE, again = BUF_NONE;
	cleanup_free char *key = NULL, *none = NULL;
	enum records_kind kind;
	size_t lengths[2];
	int r;

	if (size < 3)
		return 0;
	kind = RECORDS_LINES + data[0] % (RECORDS_RPM - RECORDS_LINES + 1);
	lengths[0] = data[1] * (size_t)16;
	lengths[1] = data[2] * (size_t)16;
	data += 3;
	size -= 3;
	part(&data, &size, lengths[0], &base);
	part(&data, &size, lengths[1], &ours);
	part(&data, &size, size, &theirs);
	r = records_merge(kind, &base, &ours, &theirs, &out, &key);
	MUST((r == -EEXIST) == (key != NULL));
	if (r < 0)
		return 0;
	MUST(records_merge(kind, &out, &out, &out, &again, &none) == 0);
	MUST(same_bytes(&out, &again));
	return 0;
}
