// SPDX-License-Identifier: Apache-2.0
#include "core/owner/foreign.h"

#include <sys/sysmacros.h>

#include "testsuite/unit/test.h"

/* override_stat as containers/storage and fuse-overlayfs write it. */
static const struct {
	const char *text, *now; /* now: as rlc writes it */
	struct foreign what;
} stores[] = {
	{"0:42:0640:file", "0:42:0640:file", {{0, 42}, S_IFREG | 0640, true, 0, 0}},
	{"0:0:0755:dir", "0:0:0755:dir", {{0, 0}, S_IFDIR | 0755, true, 0, 0}},
	{"9:10:0777:symlink", "9:10:0777:symlink", {{9, 10}, S_IFLNK | 0777, true, 0, 0}},
	{"0:0:0600:pipe", "0:0:0600:pipe", {{0, 0}, S_IFIFO | 0600, true, 0, 0}},
	{"0:0:0600:socket", "0:0:0600:socket", {{0, 0}, S_IFSOCK | 0600, true, 0, 0}},
	{"0:6:0660:block-8-300", "0:6:0660:block-8-300", {{0, 6}, S_IFBLK | 0660, true, 8, 300}},
	{"0:0:0666:char-1-3", "0:0:0666:char-1-3", {{0, 0}, S_IFCHR | 0666, true, 1, 3}},
	{"0:0:0000:char-0-0", "0:0:0000:char-0-0", {{0, 0}, S_IFCHR, true, 0, 0}},
	{"0:0:0600:char-4294967295-4294967295", "0:0:0600:char-4294967295-4294967295",
		{{0, 0}, S_IFCHR | 0600, true, 0xffffffff, 0xffffffff}},
	{"1000:1001:04755", "1000:1001:4755", {{1000, 1001}, 04755, true, 0, 0}},
	{"1000:1001:4755", "1000:1001:4755", {{1000, 1001}, 04755, true, 0, 0}},
	{"0:0:644", "0:0:0644", {{0, 0}, 0644, true, 0, 0}},
	{"0:0:0", "0:0:0000", {{0, 0}, 0, true, 0, 0}},
	{"0:0:100644", "0:0:0644", {{0, 0}, 0644, true, 0, 0}},
	{"0:0:20644", "0:0:0644", {{0, 0}, 0644, true, 0, 0}},
	{"0:0:40755:file", "0:0:0755:file", {{0, 0}, S_IFREG | 0755, true, 0, 0}},
	{"4294967294:0:0644", "4294967294:0:0644", {{0xfffffffe, 0}, 0644, true, 0, 0}},
};

static const char *const no_stores[] = {
	"",
	":",
	"::",
	"0:0",
	"0:0:",
	"0:0:0644:",
	"0:0:0644:x",
	"0:0:0644:files",
	"0:0:0644:file:",
	"0:0:0644:FILE",
	"0:0:0644 ",
	"0:0:0644\n",
	" 0:0:0644",
	"keep:0:0644",
	"0:keep:0644",
	"-1:0:0644",
	"0:-1:0644",
	"4294967295:0:0644",
	"0:4294967295:0644",
	"4294967296:0:0644",
	"0:0:-644",
	"0:0:0o644",
	"0:0:0x644",
	"0:0:0689",
	"0:0:200000",
	"0:0:77777777777777777777777",
	"0:0:0666:char",
	"0:0:0666:char-1",
	"0:0:0666:char-1-",
	"0:0:0666:char--3",
	"0:0:0666:char-1-3-",
	"0:0:0666:char-1,3",
	"0:0:0666:block-4294967296-0",
	"0:0:0644:file-1-3",
	"0 :0:0644",
	"0:0:0644:file:1",
};

/* Lines that fakeroot 1.31 saved. */
static const struct {
	const char *text;
	struct fakeroot_line line;
} saved[] = {
	{"dev=fe00,ino=10971348,mode=40755,uid=0,gid=0,nlink=2,rdev=0",
		{0xfe00, 10971348, 2, 0, {{0, 0}, S_IFDIR | 0755, true, 0, 0}}},
	{"dev=fe00,ino=11059205,mode=20644,uid=0,gid=0,nlink=1,rdev=259",
		{0xfe00, 11059205, 1, 259, {{0, 0}, S_IFCHR | 0644, true, 1, 3}}},
	{"dev=fe00,ino=10971350,mode=60644,uid=0,gid=0,nlink=1,rdev=1050668",
		{0xfe00, 10971350, 1, 1050668, {{0, 0}, S_IFBLK | 0644, true, 8, 300}}},
	{"dev=fe00,ino=10971351,mode=20644,uid=0,gid=0,nlink=1,rdev=4294967295",
		{0xfe00, 10971351, 1, 4294967295, {{0, 0}, S_IFCHR | 0644, true, 4095, 1048575}}},
	{"dev=fe00,ino=10971353,mode=120777,uid=9,gid=10,nlink=1,rdev=0",
		{0xfe00, 10971353, 1, 0, {{9, 10}, S_IFLNK | 0777, true, 0, 0}}},
	{"dev=fe00,ino=10971354,mode=104755,uid=7,gid=8,nlink=1,rdev=0",
		{0xfe00, 10971354, 1, 0, {{7, 8}, S_IFREG | 04755, true, 0, 0}}},
	{"dev=0,ino=18446744073709551615,mode=10600,uid=4294967294,gid=0,nlink=1,rdev=0",
		{0, UINT64_MAX, 1, 0, {{0xfffffffe, 0}, S_IFIFO | 0600, true, 0, 0}}},
};

#define REST ",uid=0,gid=0,nlink=1,rdev=0"

static const char *const not_saved[] = {
	" ",
	"#",
	"dev=",
	"dev=fe00",
	"dev=fe00,ino=1,mode=100644,uid=0,gid=0,nlink=1",
	"dev=fe00,ino=1,mode=100644,uid=0,gid=0,nlink=1,rdev=",
	"dev=FE00,ino=1,mode=100644" REST,
	"dev=0xfe,ino=1,mode=100644" REST,
	"dev=g,ino=1,mode=100644" REST,
	"dev=,ino=1,mode=100644" REST,
	"ino=1,dev=fe00,mode=100644" REST,
	"dev=fe00,ino=-1,mode=100644" REST,
	"dev=fe00,ino=a,mode=100644" REST,
	"dev=fe00,ino=18446744073709551616,mode=100644" REST,
	"dev=fe00,ino=1,mode=644" REST,
	"dev=fe00,ino=1,mode=30644" REST,
	"dev=fe00,ino=1,mode=170644" REST,
	"dev=fe00,ino=1,mode=200644" REST,
	"dev=fe00,ino=1,mode=100648" REST,
	"dev=fe00,ino=1,mode=100644" REST " ",
	"dev=fe00,ino=1,mode=100644" REST "\n",
	"dev=fe00,ino=1,mode=100644" REST ",x=1",
	" dev=fe00,ino=1,mode=100644" REST,
	"dev=fe00, ino=1,mode=100644" REST,
	"dev=10000000000000000,ino=1,mode=100644" REST,
	"dev=fe00,ino=1,mode=100644,uid=4294967295,gid=0,nlink=1,rdev=0",
	"dev=fe00,ino=1,mode=100644,uid=0,gid=4294967296,nlink=1,rdev=0",
	"dev=fe00,ino=1,mode=100644,uid=0,gid=keep,nlink=1,rdev=0",
};

static bool same(const struct foreign *a, const struct foreign *b)
{
	return owner_same(a->owner, b->owner) && a->mode == b->mode && a->has_mode == b->has_mode &&
	       a->major == b->major && a->minor == b->minor;
}

static bool is_text(const struct buf *b, const char *text, const char *end)
{
	size_t len = strlen(text);

	return b->len == len + strlen(end) && memcmp(b->data, text, len) == 0 &&
	       strcmp(b->data + len, end) == 0;
}

static void test_override(void)
{
	struct foreign f;

	for (size_t i = 0; i < ARRAY_SIZE(stores); i++) {
		cleanup_buf struct buf b = BUF_NONE;
		int ret = foreign_override_parse(stores[i].text, strlen(stores[i].text), &f);

		CHECK(ret == 0 && same(&f, &stores[i].what), "override_stat read: %s",
			stores[i].text);
		CHECK(foreign_override_format(&stores[i].what, &b) == 0 &&
				is_text(&b, stores[i].now, ""),
			"override_stat written: %s", stores[i].now);
	}
	for (size_t i = 0; i < ARRAY_SIZE(no_stores); i++)
		CHECK(foreign_override_parse(no_stores[i], strlen(no_stores[i]), &f) == -EBADMSG,
			"override_stat refused: %zu", i);
	CHECK(foreign_override_parse("0:0:0644\0", 9, &f) == -EBADMSG, "override_stat with a NUL");
	CHECK(foreign_override_parse("0:0:0644", 7, &f) == 0 && f.mode == 064,
		"override_stat ends where its length says");
}

static void test_unsayable(void)
{
	cleanup_buf struct buf b = BUF_NONE;
	struct foreign f = {{OWNER_KEEP, 1}, S_IFREG, true, 0, 0};
	struct fakeroot_line line = {1, 2, 1, 0, f};

	CHECK(foreign_override_format(&f, &b) == -EINVAL, "override_stat cannot say keep as uid");
	CHECK(foreign_fakeroot_format(&line, &b) == -EINVAL, "fakeroot cannot say keep as uid");
	line.what.owner = f.owner = (struct owner){1, OWNER_KEEP};
	CHECK(foreign_override_format(&f, &b) == -EINVAL, "override_stat cannot say keep as gid");
	CHECK(foreign_fakeroot_format(&line, &b) == -EINVAL, "fakeroot cannot say keep as gid");
	line.what.owner = f.owner = (struct owner){1, 1};
	line.what.mode = 0644;
	f.has_mode = false;
	CHECK(foreign_override_format(&f, &b) == -EINVAL, "override_stat needs a mode");
	CHECK(foreign_fakeroot_format(&line, &b) == -EINVAL, "fakeroot needs a type");
	CHECK(b.len == 0, "nothing is written of what cannot be said");
}

static void test_virtfs(void)
{
	static const unsigned char bytes[9] = {0x2a, 0, 0, 0x80, 1, 2, 3, 0xff, 0};
	unsigned char out[8];
	uint32_t v32 = 0;
	uint64_t v64 = 0;

	CHECK(foreign_virtfs_parse32(bytes, 4, &v32) == 0 && v32 == 0x8000002a, "9p reads 32 bits");
	CHECK(foreign_virtfs_parse64(bytes, 8, &v64) == 0 && v64 == 0xff0302018000002a,
		"9p reads 64 bits");
	foreign_virtfs_format(v32, 4, out);
	CHECK(memcmp(out, bytes, 4) == 0, "9p writes 32 bits");
	foreign_virtfs_format(v64, 8, out);
	CHECK(memcmp(out, bytes, 8) == 0, "9p writes 64 bits");
	CHECK(foreign_virtfs_parse32(bytes, 3, &v32) == -EBADMSG &&
			foreign_virtfs_parse32(bytes, 8, &v32) == -EBADMSG &&
			foreign_virtfs_parse32(bytes, 0, &v32) == -EBADMSG,
		"9p refuses other sizes of 32 bits");
	CHECK(foreign_virtfs_parse64(bytes, 4, &v64) == -EBADMSG &&
			foreign_virtfs_parse64(bytes, 7, &v64) == -EBADMSG &&
			foreign_virtfs_parse64(bytes, 9, &v64) == -EBADMSG &&
			foreign_virtfs_parse64(bytes, 0, &v64) == -EBADMSG,
		"9p refuses other sizes of 64 bits");
}

static bool same_saved(const struct fakeroot_line *a, const struct fakeroot_line *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->nlink == b->nlink && a->rdev == b->rdev &&
	       same(&a->what, &b->what);
}

static void test_fakeroot(void)
{
	struct fakeroot_line line;

	for (size_t i = 0; i < ARRAY_SIZE(saved); i++) {
		cleanup_buf struct buf b = BUF_NONE;
		int ret = foreign_fakeroot_parse(saved[i].text, strlen(saved[i].text), &line);

		CHECK(ret == 1 && same_saved(&line, &saved[i].line), "fakeroot read: %s",
			saved[i].text);
		CHECK(foreign_fakeroot_format(&saved[i].line, &b) == 0 &&
				is_text(&b, saved[i].text, "\n"),
			"fakeroot written: %s", saved[i].text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(not_saved); i++)
		CHECK(foreign_fakeroot_parse(not_saved[i], strlen(not_saved[i]), &line) == -EBADMSG,
			"fakeroot refused: %zu", i);
	CHECK(foreign_fakeroot_parse(NULL, 0, &line) == 0, "an empty line");
}

int main(void)
{
	test_override();
	test_unsayable();
	test_virtfs();
	test_fakeroot();
	return test_done();
}
