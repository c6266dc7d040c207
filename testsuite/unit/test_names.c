// SPDX-License-Identifier: Apache-2.0
#include "core/base/io.h"
#include "core/owner/names.h"
#include "testsuite/unit/test.h"
#include <sys/mman.h>

/* A file that holds those bytes; -1 for NULL. */
static int file_of(const char *text, size_t len)
{
	int fd = text ? memfd_create("names", MFD_CLOEXEC) : -1;

	if (fd >= 0 && (io_write(fd, text, len) < 0 || lseek(fd, 0, SEEK_SET) < 0))
		abort();
	return fd;
}

static struct names *read_bytes(const char *passwd, size_t passwd_len, const char *group)
{
	cleanup_fd int users = file_of(passwd, passwd_len);
	cleanup_fd int groups = file_of(group, group ? strlen(group) : 0);
	struct names *n = NULL;

	return names_read(users, groups, &n) == 0 ? n : NULL;
}

static struct names *read_text(const char *passwd, const char *group)
{
	return read_bytes(passwd, passwd ? strlen(passwd) : 0, group);
}

static bool is(const char *got, const char *want)
{
	return want ? got && strcmp(got, want) == 0 : !got;
}

static void check_usual(void)
{
	struct names *n = read_text("root:x:0:0:root:/root:/bin/sh\n"
				    "mail:x:8:12:mail:/var/mail:/bin/false\n"
				    "man:x:6:12::/var/cache/man:\n",
		"root:x:0:\nmail:x:12:mail,man\nshadow:*:42:\n");
	uint32_t id = 99, group = 99;

	CHECK(n, "usual files are read");
	CHECK(is(names_user(n, 8), "mail") && is(names_user(n, 0), "root"), "users by number");
	CHECK(is(names_group(n, 12), "mail") && is(names_group(n, 42), "shadow"),
		"groups by number");
	CHECK(!names_user(n, 7) && !names_group(n, 8), "numbers that nobody has");
	CHECK(names_uid(n, "man", &id, &group) == 0 && id == 6 && group == 12, "a user by name");
	CHECK(names_uid(n, "root", &id, NULL) == 0 && id == 0, "the group need not be asked for");
	CHECK(names_gid(n, "shadow", &id) == 0 && id == 42, "a group by name");
	CHECK(names_uid(n, "shadow", &id, NULL) == -ENOENT, "a group is no user");
	CHECK(names_gid(n, "man", &id) == -ENOENT, "a user is no group");
	CHECK(names_login_group(n, 8, &id) == 0 && id == 12, "the login group");
	CHECK(names_login_group(n, 12, &id) == -ENOENT, "no login group of a number nobody has");
	names_free(n);
}

static void check_missing(void)
{
	struct names *n = read_text(NULL, NULL);
	uint32_t id;

	CHECK(n && !names_user(n, 0) && !names_group(n, 0), "without files nobody has a name");
	CHECK(names_uid(n, "root", &id, NULL) == -ENOENT, "not even root");
	names_free(n);
	n = read_text("", "");
	CHECK(n && !names_user(n, 0), "empty files are files");
	names_free(n);
	CHECK(!names_user(NULL, 0) && !names_group(NULL, 0), "no names at all");
	names_free(NULL);
}

static void check_first_counts(void)
{
	struct names *n = read_text("b:x:5:1\na:x:5:2\nc:x:9:3\nc:x:8:4\n", "z:x:7:\ny:x:7:\n");
	uint32_t id = 0, group = 0;

	CHECK(is(names_user(n, 5), "b"), "of two lines with one number the first: %s",
		names_user(n, 5));
	CHECK(is(names_group(n, 7), "z"), "in groups too");
	CHECK(names_uid(n, "c", &id, &group) == 0 && id == 9 && group == 3,
		"of two lines with one name the first: %u:%u", id, group);
	CHECK(names_uid(n, "a", &id, NULL) == 0 && id == 5, "the second name still counts");
	names_free(n);
}

/* Each is followed by a good line, which must be found. */
static void check_malformed(void)
{
	static const char *const lines[] = {"", ":", "::::::", "name", "name:x",
		"name:x:", "name:x:77", "name:x:77:", "name:x::1", "name:x:1a:1", "name:x:0x4d:1",
		"name:x:-77:1", "name:x:+77:1", "name:x: 77:1", "name:x:77 :1", "name:x:77:b",
		"name:x:77:-1", ":x:77:1", "name:x:4294967295:1", "name:x:77:4294967295",
		"name:x:4294967373:1", "name:x:18446744073709551693:1",
		"name:x:99999999999999999999999999:1", "#name:x:77:1", "+name::::::", "\r"};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		cleanup_buf struct buf text = BUF_NONE;
		struct names *n;
		uint32_t id;

		buf_addf(&text, "%s\ngood:x:78:1\n", lines[i]);
		n = read_text(text.data, NULL);
		CHECK(n && !names_user(n, 77) && names_uid(n, "name", &id, NULL) == -ENOENT &&
				is(names_user(n, 78), "good"),
			"passed over: '%s'", *lines[i] == '\r' ? "\\r" : lines[i]);
		names_free(n);
	}
}

static void check_bytes(void)
{
	static const char nul[] = "a\0b:x:1:1\nc\0:x:2:1\nd:x\0:3:1\ne:x:4\0:1\nf:x:5:1";
	struct names *n = read_bytes(nul, sizeof(nul) - 1, NULL);
	uint32_t id;

	CHECK(n && !names_user(n, 1) && !names_user(n, 2), "a name with a NUL is none");
	CHECK(names_uid(n, "a", &id, NULL) == -ENOENT, "nor is what stands before it");
	CHECK(is(names_user(n, 3), "d"), "a password may be anything");
	CHECK(!names_user(n, 4), "a number with a NUL is none");
	CHECK(is(names_user(n, 5), "f"), "the last line needs no newline");
	names_free(n);
	n = read_text("\xff\xfe:x:1:1\nroot:x:4294967294:0", "g:x:3");
	CHECK(is(names_user(n, 1), "\xff\xfe"), "a name that is not UTF-8");
	CHECK(is(names_user(n, 4294967294), "root"), "the highest number, read to the end");
	CHECK(is(names_group(n, 3), "g"), "a group without a list of members");
	names_free(n);
}

static void check_long_line(void)
{
	cleanup_buf struct buf text = BUF_NONE;
	cleanup_free char *name = calloc(1, 1 << 20);
	struct names *n;
	uint32_t id = 0;

	memset(name, 'n', (1 << 20) - 1);
	buf_addf(&text, "%s:x:5:6\n", name);
	buf_addf(&text, "l:%s:7:8:%s\nlast:x:9:9\n", name, name);
	n = read_text(text.data, NULL);
	CHECK(is(names_user(n, 5), name), "a name of a mebibyte");
	CHECK(names_uid(n, name, &id, NULL) == 0 && id == 5, "is found by itself");
	CHECK(is(names_user(n, 7), "l") && is(names_user(n, 9), "last"), "and what follows it");
	names_free(n);
}

static void check_many(void)
{
	cleanup_buf struct buf text = BUF_NONE;
	struct names *n;
	bool all = true;

	for (uint32_t i = 0; i < 20000; i++)
		buf_addf(&text, "u%u:x:%u:%u\n", i, i * 7919 % 20000, i);
	n = read_text(text.data, NULL);
	for (uint32_t i = 0; i < 20000 && n; i++) {
		char name[16];
		uint32_t uid = 0, group = 0, login = 0;

		snprintf(name, sizeof(name), "u%u", i);
		all &= names_uid(n, name, &uid, &group) == 0 && uid == i * 7919 % 20000 &&
		       group == i && is(names_user(n, uid), name) &&
		       names_login_group(n, uid, &login) == 0 && login == i;
	}
	CHECK(n && all, "20,000 users, each found both ways");
	names_free(n);
}

static void check_too_large(void)
{
	struct names *n = NULL;
	cleanup_fd int fd = memfd_create("names", MFD_CLOEXEC);

	CHECK(ftruncate(fd, (16 << 20) + 1) == 0 && names_read(fd, -1, &n) == -EFBIG && !n,
		"above 16 MiB is refused");
	CHECK(lseek(fd, 0, SEEK_SET) == 0 && names_read(-1, fd, &n) == -EFBIG && !n, "groups too");
}

int main(void)
{
	check_usual();
	check_missing();
	check_first_counts();
	check_malformed();
	check_bytes();
	check_long_line();
	check_many();
	check_too_large();
	return test_done();
}
