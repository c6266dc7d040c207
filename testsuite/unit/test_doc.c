// SPDX-License-Identifier: Apache-2.0
/* Documents, and the small texts in them: digests, tags, platforms, times. */
#include "core/image/image.h"
#include "testsuite/unit/test.h"

static int parse(const char *text, struct err *err)
{
	/* Memory of exactly that size: a read behind it is found */
	size_t n = strlen(text);
	cleanup_free char *copy = malloc(n ? n : 1);
	cleanup_json json_t *doc = NULL;

	memcpy(copy, text, n);
	return doc_parse(copy, n, "file", &doc, err);
}

static void check_parse(void)
{
	static const struct {
		const char *text, *what;
		int code;
	} vectors[] = {
		{"{}", NULL, 0},
		{" [1, 2.5, null, true, \"\\u00e9\"] \n", NULL, 0},
		{"", "the text ends too early", -EBADMSG},
		{"{\"a\":", "the text ends too early", -EBADMSG},
		{"{}x", "something follows the document", -EBADMSG},
		{"\"x\"", "no JSON", -EBADMSG},
		{"{a:1}", "no JSON", -EBADMSG},
		{"[\"\xff\"]", "no UTF-8", -EBADMSG},
		{"[\"\\ud800\"]", "no JSON", -EBADMSG},
		{"{\"a\":1,\"b\":2,\"a\":1}", "a key stands there twice", -EBADMSG},
		{"[9223372036854775808]", "a number is too large", -EBADMSG},
		{"[1e999]", "a number is too large", -EBADMSG},
		{"[\"\\u0000\"]", "a NUL in a text", -EBADMSG},
		{"{\"\\u0000\":1}", "a NUL in a text", -EBADMSG},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		cleanup_err struct err err = ERR_NONE;
		int r = parse(vectors[i].text, &err);

		CHECK(r == vectors[i].code && (!r || strcmp(err.what, vectors[i].what) == 0),
			"%s: %d %s", vectors[i].text, r, err.what ? err.what : "");
		CHECK(!r || strcmp(err.path, "file, line 1") == 0, "where it is: %s", err.path);
	}
}

/* n times a piece between a start and an end. */
static int parse_many(const char *start, const char *piece, size_t n, const char *end)
{
	cleanup_buf struct buf text = BUF_NONE;
	cleanup_json json_t *doc = NULL;

	buf_adds(&text, start);
	while (n--)
		buf_adds(&text, piece);
	buf_adds(&text, end);
	return doc_parse(text.data, text.len, "file", &doc, NULL);
}

static void check_limits(void)
{
	CHECK(parse_many("[", "0,", DOC_VALUES_MAX - 3, "0]") == 0,
		"as many values as there may be");
	CHECK(parse_many("[", "0,", DOC_VALUES_MAX - 1, "0]") == -EFBIG, "one value more");
	CHECK(parse_many("[\"", ",[{", DOC_VALUES_MAX, "\"]") == 0,
		"commas in texts are no values");
	CHECK(parse_many("[\"\\\"", ",[{", DOC_VALUES_MAX, "\"]") == 0,
		"nor behind a quote in one");
	CHECK(parse_many("[", "{\"a\":", 120, "0") == -EBADMSG, "deep nesting without end");
	CHECK(parse_many("", "[", 100000, "") == -EBADMSG, "very deep nesting");
	CHECK(parse_many("\"", "x", DOC_MAX, "\"") == -EFBIG, "very long text");
}

static void check_write(void)
{
	static const char text[] =
		"{\"z\":1,\"a\":{\"big\":9223372036854775807,\"real\":2.5},\"\\u00e9\":\"\\u0001/<>\"}";
	cleanup_json json_t *doc = NULL;
	cleanup_buf struct buf out = BUF_NONE;

	CHECK(doc_parse(text, strlen(text), "file", &doc, NULL) == 0, "parse");
	CHECK(doc_write(doc, &out) == 0, "write");
	CHECK(strcmp(out.data, "{\"z\":1,\"a\":{\"big\":9223372036854775807,\"real\":2.5},"
			       "\"é\":\"\\u0001/<>\"}") == 0,
		"keys keep their order: %s", out.data);
}

static void check_members(void)
{
	cleanup_json json_t *doc = json_pack("{s:s,s:i,s:n}", "text", "x", "number", 1, "null");

	CHECK(strcmp(doc_text(doc, "text"), "x") == 0, "a text");
	CHECK(!doc_text(doc, "number") && !doc_text(doc, "none") && !doc_text(NULL, "x"),
		"no text");
	CHECK(doc_object(doc, "null") && doc_object(doc, "new") == doc_object(doc, "new"),
		"objects are made where nothing is");
	CHECK(!doc_object(doc, "text") && !doc_array(doc, "new"),
		"not over what is something else");
	CHECK(doc_array(doc, "list") && doc_set_text(doc, "text", NULL) == 0, "an array");
	CHECK(!json_object_get(doc, "text"), "NULL takes a text away");
	CHECK(doc_set_text(NULL, "x", "y") == -ENOMEM, "no object, no text");
}

static void check_tags(void)
{
	static const char *const good[] = {
		"latest", "1", "a.b-c_d:e@f+g", "a/b", "a--b", "A/b/c-1"};
	static const char *const bad[] = {"", "-a", "a-", "a//b", "/a", "a/", "a---b", "a..b",
		"a b", "a\n", "é", "a--", "..", "a:/b"};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++)
		CHECK(tag_valid(good[i]), "a tag: %s", good[i]);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(!tag_valid(bad[i]), "no tag: %s", bad[i]);
}

static void check_name(const char *text, const char *dir, const char *tag)
{
	cleanup_image_name struct image_name name = IMAGE_NAME_NONE;
	int r = image_name_parse(text, &name, NULL);

	CHECK(dir ? r == 0 && strcmp(name.dir, dir) == 0 && strcmp(name.tag, tag) == 0
		  : r == -EINVAL && !name.dir,
		"name %s", text);
}

static void check_platform(const char *text, const char *config, bool fits)
{
	cleanup_platform struct platform p = PLATFORM_NONE;
	cleanup_json json_t *doc = json_loads(config, 0, NULL);

	CHECK(platform_parse(text, &p) == 0 && platform_fits(&p, doc) == fits, "%s %s %s", text,
		fits ? "is" : "is not", config);
}

static void check_platforms(void)
{
	static const char *const bad[] = {"", "linux", "linux/", "/amd64", "a/b/", "a/b/c/d", "//"};
	cleanup_platform struct platform p = PLATFORM_NONE;
	size_t i;

	check_platform("linux/amd64", "{\"os\":\"linux\",\"architecture\":\"amd64\"}", true);
	check_platform("linux/x86_64", "{\"os\":\"linux\",\"architecture\":\"amd64\"}", true);
	check_platform("linux/arm64/v8", "{\"os\":\"linux\",\"architecture\":\"arm64\"}", true);
	check_platform("linux/arm/v6", "{\"os\":\"linux\",\"architecture\":\"arm\"}", false);
	check_platform("linux/arm",
		"{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v6\"}", true);
	check_platform("linux/amd64", "{\"os\":\"linux\"}", false);
	check_platform("linux/amd64", "[]", false);
	check_platform("linux/amd64", "{\"os\":1,\"architecture\":\"amd64\"}", false);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(platform_parse(bad[i], &p) == -EINVAL, "no platform: '%s'", bad[i]);
	CHECK(platform_here(&p) == 0 && strcmp(p.os, "linux") == 0 && p.arch, "here");
}

static void check_times(void)
{
	static const struct {
		const char *text;
		int64_t seconds;
		long ns;
		const char *shown;
	} good[] = {
		{"1970-01-01T00:00:00Z", 0, 0, NULL},
		{"2026-02-03T04:05:06.5Z", 1770091506, 500000000, NULL},
		{"2000-02-29T23:59:59.000000001Z", 951868799, 1, NULL},
		{"1969-12-31T23:59:59.25Z", -1, 250000000, NULL},
		{"0000-01-01T00:00:00Z", -62167219200, 0, NULL},
		{"9999-12-31T23:59:59Z", 253402300799, 0, NULL},
		{"2026-02-03t04:05:06.1234567899z", 1770091506, 123456789,
			"2026-02-03T04:05:06.123456789Z"},
		{"2026-02-03T04:05:06+01:30", 1770086106, 0, "2026-02-03T02:35:06Z"},
		{"2026-02-03T04:05:06-00:30", 1770093306, 0, "2026-02-03T04:35:06Z"},
	};
	static const char *const bad[] = {"", "2026", "2026-02-30T00:00:00Z",
		"2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
		"2026-01-01T00:00:60Z", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00",
		"2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+1:00", "2026-01-01T00:00:00ZZ",
		"1900-02-29T00:00:00Z", "26-01-01T00:00:00Z", "-026-01-01T00:00:00Z"};
	char text[IMAGE_TIME_MAX];
	struct timespec t;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		CHECK(image_time_parse(good[i].text, &t) == 0 && t.tv_sec == good[i].seconds &&
				t.tv_nsec == good[i].ns,
			"%s: %lld", good[i].text, (long long)t.tv_sec);
		image_time(t, text);
		CHECK(strcmp(text, good[i].shown ? good[i].shown : good[i].text) == 0, "%s", text);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(image_time_parse(bad[i], &t) == -EINVAL, "no time: %s", bad[i]);
	image_time((struct timespec){INT64_MAX, 999999999}, text);
	CHECK(strcmp(text, "9999-12-31T23:59:59.999999999Z") == 0, "the last: %s", text);
	image_time((struct timespec){INT64_MIN, 0}, text);
	CHECK(strcmp(text, "0000-01-01T00:00:00Z") == 0, "the first: %s", text);
}

static void check_now(void)
{
	setenv("SOURCE_DATE_EPOCH", "12", 1);
	CHECK(image_now().tv_sec == 12 && image_now().tv_nsec == 0, "SOURCE_DATE_EPOCH");
	setenv("SOURCE_DATE_EPOCH", "12x", 1);
	CHECK(image_now().tv_sec > 1000000000, "that is no number");
	unsetenv("SOURCE_DATE_EPOCH");
	CHECK(image_now().tv_sec > 1000000000, "without it");
}

static void check_descriptor(const char *text, int code)
{
	cleanup_descriptor struct descriptor d = DESCRIPTOR_NONE;
	cleanup_json json_t *doc = json_loads(text, JSON_DECODE_ANY, NULL);
	int r = descriptor_read(doc, "here", &d, NULL);

	CHECK(r == code && !d.json == (r < 0), "%d: %s", r, text);
}

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void check_descriptors(void)
{
	check_descriptor("{\"mediaType\":\"a/b\",\"digest\":\"sha256:" HEX "\",\"size\":1}", 0);
	check_descriptor("{\"digest\":\"sha256:" HEX "\",\"size\":0}", 0);
	check_descriptor("{\"digest\":\"sha256:" HEX "0\",\"size\":0}", -EBADMSG);
	check_descriptor("{\"digest\":\"sha512:" HEX "\",\"size\":0}", -ENOTSUP);
	check_descriptor("{\"digest\":\"" HEX "\",\"size\":0}", -EBADMSG);
	check_descriptor("{\"digest\":\"sha256:" HEX "\",\"size\":-1}", -EBADMSG);
	check_descriptor("{\"digest\":\"sha256:" HEX "\",\"size\":\"1\"}", -EBADMSG);
	check_descriptor("{\"digest\":\"sha256:" HEX "\"}", -EBADMSG);
	check_descriptor("{\"mediaType\":1,\"digest\":\"sha256:" HEX "\",\"size\":1}", -EBADMSG);
	check_descriptor("[]", -EBADMSG);
	check_descriptor("null", -EBADMSG);
	CHECK(!digest_valid("sha256:") && !digest_valid(HEX) && digest_valid("sha256:" HEX),
		"digests");
}

int main(void)
{
	check_parse();
	check_limits();
	check_write();
	check_members();
	check_tags();
	check_name("l", "l", "latest");
	check_name("l:a:b", "l", "a:b");
	check_name("/a/b:c/d", "/a/b", "c/d");
	check_name(":a", NULL, NULL);
	check_name("", NULL, NULL);
	check_name("l:", NULL, NULL);
	check_platforms();
	check_times();
	check_now();
	check_descriptors();
	return test_done();
}
