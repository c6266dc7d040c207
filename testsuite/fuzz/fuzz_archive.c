// SPDX-License-Identifier: Apache-2.0
/*
 * The archive reader: whatever an archive says, its entries are whole and their content lies
 * within their size.
 */
#include "core/pack/archive.h"
#include "testsuite/fuzz/fuzz.h"

static void read_data(struct archive_in *in, const struct entry *e, struct err *err)
{
	const void *block;
	int64_t offset;
	ssize_t n;

	while ((n = archive_in_data(in, &block, &offset, err)) > 0) {
		const volatile char *bytes = block;

		MUST(offset >= 0 && offset <= e->size && n <= e->size - offset);
		(void)bytes[0];
		(void)bytes[n - 1];
	}
}

static void check_entry(const struct entry *e)
{
	bool linked = e->hardlink || S_ISLNK(e->mode);

	MUST(e->path && *e->path && e->size >= 0);
	MUST(!linked || (e->link && *e->link));
	MUST(e->hardlink || e->mode & S_IFMT);
	for (size_t i = 0; i < e->attr_count; i++)
		MUST(*e->attrs[i].name && entry_attr(e, e->attrs[i].name) == &e->attrs[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct source *source = NULL;
	struct archive_in *in = NULL;
	struct entry e = ENTRY_NONE;
	bool again = false;
	int r;

	if (source_memory(data, size, &source) || archive_in_open(source, &in))
		return 0;
	do {
		cleanup_err struct err err = ERR_NONE;

		r = archive_in_next(in, &e, &again, &err);
		if (r > 0) {
			check_entry(&e);
			read_data(in, &e, &err);
		}
	} while (r > 0 || again);
	entry_free(&e);
	archive_in_free(in);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed)
{
	(void)seed;
	return tar_mutate(data, size, room);
}
