// SPDX-License-Identifier: Apache-2.0
/* Streams in threads: digests beside them, and what happens when a side fails or stops. */
#include "testsuite/unit/stream.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#ifdef CONFIG_SHA256
/* The digest of n bytes, read or written in pieces. */
static void digest_source(const struct buf *in, const char *hex)
{
	struct source *s, *digest;
	char got[65];
	const void *block;

	if (source_memory(in->data, in->len, &s) < 0 || source_digest(s, &s) < 0)
		abort();
	digest = s;
	CHECK(source_digest_hex(digest, got) == -EINVAL, "no digest before the end");
	while (source_next(s, &block) > 0)
		continue;
	CHECK(source_digest_hex(digest, got) == 0 && strcmp(got, hex) == 0,
		"sha256 of %zu bytes read is %s", in->len, got);
	CHECK(source_digest_hex(digest, got) == 0 && strcmp(got, hex) == 0, "and again");
	source_free(s);
}

static void digest_sink(const struct buf *in, const char *hex)
{
	cleanup_fd int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct sink *s;
	char got[65];

	if (sink_fd(fd, &s) < 0 || sink_digest(s, &s) < 0)
		abort();
	CHECK(sink_digest_hex(s, got) == -EINVAL, "no digest before sink_finish");
	CHECK(write_all(s, in, 50000) == 0 && sink_digest_hex(s, got) == 0 && !strcmp(got, hex),
		"sha256 of %zu bytes written is %s", in->len, got);
	sink_free(s);
}

/* Both ways with a digest on each side of the compressor: the four agree by pairs. */
static void digests_around(enum compression how)
{
	cleanup_fd int fd = memfd_create("packed", MFD_CLOEXEC);
	cleanup_buf struct buf in = BUF_NONE, out = BUF_NONE;
	struct sink *s, *outer, *inner;
	struct source *from, *blob, *content;
	char w[2][65] = {"1", "2"}, r[2][65] = {"3", "4"};
	enum compression found;
	const void *block;
	ssize_t n;

	fill(&in, 4000000);
	if (sink_fd(fd, &s) < 0 || sink_digest(s, &inner) < 0 ||
		sink_compress(inner, how, 1, 2, &s) < 0 || sink_digest(s, &outer) < 0)
		abort();
	CHECK(write_all(outer, &in, 10000) == 0 && sink_digest_hex(inner, w[0]) == 0 &&
			sink_digest_hex(outer, w[1]) == 0,
		"%s: written with both digests", name_of(how));
	sink_free(outer);
	lseek(fd, 0, SEEK_SET);
	if (source_fd(fd, &from) < 0 || source_digest(from, &blob) < 0 ||
		source_decompress(blob, &found, &from) < 0 || source_digest(from, &content) < 0)
		abort();
	while ((n = source_next(content, &block)) > 0)
		add(&out, block, (size_t)n);
	CHECK(n == 0 && found == how && same(&in, &out), "%s: read with both digests",
		name_of(how));
	CHECK(source_digest_hex(blob, r[0]) == 0 && source_digest_hex(content, r[1]) == 0 &&
			!strcmp(w[0], r[0]) && !strcmp(w[1], r[1]),
		"%s: the digests of blob and content agree", name_of(how));
	source_free(content);
}

static void test_digest(void)
{
	cleanup_buf struct buf abc = BUF_NONE, none = BUF_NONE, million = BUF_NONE;
	static const char *const hex[] = {
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
	};

	ADD(&abc, "abc");
	for (int i = 0; i < 1000000; i++)
		ADD(&million, "a");
	digest_source(&none, hex[0]);
	digest_source(&abc, hex[1]);
	digest_source(&million, hex[2]);
	digest_sink(&none, hex[0]);
	digest_sink(&abc, hex[1]);
	digest_sink(&million, hex[2]);
	for (int how = COMPRESS_NONE; how <= COMPRESS_ZSTD; how++)
		if (built(how))
			digests_around(how);
}
#else
static void test_digest(void)
{
	struct source *s;
	struct sink *k;

	CHECK(source_memory("", 0, &s) == 0 && source_digest(s, &s) == -ENOTSUP, "no digests");
	CHECK(sink_fd(1, &k) == 0 && sink_digest(k, &k) == -ENOTSUP, "no digests");
}
#endif

/* Where stages stand around a descriptor; those that were not built are left out. */
static struct source *chain(int fd)
{
	struct source *s, *more;
	enum compression found;

	if (source_fd(fd, &s) < 0)
		abort();
#ifdef CONFIG_SHA256
	if (source_digest(s, &more) < 0 || source_decompress(more, &found, &s) < 0 ||
		source_digest(s, &more) < 0)
		abort();
#else
	if (source_decompress(s, &found, &more) < 0)
		abort();
#endif
	return more;
}

static void reader_stops(enum compression how)
{
	cleanup_fd int fd = memfd_create("packed", MFD_CLOEXEC);
	cleanup_buf struct buf in = BUF_NONE;
	const void *block;

	fill(&in, 20000000);
	pack_to(fd, &in, (struct how){how, 1, 2, 0});
	for (int reads = 0; reads < 5; reads++) {
		struct source *s;

		lseek(fd, 0, SEEK_SET);
		s = chain(fd);
		for (int i = 0; i < reads; i++)
			source_next(s, &block);
		source_free(s);
	}
	CHECK(true, "%s: a reader may stop at any time", name_of(how));
}

/* A pipe that stays open and gives nothing more must not keep source_free waiting. */
static void pipe_stays_open(enum compression how)
{
	cleanup_buf struct buf in = BUF_NONE, packed = BUF_NONE;
	int ends[2] = {-1, -1};
	const void *block;
	struct source *s;
	pid_t child;

	fill(&in, 3000000);
	pack(&in, (struct how){how, 1, 1, 0}, &packed);
	if (pipe(ends) < 0)
		abort();
	child = fork_child();
	if (child == 0) {
		io_write(ends[1], packed.data, packed.len - 100);
		pause();
		_exit(0);
	}
	s = chain(ends[0]);
	CHECK(source_next(s, &block) > 0 && source_next(s, &block) > 0, "%s: a pipe is read",
		name_of(how));
	alarm(30);
	source_free(s);
	alarm(0);
	CHECK(true, "%s: freeing does not wait for a pipe", name_of(how));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(ends[0]);
	close(ends[1]);
}

/* A descriptor in O_NONBLOCK mode is waited for. */
static void pipe_not_blocking(void)
{
	cleanup_buf struct buf in = BUF_NONE, out = BUF_NONE;
	int ends[2] = {-1, -1};
	const char *why;
	pid_t child;

	fill(&in, 300000);
	if (pipe2(ends, O_NONBLOCK) < 0)
		abort();
	child = fork_child();
	if (child == 0) {
		fcntl(ends[1], F_SETFL, 0);
		usleep(50000);
		io_write(ends[1], in.data, in.len);
		_exit(0);
	}
	close(ends[1]);
	CHECK(drain(chain(ends[0]), &out, &why) == 0 && same(&in, &out),
		"a descriptor that does not block is waited for");
	waitpid(child, NULL, 0);
	close(ends[0]);
}

static void read_fails(void)
{
	static const struct {
		const char *path;
		int code;
	} cases[] = {{"/proc/self/mem", -EIO}, {"/", -EISDIR}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_buf struct buf out = BUF_NONE;
		cleanup_fd int fd = open(cases[i].path, O_RDONLY | O_CLOEXEC);
		const char *why;

		CHECK(drain(chain(fd), &out, &why) == cases[i].code && why,
			"reading %s fails as it is", cases[i].path);
	}
}

static void write_fails(enum compression how)
{
	cleanup_fd int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	cleanup_buf struct buf in = BUF_NONE;

	fill(&in, 8000000);
	CHECK(pack_to(fd, &in, (struct how){how, 1, 2, 0}) == -ENOSPC, "%s: a full disk is told",
		name_of(how));
	in.len = 10;
	CHECK(pack_to(fd, &in, (struct how){how, 1, 2, 0}) == -ENOSPC,
		"%s: a full disk is told at the end", name_of(how));
}

/* From here on this process cannot start threads. */
static void forbid_threads(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone3, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {.len = ARRAY_SIZE(code), .filter = code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0)
		_exit(9);
}

/* In a child: 0 if packing gives `expected`, or with that NULL fails as it should. */
static int without_threads(enum compression how, const struct buf *in, const struct buf *expected)
{
	cleanup_buf struct buf packed = BUF_NONE, out = BUF_NONE;
	cleanup_fd int fd = memfd_create("packed", MFD_CLOEXEC);
	const char *why;

	forbid_threads();
	if (how == COMPRESS_ZSTD && pack(in, (struct how){how, 1, 2, 0}, &packed) != -EAGAIN)
		return 2;
	if (how != COMPRESS_ZSTD &&
		(pack(in, (struct how){how, 1, 2, 0}, &packed) < 0 || !same(&packed, expected)))
		return 3;
	if (io_write(fd, expected->data, expected->len) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return 4;
	return drain(chain(fd), &out, &why) == 0 && same(&out, in) ? 0 : 5;
}

static void no_threads(enum compression how)
{
	cleanup_buf struct buf in = BUF_NONE, packed = BUF_NONE;
	int status = -1;
	pid_t child;

	fill(&in, 3000000);
	pack(&in, (struct how){how, 1, 2, 0}, &packed);
	child = fork_child();
	if (child == 0)
		_exit(without_threads(how, &in, &packed));
	waitpid(child, &status, 0);
	CHECK(status == 0, "%s: where no thread can be started (status %#x)", name_of(how), status);
}

static void test_trouble(void)
{
	for (int how = COMPRESS_NONE; how <= COMPRESS_ZSTD; how++) {
		if (!built(how))
			continue;
		reader_stops(how);
		pipe_stays_open(how);
		write_fails(how);
		no_threads(how);
	}
	pipe_not_blocking();
	read_fails();
}

int main(void)
{
	test_digest();
	test_trouble();
	return test_done();
}
