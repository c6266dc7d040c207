// SPDX-License-Identifier: Apache-2.0
#include "core/image/records.h"
#include "testsuite/unit/test.h"
#include <endian.h>

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
	expect(s, "", "x:200000:20001\n", "y:220000:10\n", -EEXIST, "y:220000", "ranges that meet");
	expect(s, "", "x:220000:10\n", "y:200000:20001\n", -EEXIST, "y:200000",
		"the other way round");
	expect(s, "", "x:200000:20000\n", "y:220000:10\n", 0, "x:200000:20000\ny:220000:10\n",
		"side by side");
	expect(s, "", "x:1:100\nw:2:1\n", "y:50:1\n", -EEXIST, "y:50", "behind a shorter one");
	expect(s, "a:1:5\na:9:5\n", "a:1:5\na:9:5\nb:20:5\n", "a:1:5\na:9:5\na:30:5\n", 0,
		"a:1:5\na:9:5\nb:20:5\na:30:5\n", "one user has several");
	expect(s, "", "x:1:10\n", "x:5:10\n", -EEXIST, "x:5", "they meet themselves");
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
	expect(s, "", "Package: a\n", "\n\nPackage: b\n", 0, "Package: a\n\nPackage: b\n\n",
		"empty lines before the first stanza");
	expect(s, "", "Version: 1\n", "", -EBADMSG, "", "a stanza without Package");
}

static void add_number(struct buf *b, uint32_t n)
{
	n = htobe32(n);
	buf_add(b, &n, sizeof(n));
}

static void add_tag(struct buf *b, uint32_t tag, uint32_t type, size_t offset)
{
	add_number(b, tag);
	add_number(b, type);
	add_number(b, (uint32_t)offset);
	add_number(b, 1);
}

/* A package as rpmdb writes it; what is in it besides differs. */
static void add_header(
	struct buf *b, const char *name, const char *version, uint32_t epoch, char more)
{
	cleanup_buf struct buf data = BUF_NONE;
	size_t at_version = strlen(name) + 1, at_epoch = at_version + strlen(version) + 1;

	buf_add(&data, name, at_version);
	buf_add(&data, version, at_epoch - at_version);
	add_number(&data, epoch);
	buf_add(&data, &more, 1);
	buf_add(b, "\x8e\xad\xe8\1\0\0\0\0", 8);
	add_number(b, 3);
	add_number(b, (uint32_t)data.len);
	add_tag(b, 1000, 6, 0);
	add_tag(b, 1001, 6, at_version);
	add_tag(b, 1003, 4, at_epoch);
	buf_add(b, data.data, data.len);
}

static void expect_rpm(const struct buf *base, const struct buf *ours, const struct buf *theirs,
	int want, const struct buf *wanted, const char *key, const char *name)
{
	cleanup_buf struct buf out = BUF_NONE;
	cleanup_free char *got = NULL;
	int r = records_merge(RECORDS_RPM, base, ours, theirs, &out, &got);

	CHECK(r == want &&
			(!wanted || (out.len == wanted->len &&
					    memcmp(out.data, wanted->data, out.len) == 0)) &&
			(!key || (got && strcmp(got, key) == 0)),
		"rpm: %s", name);
}

static void test_rpm(void)
{
	cleanup_buf struct buf none = BUF_NONE, a = BUF_NONE, a_later = BUF_NONE, a_new = BUF_NONE;
	cleanup_buf struct buf a_epoch = BUF_NONE, b = BUF_NONE, both = BUF_NONE, keys = BUF_NONE;
	cleanup_buf struct buf key1 = BUF_NONE, key2 = BUF_NONE, cut = BUF_NONE;

	add_header(&a, "a", "1", 0, 'x');
	add_header(&a_later, "a", "1", 0, 'y');
	add_header(&a_new, "a", "2", 0, 'x');
	add_header(&a_epoch, "a", "1", 1, 'x');
	add_header(&b, "b", "1", 0, 'x');
	buf_add(&both, a.data, a.len);
	buf_add(&both, b.data, b.len);
	add_header(&key1, "gpg-pubkey", "1", 0, 'x');
	add_header(&key2, "gpg-pubkey", "2", 0, 'x');
	buf_add(&keys, key1.data, key1.len);
	buf_add(&keys, key2.data, key2.len);
	expect_rpm(&none, &a, &b, 0, &both, NULL, "what both installed");
	expect_rpm(&none, &a, &a_later, 0, &a, NULL, "one version, installed twice");
	expect_rpm(&a, &a, &a_new, 0, &a_new, NULL, "an update");
	expect_rpm(&a, &none, &both, 0, &b, NULL, "removed here");
	expect_rpm(&none, &a, &a_new, -EEXIST, NULL, "a", "two versions");
	expect_rpm(&none, &a, &a_epoch, -EEXIST, NULL, "a", "two epochs");
	expect_rpm(&none, &key1, &key2, 0, &keys, NULL, "of keys there are many");
	for (size_t n = 1; n < a.len; n++) {
		buf_cut(&cut, 0);
		buf_add(&cut, a.data, n);
		expect_rpm(&none, &cut, &none, -EBADMSG, NULL, NULL, "cut off");
	}
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
	test_rpm();
	test_kinds();
	return test_done();
}
