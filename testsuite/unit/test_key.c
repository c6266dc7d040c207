// SPDX-License-Identifier: Apache-2.0
/* What images are made of, in a list: each change of a tree shows, and what is none does not. */
#include "core/build/sum_cache.h"
#include "core/owner/node.h"
#include "core/tree/walk.h"
#include "testsuite/unit/test.h"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>

#define CACHE "sums"

static char top[] = "test_key.XXXXXX";
static int dirfd_top;

static const char *in_top(const char *name)
{
	static char path[128];

	snprintf(path, sizeof path, "%s/%s", top, name);
	return path;
}

static void put(const char *name, const char *text)
{
	FILE *f = fopen(in_top(name), "w");

	CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0, "write %s", name);
}

struct hex {
	char text[65];
};

static struct hex sum_with(const char *name, struct sum_cache *c)
{
	cleanup_key struct key k = KEY_NONE;
	cleanup_err struct err err = ERR_NONE;
	struct hex hex = {""};
	int r = key_add_path(&k, "tree", in_top(name), c, &err);

	CHECK(r == 0 && key_hex(&k, hex.text) == 0, "the sum of %s: %s", name,
		r < 0 ? strerror(-r) : "there");
	return hex;
}

/* From the cache's file and back into it. */
static struct hex sum(const char *name)
{
	struct sum_cache *c = NULL;
	struct hex hex;

	CHECK(sum_cache_open(dirfd_top, CACHE, &c) == 0, "open the sums");
	hex = sum_with(name, c);
	sum_cache_close(c);
	return hex;
}

static bool same(struct hex a, struct hex b)
{
	return strcmp(a.text, b.text) == 0;
}

static void wait_a_tick(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 30000000}, NULL);
}

/* What was just done to the tree changes its sum. */
static void changes(struct hex *was, const char *what)
{
	struct hex is = sum("tree"), cold;

	CHECK(!same(*was, is), "%s shows", what);
	unlinkat(dirfd_top, CACHE, 0);
	cold = sum("tree");
	CHECK(same(is, cold), "%s: the same with nothing known", what);
	*was = is;
	wait_a_tick();
}

static void stays(struct hex was, const char *what)
{
	CHECK(same(was, sum("tree")), "%s does not show", what);
}

static void record(const char *name, struct owner owner)
{
	cleanup_buf struct buf text = BUF_NONE;

	record_encode(NULL, 0, owner, &text);
	CHECK(setxattr(in_top(name), RECORD_ATTR, text.data, text.len, 0) == 0, "a record");
}

/* Real root's owners are real ones. */
static void own(const char *name)
{
	struct owners o;

	owners_init(&o, false, (struct owner){0, 0});
	if (o.records)
		record(name, (struct owner){5, 6});
	else
		CHECK(chown(in_top(name), 5, 6) == 0, "an owner");
}

/* The content alone: size and time of change as they were. */
static void check_sly(struct hex *was)
{
	struct timespec times[2];
	struct stat st;

	stat(in_top("tree/a"), &st);
	put("tree/a", "b");
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	CHECK(utimensat(AT_FDCWD, in_top("tree/a"), times, 0) == 0, "the old time again");
	changes(was, "content of the same size and time");
}

/* Each time in the very tick in which it was summed up. */
static void check_racy(void)
{
	struct hex was = sum("tree");
	int missed = 0;

	for (int n = 0; n < 20; n++) {
		struct timespec times[2] = {{1, 1}, {1, 1}};
		FILE *f = fopen(in_top("tree/a"), "w");
		struct hex is;

		fputs(n % 2 ? "1" : "2", f);
		fclose(f);
		utimensat(AT_FDCWD, in_top("tree/a"), times, 0);
		is = sum("tree");
		missed += same(was, is);
		was = is;
	}
	CHECK(missed == 0, "changed again and again without a pause: %d missed", missed);
}

static void check_tree(void)
{
	struct hex was;

	put("tree/a", "a");
	put("tree/sub/b", "b");
	wait_a_tick();
	was = sum("tree");
	stays(was, "nothing");
	put("tree/a", "A");
	changes(&was, "content");
	check_sly(&was);
	CHECK(chmod(in_top("tree/a"), 0600) == 0, "chmod");
	changes(&was, "a mode");
	CHECK(chmod(in_top("tree/sub"), 0700) == 0, "chmod");
	changes(&was, "a directory's mode");
	own("tree/a");
	changes(&was, "an owner");
	CHECK(setxattr(in_top("tree/a"), "user.x", "1", 1, 0) == 0, "an attribute");
	changes(&was, "an attribute");
	CHECK(setxattr(in_top("tree/a"), "user.x", "2", 1, 0) == 0, "an attribute");
	changes(&was, "its value");
	CHECK(renameat(dirfd_top, "tree/a", dirfd_top, "tree/c") == 0, "rename");
	changes(&was, "a name");
	CHECK(symlinkat("x", dirfd_top, "tree/link") == 0, "symlink");
	changes(&was, "a link");
	unlinkat(dirfd_top, "tree/link", 0);
	CHECK(symlinkat("y", dirfd_top, "tree/link") == 0, "symlink");
	changes(&was, "its target");
	unlinkat(dirfd_top, "tree/link", 0);
	put("tree/link", "y");
	changes(&was, "a type");
	unlinkat(dirfd_top, "tree/link", 0);
	changes(&was, "a file that is gone");
	CHECK(mkdirat(dirfd_top, "tree/empty", 0755) == 0, "mkdir");
	changes(&was, "a new directory");
	CHECK(renameat(dirfd_top, "tree/empty", dirfd_top, "tree/sub/empty") == 0, "rename");
	changes(&was, "its place");
	CHECK(mkfifoat(dirfd_top, "tree/fifo", 0644) == 0, "mkfifo");
	changes(&was, "a FIFO, which nobody waits for");
}

static void check_nothing(void)
{
	struct timespec times[2] = {{1, 0}, {2, 0}};
	struct hex was = sum("tree");

	CHECK(utimensat(AT_FDCWD, in_top("tree/c"), times, 0) == 0 &&
			utimensat(AT_FDCWD, in_top("tree"), times, 0) == 0,
		"other times");
	stays(was, "a time");
	CHECK(linkat(dirfd_top, "tree/c", dirfd_top, "other", 0) == 0, "a link from elsewhere");
	stays(was, "a hard link");
	unlinkat(dirfd_top, "tree/c", 0);
	put("copy", "b");
	stays(sum("tree"), "a tree that has not changed");
	CHECK(linkat(dirfd_top, "other", dirfd_top, "tree/c", 0) == 0, "back again");
	stays(was, "another inode's place");
}

static bool remembers(struct timespec changed, struct timespec now)
{
	static const char hex[] =
		"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
	const struct stat st = {.st_ino = 7, .st_size = 8, .st_ctim = changed};
	struct sum_cache *c = NULL;
	char found[65] = "";
	bool there;

	unlinkat(dirfd_top, CACHE, 0);
	sum_cache_open(dirfd_top, CACHE, &c);
	sum_cache_add(c, &st, &now, hex);
	sum_cache_close(c);
	sum_cache_open(dirfd_top, CACHE, &c);
	there = sum_cache_find(c, &st, found) && strcmp(found, hex) == 0;
	sum_cache_close(c);
	unlinkat(dirfd_top, CACHE, 0);
	return there;
}

/* A change in the tick in which a file was read could leave its times as they are. */
static void check_ticks(void)
{
	CHECK(remembers((struct timespec){5, 1}, (struct timespec){6, 0}), "long ago");
	CHECK(remembers((struct timespec){5, 1000000}, (struct timespec){5, 21000001}), "before");
	CHECK(!remembers((struct timespec){5, 1000000}, (struct timespec){5, 21000000}),
		"just now");
	CHECK(!remembers((struct timespec){5, 1000000}, (struct timespec){5, 0}), "in the future");
	CHECK(!remembers((struct timespec){5, 0}, (struct timespec){7, 0}), "in whole seconds");
	CHECK(remembers((struct timespec){5, 0}, (struct timespec){7, 200000000}), "and before");
}

/* Known sums are taken as such, and of nothing but what they are of. */
static void check_cache(void)
{
	struct hex was, is;
	int fd;

	wait_a_tick();
	unlinkat(dirfd_top, CACHE, 0);
	was = sum("tree");
	fd = openat(dirfd_top, CACHE, O_RDWR);
	CHECK(fd >= 0, "there is a file of sums");
	CHECK(pwrite(fd, "zz", 2, 24 + 40) == 2, "a sum in it changes");
	CHECK(!same(was, sum("tree")), "it is believed: the file was not read");
	CHECK(ftruncate(fd, 24 + 71) == 0, "it is cut");
	stays(was, "a damaged file of sums");
	CHECK(pwrite(fd, "x", 1, 0) == 1, "of another program");
	stays(was, "neither");
	close(fd);
	unlinkat(dirfd_top, CACHE, 0);
	put("tree/c", "fresh");
	is = sum("tree");
	CHECK(!same(was, is), "other content");
	put("tree/c", "again");
	CHECK(!same(is, sum("tree")), "in the same tick");
}

static void check_path(void)
{
	cleanup_key struct key k = KEY_NONE;
	struct sum_cache *c = NULL;
	struct hex file = sum("tree/c"), link;

	CHECK(!same(file, sum("tree")), "a file by itself");
	CHECK(symlinkat("tree/c", dirfd_top, "to") == 0, "a symlink at the start");
	link = sum("to");
	CHECK(!same(link, file), "counts");
	put("tree/c", "more");
	CHECK(!same(link, sum("to")), "and what it leads to");
	sum_cache_open(dirfd_top, CACHE, &c);
	CHECK(key_add_path(&k, "x", in_top("missing"), c, NULL) == -ENOENT && k.text.len == 0,
		"what is not there is an error");
	sum_cache_close(c);
}

static void check_unread(void)
{
	struct hex was;

	if (geteuid() == 0)
		return;
	put("tree/closed", "x");
	chmod(in_top("tree/closed"), 0);
	was = sum("tree");
	stays(was, "what may not be read");
	chmod(in_top("tree/closed"), 0600);
	put("tree/closed", "y");
	chmod(in_top("tree/closed"), 0);
	CHECK(!same(was, sum("tree")), "it changed all the same");
}

static bool differs(const struct key *a, const struct key *b, const char *want)
{
	cleanup_buf struct buf why = BUF_NONE;
	int r = key_differs(&a->text, &b->text, &why);

	if (r == 0 && strcmp(why.data ? why.data : "", want) != 0)
		printf("# %s\n", why.data ? why.data : "");
	return r == 0 && strcmp(why.data ? why.data : "", want) == 0;
}

static void check_lists(void)
{
	cleanup_key struct key a = KEY_NONE, b = KEY_NONE, c = KEY_NONE, none = KEY_NONE,
			       turned = KEY_NONE;
	char x[65], y[65];

	CHECK(key_hex(&none, x) == 0, "an empty list has a sum");
	key_adds(&a, "from", "x");
	key_adds(&a, "run", "make");
	key_adds(&a, "dir", NULL);
	key_adds(&a, "import /a\tb\n", "i");
	key_adds(&b, "from", "x");
	key_adds(&b, "run", "make all");
	key_adds(&b, "dir", "");
	key_adds(&b, "environment A", "1");
	CHECK(differs(&a, &a, ""), "the same");
	CHECK(differs(&a, &b, "run, dir, environment A (new), import /a\\x09b\\x0a (gone)"),
		"what differs");
	CHECK(differs(&none, &a, "from (new), run (new), dir (new), import /a\\x09b\\x0a (new)"),
		"all is new");
	key_adds(&c, "run", "1");
	key_adds(&c, "run", "2");
	key_adds(&turned, "run", "1");
	CHECK(differs(&c, &turned, "run (gone)") && differs(&turned, &c, "run (new)"), "twice");
	key_adds(&a, "end", "");
	CHECK(key_hex(&a, x) == 0 && key_hex(&b, y) == 0 && strcmp(x, y) != 0, "their digests");
	key_adds(&b, "x\ty", "");
	CHECK(b.text.data[b.text.len - 1] == '\n' && memchr(b.text.data, '\t', b.text.len),
		"a line");
}

/* A thousand files that nobody touched cost no more than looking at each. */
static void check_many(void)
{
	struct timespec from, to;
	struct sum_cache *c = NULL;
	struct hex was;
	char name[32];
	double ms;

	mkdirat(dirfd_top, "many", 0755);
	for (int n = 0; n < 1000; n++) {
		int fd;

		snprintf(name, sizeof name, "many/%d", n);
		fd = openat(dirfd_top, name, O_WRONLY | O_CREAT, 0644);
		dprintf(fd, "%d", n);
		close(fd);
	}
	wait_a_tick();
	was = sum("many");
	clock_gettime(CLOCK_MONOTONIC, &from);
	sum_cache_open(dirfd_top, CACHE, &c);
	CHECK(same(was, sum_with("many", c)), "the same");
	sum_cache_close(c);
	clock_gettime(CLOCK_MONOTONIC, &to);
	ms = (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
	printf("# %.2f ms\n", ms);
}

int main(void)
{
	CHECK(mkdtemp(top) != NULL, "make a directory");
	dirfd_top = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(mkdirat(dirfd_top, "tree", 0755) == 0 && mkdirat(dirfd_top, "tree/sub", 0755) == 0,
		"a tree");
	check_tree();
	check_nothing();
	check_racy();
	check_ticks();
	check_cache();
	check_path();
	check_unread();
	check_lists();
	check_many();
	close(dirfd_top);
	dirfd_top = open(".", O_RDONLY | O_DIRECTORY);
	CHECK(tree_remove(dirfd_top, top, NULL) == 0, "clean up");
	return test_done();
}
