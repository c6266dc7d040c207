// SPDX-License-Identifier: Apache-2.0
#include "core/image/records.h"
#include "testsuite/unit/test.h"

static struct buf buf_of(const char *text)
{
	struct buf b = BUF_NONE;

	if (buf_adds(&b, text) < 0)
		abort();
	return b;
}

static void expect(enum records_kind kind, const char *base, const char *ours, const char *theirs,
	int want, const char *text, const char *name)
{
	cleanup_buf struct buf b = buf_of(base), o = buf_of(ours), t = buf_of(theirs);
	cleanup_buf struct buf out = BUF_NONE;
	cleanup_free char *key = NULL;
	int r = records_merge(kind, &b, &o, &t, &out, &key);
	const char *got = r == -EEXIST ? key : out.data ? out.data : "";

	if (!CHECK(r == want && (r == -EBADMSG || strcmp(got, text) == 0), "%s", name))
		printf("# %d: %s\n", r, got);
}

static void test_lines(void)
{
	const enum records_kind l = RECORDS_LINES;

	expect(l, "a:1\nb:2\n", "a:1\nb:2\nx:3\n", "a:1\nb:2\ny:4\n", 0, "a:1\nb:2\nx:3\ny:4\n",
		"what both added is there, in order");
	expect(l, "a:1\nb:2\n", "b:2\n", "a:1\nb:9\n", 0, "b:9\n", "removed here, changed there");
	expect(l, "a:1\n", "a:2\n", "a:3\n", -EEXIST, "a", "changed by both, not alike");
	expect(l, "a:1\n", "a:2\n", "a:2\n", 0, "a:2\n", "changed by both, alike");
	expect(l, "a:1\n", "", "a:3\n", -EEXIST, "a", "removed and changed");
	expect(l, "", "x:*:20000:\n", "y:*:20000:\n", 0, "x:*:20000:\ny:*:20000:\n",
		"shadow: the day is no number of anybody");
	expect(l, "a:1", "a:1\nb:1", "a:1", 0, "a:1\nb:1\n", "without an end of line");
	expect(l, "a:1\na:2\n", "", "", -EBADMSG, "", "one key twice");
}

static void test_numbers(void)
{
	const enum records_kind i = RECORDS_IDS, s = RECORDS_RANGES;

	expect(i, "", "x:x:7:7\n", "y:x:7:7\n", -EEXIST, "y", "one number for two names");
	expect(i, "", "x:x:7:7\n", "x:x:7:7\n", 0, "x:x:7:7\n", "one number for one name");
	expect(i, "a:x:7:7\n", "a:x:7:7\nb:x:8:7\n", "a:x:7:7\nc:x:9:7\n", 0,
		"a:x:7:7\nb:x:8:7\nc:x:9:7\n", "one group for two is fine");
	expect(s, "", "x:200000:65536\n", "y:300000:65536\n", 0, "x:200000:65536\ny:300000:65536\n",
		"ranges of one size");
	expect(s, "", "x:200000:20001\n", "y:220000:10\n", -EEXIST, "y", "ranges that meet");
	expect(s, "", "x:220000:10\n", "y:200000:20001\n", -EEXIST, "y", "the other way round");
	expect(s, "", "x:200000:20000\n", "y:220000:10\n", 0, "x:200000:20000\ny:220000:10\n",
		"side by side");
	expect(s, "", "x:1:100\nw:2:1\n", "y:50:1\n", -EEXIST, "y", "behind a shorter one");
}

static void test_stanzas(void)
{
	const enum records_kind s = RECORDS_STANZAS;

	expect(s, "Package: a\nVersion: 1\n\nPackage: b\nVersion: 1\n\n",
		"Package: a\nVersion: 2\n\nPackage: b\nVersion: 1\n\n",
		"Package: a\nVersion: 1\n\nPackage: b\nVersion: 1\n\nPackage: c\nVersion: 1\n\n", 0,
		"Package: a\nVersion: 2\n\nPackage: b\nVersion: 1\n\nPackage: c\nVersion: 1\n\n",
		"an update and a new package");
	expect(s, "", "Package: a\nArchitecture: x\n", "Package: a\nArchitecture: y\n", 0,
		"Package: a\nArchitecture: x\n\nPackage: a\nArchitecture: y\n\n",
		"one package for two machines");
	expect(s, "", "Package: a\nVersion: 1\n", "Package: a\nVersion: 2\n", -EEXIST, "a ",
		"two versions of one");
	expect(s, "", "Version: 1\n", "", -EBADMSG, "", "a stanza without Package");
}

static void test_kinds(void)
{
	CHECK(records_kind("etc/passwd") == RECORDS_IDS, "passwd has numbers");
	CHECK(records_kind("etc/shadow") == RECORDS_LINES, "shadow has none");
	CHECK(records_kind("etc/subuid") == RECORDS_RANGES, "subuid has ranges");
	CHECK(records_kind("var/lib/dpkg/status") == RECORDS_STANZAS, "status is stanzas");
	CHECK(records_kind("etc/passwd-") == RECORDS_NONE, "another file is neither");
}

int main(void)
{
	test_lines();
	test_numbers();
	test_stanzas();
	test_kinds();
	return test_done();
}
