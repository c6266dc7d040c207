// SPDX-License-Identifier: Apache-2.0
#include "testsuite/unit/tarball.h"
#include "testsuite/unit/test.h"

/* Reads the archive made so far, compares what is seen, and empties it. */
static void expect(struct buf *archive, const char *want, const char *name)
{
	cleanup_free char *got = archive_text(archive->data, archive->len);

	if (!CHECK(got && !strcmp(got, want), "%s", name))
		printf("# want:\n%s# got:\n%s", want, got ? got : "(nothing)\n");
	buf_free(archive);
}

static void test_names(void)
{
	cleanup_buf struct buf a = BUF_NONE;

	tar_pax(&a, "path", "a\xff\xc3\xa9");
	tar_file(&a, "x", "1");
	tar_special(&a, 'L', "l\xe9", 3);
	tar_file(&a, "x", "2");
	tar_pax(&a, "linkpath", "\xc3\xa9\xfe");
	tar_header(&a, &(struct tar_header){.type = '2', .name = "u\xfc", .link = "x"});
	tar_pax(&a, "uname", "\xe4");
	tar_header(&a, &(struct tar_header){.type = '5', .name = "d/"});
	tar_end(&a);
	expect(&a,
		"a\\xff\\xc3\\xa9 100644 size=1 @0:1\n"
		"l\\xe9 100644 size=1 @0:2\n"
		"u\\xfc -> \\xc3\\xa9\\xfe 120644\n"
		"d/ 40644 uname=\\xe4\n",
		"names are bytes");
}

static void test_times(void)
{
	static const char *const times[][2] = {
		{"-1.5", " m=-2.500000000"},
		{"-0.5", " m=-1.500000000"},
		{"-2", " m=-2.000000000"},
		{"-3.000000001", " m=-4.999999999"},
		{"1.9999999999", " m=1.999999999"},
		{"2147483648.25", " m=2147483648.250000000"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		cleanup_buf struct buf a = BUF_NONE;
		char want[100];

		tar_pax(&a, "mtime", times[i][0]);
		tar_file(&a, "f", "");
		tar_end(&a);
		snprintf(want, sizeof(want), "f 100644%s\n", times[i][1]);
		expect(&a, want, times[i][0]);
	}
}

static void test_attributes(void)
{
	cleanup_buf struct buf a = BUF_NONE, text = BUF_NONE;

	pax_record(&text, "SCHILY.xattr.user.a%3Db%25c", "v\0w", 3);
	pax_record(&text, "LIBARCHIVE.xattr.user.a%3Db%25c", "dgB3", 4);
	pax_record(&text, "SCHILY.xattr.user.%C3%A9", "1", 1);
	pax_record(&text, "SCHILY.xattr.user.100%41%0", "2", 1);
	pax_record(&text, "SCHILY.xattr.user.nul%00", "3", 1);
	pax_record(&text, "LIBARCHIVE.xattr.user.only", "PT0=", 4);
	tar_special(&a, 'x', text.data, text.len);
	tar_file(&a, "f", "");
	tar_end(&a);
	expect(&a,
		"f 100644 user.only=== user.nul%00=3 user.100%41%0=2 user.\\xc3\\xa9=1"
		" user.a=b%c=v\\x00w\n",
		"attributes: each once, with its own name");
}

static void test_acl(void)
{
	cleanup_buf struct buf a = BUF_NONE, text = BUF_NONE;
	static const char access[] = "user::rwx,user:bob:rwx:7,user:5:r-x,group::r--,"
				     "group:nobodyknows:rwx,mask::r-x,other::---";
	static const char inherit[] = "user::rwx,group:6:-w-,group::r--,other::--x";

	pax_record(&text, "SCHILY.acl.access", access, sizeof(access) - 1);
	pax_record(&text, "SCHILY.acl.default", inherit, sizeof(inherit) - 1);
	tar_special(&a, 'x', text.data, text.len);
	tar_header(&a, &(struct tar_header){.type = '5', .name = "d/", .mode = 0750});
	tar_pax(&a, "SCHILY.acl.access", "user::rw-,group::r--,other::---");
	tar_file(&a, "f", "");
	tar_end(&a);
	expect(&a,
		"d/ 40750 system.posix_acl_access=\\x02\\x00\\x00\\x00"
		"\\x01\\x00\\x07\\x00\\xff\\xff\\xff\\xff"
		"\\x02\\x00\\x05\\x00\\x05\\x00\\x00\\x00"
		"\\x02\\x00\\x07\\x00\\x07\\x00\\x00\\x00"
		"\\x04\\x00\\x04\\x00\\xff\\xff\\xff\\xff"
		"\\x10\\x00\\x05\\x00\\xff\\xff\\xff\\xff"
		"\\x20\\x00\\x00\\x00\\xff\\xff\\xff\\xff"
		" system.posix_acl_default=\\x02\\x00\\x00\\x00"
		"\\x01\\x00\\x07\\x00\\xff\\xff\\xff\\xff"
		"\\x04\\x00\\x04\\x00\\xff\\xff\\xff\\xff"
		"\\x08\\x00\\x02\\x00\\x06\\x00\\x00\\x00"
		"\\x10\\x00\\x06\\x00\\xff\\xff\\xff\\xff"
		"\\x20\\x00\\x01\\x00\\xff\\xff\\xff\\xff\n"
		"f 100640\n",
		"ACLs as text become the kernel's attributes");
}

/* A body that is a tar header: whoever takes an entry for shorter than it is sees "evil". */
static void evil(struct buf *out)
{
	tar_header(out, &(struct tar_header){.type = '0', .name = "evil"});
}

static void test_size(void)
{
	cleanup_buf struct buf a = BUF_NONE;

	tar_pax(&a, "size", "512");
	tar_special(&a, 'L', "long", 5);
	tar_header(&a, &(struct tar_header){.type = '0', .name = "x"});
	evil(&a);
	tar_special(&a, 'L', "other", 6);
	tar_pax(&a, "size", "512");
	tar_special(&a, 'K', "target", 7);
	tar_header(&a, &(struct tar_header){.type = '0', .name = "x", .size = 3});
	evil(&a);
	tar_file(&a, "last", "");
	tar_end(&a);
	expect(&a,
		"long 100644 size=512 @0:evil"
		"\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00"
		"\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00"
		"\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00"
		"\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\n"
		"other 100644 size=512 @0:evil"
		"\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00"
		"\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00"
		"\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00"
		"\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\n"
		"last 100644\n",
		"a pax size belongs to the file, not to what stands between");
}

static void test_no_body(void)
{
	static const char types[] = "123456";
	static const char *const want[] = {
		"n == t 644", "n -> t 120644", "n 20644", "n 60644", "n 40644", "n 10644"};

	for (size_t i = 0; types[i]; i++) {
		cleanup_buf struct buf a = BUF_NONE;
		char text[64];

		tar_pax(&a, "size", "512");
		tar_header(&a, &(struct tar_header){
				       .type = types[i], .name = "n", .link = "t", .size = 512});
		tar_file(&a, "next", "");
		tar_end(&a);
		snprintf(text, sizeof(text), "%s\nnext 100644\n", want[i]);
		expect(&a, text, "links, devices, directories and FIFOs have no body");
	}
}

static void test_body(void)
{
	cleanup_buf struct buf a = BUF_NONE, text = BUF_NONE;

	tar_header(&a, &(struct tar_header){.type = '0', .name = "dir/", .size = 512});
	evil(&a);
	tar_file(&a, "next", "");
	tar_end(&a);
	expect(&a, "dir/ 40644\nnext 100644\n", "a body after a name with a slash");

	pax_record(&text, "GNU.sparse.major", "1", 1);
	pax_record(&text, "GNU.sparse.minor", "0", 1);
	pax_record(&text, "GNU.sparse.name", "sparse", 6);
	pax_record(&text, "GNU.sparse.realsize", "100", 3);
	tar_special(&a, 'x', text.data, text.len);
	tar_header(&a, &(struct tar_header){.type = '0', .name = "x", .size = 1536});
	tar_body(&a, "1\n50\n2\n", 7);
	tar_body(&a, "hi", 2);
	evil(&a);
	tar_file(&a, "next", "");
	tar_end(&a);
	expect(&a, "sparse 100644 50+2 size=100 @50:hi\nnext 100644\n",
		"a body that is longer than its sparse map");

	tar_header(&a, &(struct tar_header){.type = '0',
			       .name = "f",
			       .size = 512,
			       .gnu = true,
			       .offset = 8,
			       .length = 2,
			       .realsize = 10});
	evil(&a);
	tar_header(&a, &(struct tar_header){.type = 'S',
			       .name = "s",
			       .size = 2,
			       .gnu = true,
			       .offset = 8,
			       .length = 2,
			       .realsize = 10});
	tar_body(&a, "hi", 2);
	tar_end(&a);
	cleanup_free char *got = archive_text(a.data, a.len);
	CHECK(!strncmp(got, "f 100644 size=512 @0:evil", 25), "a map counts in type S only");
	CHECK(strstr(got, "\ns 100644 8+2 size=10 @8:hi\n"), "old GNU sparse");
}

/* Nothing before it has left a buffer for its target. */
static void test_first_link(void)
{
	cleanup_buf struct buf a = BUF_NONE;

	tar_pax(&a, "linkpath", "f");
	tar_header(&a, &(struct tar_header){.type = '1', .name = "h"});
	tar_end(&a);
	expect(&a, "h == f 644\n", "a target that stands in the pax header alone");
}

static void test_link_names(void)
{
	cleanup_buf struct buf a = BUF_NONE;

	tar_special(&a, 'K', "elsewhere", 10);
	tar_file(&a, "f", "1");
	tar_pax(&a, "linkpath", "elsewhere");
	tar_file(&a, "g", "2");
	tar_special(&a, 'K', "far", 4);
	tar_header(&a, &(struct tar_header){.type = '2', .name = "s"});
	tar_pax(&a, "linkpath", "f");
	tar_header(&a, &(struct tar_header){.type = '1', .name = "h"});
	tar_header(&a, &(struct tar_header){.type = '1', .name = "none"});
	tar_end(&a);
	expect(&a,
		"f 100644 size=1 @0:1\n"
		"g 100644 size=1 @0:2\n"
		"s -> far 120644\n"
		"h == f 644\n"
		"! none: the link has no target (again)\n",
		"a link's name is for links");
}

static void test_specials(void)
{
	cleanup_buf struct buf a = BUF_NONE;

	tar_header(&a, &(struct tar_header){.type = 'V', .name = "volume", .size = 512});
	evil(&a);
	tar_special(&a, 'A', "hello, this is no ACL", 21);
	tar_file(&a, "next", "");
	tar_end(&a);
	expect(&a, "next 100644\n", "volume headers and Solaris ACLs are passed over");

	tar_special(&a, 'x', "99 path=short\n", 14);
	tar_file(&a, "next", "");
	tar_end(&a);
	expect(&a, "! the archive is damaged\n", "a malformed pax header");

	tar_pax(&a, "size", "1e3");
	tar_file(&a, "next", "");
	tar_end(&a);
	expect(&a, "! the archive is damaged\n", "a size that is no number");

	tar_pax(&a, "size", "512");
	tar_pax(&a, "path", "other");
	tar_file(&a, "next", "");
	tar_end(&a);
	expect(&a, "! the archive is damaged\n", "two pax headers in a row");

	tar_special(&a, 'g', "13 path=evil\n", 13);
	tar_file(&a, "next", "");
	tar_end(&a);
	expect(&a, "next 100644\n", "a global header");
}

static void test_refused(void)
{
	cleanup_buf struct buf a = BUF_NONE, text = BUF_NONE;

	pax_record(&text, "path", "a\0b", 3);
	tar_special(&a, 'x', text.data, text.len);
	tar_file(&a, "x", "1");
	tar_special(&a, 'K', "target", 7);
	tar_special(&a, 'x', text.data, text.len);
	tar_file(&a, "y", "1");
	tar_header(&a, &(struct tar_header){.type = '2', .name = "empty"});
	tar_pax(&a, "uid", "4294967296");
	tar_file(&a, "big", "2");
	buf_cut(&text, 0);
	pax_record(&text, "GNU.sparse.major", "2", 1);
	pax_record(&text, "GNU.sparse.minor", "0", 1);
	tar_special(&a, 'x', text.data, text.len);
	tar_file(&a, "sparse", "3");
	tar_file(&a, "good", "4");
	tar_end(&a);
	expect(&a,
		"! x: the entry's header is malformed (again)\n"
		"! y: the entry's header is malformed (again)\n"
		"! empty: the link has no target (again)\n"
		"! big: the owner is out of range (again)\n"
		"! sparse: the entry's header is malformed (again)\n"
		"good 100644 size=1 @0:4\n",
		"what is wrong is refused, and the rest is read");
}

/* Wherever an archive is cut, what was whole is there and an error follows. */
static void test_cut(void)
{
	cleanup_buf struct buf a = BUF_NONE;
	size_t end;
	int bad = 0;

	tar_file(&a, "f", "12345");
	tar_pax(&a, "path", "long");
	tar_file(&a, "g", "67890");
	end = a.len + 512;
	tar_end(&a);
	for (size_t n = 0; n < a.len; n++) {
		cleanup_buf struct buf part = BUF_NONE; /* so that the sanitizer sees its end */
		cleanup_free char *got = NULL;

		buf_add(&part, a.data, n);
		got = archive_text(part.data, n);
		bad += (strchr(got, '!') == NULL) != (n >= end);
	}
	CHECK(bad == 0, "a tar archive that is cut off is told from a whole one (%d)", bad);
}

static void test_flipped(void)
{
	cleanup_buf struct buf a = BUF_NONE;
	int bad = 0;

	tar_pax(&a, "path", "long");
	tar_file(&a, "g", "67890");
	tar_end(&a);
	for (size_t i = 1024; i < 1536; i++) {
		cleanup_free char *got = NULL;

		a.data[i] ^= 0x10;
		got = archive_text(a.data, a.len);
		bad += strchr(got, '!') == NULL;
		a.data[i] ^= 0x10;
	}
	/* of the checksum's 8 bytes the last is a space or a NUL, nobody cares */
	CHECK(bad <= 2, "a bit flipped in a header is noticed (%d)", bad);
}

int main(void)
{
	test_names();
	test_times();
	test_attributes();
	test_acl();
	test_size();
	test_no_body();
	test_body();
	test_first_link();
	test_link_names();
	test_specials();
	test_refused();
	test_cut();
	test_flipped();
	return test_done();
}
