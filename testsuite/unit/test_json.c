// SPDX-License-Identifier: Apache-2.0
#include "applets/lib/applet.h"
#include "applets/lib/text.h"
#include "core/base/buf.h"
#include "core/base/nearest.h"
#include "testsuite/unit/test.h"

struct vector {
	const char *in, *want, *what;
};

static const struct vector json[] = {
	{"", "\"\"", "an empty string"},
	{"etc/shadow", "\"etc/shadow\"", "plain text"},
	{"a\"b\\c/", "\"a\\\"b\\\\c/\"", "quotes and backslashes"},
	{"\n\t\x1f\x7f", "\"\\u000a\\u0009\\u001f\\u007f\"", "control characters"},
	{"é€😀", "\"é€😀\"", "characters of two, three and four bytes"},
	{"\xed\x9f\xbf\xee\x80\x80", "\"\xed\x9f\xbf\xee\x80\x80\"",
		"the neighbours of surrogates"},
	{"\xf4\x8f\xbf\xbf", "\"\xf4\x8f\xbf\xbf\"", "the last character"},
	{"\xff", "\"\\udcff\"", "a byte that is never UTF-8"},
	{"a\x80z", "\"a\\udc80z\"", "a continuation with nothing before it"},
	{"\xc3", "\"\\udcc3\"", "a character cut at the end"},
	{"\xe2\x82z", "\"\\udce2\\udc82z\"", "a character cut in the middle"},
	{"\xf0\x9f\x98", "\"\\udcf0\\udc9f\\udc98\"", "four bytes cut to three"},
	{"\xc0\xaf", "\"\\udcc0\\udcaf\"", "an overlong slash"},
	{"\xc1\xbf", "\"\\udcc1\\udcbf\"", "overlong in two bytes"},
	{"\xe0\x9f\xbf", "\"\\udce0\\udc9f\\udcbf\"", "overlong in three bytes"},
	{"\xf0\x8f\xbf\xbf", "\"\\udcf0\\udc8f\\udcbf\\udcbf\"", "overlong in four bytes"},
	{"\xed\xa0\x80", "\"\\udced\\udca0\\udc80\"", "the first surrogate"},
	{"\xed\xbf\xbf", "\"\\udced\\udcbf\\udcbf\"", "the last surrogate"},
	{"\xf4\x90\x80\x80", "\"\\udcf4\\udc90\\udc80\\udc80\"", "over U+10FFFF"},
	{"\xf5\x80\x80\x80", "\"\\udcf5\\udc80\\udc80\\udc80\"", "a first byte that is none"},
	{"\xc3\xc3\xa9", "\"\\udcc3é\"", "a good character after a cut one"},
};

static const struct vector shown[] = {
	{"", "", "an empty path"},
	{"a b/é€😀", "a b/é€😀", "text stays"},
	{"a\nb", "a\\012b", "a newline"},
	{"\033[2J\x7f", "\\033[2J\\177", "a terminal's escape"},
	{"\xc2\x9b"
	 "2J",
		"\\302\\233"
		"2J",
		"a control character of two bytes"},
	{"\xc2\xa0", "\xc2\xa0", "the first after the control characters"},
	{"a\\012", "a\\134012", "a backslash"},
	{"\xff\xed\xa0\x80", "\\377\\355\\240\\200", "what is not UTF-8"},
};

/* A copy without the NUL, in memory of exactly that size: a read behind it is found. */
static void check_vector(
	const struct vector *v, int (*function)(struct buf *, const char *, size_t))
{
	cleanup_buf struct buf out = BUF_NONE;
	size_t len = strlen(v->in);
	cleanup_free char *copy = malloc(len ? len : 1);
	int r;

	memcpy(copy, v->in, len);
	buf_adds(&out, "");
	r = function(&out, copy, len);
	CHECK(r == 0 && strcmp(out.data, v->want) == 0, "%s: %s", v->what, out.data);
}

static void check_nul(void)
{
	cleanup_buf struct buf out = BUF_NONE;

	CHECK(json_quote(&out, "a\0b", 3) == 0 && strcmp(out.data, "\"a\\u0000b\"") == 0,
		"a NUL is a character like others");
}

static const char *nearest(const char *word)
{
	static const char *const names[] = {"chown", "chgrp", "ls", "tar", "getattr", "setattr"};
	struct nearest n = {.word = word, .len = strlen(word)};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		nearest_try(&n, names[i]);
	return n.best ? n.best : "(none)";
}

static void check_nearest(void)
{
	static const char *const want[][2] = {{"chwon", "chown"}, {"chow", "chown"},
		{"chowwn", "chown"}, {"cgrp", "chgrp"}, {"sl", "ls"}, {"tra", "tar"},
		{"stattr", "setattr"}, {"gettatr", "getattr"}, {"x", "(none)"}, {"", "(none)"},
		{"mount", "(none)"}, {"a-word-of-more-than-thirty-one-letters", "(none)"}};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(want); i++)
		CHECK(strcmp(nearest(want[i][0]), want[i][1]) == 0, "'%s' may mean %s: %s",
			want[i][0], want[i][1], nearest(want[i][0]));
}

int main(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(json); i++)
		check_vector(&json[i], json_quote);
	for (i = 0; i < ARRAY_SIZE(shown); i++)
		check_vector(&shown[i], show_path);
	check_nul();
	check_nearest();
	return test_done();
}
