// SPDX-License-Identifier: Apache-2.0
/* The store of unpacked layers: what is in it is whole, whoever is killed, and nobody's else. */
#include "core/image/store.h"
#include "core/image/upper.h"
#include "core/pack/digest.h"
#include "testsuite/unit/tarball.h"
#include "testsuite/unit/test.h"

#include <signal.h>
#include <sys/wait.h>

enum { FILES = 300 };

static int faults;

static void fault(void *arg, struct err *err)
{
	(void)arg;
	(void)err;
	faults++;
}

static void directory(struct buf *out, const char *name, unsigned mode)
{
	tar_header(out, &(struct tar_header){.type = '5', .name = name, .mode = mode});
}

static void add_layer(struct layout *l, struct image *i, struct buf *text)
{
	cleanup_descriptor struct descriptor d = DESCRIPTOR_NONE;
	cleanup_layer_out struct layer_out out = LAYER_OUT_NONE;
	char diff_id[DIGEST_MAX];
	struct sink *sink = NULL;

	tar_end(text);
	CHECK(layer_begin(l, COMPRESS_NONE, 0, &out, &sink, NULL) == 0 &&
			sink_write(sink, text->data, text->len) == 0 && sink_finish(sink) == 0 &&
			layer_commit(&out, &d, diff_id, NULL) == 0 &&
			image_add_layer(i, &d, diff_id, NULL) == 0,
		"a layer");
	sink_free(sink);
	buf_free(text);
}

/* A top of its own, closed directories, many files; a whiteout and no top; nothing; nothing. */
static void make_image(struct layout *l, struct image *i)
{
	cleanup_platform struct platform p = PLATFORM_NONE;
	struct buf text = BUF_NONE;

	platform_parse("linux/arm/v7", &p);
	CHECK(image_make(&p, (struct timespec){0}, i) == 0, "an image");
	directory(&text, "./", 0751);
	directory(&text, "closed", 0);
	tar_file(&text, "closed/file", "in it");
	for (int n = 0; n < FILES; n++) {
		char name[16];

		snprintf(name, sizeof name, "f%d", n);
		tar_file(&text, name, "content");
	}
	add_layer(l, i, &text);
	tar_file(&text, ".wh.f0", "");
	tar_file(&text, "new", "of layer 2");
	add_layer(l, i, &text);
	add_layer(l, i, &text);
	add_layer(l, i, &text);
	CHECK(image_save(l, "tag", i, NULL) == 0, "saved");
}

/* Removes a path of ours and all below it. */
static bool removed(const char *path)
{
	cleanup_fd int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), above = -1;
	const char *name = strrchr(path, '/');
	char dir[64];

	if (!name)
		return tree_remove(here, path, NULL) == 0;
	snprintf(dir, sizeof dir, "%.*s", (int)(name - path), path);
	above = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return tree_remove(above, name + 1, NULL) == 0;
}

static int count(int dirfd, const char *name)
{
	cleanup_listing struct listing l = LISTING_NONE;
	cleanup_fd int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY);

	return fd < 0 || listing_read(fd, false, &l) < 0 ? -1 : (int)l.count;
}

static struct unpack_options options(const struct owners *owners)
{
	return (struct unpack_options){.owners = owners, .fault = fault};
}

static void check_layers(
	struct store *s, const struct layout *l, const struct image *i, const struct owners *owners)
{
	const struct unpack_options o = options(owners);
	cleanup_buf struct buf lowers = BUF_NONE, want = BUF_NONE;
	char ids[4][65], chain[65], text[256];
	struct stat st, again;

	CHECK(chain_id(NULL, i->diff_ids[0], ids[0]) == 0, "the lowest");
	CHECK(strcmp(ids[0], i->diff_ids[0] + 7) == 0, "is its own archive's");
	for (int n = 1; n < 4; n++) {
		chain_id(ids[n - 1], i->diff_ids[n], ids[n]);
		snprintf(text, sizeof text, "sha256:%s %s", ids[n - 1], i->diff_ids[n]);
		digest_bytes(text, strlen(text), chain);
		CHECK(strcmp(ids[n], chain) == 0, "a chain of %d", n);
	}
	for (int n = 3; n >= 0; n--)
		buf_addf(&want, "%slayers/%s", n == 3 ? "" : ":", ids[n]);
	CHECK(store_layers(s, l, i, &o, &lowers, chain, NULL) == 0 && faults == 0, "unpack");
	CHECK(strcmp(lowers.data, want.data) == 0 && strcmp(chain, ids[3]) == 0, "their names");
	CHECK(count(s->fd, "layers") == 4 && count(s->fd, "aside") == 0, "nothing else is left");
	CHECK(count(s->layers, ids[0]) == FILES + 1 && count(s->layers, ids[1]) == 2 &&
			count(s->layers, ids[2]) == 0,
		"what is in them");
	CHECK(fstatat(s->layers, ids[3], &st, 0) == 0 && (st.st_mode & 07777) == 0751,
		"a top that no layer has is that of the one below");
	snprintf(text, sizeof text, "%s/f0", ids[1]);
	CHECK(fstatat(s->layers, text, &st, 0) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == 0,
		"a whiteout is overlayfs's");
	fstatat(s->layers, ids[0], &st, 0);
	CHECK(store_layers(s, l, i, &o, &lowers, NULL, NULL) == 0 &&
			strcmp(lowers.data, want.data) == 0 &&
			fstatat(s->layers, ids[0], &again, 0) == 0 && st.st_ino == again.st_ino &&
			st.st_ctim.tv_nsec == again.st_ctim.tv_nsec,
		"the second time nothing is done");
}

/* An entry that fails; a layer that is damaged. */
static void check_faulty(
	struct store *s, struct layout *l, const char *path, const struct owners *owners)
{
	const struct unpack_options o = options(owners);
	cleanup_image struct image i = IMAGE_NONE;
	cleanup_platform struct platform p = PLATFORM_NONE;
	cleanup_buf struct buf lowers = BUF_NONE;
	struct buf text = BUF_NONE;
	char blob[256];
	int before = count(s->fd, "layers"), fd;

	platform_parse("linux/arm/v7", &p);
	image_make(&p, (struct timespec){0}, &i);
	tar_file(&text, "a", "a");
	tar_header(&text, &(struct tar_header){.type = '1', .name = "b", .link = "missing"});
	add_layer(l, &i, &text);
	CHECK(store_layers(s, l, &i, &o, &lowers, NULL, NULL) == -EIO && faults == 1,
		"an entry that fails");
	CHECK(count(s->fd, "layers") == before && count(s->fd, "aside") == 0, "is kept nowhere");
	snprintf(blob, sizeof blob, "%s/blobs/sha256/%s", path, i.layers[0].digest + 7);
	fd = open(blob, O_WRONLY);
	CHECK(fd >= 0 && pwrite(fd, "z", 1, 512) == 1, "a byte changes");
	close(fd);
	CHECK(store_layers(s, l, &i, &o, &lowers, NULL, NULL) == -EBADMSG, "a damaged layer");
	CHECK(count(s->fd, "layers") == before && count(s->fd, "aside") == 0, "neither");
	faults = 0;
}

static void put(const struct upper *u, const char *name)
{
	int fd = openat(u->top.fd, name, O_WRONLY | O_CREAT | O_EXCL, 0600);

	CHECK(fd >= 0 && write(fd, name, strlen(name)) > 0, "write %s", name);
	close(fd);
}

static int pack_faults;

static void pack_fault(void *arg, struct err *err)
{
	(void)arg;
	(void)err;
	pack_faults++;
}

static void check_upper(
	struct store *s, struct layout *l, const struct image *i, const struct owners *owners)
{
	const struct upper_options how = {
		.owners = owners, .how = COMPRESS_NONE, .fault = pack_fault};
	cleanup_descriptor struct descriptor d = DESCRIPTOR_NONE;
	struct upper u = UPPER_NONE, other = UPPER_NONE, empty = UPPER_NONE;
	struct store second = STORE_NONE;
	char diff_id[DIGEST_MAX], chain[65], hex[65];
	struct stat st;

	chain_id(NULL, i->diff_ids[0], chain);
	CHECK(store_upper(s, chain, owners, &u, NULL) == 0 && fstat(u.top.fd, &st) == 0 &&
			(st.st_mode & 07777) == 0751,
		"an upper directory has the top of what is below");
	CHECK(store_upper(s, "", owners, &empty, NULL) == 0 && fstat(empty.top.fd, &st) == 0 &&
			(st.st_mode & 07777) == 0755 && st.st_mtime == 0,
		"of nothing: 0755, and of 1970");
	CHECK(store_upper(s, chain, owners, &other, NULL) == 0 && strcmp(u.name, other.name) != 0,
		"another");
	CHECK(count(s->fd, u.name) == 2, "upper and work");
	CHECK(upper_pack(l, &u.top, &how, &d, diff_id, NULL) == 0, "an empty one makes no layer");
	put(&u, "file");
	CHECK(upper_pack(l, &u.top, &how, &d, diff_id, NULL) == 1 && pack_faults == 0,
		"a file makes one");
	CHECK(blob_there(l, &d) == 0 && strcmp(d.digest, diff_id) == 0, "which is there");
	CHECK(store_open(s->path, false, &second, NULL) == 0 && count(s->fd, "aside") == 3,
		"what somebody has is not removed");
	store_close(&second);
	chain_id(chain, diff_id, hex);
	CHECK(store_upper_keep(s, &u, hex, NULL) == 0 && u.lock < 0 && count(s->layers, hex) == 1,
		"kept as a layer");
	put(&other, "other");
	CHECK(store_upper_keep(s, &other, hex, NULL) == 0 && count(s->layers, hex) == 1 &&
			count(s->fd, "aside") == 1,
		"the first one stays");
	put(&empty, "file");
	store_upper_drop(s, &empty);
	CHECK(count(s->fd, "aside") == 0 && empty.lock < 0, "dropped");
}

static bool time_is(const struct upper *u, const char *name, time_t want)
{
	struct stat st;

	return fstatat(u->top.fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_mtim.tv_sec == want && st.st_mtim.tv_nsec == 0;
}

/* What was packed has the times that it would have if it were unpacked. */
static void check_settle(struct store *s, struct layout *l, const struct owners *owners)
{
	const struct timespec early[2] = {{500, 5}, {500, 5}}, late[2] = {{2000, 0}, {2000, 0}};
	struct upper_options how = {.owners = owners,
		.settle = true,
		.clamp = true,
		.mtime = {1000, 0},
		.fault = pack_fault};
	cleanup_descriptor struct descriptor d = DESCRIPTOR_NONE;
	struct upper u = UPPER_NONE;
	char diff_id[DIGEST_MAX];

	CHECK(store_upper(s, "", owners, &u, NULL) == 0, "an upper directory");
	put(&u, "now");
	put(&u, "early");
	CHECK(mkdirat(u.top.fd, "dir", 0755) == 0 && mkdirat(u.top.fd, "dir/in", 0) == 0 &&
			symlinkat("x", u.top.fd, "dir/link") == 0,
		"files in it");
	utimensat(u.top.fd, "early", early, 0);
	utimensat(u.top.fd, "dir/in", late, 0);
	CHECK(upper_pack(l, &u.top, &how, &d, diff_id, NULL) == 1 && pack_faults == 0, "packed");
	CHECK(time_is(&u, "now", 1000) && time_is(&u, "dir/link", 1000) &&
			time_is(&u, "dir/in", 1000) && time_is(&u, "dir", 1000) &&
			time_is(&u, ".", 1000),
		"no time is later");
	CHECK(time_is(&u, "early", 500), "nor has a fraction");
	store_upper_drop(s, &u);
}

static void check_kind(struct store *s, struct owners owners)
{
	struct upper u = UPPER_NONE;

	owners.records = !owners.records;
	CHECK(store_upper(s, "", &owners, &u, NULL) == -EPERM, "owners of another kind");
	CHECK(count(s->fd, "aside") == 0 && u.lock < 0, "nothing is made");
}

static bool keep_one(void *arg, const char *hex)
{
	return strcmp(arg, hex) == 0;
}

static void check_sweep(const char *path, const struct image *i)
{
	struct store s = STORE_NONE, other = STORE_NONE;
	char hex[65];

	chain_id(NULL, i->diff_ids[0], hex);
	CHECK(store_open(path, false, &other, NULL) == 0, "somebody has it open");
	CHECK(store_sweep(&other, keep_one, hex, NULL) == -EINVAL, "who does not have it alone");
	CHECK(store_open(path, true, &s, NULL) == -EWOULDBLOCK, "and others wait");
	store_close(&s);
	store_close(&other);
	CHECK(store_open(path, true, &s, NULL) == 0 && s.sole, "alone");
	CHECK(store_sweep(&s, keep_one, hex, NULL) == 4, "all but one");
	CHECK(count(s.fd, "layers") == 1 && count(s.fd, "aside") == 0 &&
			count(s.layers, hex) == FILES + 1 && !store_has(&s, i),
		"which is whole");
	store_close(&s);
}

static int fill(const char *path, const struct layout *l, const struct image *i,
	const struct owners *owners)
{
	const struct unpack_options o = options(owners);
	cleanup_buf struct buf lowers = BUF_NONE;
	cleanup_store struct store s = STORE_NONE;

	return store_open(path, false, &s, NULL) == 0 &&
			       store_layers(&s, l, i, &o, &lowers, NULL, NULL) == 0 && faults == 0
		       ? 0
		       : 1;
}

static bool is_whole(const char *path, const struct image *i)
{
	cleanup_store struct store s = STORE_NONE;
	char hex[65];

	if (store_open(path, false, &s, NULL) < 0 || count(s.fd, "aside") != 0)
		return false;
	chain_id(NULL, i->diff_ids[0], hex);
	if (faccessat(s.layers, hex, F_OK, 0) == 0 && count(s.layers, hex) != FILES + 1)
		return false;
	chain_id(hex, i->diff_ids[1], hex);
	return faccessat(s.layers, hex, F_OK, 0) < 0 || count(s.layers, hex) == 2;
}

static void check_many(const char *path, const struct layout *l, const struct image *i,
	const struct owners *owners)
{
	int status, good = 0;

	fflush(stdout);
	for (int n = 0; n < 4; n++)
		if (fork() == 0)
			_exit(fill(path, l, i, owners));
	for (int n = 0; n < 4; n++)
		good += wait(&status) > 0 && status == 0;
	CHECK(good == 4, "four at once: %d", good);
	CHECK(is_whole(path, i), "all is there once");
	CHECK(removed(path), "and goes");
}

/* Killed ever later; at last nobody is. */
static void check_killed(const char *path, const struct layout *l, const struct image *i,
	const struct owners *owners)
{
	int status = -1, killed = 0;
	useconds_t delay;

	fflush(stdout);
	for (delay = 500; delay < 60000000 && status != 0; delay += delay / 5) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(fill(path, l, i, owners));
		usleep(delay);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		killed += status != 0;
		if (!is_whole(path, i))
			break;
	}
	CHECK(status == 0, "it is whole after %d kills", killed);
	CHECK(is_whole(path, i), "and at the end");
}

static void check_place(const char *path)
{
	struct store s = STORE_NONE;
	char file[256];
	struct stat st;

	CHECK(mkdir(path, 0755) == 0, "a directory");
	CHECK(store_open(path, false, &s, NULL) == 0 && stat(path, &st) == 0 &&
			(st.st_mode & 07777) == 0700,
		"that is empty becomes a store for oneself");
	store_close(&s);
	CHECK(removed(path), "it goes");
	snprintf(file, sizeof file, "%s/file", path);
	CHECK(mkdir(path, 0755) == 0 && mkdir(file, 0755) == 0, "one that is not");
	CHECK(store_open(path, false, &s, NULL) == -EEXIST, "is none");
	store_close(&s);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0755, "and stays as it was");
	CHECK(removed(path), "it goes");
}

int main(void)
{
	char dir[] = "test_store.XXXXXX", layout[64], path[64];
	cleanup_image struct image i = IMAGE_NONE;
	struct layout l = LAYOUT_NONE;
	struct store s = STORE_NONE;
	struct owners owners;
	struct stat st;

	CHECK(mkdtemp(dir) != NULL, "make a directory");
	CHECK(owners_init(&owners, false, (struct owner){0, 0}) == 0, "whose owners");
	snprintf(layout, sizeof layout, "%s/layout", dir);
	snprintf(path, sizeof path, "%s/new/parents/store", dir);
	CHECK(layout_create(layout, NULL) == 0 && layout_open(&l, layout, LAYOUT_WRITE, NULL) == 0,
		"make a layout");
	make_image(&l, &i);
	CHECK(store_open(path, false, &s, NULL) == 0 && stat(path, &st) == 0 &&
			(st.st_mode & 07777) == 0700,
		"a store for oneself");
	check_layers(&s, &l, &i, &owners);
	check_faulty(&s, &l, layout, &owners);
	check_upper(&s, &l, &i, &owners);
	check_settle(&s, &l, &owners);
	CHECK(store_has(&s, &i), "all layers are there");
	check_kind(&s, owners);
	store_close(&s);
	check_sweep(path, &i);
	snprintf(path, sizeof path, "%s/store", dir);
	check_many(path, &l, &i, &owners);
	check_killed(path, &l, &i, &owners);
	CHECK(removed(path), "it goes");
	check_place(path);
	layout_close(&l);
	CHECK(removed(dir), "clean up");
	return test_done();
}
