// SPDX-License-Identifier: Apache-2.0
#include "applets/tar/tar.h"

static bool want(void *tar, const char *path)
{
	return !tar_excluded(tar, path);
}

static void tell(void *tar, const struct entry *e)
{
	struct tar *t = tar;

	atomic_fetch_add(&t->progress.done, (uint64_t)e->size);
	if (t->verbose)
		tar_print(t, t->file ? stdout : stderr, e);
}

/* The compression that a name asks for. */
static enum compression by_suffix(const char *file)
{
	static const struct {
		const char *suffix;
		enum compression how;
	} suffixes[] = {{".gz", COMPRESS_GZIP}, {".tgz", COMPRESS_GZIP}, {".zst", COMPRESS_ZSTD},
		{".tzst", COMPRESS_ZSTD}};
	size_t n = strlen(file);

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		size_t m = strlen(suffixes[i].suffix);

		if (n > m && strcmp(file + n - m, suffixes[i].suffix) == 0)
			return suffixes[i].how;
	}
	return COMPRESS_NONE;
}

/* file → digest of the blob → compression → digest of the content → archive */
struct way_out {
	int fd;
	struct sink *blob, *content;
};

static int build(struct tar *t, struct way_out *w, struct sink **out)
{
	int r = sink_fd(w->fd, out);

	if (r == 0 && t->digest) {
		r = sink_digest(*out, out);
		w->blob = *out;
	}
	if (r == 0 && t->compression != COMPRESS_NONE)
		r = sink_compress(*out, t->compression, t->level, 0, out);
	if (r == 0 && t->digest) {
		r = sink_digest(*out, out);
		w->content = *out;
	}
	return r;
}

static void print_digests(const struct tar *t, const struct way_out *w)
{
	FILE *to = t->file && !t->verbose ? stdout : stderr;
	char hex[65];

	if (!t->digest)
		return;
	if (sink_digest_hex(w->blob, hex) == 0)
		fprintf(to, "blob sha256:%s\n", hex);
	if (sink_digest_hex(w->content, hex) == 0)
		fprintf(to, "content sha256:%s\n", hex);
}

/* Members with the same -C stand in the same tree. */
static int add_member(struct create *c, const struct member *m, struct err *err)
{
	cleanup_tree struct tree tree = TREE_NONE;
	struct names *names = NULL;
	int r = tree_open(&tree, m->dir, err);

	if (r == 0)
		r = tree_names(&tree, m->path, &names, err);
	if (r == 0)
		r = create_path(c, &tree, names, m->path, err);
	names_free(names);
	return r;
}

static int write_archive(struct tar *t, struct way_out *w, struct err *err)
{
	struct sink *sink = NULL;
	struct create *c = NULL;
	int r = build(t, w, &sink);

	if (r < 0)
		return err_set(err, r, "cannot compress", t->file);
	r = create_start(sink, &t->context.owners, &t->create, &c, err);
	if (!t->verbose)
		progress_start(&t->progress, t->context.self, "packing", 0);
	for (size_t i = 0; r == 0 && i < t->member_count; i++)
		r = add_member(c, &t->members[i], err);
	if (r == 0)
		r = create_finish(c, err);
	progress_end(&t->progress);
	if (r == 0)
		print_digests(t, w);
	if (r == 0 && create_bared(c))
		report(t->context.self, "this format holds no attributes; %zu entries lost theirs",
			create_bared(c));
	create_free(c);
	return r;
}

static int open_file(struct tar *t)
{
	int fd;

	if (!t->file)
		return STDOUT_FILENO;
	fd = open(t->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	return fd < 0 ? -errno : fd;
}

/* What is not written to the end is not left as if it were. */
static int close_file(const struct tar *t, int fd, int r, struct err *err)
{
	if (!t->file)
		return r;
	if (close(fd) < 0 && r == 0)
		r = err_set(err, -errno, "cannot write", t->file);
	return r;
}

int tar_create(struct tar *t)
{
	cleanup_err struct err err = ERR_NONE;
	struct way_out w = {-1, NULL, NULL};
	int r;

	if (t->member_count == 0)
		return usage_error(t->context.self, "nothing to put into an archive; name paths");
	if (t->auto_compress && t->file && t->compression == COMPRESS_NONE)
		t->compression = by_suffix(t->file);
	if (t->level > (t->compression == COMPRESS_ZSTD ? 19 : 12))
		return usage_error(t->context.self, "--level: %d is too high", t->level);
	t->create.want = want;
	t->create.tell = tell;
	t->create.fault = tar_fault;
	t->create.arg = t;
	w.fd = open_file(t);
	if (w.fd < 0) {
		err_set(&err, w.fd, "cannot make", t->file);
		report_err(t->context.self, &err);
		return EXIT_SOME;
	}
	if (!t->file && isatty(w.fd))
		return usage_error(
			t->context.self, "an archive is no good on a terminal; use -f FILE");
	r = close_file(t, w.fd, write_archive(t, &w, &err), &err);
	if (r == 0)
		return t->status;
	err_set(&err, r, "cannot write", t->file);
	report_err(t->context.self, &err);
	return EXIT_SOME;
}
