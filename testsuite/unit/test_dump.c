// SPDX-License-Identifier: Apache-2.0
#include "core/owner/dump.h"
#include "testsuite/unit/test.h"

#define KEEP OWNER_KEEP

/* Lines that are written as they are read. */
static const struct {
	const char *text, *path;
	struct dump_line line;
} good[] = {
	{"0:42 f etc/shadow", "etc/shadow", {{0, 42}, true, 'f', 0, 0, NULL}},
	{"0:0 d .", ".", {{0, 0}, true, 'd', 0, 0, NULL}},
	{"keep:8 l a", "a", {{KEEP, 8}, true, 'l', 0, 0, NULL}},
	{"7:keep p a", "a", {{7, KEEP}, true, 'p', 0, 0, NULL}},
	{"keep:keep s a", "a", {{KEEP, KEEP}, true, 's', 0, 0, NULL}},
	{"-:- f a", "a", {{KEEP, KEEP}, false, 'f', 0, 0, NULL}},
	{"0:6 c1,3 dev/null", "dev/null", {{0, 6}, true, 'c', 1, 3, NULL}},
	{"0:6 b259,1048575 d", "d", {{0, 6}, true, 'b', 259, 1048575, NULL}},
	{"4294967294:0 b4294967295,0 d", "d", {{0xfffffffe, 0}, true, 'b', 0xffffffff, 0, NULL}},
	{"1:2 f a\\040b\\011c\\012d\\134e\\177f", "a b\tc\nd\\e\177f",
		{{1, 2}, true, 'f', 0, 0, NULL}},
	{"1:2 f \\040", " ", {{1, 2}, true, 'f', 0, 0, NULL}},
	{"1:2 f \\001\\033[0m", "\1\33[0m", {{1, 2}, true, 'f', 0, 0, NULL}},
	{"1:2 f \xff\x80\xc3\xa4", "\xff\x80\xc3\xa4", {{1, 2}, true, 'f', 0, 0, NULL}},
	{"1:2 f #a", "#a", {{1, 2}, true, 'f', 0, 0, NULL}},
	{"1:2 f ../../a", "../../a", {{1, 2}, true, 'f', 0, 0, NULL}},
};

/* Lines that are read, and written in the one form above. */
static const struct {
	const char *text, *now;
} loose[] = {
	{"007:0042 f a", "7:42 f a"},
	{"4294967295:1 f a", "keep:1 f a"},
	{"1:2 c01,0003 a", "1:2 c1,3 a"},
	{"1:2 f \\141\\142", "1:2 f ab"},
	{"1:2 f \\377\\303\\244", "1:2 f \xff\xc3\xa4"},
};

static const char *const bad[] = {
	" ",
	"\t",
	" # no comment",
	"0",
	"0:",
	"0:42",
	"0:42 ",
	"0:42 f",
	"0:42 f ",
	"0:42  f a",
	"0:42 f  a",
	" 0:42 f a",
	"0:42 f a b",
	"0:42 f a\tb",
	"0:42 f a\r",
	"0:42 f a\n",
	"0:42 f a\177",
	":42 f a",
	"0: f a",
	"-:42 f a",
	"0:- f a",
	"- f a",
	"-:-f a",
	"-1:0 f a",
	"+1:0 f a",
	"4294967296:0 f a",
	"0:4294967296 f a",
	"99999999999999999999999:0 f a",
	"18446744073709551616:0 f a",
	"0x1:0 f a",
	"kee:0 f a",
	"keepx:0 f a",
	"Keep:0 f a",
	"0:42 x a",
	"0:42 F a",
	"0:42 fd a",
	"0:42 c a",
	"0:42 c1 a",
	"0:42 c1, a",
	"0:42 c,3 a",
	"0:42 c1,3",
	"0:42 c1,3a",
	"0:42 c1:3 a",
	"0:42 c4294967296,3 a",
	"0:42 c1,-3 a",
	"0:42 f1,3 a",
	"0:42 f \\",
	"0:42 f \\0",
	"0:42 f \\04",
	"0:42 f a\\04",
	"0:42 f \\000",
	"0:42 f \\400",
	"0:42 f \\777",
	"0:42 f \\088",
	"0:42 f \\x41",
	"0:42 f \\\\",
	"0:42 f \\n",
};

static bool same_line(const struct dump_line *a, const struct dump_line *b)
{
	return a->recorded == b->recorded && owner_same(a->owner, b->owner) && a->type == b->type &&
	       a->major == b->major && a->minor == b->minor;
}

static bool writes(const struct dump_line *line, const char *text)
{
	cleanup_buf struct buf b = BUF_NONE;
	size_t len = strlen(text);

	return dump_format(line, &b) == 0 && b.len == len + 1 && b.data[len] == '\n' &&
	       memcmp(b.data, text, len) == 0;
}

static void test_good(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct dump_line line;
		int ret = dump_parse(good[i].text, strlen(good[i].text), &line);
		cleanup_free char *path = ret == 1 ? line.path : NULL;

		CHECK(ret == 1 && same_line(&line, &good[i].line) &&
				strcmp(line.path, good[i].path) == 0,
			"read: %s", good[i].text);
		CHECK(path && writes(&line, good[i].text), "written: %s", good[i].text);
	}
}

static void test_loose(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(loose); i++) {
		struct dump_line line;
		int ret = dump_parse(loose[i].text, strlen(loose[i].text), &line);
		cleanup_free char *path = ret == 1 ? line.path : NULL;

		CHECK(path && writes(&line, loose[i].now), "read loosely: %s", loose[i].text);
	}
}

static void test_bad(void)
{
	struct dump_line line;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(dump_parse(bad[i], strlen(bad[i]), &line) == -EBADMSG && !line.path,
			"refused: %zu", i);
	CHECK(dump_parse("1:2 f a\0b", 9, &line) == -EBADMSG, "refused: a NUL");
	CHECK(dump_parse("1:2 f a\0", 8, &line) == -EBADMSG, "refused: a NUL at the end");
}

static void test_nothing(void)
{
	struct dump_line line;

	CHECK(dump_parse(NULL, 0, &line) == 0, "an empty line says nothing");
	CHECK(dump_parse("#", 1, &line) == 0, "an empty comment says nothing");
	CHECK(dump_parse("# 0:42 f a", 10, &line) == 0, "a comment says nothing");
}

static void test_length(void)
{
	cleanup_free char *text = malloc(1 << 20);
	struct dump_line line = {.path = NULL};
	int ret;

	memset(text, 'a', 1 << 20);
	memcpy(text, "1:2 f ", 6);
	ret = dump_parse(text, 1 << 20, &line);
	CHECK(ret == 1 && strlen(line.path) == (1 << 20) - 6, "a path of a megabyte");
	free(line.path);
	memset(text, '1', 1 << 20);
	CHECK(dump_parse(text, 1 << 20, &line) == -EBADMSG, "a number of a megabyte");
	ret = dump_parse("1:2 f abc", 7, &line);
	CHECK(ret == 1 && strcmp(line.path, "a") == 0, "the length is the caller's");
	free(line.path);
}

static void test_every_byte(void)
{
	char path[256];
	struct dump_line line = {{1, 2}, true, 'f', 0, 0, path}, back;
	cleanup_buf struct buf b = BUF_NONE;
	int ret;

	for (int i = 1; i < 256; i++)
		path[i - 1] = (char)i;
	path[255] = '\0';
	CHECK(dump_format(&line, &b) == 0 && memchr(b.data, '\n', b.len) == b.data + b.len - 1,
		"a path of every byte is one line");
	ret = dump_parse(b.data, b.len - 1, &back);
	CHECK(ret == 1 && strcmp(back.path, path) == 0, "a path of every byte is read back");
	free(back.path);
}

static void test_type(void)
{
	CHECK(dump_type(S_IFREG | 0644) == 'f' && dump_type(S_IFDIR) == 'd' &&
			dump_type(S_IFLNK) == 'l' && dump_type(S_IFIFO) == 'p' &&
			dump_type(S_IFSOCK) == 's' && dump_type(S_IFCHR) == 'c' &&
			dump_type(S_IFBLK) == 'b',
		"a letter for each type");
	CHECK(dump_type(0) == 0 && dump_type(0644) == 0 && dump_type(S_IFMT) == 0,
		"no letter for what is no type");
}

int main(void)
{
	test_good();
	test_loose();
	test_bad();
	test_nothing();
	test_length();
	test_every_byte();
	test_type();
	return test_done();
}
