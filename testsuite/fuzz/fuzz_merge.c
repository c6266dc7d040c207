// SPDX-License-Identifier: Apache-2.0
/*
 * Hostile layers merged: the bytes are archives one behind the other, cut where the last bytes say.
 * Whatever they say, what comes out is an archive that a tree can be made of (each path once, none
 * leads out), and merging that again changes nothing.
 */
#include "core/base/io.h"
#include "core/image/diff.h"
#include "testsuite/fuzz/fuzz.h"
#include <sys/mman.h>

struct layers {
	const uint8_t *data;
	size_t ends[4]; /* where each ends */
	bool faults;
};

static int open_layer(void *arg, size_t i, struct source **out, struct err *err)
{
	const struct layers *l = arg;
	size_t start = i ? l->ends[i - 1] : 0;

	(void)err;
	return source_memory(l->data + start, l->ends[i] - start, out);
}

static void fault(void *arg, struct err *err)
{
	struct layers *l = arg;

	(void)err;
	l->faults = true;
}

static int merge(struct layers *l, size_t count, size_t first, struct buf *result)
{
	const struct merge_options o = {
		.first = first, .fault = fault, .open = open_layer, .arg = l};
	cleanup_err struct err err = ERR_NONE;
	cleanup_fd int fd = memfd_create("merged", MFD_CLOEXEC);
	struct archive_out *out;
	struct sink *sink;
	int r;

	MUST(fd >= 0 && sink_fd(fd, &sink) == 0);
	MUST(archive_out_open(sink, FORMAT_PAX, true, &out) == 0);
	r = merge_layers(count, &o, out, &err);
	if (r == 0)
		r = archive_out_finish(out, &err);
	archive_out_free(out);
	MUST(lseek(fd, 0, SEEK_SET) == 0 && io_read_all(fd, result, SIZE_MAX / 2) == 0);
	return r;
}

static int no_difference(void *arg, const char *path, const struct fact *of, const struct fact *to,
	unsigned differs, struct err *err)
{
	(void)arg, (void)path, (void)of, (void)to, (void)err;
	MUST(differs == 0 && false);
	return 0;
}

/* What the layers make of an empty tree is what the one archive makes of it. */
static void check_facts(struct layers *l, size_t count, struct layers *flat)
{
	struct merge_options o = {.fault = fault, .open = open_layer, .arg = l};
	cleanup_err struct err err = ERR_NONE;
	struct facts *a = NULL, *b = NULL;

	if (facts_new(count, &o, &a, &err) < 0)
		return;
	o.arg = flat;
	MUST(facts_new(1, &o, &b, &err) == 0);
	MUST(facts_compare(a, b, false, no_difference, NULL, &err) == 0);
	facts_free(a);
	facts_free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_buf struct buf once = BUF_NONE, twice = BUF_NONE, upper = BUF_NONE;
	struct layers l = {.data = data}, flat = {0};
	size_t count = 0;

	if (size < 4 || size > 1 << 18)
		return 0;
	for (size_t at = 0; count < 3 && at < size - 3; count++) {
		size_t blocks = count == 2 ? size : data[size - 3 + count];

		at = MIN(size - 3, at + (blocks + 1) * 512);
		l.ends[count] = at;
	}
	if (merge(&l, count, 0, &once) < 0)
		return 0;
	flat.data = (const uint8_t *)once.data;
	flat.ends[0] = once.len;
	MUST(merge(&flat, 1, 0, &twice) == 0 && !flat.faults);
	MUST(same_bytes(&once, &twice));
	check_facts(&l, count, &flat);
	if (count > 1)
		MUST(merge(&l, count, 1, &upper) == 0);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed)
{
	(void)seed;
	return tar_mutate(data, size, room);
}
