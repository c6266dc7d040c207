// SPDX-License-Identifier: Apache-2.0
/* Layers merged; that the result is what extracting them makes is image_merge.bats's to show. */
#include "core/base/io.h"
#include "core/image/merge.h"
#include "core/image/merge_store.h"
#include "testsuite/unit/tarball.h"
#include "testsuite/unit/test.h"
#include <sys/mman.h>

struct layers {
	struct buf at[3];
	size_t count, opened;
	bool change; /* the second time all are empty */
	struct buf faults;
};

static int open_layer(void *arg, size_t i, struct source **out, struct err *err)
{
	static const char empty[1024];
	struct layers *l = arg;

	(void)err;
	if (l->opened++ >= l->count && l->change)
		return source_memory(empty, sizeof(empty), out);
	return source_memory(l->at[i].data, l->at[i].len, out);
}

static void fault(void *arg, struct err *err)
{
	struct layers *l = arg;

	buf_addf(&l->faults, "%s: %s\n", err->path ? err->path : "", err->what ? err->what : "");
}

static int merge(struct layers *l, size_t first, struct buf *result)
{
	const struct merge_options o = {
		.first = first, .fault = fault, .open = open_layer, .arg = l};
	cleanup_err struct err err = ERR_NONE;
	cleanup_fd int fd = memfd_create("merged", MFD_CLOEXEC);
	struct archive_out *out;
	struct sink *sink;
	int r;

	for (size_t i = 0; i < l->count; i++)
		tar_end(&l->at[i]);
	if (fd < 0 || sink_fd(fd, &sink) < 0 || archive_out_open(sink, FORMAT_PAX, true, &out) < 0)
		abort();
	r = merge_layers(l->count, &o, out, &err);
	if (r == 0)
		r = archive_out_finish(out, &err);
	archive_out_free(out);
	if (lseek(fd, 0, SEEK_SET) < 0 || io_read_all(fd, result, SIZE_MAX / 2) < 0)
		abort();
	return r;
}

static void expect(
	struct layers *l, size_t first, const char *want, const char *faults, const char *name)
{
	cleanup_buf struct buf result = BUF_NONE;
	cleanup_free char *got = NULL;
	int r = merge(l, first, &result);

	got = archive_text(result.data, result.len);
	if (!CHECK(r == 0 && got && strcmp(got, want) == 0, "%s", name))
		printf("# %d, want:\n%s# got:\n%s", r, want, got ? got : "");
	if (!CHECK(strcmp(l->faults.data ? l->faults.data : "", faults) == 0, "%s: faults", name))
		printf("# %s", l->faults.data ? l->faults.data : "none\n");
	for (size_t i = 0; i < l->count; i++)
		buf_free(&l->at[i]);
	buf_free(&l->faults);
}

static void dir(struct buf *b, const char *name)
{
	tar_header(b, &(struct tar_header){.type = '5', .name = name});
}

static void symlink_to(struct buf *b, const char *name, const char *to)
{
	tar_header(b, &(struct tar_header){.type = '2', .name = name, .link = to});
}

static void link_to(struct buf *b, const char *name, const char *to)
{
	tar_header(b, &(struct tar_header){.type = '1', .name = name, .link = to});
}

static void test_whiteouts(void)
{
	struct layers l = {.count = 2};

	tar_file(&l.at[0], "d/low", "1");
	tar_file(&l.at[0], "e/low", "1");
	tar_file(&l.at[1], "d/high", "2");
	tar_file(&l.at[1], ".wh.d", "");
	tar_file(&l.at[1], "e/.wh..wh..opq", "");
	tar_file(&l.at[1], "e/high", "2");
	expect(&l, 0, "d/high 100644 size=1 @0:2\ne/high 100644 size=1 @0:2\n", "",
		"whiteouts act on lower layers, wherever they stand");
}

static void test_links(void)
{
	struct layers l = {.count = 2};

	tar_file(&l.at[0], "a", "1");
	link_to(&l.at[0], "b", "a");
	link_to(&l.at[0], "c", "b");
	tar_file(&l.at[1], "a", "2");
	link_to(&l.at[1], "d", "c");
	expect(&l, 0,
		"b 100644 size=1 @0:1\n"
		"c == b 644\n"
		"a 100644 size=1 @0:2\n"
		"d == b 644\n",
		"", "the content goes to the first name that is left");
}

static void test_symlinks(void)
{
	struct layers l = {.count = 2};

	symlink_to(&l.at[0], "a", "b/../c");
	dir(&l.at[0], "b/");
	dir(&l.at[0], "c/");
	tar_file(&l.at[1], "a/x", "1");
	tar_file(&l.at[1], "loop/x", "1");
	expect(&l, 0,
		"a -> b/../c 120644\nb/ 40644\nc/ 40644\nc/x 100644 size=1 @0:1\n"
		"loop/x 100644 size=1 @0:1\n",
		"", "a symlink on the way is followed");
	l.count = 1;
	symlink_to(&l.at[0], "loop", "loop");
	tar_file(&l.at[0], "loop/x", "1");
	tar_file(&l.at[0], "x/.wh./y", "1");
	tar_file(&l.at[0], ".wh.", "");
	expect(&l, 0, "loop -> loop 120644\n",
		"loop/x: cannot go into its directory\n"
		"x/.wh./y: refused: below a whiteout\n"
		".wh.: refused: a whiteout of nothing\n",
		"what cannot be extracted is told");
}

static void test_upper(void)
{
	struct layers l = {.count = 3};

	tar_file(&l.at[0], "gone", "1");
	tar_file(&l.at[0], "made/anew", "1");
	tar_file(&l.at[0], "kept", "1");
	tar_file(&l.at[1], ".wh.gone", "");
	tar_file(&l.at[1], ".wh.never", "");
	tar_file(&l.at[1], ".wh.made", "");
	dir(&l.at[2], "made/");
	tar_file(&l.at[2], "made/x", "2");
	expect(&l, 1,
		".wh.gone 100644\n"
		"made/ 40644\n"
		"made/.wh..wh..opq 100644\n"
		"made/x 100644 size=1 @0:2\n",
		"", "what lies below is hidden where it is there");
}

static void test_changed(void)
{
	struct layers l = {.count = 1, .change = true};
	cleanup_buf struct buf result = BUF_NONE;

	tar_file(&l.at[0], "a", "1");
	CHECK(merge(&l, 0, &result) == -ESTALE, "a layer that changes in between is told");
	buf_free(&l.at[0]);
}

/* Some pieces lie in memory, some in the file, some wait to be written there. */
static void test_store(void)
{
	enum { PIECE = 1000, COUNT = 10000 };
	uint32_t *at = calloc(COUNT, sizeof(*at));
	char piece[PIECE], got[PIECE];
	struct merge_store *s;
	bool good = at && merge_store_new(&s) == 0;

	for (uint32_t i = 0; good && i < COUNT; i++) {
		memset(piece, (int)(i % 251), sizeof(piece));
		good = merge_store_add(s, piece, sizeof(piece), &at[i]) == 0;
	}
	for (uint32_t i = 0; good && i < COUNT; i++) {
		memset(piece, (int)(i % 251), sizeof(piece));
		good = merge_store_read(s, at[i], got, sizeof(got)) == 0 &&
		       memcmp(piece, got, sizeof(got)) == 0;
	}
	CHECK(good, "what is kept comes back");
	CHECK(merge_store_read(s, at[COUNT - 1] + PIECE - 1, got, 2) == 0 && got[1] == 0,
		"behind the end are zeros");
	merge_store_free(s);
	free(at);
}

int main(void)
{
	test_whiteouts();
	test_links();
	test_symlinks();
	test_upper();
	test_changed();
	test_store();
	return test_done();
}
