// SPDX-License-Identifier: Apache-2.0
#include "core/owner/sidecar.h"
#include "testsuite/unit/test.h"

#include <sys/stat.h>

static char dir[] = "test_sidecar.XXXXXX";

static const char *in_dir(const char *name)
{
	static char path[sizeof(dir) + 64];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void put_file(const char *name, const char *text)
{
	FILE *f = fopen(in_dir(name), "w");

	CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0, "write %s", name);
}

static bool file_is(const char *name, const char *want)
{
	char got[4096];
	FILE *f = fopen(in_dir(name), "r");
	size_t n = f ? fread(got, 1, sizeof(got) - 1, f) : 0;

	if (f)
		fclose(f);
	got[n] = '\0';
	if (f && strcmp(got, want) != 0)
		printf("# got: %s", got);
	return f && strcmp(got, want) == 0;
}

static struct sidecar *reopen(const char *name)
{
	struct sidecar *s = NULL;
	struct err err = ERR_NONE;

	CHECK(sidecar_open(in_dir(name), &s, &err) == 0, "open %s", name);
	err_free(&err);
	return s;
}

static int set(struct sidecar *s, const char *path, uint32_t uid, uint32_t gid)
{
	struct dump_line line = {.owner = {uid, gid}, .recorded = true, .type = 'f'};

	return sidecar_set(s, path, &line);
}

static bool has(const struct sidecar *s, const char *path, uint32_t uid, uint32_t gid)
{
	const struct dump_line *line = sidecar_get(s, path);

	return line && line->owner.uid == uid && line->owner.gid == gid;
}

static void test_paths(void)
{
	static const char *const same[] = {"etc/shadow", "/etc/shadow", "./etc/shadow",
		"etc/shadow/", "etc//shadow", "etc/./shadow"};
	static const char *const top[] = {".", "", "/", "./", "./."};
	static const char *const other[] = {
		"etc", "shadow", "etc/shadow2", "etc/.shadow", "..", "etcshadow"};
	struct sidecar *s = reopen("missing");

	CHECK(set(s, "etc/shadow", 0, 42) == 0, "set");
	CHECK(set(s, "//", 7, 7) == 0, "set the top");
	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		CHECK(has(s, same[i], 0, 42), "%s is etc/shadow", same[i]);
	for (size_t i = 0; i < ARRAY_SIZE(top); i++)
		CHECK(has(s, top[i], 7, 7), "'%s' is the top", top[i]);
	for (size_t i = 0; i < ARRAY_SIZE(other); i++)
		CHECK(!sidecar_get(s, other[i]), "%s is not there", other[i]);
	sidecar_free(s);
	CHECK(access(in_dir("missing"), F_OK) < 0, "nothing is written without saving");
}

static void test_save(void)
{
	struct sidecar *s = reopen("saved");
	struct err err = ERR_NONE;
	struct dump_line device = {
		.owner = {OWNER_KEEP, 6}, .recorded = true, .type = 'b', .major = 8, .minor = 1};

	CHECK(sidecar_save(s, &err) == 0 && access(in_dir("saved"), F_OK) < 0,
		"no change, no file");
	CHECK(set(s, "b", 1, 2) == 0 && set(s, "a b", 3, 4) == 0, "set two");
	CHECK(sidecar_set(s, "dev/sda1", &device) == 0, "set a device");
	CHECK(set(s, "gone", 5, 5) == 0, "set one to remove");
	sidecar_remove(s, "./gone/");
	sidecar_remove(s, "never");
	CHECK(!sidecar_get(s, "gone"), "removed");
	CHECK(sidecar_save(s, &err) == 0, "save");
	CHECK(file_is("saved", "3:4 f a\\040b\n1:2 f b\nkeep:6 b8,1 dev/sda1\n"), "sorted");
	CHECK(set(s, "gone", 6, 6) == 0 && has(s, "gone", 6, 6), "set again");
	sidecar_free(s);
	s = reopen("saved");
	CHECK(has(s, "a b", 3, 4) && has(s, "b", 1, 2) && !sidecar_get(s, "gone"), "read again");
	CHECK(sidecar_get(s, "dev/sda1")->major == 8, "the device too");
	sidecar_remove(s, "a b");
	CHECK(sidecar_save(s, &err) == 0, "a removal is a change");
	CHECK(file_is("saved", "1:2 f b\nkeep:6 b8,1 dev/sda1\n"), "one less");
	sidecar_free(s);
}

static void test_many(void)
{
	enum { MANY = 20000 };
	struct sidecar *s = reopen("many");
	struct err err = ERR_NONE;
	char path[64];
	bool all = true;

	for (uint32_t i = 0; i < MANY; i++) {
		snprintf(path, sizeof(path), "dir/%u", i);
		all = all && set(s, path, i, i + 1) == 0;
	}
	for (uint32_t i = 0; i < MANY; i += 2) {
		snprintf(path, sizeof(path), "dir/%u", i);
		sidecar_remove(s, path);
	}
	CHECK(all && sidecar_save(s, &err) == 0, "set many");
	sidecar_free(s);
	s = reopen("many");
	for (uint32_t i = 0; i < MANY; i++) {
		snprintf(path, sizeof(path), "/dir/%u", i);
		all = all && has(s, path, i, i + 1) == (i % 2 == 1);
	}
	CHECK(all, "every other one is left");
	sidecar_free(s);
}

static void test_files(void)
{
	struct sidecar *s = NULL;
	struct err err = ERR_NONE;
	struct stat st;

	put_file("bad", "1:2 f a\n\nnonsense\n");
	CHECK(sidecar_open(in_dir("bad"), &s, &err) == -EBADMSG, "malformed");
	CHECK(err.path && strstr(err.path, "bad: line 3 "), "the line is named: %s", err.path);
	err_free(&err);
	CHECK(sidecar_open(dir, &s, &err) < 0, "a directory is none");
	err_free(&err);

	put_file("twice", "# comment\n1:2 f a\n3:4 f ./a\n5:6 f last");
	s = reopen("twice");
	CHECK(has(s, "a", 3, 4), "the last line for a path counts");
	CHECK(has(s, "last", 5, 6), "no newline at the end");
	sidecar_free(s);

	CHECK(chmod(in_dir("twice"), 0640) == 0, "chmod");
	CHECK(symlink("twice", in_dir("link")) == 0, "symlink");
	s = reopen("link");
	CHECK(set(s, "last", 7, 7) == 0 && sidecar_save(s, &err) == 0, "save by the link");
	sidecar_free(s);
	CHECK(lstat(in_dir("link"), &st) == 0 && S_ISLNK(st.st_mode), "the link stays");
	CHECK(stat(in_dir("twice"), &st) == 0 && (st.st_mode & 07777) == 0640, "so do permissions");
	CHECK(file_is("twice", "3:4 f a\n7:7 f last\n"), "the file is new");

	CHECK(sidecar_open(in_dir("no/such"), &s, &err) == 0, "a missing folder shows when saving");
	CHECK(set(s, "a", 1, 1) == 0 && sidecar_save(s, &err) == -ENOENT, "as an error");
	CHECK(err.path && strstr(err.path, "no/such"), "that names the file");
	err_free(&err);
	sidecar_free(s);
	sidecar_free(NULL);
}

int main(void)
{
	static const char *const made[] = {"saved", "many", "bad", "twice", "link"};

	const char *tmp = getenv("TMPDIR");

	if (!CHECK(!tmp || chdir(tmp) == 0, "chdir") || !CHECK(mkdtemp(dir) != NULL, "mkdtemp"))
		return test_done();
	test_paths();
	test_save();
	test_many();
	test_files();
	for (size_t i = 0; i < ARRAY_SIZE(made); i++)
		unlink(in_dir(made[i]));
	CHECK(rmdir(dir) == 0, "nothing else is left behind");
	return test_done();
}
