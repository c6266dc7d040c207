// SPDX-License-Identifier: Apache-2.0
#include "applets/tar/tar.h"

#include "core/pack/compare.h"

/* file → digest of the blob → decompression → digest of the content → archive */
struct way_in {
	int fd;
	struct source *blob, *content;
	struct archive_in *archive;
};

static int build(struct tar *t, struct way_in *w)
{
	enum compression found;
	struct source *s;
	int r = source_fd(w->fd, &s);

	if (r == 0)
		r = source_count(s, &t->progress.done, &s);
	if (r == 0 && t->digest) {
		r = source_digest(s, &s);
		w->blob = s;
	}
	if (r == 0)
		r = source_decompress(s, &found, &s);
	if (r == 0 && t->digest) {
		r = source_digest(s, &s);
		w->content = s;
	}
	return r < 0 ? r : archive_in_open(s, &w->archive);
}

static void print_digests(const struct tar *t, const struct way_in *w)
{
	FILE *to = t->verb == 'x' && !t->verbose ? stdout : stderr;
	char hex[65];

	if (!t->digest)
		return;
	if (source_digest_hex(w->blob, hex) == 0)
		fprintf(to, "blob sha256:%s\n", hex);
	if (source_digest_hex(w->content, hex) == 0)
		fprintf(to, "content sha256:%s\n", hex);
}

/* The path without its first components; NULL where nothing is left of it. */
static const char *stripped(const char *path, size_t n)
{
	while (n--) {
		path += strspn(path, "/");
		path = strchr(path, '/');
		if (!path)
			return NULL;
	}
	path += strspn(path, "/");
	return *path ? path : NULL;
}

/* A hard link's target is a path of the archive too; a symlink's is not. */
static bool strip(const struct tar *t, struct entry *e)
{
	const char *path = stripped(e->path, t->strip);
	const char *link = e->hardlink ? stripped(e->link, t->strip) : NULL;

	if (t->strip == 0)
		return true;
	if (!path || (e->hardlink && !link))
		return false;
	memmove(e->path, path, strlen(path) + 1);
	if (link)
		memmove(e->link, link, strlen(link) + 1);
	return true;
}

static void say_difference(void *tar, const struct entry *e, const char *difference)
{
	struct tar *t = tar;
	cleanup_buf struct buf path = BUF_NONE;

	show_path(&path, e->path, strlen(e->path));
	printf("%s: %s\n", path.data, difference);
	t->status = EXIT_SOME;
}

static void override(const struct tar *t, struct entry *e)
{
	struct owner owner = owner_merge((struct owner){e->uid, e->gid}, t->create.owner);

	e->uid = owner.uid;
	e->gid = owner.gid;
}

/* A disk that is full stays full: one message is enough. */
static bool is_the_end(int code)
{
	return code == -ENOSPC || code == -EDQUOT || code == -EROFS || code == -ENOMEM;
}

static int take(struct tar *t, struct way_in *w, struct extract *x, struct entry *e)
{
	cleanup_err struct err err = ERR_NONE;
	bool end;
	int r;

	if (!tar_wanted(t, e->path) || tar_excluded(t, e->path) || !strip(t, e))
		return 0;
	override(t, e);
	if (t->verb == 't' || t->verbose)
		tar_print(t, stdout, e);
	if (t->verb == 't')
		return 0;
	if (t->verb == 'd')
		r = compare_entry(&t->context.tree, &t->context.owners, e, w->archive,
			say_difference, t, &err);
	else
		r = extract_entry(x, e, w->archive, &err);
	if (r >= 0)
		return 0;
	end = is_the_end(err.code);
	tar_fault(t, &err);
	return end ? r : 0;
}

static int each_entry(struct tar *t, struct way_in *w, struct extract *x)
{
	cleanup_entry struct entry e = ENTRY_NONE;

	for (;;) {
		cleanup_err struct err err = ERR_NONE;
		bool again = false;
		int r = archive_in_next(w->archive, &e, &again, &err);

		if (r == 0)
			return 0;
		if (r < 0) {
			err_set(&err, r, "cannot read the archive", t->file);
			tar_fault(t, &err);
			if (!again)
				return r;
			continue;
		}
		r = take(t, w, x, &e);
		if (r < 0)
			return r;
	}
}

static void say_missing(struct tar *t)
{
	for (size_t i = 0; i < t->member_count; i++) {
		cleanup_err struct err err = ERR_NONE;

		if (t->members[i].found)
			continue;
		err_set(&err, -ENOENT, "not in the archive", t->members[i].path);
		tar_fault(t, &err);
	}
}

/* Where names are listed, they are progress enough. */
static void show_progress(struct tar *t, int fd)
{
	struct stat st;

	if (t->verb != 't' && !t->verbose)
		progress_start(&t->progress, t->context.self,
			t->verb == 'x' ? "extracting" : "comparing",
			fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0);
}

static int run(struct tar *t, struct way_in *w)
{
	cleanup_err struct err err = ERR_NONE;
	struct extract *x = NULL;
	int r = build(t, w);

	if (r == 0 && t->verb == 'x')
		r = extract_start(&t->context.tree, &t->context.owners, &t->extract, &x, &err);
	if (r < 0) {
		err_set(&err, r, "cannot read", t->file);
		tar_fault(t, &err);
		return EXIT_SOME;
	}
	show_progress(t, w->fd);
	r = each_entry(t, w, x);
	extract_end(x);
	progress_end(&t->progress);
	if (r == 0)
		say_missing(t);
	if (r == 0)
		print_digests(t, w);
	return r < 0 ? EXIT_SOME : t->status;
}

/* One clear word at the start, not one for each entry. */
static int check_attributes(const struct tar *t)
{
	const struct owners *o = &t->context.owners;

	if (!o->records || o->sidecar || node_probe(t->context.tree.fd) != -EOPNOTSUPP)
		return EXIT_DONE;
	report(t->context.self,
		"%s: this file system keeps no user attributes, so owners would be lost; "
		"name a file for them: --sidecar FILE",
		t->dir ? t->dir : ".");
	return EXIT_SOME;
}

/* From here on --owner and --group are numbers. */
static int find_owner(struct tar *t, struct err *err)
{
	struct names *names = NULL;
	int r = 0;

	if (!t->create.user && !t->create.group)
		return 0;
	r = tree_names(&t->context.tree, ".", &names, err);
	if (r == 0)
		r = create_owner(&t->create, names, &t->create.owner, err);
	names_free(names);
	return r;
}

static int open_tree(struct tar *t)
{
	cleanup_err struct err err = ERR_NONE;
	const char *dir = t->dir ? t->dir : ".";
	int r;

	tree_close(&t->context.tree);
	if (t->verb == 'x')
		r = tree_open_or_make(&t->context.tree, dir, &t->extract.made_top, &err);
	else
		r = tree_open(&t->context.tree, dir, &err);
	if (r == 0)
		r = find_owner(t, &err);
	if (r == 0)
		return t->verb == 'x' ? check_attributes(t) : EXIT_DONE;
	report_err(t->context.self, &err);
	return EXIT_SOME;
}

int tar_read(struct tar *t)
{
	struct way_in w = {STDIN_FILENO, NULL, NULL, NULL};
	mode_t mask = umask(0);
	int status;

	t->extract.mask = mask;
	t->extract.fault = tar_fault;
	t->extract.fault_arg = t;
	if (t->file)
		w.fd = open(t->file, O_RDONLY | O_CLOEXEC);
	if (w.fd < 0) {
		struct err err = ERR_NONE;

		err_set(&err, -errno, "cannot open", t->file);
		report_err(t->context.self, &err);
		return EXIT_SOME;
	}
	status = t->verb == 't' ? EXIT_DONE : open_tree(t);
	if (status == EXIT_DONE)
		status = run(t, &w);
	archive_in_free(w.archive);
	if (t->file)
		close(w.fd);
	umask(mask);
	return status;
}
