// SPDX-License-Identifier: Apache-2.0
/*
 * Hostile archives onto a tree: the bytes are an archive, whose last byte says how it is extracted
 * (see flags). The tree stands beside a canary that must stay as it is, whatever the
 * archive says; afterwards the tree is compared with the archive, packed, and removed.
 */
#include "core/base/io.h"
#include "core/ns/userns.h"
#include "core/pack/compare.h"
#include "core/pack/create.h"
#include "testsuite/fuzz/fuzz.h"
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

enum flags {
	WHITEOUTS = 3,
	KEEP_OLD = 4,
	KEEP_NEWER = 8,
	MADE_TOP = 16,
	LOWER = 32, /* the tree is not empty, and full of ways out */
	TWICE = 64
};

enum { CONTENT_MAX = 1 << 20, SIZE_MAX_COMPARED = 1 << 22 };

static struct {
	char path[PATH_MAX];
	int fd; /* holds "tree" and "canary" */
	struct stat before[3];
	struct owners owners;
} place = {.fd = -1};

static const char *const canary[] = {"canary", "canary/file", "canary/link"};

static void look(struct stat st[3])
{
	for (size_t i = 0; i < ARRAY_SIZE(canary); i++)
		MUST(fstatat(place.fd, canary[i], &st[i], AT_SYMLINK_NOFOLLOW) == 0);
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* The time of change tells of every attempt that the kernel let through. */
static void check_canary(void)
{
	cleanup_listing struct listing l = LISTING_NONE;
	struct stat now[3];

	look(now);
	for (size_t i = 0; i < ARRAY_SIZE(canary); i++) {
		const struct stat *b = &place.before[i];

		MUST(now[i].st_ino == b->st_ino && now[i].st_nlink == b->st_nlink);
		MUST(same_time(now[i].st_ctim, b->st_ctim) && now[i].st_size == b->st_size);
	}
	MUST(listing_read(place.fd, true, &l) == 0 && l.count == 1);
}

static void clean_up(void)
{
	if (place.fd >= 0) {
		tree_remove(place.fd, "tree", NULL);
		tree_remove(place.fd, "canary", NULL);
		rmdir(place.path);
	}
}

static void put(int dirfd, const char *name, const char *text)
{
	cleanup_fd int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	MUST(fd >= 0 && io_write(fd, text, strlen(text)) == 0);
}

static void make_place(void)
{
	const char *tmp = getenv("TMPDIR");
	struct rlimit limit = {CONTENT_MAX, CONTENT_MAX};

	if (!tmp)
		tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	snprintf(place.path, sizeof(place.path), "%s/rlc-fuzz.XXXXXX", tmp);
	MUST(mkdtemp(place.path));
	place.fd = open(place.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	MUST(place.fd >= 0 && mkdirat(place.fd, "canary", 0755) == 0);
	put(place.fd, "canary/file", "canary");
	MUST(symlinkat("file", place.fd, "canary/link") == 0);
	look(place.before);
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	atexit(clean_up);
}

/*
 * Without privileges outside, and with those that modes cannot stop inside. libFuzzer's thread
 * starts later: a process of several cannot enter a user namespace.
 */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	userns_become_root();
	return 0;
}

/* After libFuzzer has set its signal handlers. */
static void start(void)
{
	umask(0);
	owners_init(&place.owners, true, (struct owner){0, 0});
	make_place();
}

static void make_lower(int tree)
{
	char out[PATH_MAX + 16];

	snprintf(out, sizeof(out), "%s/canary", place.path);
	MUST(symlinkat("../canary", tree, "up") == 0 && symlinkat(out, tree, "out") == 0);
	MUST(symlinkat(".", tree, "self") == 0 && symlinkat("d", tree, "link") == 0);
	MUST(symlinkat("loop", tree, "loop") == 0 && mkdirat(tree, "d", 0700) == 0);
	MUST(mkdirat(tree, "a", 0700) == 0 && mkfifoat(tree, "p", 0600) == 0);
	put(tree, "f", "lower");
	MUST(linkat(tree, "f", tree, "a/b", 0) == 0 && fchmodat(tree, "a", 0, 0) == 0);
	MUST(symlinkat("../../canary/file", tree, "d/out") == 0);
	MUST(fchmodat(tree, "d", 0555, 0) == 0 && fchmodat(tree, "a", 0, 0) == 0);
}

static void fault(void *arg, struct err *err)
{
	(void)arg;
	err_free(err);
}

static void differs(void *arg, const struct entry *e, const char *difference)
{
	(void)arg;
	(void)e;
	MUST(difference);
}

static struct archive_in *open_archive(const uint8_t *data, size_t size)
{
	struct archive_in *in = NULL;
	enum compression how;
	struct source *s;

	if (source_memory(data, size, &s) < 0 || source_decompress(s, &how, &s) < 0 ||
		archive_in_open(s, &in) < 0)
		return NULL;
	return in;
}

/* Each entry onto the tree or, where x is NULL, beside what stands in it. */
static void run(const struct tree *tree, struct extract *x, struct archive_in *in)
{
	cleanup_entry struct entry e = ENTRY_NONE;
	bool again;
	int r;

	do {
		cleanup_err struct err err = ERR_NONE;

		r = archive_in_next(in, &e, &again, &err);
		if (r > 0 && x)
			extract_entry(x, &e, in, &err);
		else if (r > 0 && e.size < SIZE_MAX_COMPARED)
			compare_entry(tree, &place.owners, &e, in, differs, NULL, &err);
	} while (r > 0 || again);
	archive_in_free(in);
}

static void extract(const struct tree *tree, const uint8_t *data, size_t size, unsigned flags)
{
	struct extract_options options = {.whiteouts = (enum whiteouts)(flags & WHITEOUTS),
		.keep_old = flags & KEEP_OLD,
		.keep_newer = flags & KEEP_NEWER,
		.made_top = flags & MADE_TOP,
		.mask = 022,
		.fault = fault};
	struct archive_in *in = open_archive(data, size);
	struct extract *x;

	if (!in)
		return;
	MUST(extract_start(tree, &place.owners, &options, &x, NULL) == 0);
	run(tree, x, in);
	extract_end(x);
}

/* Sparse files of 8 EiB are not worth writing out. */
static bool is_small(const struct tree *tree, const char *path)
{
	cleanup_fd int fd = tree_openat(tree, path, O_PATH | O_NOFOLLOW);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && st.st_size < SIZE_MAX_COMPARED;
}

static bool want(void *tree, const char *path)
{
	return is_small(tree, path);
}

static void pack(struct tree *tree)
{
	struct create_options options = {
		.format = FORMAT_PAX, .owner = {OWNER_KEEP, OWNER_KEEP}, .fault = fault};
	cleanup_fd int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	cleanup_err struct err err = ERR_NONE;
	struct sink *sink;
	struct create *c;

	options.want = want;
	options.arg = tree;
	if (sink_fd(null, &sink) < 0 || create_start(sink, &place.owners, &options, &c, &err) < 0)
		return;
	MUST(create_path(c, tree, NULL, ".", &err) == 0 && create_finish(c, &err) == 0);
	create_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_tree struct tree tree = TREE_NONE;
	cleanup_err struct err err = ERR_NONE;
	unsigned flags;

	if (place.fd < 0)
		start();
	if (size < 2)
		return 0;
	flags = data[--size];
	MUST(mkdirat(place.fd, "tree", 0700) == 0);
	tree.fd = openat(place.fd, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	MUST(tree.fd >= 0);
	if (flags & LOWER)
		make_lower(tree.fd);
	extract(&tree, data, size, flags);
	if (flags & TWICE)
		extract(&tree, data, size, flags);
	run(&tree, NULL, open_archive(data, size));
	pack(&tree);
	MUST(tree_remove(place.fd, "tree", &err) == 0);
	check_canary();
	return 0;
}

/* A path of a few names that mean something to the tree; what does not fit is cut off. */
static void set_path(uint8_t *field, unsigned *seed)
{
	static const char *const names[] = {"d", "f", "a", "b", "..", "up", "out", "self", "link",
		"loop", "p", ".", "file", ".wh.d", ".wh..wh..opq", ".wh.", "x", "canary", ""};
	char path[100] = "";

	for (int i = rand_r(seed) % 4; i >= 0; i--) {
		if (rand_r(seed) % 8 == 0 || *path)
			strcat(path, "/");
		strcat(path, names[(size_t)rand_r(seed) % ARRAY_SIZE(names)]);
	}
	memset(field, 0, 100);
	memcpy(field, path, strlen(path));
}

static void change_header(uint8_t *block, unsigned *seed)
{
	switch (rand_r(seed) % 4) {
	case 0:
		set_path(block, seed);
		break;
	case 1:
		set_path(block + 157, seed);
		break;
	case 2:
		block[156] = (uint8_t)('0' + rand_r(seed) % 8);
		break;
	default:
		block[103 + rand_r(seed) % 4] = (uint8_t)('0' + rand_r(seed) % 8);
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed)
{
	size_t blocks = size / 512, at;

	if (blocks == 0 || seed % 4 == 0)
		return tar_mutate(data, size, room);
	for (int tries = 0; tries < 16; tries++) {
		at = (size_t)rand_r(&seed) % blocks * 512;
		if (!tar_is_header(data + at))
			continue;
		change_header(data + at, &seed);
		if (rand_r(&seed) % 2)
			break;
	}
	if (seed % 8 == 1)
		data[size - 1] = (uint8_t)rand_r(&seed);
	tar_set_checksums(data, size);
	return size;
}
