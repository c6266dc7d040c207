// SPDX-License-Identifier: Apache-2.0
#include "core/pack/acl.h"
#include "core/pack/archive.h"
#include <archive.h>
#include <archive_entry.h>

struct archive_in {
	struct source *source;
	struct archive *archive;
	struct archive_entry *entry; /* used again for each */
	int64_t size;                /* of the entry at hand */
	int code;                    /* what ended the reading; it comes again */
	bool opened, at_end;
	bool source_failed, source_ended;
};

static la_ssize_t pull(struct archive *archive, void *arg, const void **block)
{
	struct archive_in *a = arg;
	ssize_t n = source_next(a->source, block);

	if (n < 0) {
		a->code = n;
		a->source_failed = true;
		archive_set_error(archive, -n, "source");
		return -1;
	}
	a->source_ended = n == 0;
	return n;
}

int archive_in_open(struct source *s, struct archive_in **out)
{
	struct archive_in *a = calloc(1, sizeof(*a));

	if (!a) {
		source_free(s);
		return -ENOMEM;
	}
	a->source = s;
	a->archive = archive_read_new();
	a->entry = archive_entry_new();
	if (!a->archive || !a->entry || archive_read_support_format_tar(a->archive) ||
		archive_read_support_format_cpio(a->archive)) {
		archive_in_free(a);
		return -ENOMEM;
	}
	*out = a;
	return 0;
}

void archive_in_free(struct archive_in *a)
{
	if (!a)
		return;
	archive_read_free(a->archive);
	archive_entry_free(a->entry);
	source_free(a->source);
	free(a);
}

/* Why the archive cannot be read any further, as words that live for ever. */
static const char *damage(const struct archive_in *a)
{
	const char *text = archive_error_string(a->archive);

	if (a->source_failed)
		return source_why(a->source) ? source_why(a->source) : "cannot read the archive";
	if (a->code == -ENOMEM)
		return "cannot read the archive";
	if (!a->opened)
		return "this is neither a tar nor a cpio archive";
	if (a->source_ended && (!text || strcasestr(text, "truncated")))
		return "the archive is cut off";
	return "the archive is damaged";
}

/* The end of all reading: notes the code and fills err. */
static int broken(struct archive_in *a, struct err *err)
{
	if (!a->code)
		a->code = archive_errno(a->archive) == ENOMEM ? -ENOMEM : -EBADMSG;
	return err_set(err, a->code, damage(a), NULL);
}

static char *copy_text(const char *text, int *code)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		*code = -ENOMEM;
	return copy;
}

static void take_times(struct archive_entry *from, struct entry *e)
{
	e->has_mtime = archive_entry_mtime_is_set(from);
	e->has_atime = archive_entry_atime_is_set(from);
	e->has_ctime = archive_entry_ctime_is_set(from);
	e->mtime.tv_sec = archive_entry_mtime(from);
	e->mtime.tv_nsec = archive_entry_mtime_nsec(from);
	e->atime.tv_sec = archive_entry_atime(from);
	e->atime.tv_nsec = archive_entry_atime_nsec(from);
	e->ctime.tv_sec = archive_entry_ctime(from);
	e->ctime.tv_nsec = archive_entry_ctime_nsec(from);
}

static int take_names(struct archive_entry *from, struct entry *e)
{
	const char *hardlink = archive_entry_hardlink(from);
	int code = 0;

	e->hardlink = hardlink;
	e->path = copy_text(archive_entry_pathname(from), &code);
	e->link = copy_text(hardlink ? hardlink : archive_entry_symlink(from), &code);
	e->uname = copy_text(archive_entry_uname(from), &code);
	e->gname = copy_text(archive_entry_gname(from), &code);
	return code;
}

/* libarchive keeps the last of several attributes of one name first. */
static int take_attrs(struct archive_entry *from, struct entry *e)
{
	const char *name;
	const void *value;
	size_t len;
	int r = 0;

	archive_entry_xattr_reset(from);
	while (!r && archive_entry_xattr_next(from, &name, &value, &len) == ARCHIVE_OK)
		if (*name && !entry_attr(e, name))
			r = entry_add_attr(e, name, value, len);
	return r ? r : acl_take(from, e);
}

static int take_runs(struct archive_entry *from, struct entry *e)
{
	la_int64_t offset, length;
	int r = 0;

	if (!archive_entry_sparse_reset(from))
		return 0;
	while (!r && archive_entry_sparse_next(from, &offset, &length) == ARCHIVE_OK)
		r = entry_add_run(e, offset, length);
	return r;
}

/* The last number of 32 bits is nobody's: to chown(2) and in records it means "as it is". */
static bool is_id(la_int64_t n)
{
	return n >= 0 && n < UINT32_MAX;
}

static int take_numbers(struct archive_entry *from, struct entry *e, const char **why)
{
	la_int64_t uid = archive_entry_uid(from), gid = archive_entry_gid(from);
	uint64_t major = archive_entry_rdevmajor(from), minor = archive_entry_rdevminor(from);

	*why = "the owner is out of range";
	if (!is_id(uid) || !is_id(gid))
		return -EBADMSG;
	*why = "the device number is out of range";
	if (major > UINT32_MAX || minor > UINT32_MAX)
		return -EBADMSG;
	e->uid = uid;
	e->gid = gid;
	if (S_ISCHR(e->mode) || S_ISBLK(e->mode)) {
		e->major = major;
		e->minor = minor;
	}
	e->ino = archive_entry_ino64(from);
	e->nlink = archive_entry_nlink(from);
	return 0;
}

/* What no reader of archives could make anything of. */
static int check(const struct entry *e, const char **why)
{
	*why = "the entry has no name";
	if (!e->path || !*e->path)
		return -EBADMSG;
	*why = "the link has no target";
	if ((e->hardlink || S_ISLNK(e->mode)) && (!e->link || !*e->link))
		return -EBADMSG;
	*why = "the entry is of no known type";
	if (!e->hardlink && !(e->mode & S_IFMT))
		return -EBADMSG;
	*why = "the size is negative";
	return e->size < 0 ? -EBADMSG : 0;
}

static int take(struct archive_in *a, struct entry *e, const char **why)
{
	struct archive_entry *from = a->entry;
	int r = take_names(from, e);

	*why = NULL;
	if (r)
		return r;
	e->mode = archive_entry_mode(from) & (e->hardlink ? 07777 : 07777 | S_IFMT);
	if (e->hardlink || S_ISREG(e->mode))
		e->size = archive_entry_size(from);
	a->size = e->size;
	take_times(from, e);
	r = take_numbers(from, e, why);
	r = r ? r : check(e, why);
	r = r ? r : take_attrs(from, e);
	return r ? r : take_runs(from, e);
}

/* A header that libarchive could not make sense of, but knows the length of. */
static int warned(struct archive_in *a, struct entry *e)
{
	int r = take_names(a->entry, e);

	return r ? r : -EBADMSG;
}

/* Reads on to the end of the source, so that whoever listens there has heard all of it. */
static int drain(struct archive_in *a, struct err *err)
{
	const void *block;

	a->at_end = true;
	while (!a->source_ended) {
		if (pull(a->archive, a, &block) < 0)
			return broken(a, err);
	}
	return 0;
}

int archive_in_next(struct archive_in *a, struct entry *e, bool *again, struct err *err)
{
	const char *why;
	int r = ARCHIVE_OK;

	*again = false;
	entry_free(e);
	if (a->code || a->at_end)
		return a->code ? err_set(err, a->code, damage(a), NULL) : 0;
	if (!a->opened) {
		r = archive_read_open(a->archive, a, NULL, pull, NULL);
		a->opened = r == ARCHIVE_OK;
	}
	if (r == ARCHIVE_OK)
		r = archive_read_next_header2(a->archive, a->entry);
	if (r == ARCHIVE_EOF)
		return drain(a, err);
	if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
		return broken(a, err);
	why = "the entry's header is malformed";
	r = r == ARCHIVE_WARN ? warned(a, e) : take(a, e, &why);
	if (!r)
		return 1;
	*again = r == -EBADMSG;
	return err_set(err, r, why, e->path);
}

ssize_t archive_in_data(struct archive_in *a, const void **block, int64_t *offset, struct err *err)
{
	la_int64_t at = 0;
	size_t n = 0;
	int r;

	if (a->code)
		return err_set(err, a->code, damage(a), NULL);
	if (!a->size) /* nor is there content in what is no file */
		return 0;
	do
		r = archive_read_data_block(a->archive, block, &n, &at);
	while (r == ARCHIVE_OK && !n);
	if (r == ARCHIVE_EOF)
		return 0;
	if (r != ARCHIVE_OK)
		return broken(a, err);
	if (at < 0 || at > a->size || (int64_t)n > a->size - at) {
		a->code = -EBADMSG;
		return broken(a, err);
	}
	*offset = at;
	return n;
}
