// SPDX-License-Identifier: Apache-2.0
/*
 * Paths in a tree full of symlinks: what rlc finds by hand is what the kernel finds by openat2,
 * inode by inode and error by error.
 */
#include "core/base/buf.h"
#include "core/base/sys.h"
#include "core/tree/closed.h"
#include "core/tree/resolve.h"
#include "core/tree/walk.h"
#include "testsuite/unit/test.h"

enum { PATHS = 4000 };

static unsigned seed = 20261122;

static unsigned below(unsigned n)
{
	return (unsigned)rand_r(&seed) % n;
}

static void random_name(struct buf *b)
{
	static const char *const names[] = {
		"a", "b", "c", "d", "e", "l", "m", "n", "f", "p", "..", "..", ".", "none"};

	buf_adds(b, names[below(ARRAY_SIZE(names))]);
}

/* "/a/../l//b/", ... */
static void random_path(struct buf *b, unsigned longest)
{
	buf_cut(b, 0);
	buf_adds(b, below(6) == 0 ? "/" : "");
	for (unsigned n = 1 + below(longest); n; n--) {
		random_name(b);
		if (n > 1 || below(5) == 0)
			buf_adds(b, below(8) == 0 ? "//" : "/");
	}
}

static void fill_dir(int fd, unsigned depth)
{
	static const char *const names[] = {"a", "b", "c", "d", "e"};
	static const char *const links[] = {"l", "m", "n"};
	cleanup_buf struct buf target = BUF_NONE;

	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		random_path(&target, 5);
		symlinkat(target.data, fd, links[i]);
	}
	close(openat(fd, "f", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	mkfifoat(fd, "p", 0600);
	for (size_t i = 0; depth && i < 1 + below(ARRAY_SIZE(names)); i++) {
		cleanup_fd int sub = -1;

		mkdirat(fd, names[i], 0700);
		sub = openat(fd, names[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		fill_dir(sub, depth - 1);
	}
}

static bool same(int a, int b)
{
	struct stat x, y;

	if (a < 0 || b < 0)
		return a == b;
	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

static bool have_openat2(void)
{
	cleanup_fd int fd = sys_openat2(AT_FDCWD, ".", O_PATH, 0, SYS_RESOLVE_IN_ROOT);

	return fd >= 0;
}

/* Counts the paths that differ; the first few are shown. */
static int differ(int root, int flags, unsigned longest)
{
	cleanup_buf struct buf path = BUF_NONE;
	int bad = 0, found = 0;

	for (int i = 0; i < PATHS; i++) {
		int kernel, hand;

		random_path(&path, longest);
		do /* anybody's rename makes the kernel give up */
			kernel = sys_openat2(root, path.data, flags, 0,
				SYS_RESOLVE_IN_ROOT | SYS_RESOLVE_NO_MAGICLINKS);
		while (kernel == -EAGAIN);
		hand = resolve_by_hand(root, path.data, flags);
		found += kernel >= 0;
		if (!same(kernel, hand) && ++bad <= 5)
			printf("# %s: openat2 %d, by hand %d\n", path.data, kernel, hand);
		base_close(&kernel);
		base_close(&hand);
	}
	return found ? bad : -1;
}

static void test_same(int root)
{
	if (!have_openat2()) {
		CHECK(true, "by hand as by openat2 # skip no openat2 here");
		return;
	}
	CHECK(differ(root, O_PATH, 6) == 0, "what a path stands for");
	CHECK(differ(root, O_PATH | O_NOFOLLOW, 6) == 0, "the symlink itself");
	CHECK(differ(root, O_PATH | O_DIRECTORY, 12) == 0, "directories");
	CHECK(differ(root, O_PATH | O_DIRECTORY | O_NOFOLLOW, 4) == 0, "no symlink to one");
	CHECK(differ(root, O_RDONLY | O_NONBLOCK, 3) == 0, "opened to be read");
}

static void test_limits(int root)
{
	cleanup_buf struct buf path = BUF_NONE;
	char name[16], target[16];
	struct tree t = {root};
	int fd;

	for (int i = 0; i < 42; i++) {
		snprintf(name, sizeof(name), "chain%d", i);
		snprintf(target, sizeof(target), i ? "chain%d" : "f", i - 1);
		symlinkat(target, root, name);
	}
	for (int i = 38; i < 42; i++) {
		int kernel;

		snprintf(name, sizeof(name), "chain%d", i);
		kernel = have_openat2() ? sys_openat2(root, name, O_PATH, 0, SYS_RESOLVE_IN_ROOT)
					: (i < 40 ? 0 : -ELOOP);
		fd = resolve_by_hand(root, name, O_PATH);
		CHECK((fd >= 0) == (kernel >= 0), "%d symlinks in a row", i + 1);
		base_close(&fd);
	}
	for (int i = 0; i < 3000; i++)
		buf_adds(&path, "./");
	buf_adds(&path, "f");
	fd = tree_openat(&t, path.data, O_RDONLY);
	CHECK(fd >= 0, "a path over PATH_MAX");
	base_close(&fd);
	buf_cut(&path, 0);
	for (int i = 0; i < 300; i++)
		buf_adds(&path, "x");
	CHECK(tree_openat(&t, path.data, O_RDONLY) == -ENAMETOOLONG, "a name over NAME_MAX");
}

/* The path that is found leads there without a symlink. */
static void test_path(int root)
{
	cleanup_buf struct buf path = BUF_NONE;
	int bad = 0, found = 0;

	for (int i = 0; i < 2000; i++) {
		cleanup_free char *real = NULL;
		cleanup_fd int fd = -1, plain = -1;
		int r;

		random_path(&path, 6);
		fd = resolve_by_hand(root, path.data, O_PATH | O_DIRECTORY);
		r = resolve_path(root, path.data, &real);
		if (fd < 0 || r < 0) {
			bad += (fd < 0) != (r < 0);
			continue;
		}
		found++;
		plain = openat(root, real, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		bad += !same(fd, plain) || strstr(real, "..") || *real == '/';
	}
	CHECK(found > 100 && bad == 0, "the real path of a directory");
}

static void test_closed(int root)
{
	struct tree t = {root};
	struct opened opened = OPENED_NONE;
	char name[NAME_MAX + 1];
	struct stat st;
	int fd;

	mkdirat(root, "shut", 0700);
	mkdirat(root, "shut/in", 0700);
	close(openat(root, "shut/in/f", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	fchmodat(root, "shut/in", 0, 0);
	fchmodat(root, "shut", 0400, 0);
	fd = tree_parent_closed(&t, "shut/in/f", name, &opened);
	CHECK(fd >= 0 && strcmp(name, "f") == 0 && fstatat(fd, name, &st, 0) == 0,
		"a file in closed directories");
	base_close(&fd);
	opened_undo(&opened);
	CHECK(fstatat(root, "shut", &st, 0) == 0 && (st.st_mode & 0777) == 0400,
		"which are closed again");
	fd = tree_parent_closed(&t, "l/../../shut", name, &opened);
	base_close(&fd);
	opened_undo(&opened);
	CHECK(tree_remove(root, "shut", NULL) == 0 && faccessat(root, "shut", F_OK, 0) < 0,
		"and are removed all the same");
}

int main(void)
{
	char top[] = "tree.XXXXXX";
	cleanup_fd int root = -1, here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (!mkdtemp(top))
		return 1;
	root = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fill_dir(root, 3);
	test_same(root);
	test_limits(root);
	test_path(root);
	test_closed(root);
	CHECK(tree_remove(here, top, NULL) == 0, "nothing is left");
	return test_done();
}
