// SPDX-License-Identifier: Apache-2.0
#include "core/pack/archive.h"
#include "core/pack/newc.h"
#include <archive.h>
#include <archive_entry.h>

/* libarchive gathers this much before it writes. */
#define OUT_BLOCK 65536

/*
 * Our own reader, and others, take no more than a mebibyte of extended header: attributes may
 * fill this much, which leaves room for long names.
 */
#define ATTRS_MAX 1000000

struct archive_out {
	struct sink *sink;
	enum archive_format format;
	bool with_ns;
	struct archive *archive; /* all formats but newc */
	struct archive_entry *entry;
	struct buf head;        /* newc: the header at hand */
	int64_t size, at;       /* of the entry's content: all of it, and what is written */
	struct entry_run *runs; /* of a sparse file in a format without holes */
	size_t run_count, run;
	int64_t in_run; /* how much of this run is written */
	int code;       /* what ended the writing; it comes again */
	bool given_up;  /* what libarchive still writes is lost */
};

static int out_broken(struct archive_out *a, int code, struct err *err)
{
	if (!a->code)
		a->code = code;
	return err_set(err, a->code, "cannot write the archive", NULL);
}

static la_ssize_t push(struct archive *archive, void *arg, const void *data, size_t n)
{
	struct archive_out *a = arg;
	int r = a->given_up ? 0 : sink_write(a->sink, data, n);

	if (!r)
		return n;
	a->code = r;
	archive_set_error(archive, -r, "sink");
	return -1;
}

static int set_format(struct archive *archive, enum archive_format format)
{
	switch (format) {
	case FORMAT_USTAR:
		return archive_write_set_format_ustar(archive);
	case FORMAT_GNUTAR:
		return archive_write_set_format_gnutar(archive);
	default:
		break;
	}
	return archive_write_set_format_pax(archive) ||
	       archive_write_set_format_option(archive, "pax", "xattrheader", "SCHILY");
}

static int open_libarchive(struct archive_out *a)
{
	a->archive = archive_write_new();
	a->entry = archive_entry_new();
	if (!a->archive || !a->entry || set_format(a->archive, a->format) ||
		archive_write_set_bytes_per_block(a->archive, OUT_BLOCK) ||
		archive_write_set_bytes_in_last_block(a->archive, 1) ||
		archive_write_open(a->archive, a, NULL, push, NULL))
		return -ENOMEM;
	return 0;
}

int archive_out_open(
	struct sink *s, enum archive_format format, bool with_ns, struct archive_out **out)
{
	struct archive_out *a = calloc(1, sizeof(*a));

	if (!a) {
		sink_free(s);
		return -ENOMEM;
	}
	a->sink = s;
	a->format = format;
	a->with_ns = with_ns;
	if (format != FORMAT_NEWC && open_libarchive(a)) {
		archive_out_free(a);
		return -ENOMEM;
	}
	*out = a;
	return 0;
}

void archive_out_free(struct archive_out *a)
{
	if (!a)
		return;
	if (a->archive) {
		/* libarchive frees all only if it may close: the entry stays as it is, and the
		 * end goes nowhere */
		a->given_up = true;
		archive_write_fail(a->archive);
		archive_write_close(a->archive);
		archive_write_free(a->archive);
	}
	archive_entry_free(a->entry);
	buf_free(&a->head);
	free(a->runs);
	sink_free(a->sink);
	free(a);
}

static int attr_compare(const void *a, const void *b)
{
	const struct entry_attr *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* Attributes in the order of their names, whatever order the file system has. */
static int put_attrs(struct archive_out *a, const struct entry *e, struct err *err)
{
	cleanup_free const struct entry_attr **sorted = NULL;
	size_t total = 0;

	if (!e->attr_count || a->format != FORMAT_PAX)
		return 0;
	sorted = calloc(e->attr_count, sizeof(*sorted));
	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < e->attr_count; i++) {
		sorted[i] = &e->attrs[i];
		total += 32 + 3 * strlen(sorted[i]->name) + sorted[i]->len;
	}
	if (total > ATTRS_MAX)
		return err_set(err, -E2BIG, "the attributes are too large for an archive", e->path);
	qsort(sorted, e->attr_count, sizeof(*sorted), attr_compare);
	for (size_t i = e->attr_count; i--;) /* libarchive adds at the front */
		archive_entry_xattr_add_entry(
			a->entry, sorted[i]->name, sorted[i]->value, sorted[i]->len);
	return 0;
}

static void put_times(struct archive_out *a, const struct entry *e)
{
	bool ns = a->with_ns;

	if (e->has_mtime)
		archive_entry_set_mtime(a->entry, e->mtime.tv_sec, ns ? e->mtime.tv_nsec : 0);
	if (e->has_atime)
		archive_entry_set_atime(a->entry, e->atime.tv_sec, ns ? e->atime.tv_nsec : 0);
	if (e->has_ctime)
		archive_entry_set_ctime(a->entry, e->ctime.tv_sec, ns ? e->ctime.tv_nsec : 0);
}

static void put_names(struct archive_out *a, const struct entry *e)
{
	archive_entry_set_pathname(a->entry, e->path);
	if (e->hardlink)
		archive_entry_set_hardlink(a->entry, e->link);
	else if (S_ISLNK(e->mode))
		archive_entry_set_symlink(a->entry, e->link);
	archive_entry_set_uname(a->entry, e->uname);
	archive_entry_set_gname(a->entry, e->gname);
}

static int fill(struct archive_out *a, const struct entry *e, struct err *err)
{
	archive_entry_clear(a->entry);
	archive_entry_set_mode(a->entry, e->mode);
	put_names(a, e);
	archive_entry_set_uid(a->entry, e->uid);
	archive_entry_set_gid(a->entry, e->gid);
	archive_entry_set_size(a->entry, a->size);
	put_times(a, e);
	if (S_ISCHR(e->mode) || S_ISBLK(e->mode)) {
		archive_entry_set_rdevmajor(a->entry, e->major);
		archive_entry_set_rdevminor(a->entry, e->minor);
	}
	if (a->format == FORMAT_PAX)
		for (size_t i = 0; i < e->run_count; i++)
			archive_entry_sparse_add_entry(
				a->entry, e->runs[i].offset, e->runs[i].length);
	return put_attrs(a, e, err);
}

static int refused(struct archive_out *a, const struct entry *e, struct err *err)
{
	int code = -archive_errno(a->archive);

	if (code == -ENAMETOOLONG)
		return err_set(err, code, "the name is too long for this format", e->path);
	if (code == -ERANGE)
		return err_set(err, code, "a number is too large for this format", e->path);
	return err_set(err, code == -ENOMEM ? code : -EINVAL, "this format cannot hold the entry",
		e->path);
}

static int put_libarchive(struct archive_out *a, const struct entry *e, struct err *err)
{
	int r = fill(a, e, err);

	if (r)
		return r;
	r = archive_write_header(a->archive, a->entry);
	if (r == ARCHIVE_FAILED)
		return refused(a, e, err);
	/* The map of a sparse file goes out with its first data, of which there may be none. */
	if (r == ARCHIVE_OK && archive_write_data(a->archive, "", 0) < 0)
		r = ARCHIVE_FATAL;
	return r == ARCHIVE_OK ? 0 : out_broken(a, -ENOMEM, err);
}

static int put_newc(struct archive_out *a, const struct entry *e, struct err *err)
{
	const char *why = NULL;
	int r;

	buf_cut(&a->head, 0);
	r = newc_header(e, &a->head, &why);
	if (r)
		return err_set(err, r, why, e->path);
	r = sink_write(a->sink, a->head.data, a->head.len);
	return r ? out_broken(a, r, err) : 0;
}

static bool runs_good(const struct entry *e)
{
	int64_t end = 0;

	for (size_t i = 0; i < e->run_count; i++) {
		const struct entry_run *run = &e->runs[i];

		if (run->offset < end || run->length < 0 || run->length > e->size - run->offset)
			return false;
		end = run->offset + run->length;
	}
	return true;
}

/* ustar and gnutar have 32 bytes for a name, and most writers end it with a NUL. */
static bool owner_fits(const struct archive_out *a, const struct entry *e)
{
	if (a->format != FORMAT_USTAR && a->format != FORMAT_GNUTAR)
		return true;
	return (!e->uname || strlen(e->uname) < 32) && (!e->gname || strlen(e->gname) < 32);
}

/* Before anything is written: what is wrong, and what the format has no room for. */
static int check(const struct archive_out *a, const struct entry *e, struct err *err)
{
	if (!e->path || !*e->path)
		return err_set(err, -EINVAL, "the entry has no name", NULL);
	if ((e->hardlink || S_ISLNK(e->mode)) && (!e->link || !*e->link))
		return err_set(err, -EINVAL, "the link has no target", e->path);
	if (e->size < 0 || !runs_good(e))
		return err_set(err, -EINVAL, "the size is wrong", e->path);
	if (S_ISSOCK(e->mode) && a->format != FORMAT_NEWC)
		return err_set(err, -EOPNOTSUPP, "no tar format can hold a socket", e->path);
	if (!owner_fits(a, e))
		return err_set(err, -ENAMETOOLONG, "the owner's name is too long for this format",
			e->path);
	return 0;
}

/* Where the format has no holes, remembers where zeros go. */
static int keep_runs(struct archive_out *a, const struct entry *e)
{
	free(a->runs);
	a->runs = NULL;
	a->run_count = a->run = 0;
	a->in_run = 0;
	if (!e->run_count || a->format == FORMAT_PAX)
		return 0;
	a->runs = calloc(e->run_count, sizeof(*a->runs));
	if (!a->runs)
		return -ENOMEM;
	memcpy(a->runs, e->runs, e->run_count * sizeof(*a->runs));
	a->run_count = e->run_count;
	return 0;
}

static int64_t content(const struct archive_out *a, const struct entry *e)
{
	if (!S_ISREG(e->mode) || (e->hardlink && a->format != FORMAT_NEWC))
		return 0;
	return e->size;
}

int archive_out_entry(struct archive_out *a, const struct entry *e, struct err *err)
{
	int r = a->code ? out_broken(a, a->code, err) : check(a, e, err);

	r = r ? r : keep_runs(a, e);
	if (r)
		return r;
	a->size = content(a, e);
	a->at = 0;
	r = a->archive ? put_libarchive(a, e, err) : put_newc(a, e, err);
	if (r)
		a->size = 0;
	return r;
}

/* Writes what belongs at a->at. */
static int put(struct archive_out *a, const void *data, int64_t n)
{
	int r = 0;

	n = MIN(n, a->size - a->at);
	if (a->archive)
		r = archive_write_data(a->archive, data, n) == n ? 0 : -EIO;
	else
		r = sink_write(a->sink, data, n);
	if (r && !a->code)
		a->code = r;
	a->at += n;
	return r;
}

static int put_zeros(struct archive_out *a, int64_t upto)
{
	static const char zeros[4096];
	int r = 0;

	while (!r && a->at < upto)
		r = put(a, zeros, MIN((int64_t)sizeof(zeros), upto - a->at));
	return r;
}

/* The next piece of a sparse file's data: zeros up to its run, then as much as fits there. */
static int put_in_run(struct archive_out *a, const void *data, size_t *n)
{
	const struct entry_run *run = &a->runs[a->run];
	int r = put_zeros(a, MIN(run->offset + a->in_run, a->size));

	*n = MIN((int64_t)*n, run->length - a->in_run);
	r = r ? r : put(a, data, *n);
	a->in_run += *n;
	if (a->in_run == run->length) {
		a->run++;
		a->in_run = 0;
	}
	return r;
}

int archive_out_data(struct archive_out *a, const void *data, size_t n, struct err *err)
{
	const char *p = data;
	int r = a->code;

	if (!r && !a->runs)
		r = put(a, data, n);
	while (!r && a->runs && n && a->run < a->run_count) {
		size_t piece = n;

		r = put_in_run(a, p, &piece);
		p += piece;
		n -= piece;
	}
	return r ? out_broken(a, r, err) : 0;
}

int archive_out_end(struct archive_out *a, struct err *err)
{
	int r = a->code;

	if (!r && a->archive)
		r = archive_write_finish_entry(a->archive) == ARCHIVE_OK ? 0 : -EIO;
	else if (!r) {
		r = put_zeros(a, a->size);
		r = r ? r : sink_write(a->sink, "\0\0\0", newc_padding(a->size));
	}
	a->size = a->at = 0;
	return r ? out_broken(a, r, err) : 0;
}

static int finish_newc(struct archive_out *a)
{
	int r;

	buf_cut(&a->head, 0);
	r = newc_trailer(&a->head);
	return r ? r : sink_write(a->sink, a->head.data, a->head.len);
}

int archive_out_finish(struct archive_out *a, struct err *err)
{
	int r = a->code;

	if (!r && a->archive)
		r = archive_write_close(a->archive) == ARCHIVE_OK ? 0 : -EIO;
	else if (!r)
		r = finish_newc(a);
	r = r ? r : sink_finish(a->sink);
	return r ? out_broken(a, r, err) : 0;
}
