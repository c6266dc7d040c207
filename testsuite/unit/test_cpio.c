// SPDX-License-Identifier: Apache-2.0
#include "core/pack/newc.h"
#include "testsuite/unit/tarball.h"
#include "testsuite/unit/test.h"

static void expect(struct buf *archive, const char *want, const char *name)
{
	cleanup_free char *got = archive_text(archive->data, archive->len);

	if (!CHECK(got && !strcmp(got, want), "%s", name))
		printf("# want:\n%s# got:\n%s", want, got ? got : "(nothing)\n");
	buf_free(archive);
}

static void cpio_end(struct buf *out)
{
	cpio_entry(out, &(struct cpio_entry){.name = "TRAILER!!!", .nlink = 1});
}

static void test_links(void)
{
	cleanup_buf struct buf a = BUF_NONE;

	/* as GNU cpio has it: the content stands with the last name */
	cpio_entry(&a, &(struct cpio_entry){"a", NULL, 7, S_IFREG | 0644, 3});
	cpio_entry(&a, &(struct cpio_entry){"b", NULL, 7, S_IFREG | 0644, 3});
	cpio_entry(&a, &(struct cpio_entry){"c", "hello", 7, S_IFREG | 0644, 3});
	cpio_entry(&a, &(struct cpio_entry){"s", "target", 8, S_IFLNK | 0777, 1});
	cpio_end(&a);
	expect(&a,
		"a 100644 1000:1000\n"
		"b == a 644 1000:1000\n"
		"c == a 644 1000:1000 size=5 @0:hello\n"
		"s -> target 120777 1000:1000\n",
		"newc hard links");

	cpio_entry(&a, &(struct cpio_entry){"d", NULL, 0, S_IFDIR | 0755, 2});
	cpio_entry(&a, &(struct cpio_entry){"e", NULL, 0, S_IFDIR | 0755, 2});
	cpio_end(&a);
	expect(&a,
		"d 40755 1000:1000\n"
		"e 40755 1000:1000\n",
		"directories are not links of each other");
}

static void test_odc(void)
{
	static const char odc[] =
		"0707070000010000071006440017500017500000010000000000000000000000200000000003"
		"f\0abc"
		"0707070000000000000000000000000000000000010000000000000000000001300000000000"
		"TRAILER!!!";
	cleanup_buf struct buf a = BUF_NONE;

	buf_add(&a, odc, sizeof(odc));
	expect(&a, "f 100644 1000:1000 size=3 @0:abc\n", "odc");
}

static void test_damage(void)
{
	cleanup_buf struct buf a = BUF_NONE;
	int bad = 0;

	cpio_entry(&a, &(struct cpio_entry){"a", "xxx", 1, S_IFREG | 0644, 1});
	buf_add(&a, "garbage.", 8);
	cpio_entry(&a, &(struct cpio_entry){"evil", NULL, 2, S_IFREG | 0644, 1});
	cpio_end(&a);
	expect(&a, "a 100644 1000:1000 size=3 @0:xxx\n! the archive is damaged\n",
		"no header is searched for");

	cpio_entry(&a, &(struct cpio_entry){"a", "xxx", 1, S_IFREG | 0644, 1});
	cpio_entry(&a, &(struct cpio_entry){"s", "target", 2, S_IFLNK | 0777, 1});
	cpio_end(&a);
	for (size_t n = 0; n < a.len - 3; n++) {
		cleanup_buf struct buf part = BUF_NONE;
		cleanup_free char *got = NULL;

		buf_add(&part, a.data, n);
		got = archive_text(part.data, n);
		bad += strchr(got, '!') == NULL;
	}
	CHECK(bad == 0, "a cpio archive that is cut off is told from a whole one (%d)", bad);
}

static char *long_name(size_t n)
{
	char *name = malloc(n + 1);

	memset(name, 'n', n);
	name[n] = '\0';
	return name;
}

static void test_limits(void)
{
	cleanup_buf struct buf a = BUF_NONE;
	cleanup_free char *name = long_name(2000000);
	cleanup_free char *got = NULL;

	cpio_entry(&a, &(struct cpio_entry){name, NULL, 1, S_IFREG | 0644, 1});
	cpio_end(&a);
	expect(&a, "! the archive is damaged\n", "a name of two megabytes");

	name[700000] = '\0';
	for (unsigned i = 0; i < 13; i++)
		cpio_entry(&a, &(struct cpio_entry){name, NULL, i, S_IFREG | 0644, 2});
	cpio_end(&a);
	got = archive_text(a.data, a.len);
	CHECK(strstr(got, "! the archive is damaged\n"),
		"nine megabytes of names with links to come");
}

/* A sparse file's map may be as long as a file: 262,144 pieces are the most. */
static void test_sparse_limit(void)
{
	for (int count = 262144; count <= 262145; count++) {
		cleanup_buf struct buf a = BUF_NONE, text = BUF_NONE, map = BUF_NONE;
		cleanup_free char *got = NULL;

		pax_record(&text, "GNU.sparse.major", "1", 1);
		pax_record(&text, "GNU.sparse.minor", "0", 1);
		pax_record(&text, "GNU.sparse.realsize", "9", 1);
		tar_special(&a, 'x', text.data, text.len);
		buf_addf(&map, "%d\n", count);
		for (int i = 0; i < count; i++)
			buf_adds(&map, "9\n0\n");
		while (map.len % 512) /* the padding is part of it */
			buf_add(&map, "", 1);
		tar_special(&a, '0', map.data, map.len);
		tar_end(&a);
		got = archive_text(a.data, a.len);
		CHECK(!strncmp(got, "!", 1) == (count > 262144), "a sparse map of %d pieces",
			count);
	}
}

static void test_write(void)
{
	cleanup_buf struct buf a = BUF_NONE;
	struct entry e = {.path = (char *)"dir///",
		.mode = S_IFDIR | 0755,
		.uid = 0xfffffffe,
		.has_mtime = true,
		.mtime = {.tv_sec = -5}};
	const char *why;

	CHECK(newc_header(&e, &a, &why) == 0, "a header");
	e = (struct entry){.path = (char *)"dev",
		.mode = S_IFCHR | 0600,
		.major = 1,
		.minor = 300000,
		.ino = 0xffffffff,
		.mtime = {.tv_sec = 1LL << 40},
		.has_mtime = true};
	CHECK(newc_header(&e, &a, &why) == 0, "a device");
	e = (struct entry){.path = (char *)"s", .link = (char *)"abcde", .mode = S_IFLNK | 0777};
	CHECK(newc_header(&e, &a, &why) == 0 && a.len % 4 == 0, "a symlink");
	CHECK(newc_trailer(&a) == 0 && a.len % 4 == 0, "the end");
	expect(&a,
		"dir 40755 4294967294:0\n"
		"dev 20600 1,300000 m=4294967295.000000000\n"
		"s -> abcde 120777\n",
		"newc is read as it was written");
}

static void test_refused(void)
{
	cleanup_buf struct buf a = BUF_NONE;
	cleanup_free char *name = long_name(PATH_MAX);
	struct entry e = {.path = (char *)"f", .mode = S_IFREG, .size = NEWC_MAX};
	const char *why = NULL;

	CHECK(newc_header(&e, &a, &why) == 0, "a file of just under 4 GiB");
	buf_cut(&a, 0);
	e.size++;
	CHECK(newc_header(&e, &a, &why) == -EFBIG && strstr(why, "4 GiB"), "one of 4 GiB");
	e.size = 0;
	e.ino = 1LL << 32;
	CHECK(newc_header(&e, &a, &why) == -ERANGE, "an inode number of 33 bits");
	e.ino = 0;
	e.path = name;
	CHECK(newc_header(&e, &a, &why) == -ENAMETOOLONG, "a name of 4096 bytes");
	e.path[PATH_MAX - 1] = '\0';
	CHECK(newc_header(&e, &a, &why) == 0, "a name of 4095 bytes");
	e.mode = 0;
	CHECK(newc_header(&e, &a, &why) == -EINVAL, "an entry without a type");
}

int main(void)
{
	test_links();
	test_odc();
	test_damage();
	test_limits();
	test_sparse_limit();
	test_write();
	test_refused();
	return test_done();
}
