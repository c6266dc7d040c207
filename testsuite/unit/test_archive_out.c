// SPDX-License-Identifier: Apache-2.0
#include "core/base/io.h"
#include "core/pack/archive.h"
#include "testsuite/unit/tarball.h"
#include "testsuite/unit/test.h"
#include <sys/mman.h>

/* An archive that is being written into memory. */
struct writing {
	int fd;
	struct archive_out *out;
};

static struct writing begin(enum archive_format format, bool with_ns)
{
	struct writing w = {memfd_create("archive", MFD_CLOEXEC), NULL};
	struct sink *sink = NULL;

	if (sink_fd(w.fd, &sink) || archive_out_open(sink, format, with_ns, &w.out))
		abort();
	return w;
}

/* Writes an entry with its content, or says why not. */
static int add(struct writing *w, const struct entry *e, const char *data)
{
	cleanup_err struct err err = ERR_NONE;
	int r = archive_out_entry(w->out, e, &err);

	if (r)
		return r;
	r = archive_out_data(w->out, data, strlen(data), &err);
	return r ? r : archive_out_end(w->out, &err);
}

/* Ends the archive and gives its bytes. */
static struct buf finish(struct writing *w)
{
	cleanup_err struct err err = ERR_NONE;
	struct buf bytes = BUF_NONE;

	CHECK(archive_out_finish(w->out, &err) == 0, "the archive is finished");
	archive_out_free(w->out);
	lseek(w->fd, 0, SEEK_SET);
	io_read_all(w->fd, &bytes, 1 << 24);
	close(w->fd);
	return bytes;
}

static bool holds(const struct buf *b, const char *text)
{
	return memmem(b->data, b->len, text, strlen(text)) != NULL;
}

static void expect(struct buf *archive, const char *want, const char *name)
{
	cleanup_free char *got = archive_text(archive->data, archive->len);

	if (!CHECK(got && !strcmp(got, want), "%s", name))
		printf("# want:\n%s# got:\n%s", want, got ? got : "(nothing)\n");
}

static struct entry file(const char *path)
{
	return (struct entry){.path = (char *)path, .mode = S_IFREG | 0644};
}

/* One entry in an archive of its own. */
static struct buf one(enum archive_format format, const struct entry *e, const char *data)
{
	struct writing w = begin(format, true);

	CHECK(add(&w, e, data) == 0, "an entry is written");
	return finish(&w);
}

static void test_plain(void)
{
	struct entry e = file("f");
	cleanup_buf struct buf b = BUF_NONE;

	e.size = 2;
	e.uname = (char *)"root";
	e.has_mtime = true;
	e.mtime.tv_sec = 1700000000;
	b = one(FORMAT_PAX, &e, "hi");
	CHECK(b.len == 4 * 512, "header, content, end: nothing else (%zu)", b.len);
	expect(&b, "f 100644 uname=root m=1700000000.000000000 size=2 @0:hi\n", "a plain file");
}

static void test_names(void)
{
	static const struct {
		const char *name;
		bool binary;
	} names[] = {{"\xc3\xa9", false}, {"\xf0\x9f\x90\xa7", false}, {"\xff", true},
		{"a\xc3", true}, {"\xc0\xaf", true}, {"\xed\xa0\x80", true}, {"plain", false},
		{"\xf4\x90\x80\x80", true}};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct entry e = file(names[i].name);
		cleanup_buf struct buf b = one(FORMAT_PAX, &e, "");
		cleanup_free char *got = archive_text(b.data, b.len);

		CHECK(holds(&b, "hdrcharset=BINARY\n") == names[i].binary, "name %zu: charset", i);
		CHECK(!strchr(got, '!'), "name %zu is read again", i);
	}
}

static void test_long_names(void)
{
	cleanup_free char *name = malloc(4096), *got = NULL;
	struct entry e = {.path = name, .link = name, .mode = S_IFLNK | 0777};

	memset(name, 'n', 4000);
	name[4000] = '\0';
	for (int f = FORMAT_PAX; f <= FORMAT_GNUTAR; f++) {
		struct writing w = begin(f, true);
		cleanup_buf struct buf b = BUF_NONE;
		struct entry good = file("good");

		CHECK(add(&w, &e, "") == (f == FORMAT_USTAR ? -ENAMETOOLONG : 0),
			"4000 bytes in format %d", f);
		CHECK(add(&w, &good, "") == 0, "another");
		b = finish(&w);
		free(got);
		got = archive_text(b.data, b.len);
		CHECK(strstr(got, "good 100644\n") && strlen(got) > 4000 == (f != FORMAT_USTAR),
			"are read again");
	}
}

static void test_times(void)
{
	static const struct {
		int64_t sec;
		long nsec;
		const char *text;
	} times[] = {{-2, 500000000, "mtime=-1.5\n"}, {-1, 500000000, "mtime=-0.5\n"},
		{-2, 0, "mtime=-2\n"}, {1, 1, "mtime=1.000000001\n"}, {0, 10, "mtime=0.00000001\n"},
		{-1, 999999999, "mtime=-0.000000001\n"}};

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		struct entry e = file("f");
		cleanup_buf struct buf b = BUF_NONE;
		char want[80];

		e.has_mtime = true;
		e.mtime.tv_sec = times[i].sec;
		e.mtime.tv_nsec = times[i].nsec;
		b = one(FORMAT_PAX, &e, "");
		CHECK(holds(&b, times[i].text), "time %zu is written", i);
		snprintf(want, sizeof(want), "f 100644 m=%lld.%09ld\n", (long long)times[i].sec,
			times[i].nsec);
		expect(&b, want, "and read again");
	}
}

static void test_whole_seconds(void)
{
	struct writing w = begin(FORMAT_PAX, false);
	struct entry e = file("f");
	cleanup_buf struct buf b = BUF_NONE, gnu = BUF_NONE;

	e.has_mtime = e.has_atime = true;
	e.mtime = (struct timespec){-2, 999999999};
	e.atime = (struct timespec){5, 999999999};
	CHECK(add(&w, &e, "") == 0, "whole seconds");
	b = finish(&w);
	expect(&b, "f 100644 m=-2.000000000 a=5.000000000\n", "times are truncated");
	gnu = one(FORMAT_GNUTAR, &e, "");
	expect(&gnu, "f 100644 m=-2.000000000\n", "gnutar has times before 1970");
	w = begin(FORMAT_USTAR, false);
	CHECK(add(&w, &e, "") == -ERANGE, "ustar has none");
	buf_free(&b);
	b = finish(&w);
}

static struct buf with_attributes(bool turned)
{
	struct entry e = file("f");
	static const char *const names[] = {"user.a=b%c", "security.capability"};
	struct buf b;

	for (int i = 0; i < 2; i++)
		entry_add_attr(&e, names[i ^ turned], "v\0\n", 3);
	b = one(FORMAT_PAX, &e, "");
	e.path = NULL; /* not its own */
	entry_free(&e);
	return b;
}

static void test_attributes(void)
{
	cleanup_buf struct buf a = with_attributes(false), b = with_attributes(true);
	struct writing w = begin(FORMAT_PAX, true);
	struct entry e = {.path = NULL};
	cleanup_free char *much = calloc(1, 1000001);

	CHECK(a.len == b.len && !memcmp(a.data, b.data, a.len), "their order does not matter");
	CHECK(holds(&a, "SCHILY.xattr.user.a%3Db%25c=v"), "as GNU tar writes them");
	CHECK(!holds(&a, "LIBARCHIVE"), "and only once");
	expect(&a, "f 100644 user.a=b%c=v\\x00\\x0a security.capability=v\\x00\\x0a\n",
		"attributes are read again");
	e = file("f");
	entry_add_attr(&e, "user.large", much, 1000001);
	CHECK(add(&w, &e, "") == -E2BIG, "a megabyte of attributes");
	e.path = NULL;
	entry_free(&e);
	buf_free(&a);
	a = finish(&w);
}

static void test_sparse(void)
{
	struct entry e = file("sparse"), hole = file("hole");
	struct entry_run runs[] = {{1 << 20, 2}, {3LL << 32, 1}}, none = {9LL << 30, 0};
	struct writing w = begin(FORMAT_PAX, true);
	cleanup_buf struct buf b = BUF_NONE;

	e.size = (3LL << 32) + 7;
	e.runs = runs;
	e.run_count = 2;
	CHECK(add(&w, &e, "abc") == 0, "12 GiB of which 3 bytes are data");
	hole.size = 9LL << 30;
	hole.runs = &none;
	hole.run_count = 1;
	CHECK(add(&w, &hole, "") == 0, "9 GiB of nothing");
	b = finish(&w);
	expect(&b,
		"sparse 100644 1048576+2 12884901888+1 12884901895+0 size=12884901895"
		" @1048576:ab @12884901888:c\n"
		"hole 100644 9663676416+0 size=9663676416\n",
		"holes cost nothing");
	runs[1].offset = 5;
	w = begin(FORMAT_PAX, true);
	CHECK(add(&w, &e, "") == -EINVAL, "pieces that are out of order");
	buf_free(&b);
	b = finish(&w);
}

/* Formats without holes get zeros; what is missing at the end is zeros too. */
static void test_zeros(void)
{
	static const enum archive_format formats[] = {FORMAT_USTAR, FORMAT_GNUTAR, FORMAT_NEWC};
	struct entry e = file("f");
	struct entry_run runs[] = {{2, 2}, {5, 1}};

	e.size = 8;
	e.runs = runs;
	e.run_count = 2;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		cleanup_buf struct buf b = one(formats[i], &e, "abc");

		expect(&b, "f 100644 size=8 @0:\\x00\\x00ab\\x00c\\x00\\x00\n", "zeros for holes");
	}
	for (int f = FORMAT_PAX; f <= FORMAT_NEWC; f++) {
		struct entry cut = file("f");
		cleanup_buf struct buf b = BUF_NONE;

		cut.size = 3;
		b = one(f, &cut, "x");
		expect(&b, "f 100644 size=3 @0:x\\x00\\x00\n", "zeros for what is missing");
		buf_free(&b);
		b = one(f, &cut, "xyzabc");
		expect(&b, "f 100644 size=3 @0:xyz\n", "nothing for what is too much");
	}
}

static void test_numbers(void)
{
	struct entry e = {.path = (char *)"d",
		.mode = S_IFBLK | 0600,
		.uid = 0xfffffffe,
		.gid = 5,
		.major = 4095,
		.minor = 1048575};
	cleanup_buf struct buf pax = one(FORMAT_PAX, &e, ""), gnu = one(FORMAT_GNUTAR, &e, "");
	cleanup_buf struct buf newc = one(FORMAT_NEWC, &e, "");
	static const char want[] = "d 60600 4294967294:5 4095,1048575\n";
	struct writing w = begin(FORMAT_USTAR, false);

	expect(&pax, want, "large numbers in pax");
	expect(&gnu, want, "in gnutar");
	expect(&newc, want, "in newc");
	CHECK(add(&w, &e, "") == -ERANGE, "and not in ustar");
	buf_free(&pax);
	pax = finish(&w);
}

static void test_refused(void)
{
	static const char name[] = "a-name-of-thirty-two-bytes-is-32";
	struct entry sock = {.path = (char *)"s", .mode = S_IFSOCK | 0600};
	struct entry owned = file("f");
	cleanup_buf struct buf b = BUF_NONE;

	owned.uname = (char *)name;
	for (int f = FORMAT_PAX; f <= FORMAT_NEWC; f++) {
		struct writing w = begin(f, true);
		bool named = f == FORMAT_USTAR || f == FORMAT_GNUTAR;

		CHECK(add(&w, &sock, "") == (f == FORMAT_NEWC ? 0 : -EOPNOTSUPP), "a socket");
		CHECK(add(&w, &owned, "") == (named ? -ENAMETOOLONG : 0), "a long owner's name");
		buf_free(&b);
		b = finish(&w);
		expect(&b,
			f == FORMAT_PAX    ? "f 100644 uname=a-name-of-thirty-two-bytes-is-32\n"
			: f == FORMAT_NEWC ? "s 140600\nf 100644\n"
					   : "",
			"what was refused left nothing");
	}
}

static void test_large(void)
{
	struct writing w = begin(FORMAT_PAX, true);
	struct entry e = file("large");
	cleanup_err struct err err = ERR_NONE;
	cleanup_buf struct buf b = BUF_NONE;
	static char data[131072];

	e.size = 9LL << 30;
	CHECK(archive_out_entry(w.out, &e, &err) == 0, "a file of 9 GiB");
	for (int i = 0; i < 32; i++) /* more than any buffer on the way */
		archive_out_data(w.out, data, sizeof(data), &err);
	CHECK(err.code == 0, "begins");
	lseek(w.fd, 0, SEEK_SET);
	io_read_all(w.fd, &b, 1 << 24);
	CHECK(holds(&b, "size=9663676416\n"), "its size stands in the pax header");
	archive_out_free(w.out);
	close(w.fd);
}

int main(void)
{
	test_plain();
	test_names();
	test_long_names();
	test_times();
	test_whole_seconds();
	test_attributes();
	test_sparse();
	test_zeros();
	test_numbers();
	test_refused();
	test_large();
	return test_done();
}
