// SPDX-License-Identifier: Apache-2.0
#include "core/image/changes.h"
#include "core/base/io.h"
#include "core/image/stamps.h"
#include "testsuite/unit/test.h"
#include <sys/mman.h>
#include <time.h>

static void test_order(void)
{
	static const char *const wanted[] = {
		".", "a", "a/b", "a/b/c", "a/c", "a b", "a-", "ab", "b"};
	cleanup_changes struct changes c = CHANGES_NONE;

	for (size_t i = ARRAY_SIZE(wanted); i-- > 0;)
		changes_add(&c, CHANGE_ADDED, wanted[i]);
	changes_sort(&c);
	CHECK(c.count == ARRAY_SIZE(wanted), "all are there");
	for (size_t i = 0; i < c.count; i++)
		CHECK(strcmp(c.at[i].path, wanted[i]) == 0 &&
				changes_find(&c, wanted[i]) == &c.at[i],
			"%s", wanted[i]);
	CHECK(!changes_find(&c, "a/bb"), "what is not there is not found");
}

static void test_join(void)
{
	cleanup_changes struct changes c = CHANGES_NONE;

	changes_add(&c, CHANGE_ADDED, "x");
	changes_add(&c, CHANGE_REMOVED, "y");
	changes_add(&c, CHANGE_REMOVED, "x");
	changes_add(&c, CHANGE_REMOVED, "y");
	changes_sort(&c);
	CHECK(c.count == 2, "each path once");
	CHECK(c.at[0].kind == CHANGE_CHANGED, "gone and there again is changed");
	CHECK(c.at[1].kind == CHANGE_REMOVED, "gone twice is gone");
	changes_free(&c);
	CHECK(!changes_find(&c, "x"), "nothing is in nothing");
}

static int file(void)
{
	int fd = memfd_create("stamps", MFD_CLOEXEC);

	return fd < 0 ? abort(), -1 : fd;
}

/* A moment before now, so that it is not too young. */
static struct stat some_file(ino_t ino)
{
	struct stat st = {.st_ino = ino, .st_size = 5};

	clock_gettime(CLOCK_REALTIME, &st.st_ctim);
	st.st_ctim.tv_sec -= 10;
	return st;
}

static struct stamps *written(int fd, int manifest, const struct stat *st)
{
	struct stamps *s, *back = NULL;

	if (stamps_start(fd, &s) < 0 || stamps_add(s, "a/b", st) < 0 ||
		stamps_write(s, manifest) < 0)
		abort();
	stamps_free(s);
	lseek(fd, 0, SEEK_SET);
	CHECK(stamps_read(fd, manifest, &back) == 0, "read");
	return back;
}

static void test_stamps(void)
{
	cleanup_fd int fd = file(), manifest = file(), other = file();
	struct stat st = some_file(7), changed = st;
	struct stamps *s = written(fd, manifest, &st), *none;

	CHECK(s && stamps_match(s, "a/b", &st), "as it was");
	CHECK(!stamps_match(s, "a/c", &st), "another path");
	changed.st_ino = 8;
	CHECK(!stamps_match(s, "a/b", &changed), "another inode");
	changed = st;
	changed.st_size = 6;
	CHECK(!stamps_match(s, "a/b", &changed), "another size");
	changed = st;
	changed.st_ctim.tv_nsec ^= 1;
	CHECK(!stamps_match(s, "a/b", &changed), "another time");
	CHECK(!stamps_match(NULL, "a/b", &st), "no stamps");
	stamps_free(s);
	lseek(fd, 0, SEEK_SET);
	CHECK(stamps_read(fd, other, &none) == 0 && !none, "beside another manifest");
	io_write(manifest, "x", 1);
	lseek(fd, 0, SEEK_SET);
	CHECK(stamps_read(fd, manifest, &none) == 0 && !none, "beside a manifest that was changed");
}

static void test_young(void)
{
	cleanup_fd int fd = file(), manifest = file();
	struct stat st = some_file(7);
	struct stamps *s;

	st.st_ctim.tv_sec += 20;
	s = written(fd, manifest, &st);
	CHECK(s && !stamps_match(s, "a/b", &st),
		"what changed after the walk began is not believed");
	stamps_free(s);
}

static void test_damaged_stamps(void)
{
	struct stat st = some_file(7);
	struct stamps *none;

	for (off_t at = 0; at < 96; at += 3) {
		cleanup_fd int fd = file(), manifest = file();
		char c;

		stamps_free(written(fd, manifest, &st));
		if (pread(fd, &c, 1, at) != 1)
			break;
		if (at < 56) { /* the header */
			c ^= 0x40;
			io_pwrite(fd, &c, 1, at);
			lseek(fd, 0, SEEK_SET);
			CHECK(stamps_read(fd, manifest, &none) == 0 && (!none || at >= 16),
				"damage at %d", (int)at);
			CHECK(!stamps_match(none, "a/b", &st) || at < 24, "does no harm");
			stamps_free(none);
		}
		if (ftruncate(fd, at) < 0)
			abort();
		lseek(fd, 0, SEEK_SET);
		CHECK(stamps_read(fd, manifest, &none) == 0 && !none, "cut at %d", (int)at);
	}
}

int main(void)
{
	test_order();
	test_join();
	test_stamps();
	test_young();
	test_damaged_stamps();
	return test_done();
}
