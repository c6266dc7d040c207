// SPDX-License-Identifier: Apache-2.0
#include "core/image/mtree.h"
#include "core/base/io.h"
#include "core/image/vis.h"
#include "testsuite/unit/test.h"
#include <sys/mman.h>

static int file_of(const char *text)
{
	int fd = memfd_create("mtree", MFD_CLOEXEC);

	if (fd < 0 || io_write(fd, text, strlen(text)) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		abort();
	return fd;
}

static void check_vis(const char *plain, const char *coded)
{
	cleanup_buf struct buf out = BUF_NONE, back = BUF_NONE;

	CHECK(vis_add(&out, plain, strlen(plain), false) == 0 && strcmp(out.data, coded) == 0,
		"written: %s", coded);
	CHECK(vis_read(&back, coded, strlen(coded)) == 0 && strcmp(back.data, plain) == 0,
		"read: %s", coded);
}

static void check_vis_bad(const char *coded)
{
	cleanup_buf struct buf out = BUF_NONE;

	CHECK(vis_read(&out, coded, strlen(coded)) == -EBADMSG, "refused: %s", coded);
}

static void test_vis(void)
{
	cleanup_buf struct buf out = BUF_NONE;

	check_vis("plain-._~!%=@", "plain-._~!%=@");
	check_vis("a b\tc\nd", "a\\040b\\011c\\012d");
	check_vis("*?[#]", "\\052\\077\\133\\043]");
	check_vis("\\", "\\\\");
	check_vis("\x01\x7f\xc3\xa9\xff", "\\001\\177\\303\\251\\377");
	CHECK(vis_read(&out, "\\s\\n\\7\\\"x", 9) == 0 && memcmp(out.data, " \n\a\"x", 6) == 0,
		"other programs' forms");
	check_vis_bad("\\");
	check_vis_bad("\\q");
	check_vis_bad("\\000");
	check_vis_bad("\\777");
}

static void test_base64(void)
{
	static const char *const pairs[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="},
		{"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"\xff\xfe\xfd", "//79"}};
	static const char *const bad[] = {
		"Z", "Zg", "Zg=", "Zg==Zg==", "Z===", "====", "Zg=x", "Zm9v\n", "Zm9*"};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		cleanup_buf struct buf out = BUF_NONE, back = BUF_NONE;
		const char *plain = pairs[i][0], *coded = pairs[i][1];

		buf_adds(&out, "");
		buf_adds(&back, "");
		CHECK(base64_add(&out, plain, strlen(plain)) == 0 && strcmp(out.data, coded) == 0,
			"base64 \"%s\"", coded);
		CHECK(base64_read(&back, coded, strlen(coded)) == 0 &&
				strcmp(back.data, plain) == 0,
			"base64 \"%s\" back", coded);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		cleanup_buf struct buf out = BUF_NONE;

		CHECK(base64_read(&out, bad[i], strlen(bad[i])) == -EBADMSG, "no base64: %zu", i);
	}
}

/* Reads it all: how many events, or negative errno. */
static int read_all(const char *text, struct err *err)
{
	cleanup_fd int fd = file_of(text);
	const struct mtree_entry *e;
	struct mtree_in *in;
	int r, n = 0;

	if (mtree_in_open(fd, &in) < 0)
		abort();
	while ((r = mtree_in_next(in, &e, err)) > 0)
		n++;
	mtree_in_free(in);
	return r < 0 ? r : n;
}

static void check_bad(const char *text, const char *line, const char *what)
{
	cleanup_err struct err err = ERR_NONE;
	int r = read_all(text, &err);

	CHECK(r == -EBADMSG && err.path && strcmp(err.path, line) == 0, "%s", what);
}

#define TOP ". type=dir\n"

static void test_damaged(void)
{
	check_bad(TOP, "line 2", "the end within a directory");
	check_bad("..\n", "line 1", "above the top");
	check_bad("/set type=dir\nx mode=0\n", "line 2", "a top with a name");
	check_bad(". type=file size=1\n", "line 1", "a top that is no directory");
	check_bad(TOP "x size=5\n", "line 2", "no type");
	check_bad(TOP "a/b type=file size=5\n", "line 2", "a slash");
	check_bad(TOP "a\\057b type=file size=5\n", "line 2", "a slash in disguise");
	check_bad(TOP "\\056\\056 type=file size=5\n", "line 2", ".. in disguise");
	check_bad(TOP ". type=dir size=5\n", "line 2", "the top twice");
	check_bad(TOP "a\\000 type=file size=5\n", "line 2", "a NUL in disguise");
	check_bad(TOP "/unset all\n", "line 2", "an unknown command");
	check_bad(TOP "/set link=x type=dir\n", "line 2", "a link for all");
	check_bad(TOP "a type=what size=5\n", "line 2", "an unknown type");
	check_bad(TOP "a type=file size=-5\n", "line 2", "a negative size");
	check_bad(TOP "a type=file size=99999999999999999999\n", "line 2", "a huge size");
	check_bad(TOP "a type=file mode=9\n", "line 2", "a mode that is not octal");
	check_bad(TOP "a type=file uid=4294967296\n", "line 2", "a huge uid");
	check_bad(TOP "a type=file tar_time=x\n", "line 2", "a time that is none");
	check_bad(TOP "a type=char device=linux,1\n", "line 2", "half a device");
	check_bad(TOP "a type=file sha256digest=00\n", "line 2", "a short sum");
	check_bad(TOP "a type=file xattr.=AAAA\n", "line 2", "an attribute without a name");
	check_bad(TOP "a type=file xattr.x\n", "line 2", "an attribute without a value");
	check_bad(TOP "a type=file xattr.x=A\n", "line 2", "an attribute that is no base64");
}

static void test_entry(void)
{
	cleanup_fd int fd = file_of(
		"#mtree\n\n/set type=file uid=7 gid=8 mode=0664 nlink=1\n" TOP
		"  # a comment\n    a\\040b size=12 mode=04755 uid=9 tar_time=-5.000000000 nlink=2 "
		"sha256digest=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef "
		"unknown=1 xattr.user.b=Yg== xattr.user.a=YQ==\r\n"
		"broken\n    l type=link link=x\\ y size=2\n..");
	cleanup_err struct err err = ERR_NONE;
	const struct mtree_entry *e;
	struct mtree_in *in;

	if (mtree_in_open(fd, &in) < 0)
		abort();
	CHECK(mtree_in_next(in, &e, &err) == MTREE_ENTRY && strcmp(e->name, ".") == 0 &&
			S_ISDIR(e->type) && e->uid == 7,
		"the top");
	CHECK(mtree_in_next(in, &e, &err) == MTREE_ENTRY && strcmp(e->name, "a b") == 0,
		"a name with a space");
	CHECK(S_ISREG(e->type) && e->mode == 04755 && e->uid == 9 && e->gid == 8,
		"its own and set");
	CHECK(e->size == 12 && e->time == -5 && e->nlink == 2, "numbers");
	CHECK(strncmp(e->sum, "01234567", 8) == 0 && strlen(e->sum) == 64, "the sum");
	CHECK(e->attr_count == 2 && strcmp(e->attrs[0].name, "user.a") == 0 &&
			memcmp(e->attrs[1].value, "b", 1) == 0,
		"attributes, sorted");
	CHECK(mtree_in_next(in, &e, &err) == -EBADMSG,
		"a blank that is not escaped as it should be");
	mtree_in_free(in);
}

static void test_good(void)
{
	cleanup_err struct err err = ERR_NONE;

	CHECK(read_all("", &err) == 0, "nothing");
	CHECK(read_all("# only\n\n", &err) == 0, "only comments");
	CHECK(read_all(TOP "..\n", &err) == 2, "an empty tree");
	CHECK(read_all(
		      "\n# .\n/set type=file\n. type=dir\n    x size=5\n\n# y\nz\ny type=dir\n..\n..\n",
		      &err) == 5,
		"a comment that a newline broke");
	CHECK(read_all("/set type=file uid=1\n. type=dir\n/set uid=2\nx size=5\n..\n", &err) ==
			-EBADMSG,
		"a second /set forgets the first");
}

int main(void)
{
	test_vis();
	test_base64();
	test_good();
	test_entry();
	test_damaged();
	return test_done();
}
