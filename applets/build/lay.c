// SPDX-License-Identifier: Apache-2.0
/* What is to be in the image from elsewhere goes into its tree, beneath its root. */
#include "applets/build/stage.h"
#include "core/pack/create.h"

#include <stdio.h>

/* A piece of work: what is in a directory, or one name in it. */
struct lay {
	struct stage *s;
	const struct tree *tree;
	int from;
	const char *name; /* NULL: all that is in from */
	const char *as;   /* in the tree, without "/" at its start; "" for its top */
	struct owner owner;
	int mode; /* of files; -1: as it is */
};

bool lay_needed(const struct recipe *r)
{
	size_t n = 0;

	while (n < r->import_count && !r->imports[n].dest)
		n++;
	return r->overlay_dir_count || n < r->import_count;
}

static int add_one(
	struct create *c, const struct lay *l, const char *name, const char *as, struct err *err)
{
	cleanup_fd int there = tree_openat(l->tree, as, O_PATH | O_NOFOLLOW);
	struct stat st, old;

	if (fstatat(l->from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(err, -errno, "cannot read", name);
	if (there >= 0 && fstat(there, &old) == 0 && S_ISDIR(old.st_mode) && !S_ISDIR(st.st_mode))
		return err_tell(err, -EISDIR,
			"is a directory in the image, and no directory goes there; "
			"what goes into it has a 'dest' that ends with '/'",
			as);
	return create_path_as(c, l->from, name, as, err);
}

static int add_all(struct create *c, const struct lay *l, struct err *err)
{
	cleanup_listing struct listing list = LISTING_NONE;
	int r = l->name ? add_one(c, l, l->name, l->as, err) : listing_read(l->from, true, &list);

	for (size_t n = 0; r == 0 && n < list.count; n++) {
		cleanup_free char *as = NULL;
		const char *name = listing_name(&list, n);

		if (asprintf(&as, "%s%s%s", l->as, *l->as ? "/" : "", name) < 0)
			return -ENOMEM;
		r = add_one(c, l, name, as, err);
	}
	return r;
}

/* Into a file that nobody else sees: an archive knows all that a file can be. */
static int pack(const struct lay *l, int file, struct err *err)
{
	const struct work *w = l->s->m->w;
	const struct create_options o = {.format = FORMAT_PAX,
		.whiteouts = WHITEOUTS_KEEP,
		.numeric = true,
		.owner = l->owner,
		.set_mtime = w->has_epoch,
		.mtime = w->epoch,
		.fault = making_fault,
		.arg = l->s->m};
	struct create *c = NULL;
	struct sink *sink;
	int r = sink_fd(file, &sink);

	if (r == 0)
		r = create_start(sink, &w->context.owners, &o, &c, err);
	if (r == 0)
		r = add_all(c, l, err);
	if (r == 0)
		r = create_finish(c, err);
	create_free(c);
	return r;
}

static int extract_all(const struct lay *l, struct archive_in *in, struct err *err)
{
	const struct extract_options o = {
		.whiteouts = WHITEOUTS_KEEP, .fault = making_fault, .fault_arg = l->s->m};
	struct extract *x = NULL;
	bool again = false;
	int r = extract_start(l->tree, &l->s->m->w->context.owners, &o, &x, err), more = 1;

	while (r == 0 && more > 0) {
		cleanup_entry struct entry e = ENTRY_NONE;

		r = more = archive_in_next(in, &e, &again, err);
		if (more > 0 && l->mode >= 0 && S_ISREG(e.mode))
			e.mode = S_IFREG | (mode_t)l->mode;
		if (more > 0)
			r = extract_entry(x, &e, in, err);
	}
	if (x)
		extract_end(x);
	return r;
}

static int unpack(const struct lay *l, int file, struct err *err)
{
	struct archive_in *in = NULL;
	struct source *source;
	int r = lseek(file, 0, SEEK_SET) < 0 ? -errno : source_fd(file, &source);

	if (r == 0)
		r = archive_in_open(source, &in);
	if (r == 0)
		r = extract_all(l, in, err);
	archive_in_free(in);
	return r;
}

static int lay_one(const struct lay *l, struct err *err)
{
	cleanup_fd int file = openat(l->s->upper.lock, ".laid",
		O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r;

	if (file < 0)
		return err_set(err, -errno, "cannot write", "store");
	unlinkat(l->s->upper.lock, ".laid", 0);
	r = pack(l, file, err);
	if (r == 0)
		r = unpack(l, file, err);
	return r < 0 ? err_set(err, r, "cannot be put into the image", l->as) : 0;
}

/* Without slashes at its ends. */
static char *trimmed(const char *path)
{
	size_t len;

	path += strspn(path, "/");
	len = strlen(path);
	while (len && path[len - 1] == '/')
		len--;
	return strndup(path, len);
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Where an import comes to lie: "DEST", or as itself in "DEST/". */
static char *place_of(const struct import *i)
{
	cleanup_free char *dest = trimmed(i->dest);
	char *as = NULL;

	if (!dest || i->content || i->dest[strlen(i->dest) - 1] != '/')
		return dest ? strdup(dest) : NULL;
	return asprintf(&as, "%s%s%s", dest, *dest ? "/" : "", last_part(i->path)) < 0 ? NULL : as;
}

static uint32_t or_root(uint32_t id)
{
	return id == OWNER_KEEP ? 0 : id;
}

/* Prepared by this process's parent, which may mount overlays to look into other images. */
static int lay_import(struct lay *l, const struct import *i, size_t n, struct err *err)
{
	cleanup_free char *as = place_of(i);
	cleanup_fd int from = -1;
	char dir[32];

	snprintf(dir, sizeof(dir), "import%zu", n);
	from = openat(l->s->upper.lock, dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (!as || from < 0)
		return err_set(err, as ? -errno : -ENOMEM, "cannot read", i->path);
	l->from = from;
	l->name = i->content ? NULL : last_part(i->path);
	l->as = as;
	l->owner = (struct owner){or_root(i->owner.uid), or_root(i->owner.gid)};
	l->mode = i->mode;
	return lay_one(l, err);
}

static int lay_overlay_dir(struct lay *l, const struct overlay_dir *o, struct err *err)
{
	cleanup_free char *as = trimmed(o->dest);
	cleanup_fd int from = open(o->source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (!as || from < 0)
		return err_set(err, as ? -errno : -ENOMEM, "cannot read", o->source);
	l->from = from;
	l->name = NULL;
	l->as = as;
	l->owner = (struct owner){0, 0};
	l->mode = -1;
	return lay_one(l, err);
}

static int act(struct stage *s, const struct tree *tree, void *arg, struct err *err)
{
	struct lay l = {.s = s, .tree = tree};
	const struct recipe *r = s->m->r;
	int code = 0;

	(void)arg;
	for (size_t n = 0; code == 0 && n < r->overlay_dir_count; n++)
		code = lay_overlay_dir(&l, &r->overlay_dirs[n], err);
	for (size_t n = 0; code == 0 && n < r->import_count; n++)
		if (r->imports[n].dest)
			code = lay_import(&l, &r->imports[n], n, err);
	return code;
}

static int prepare(struct stage *s, const struct import *i, size_t n, struct err *err)
{
	cleanup_fd int to = -1;
	char dir[32];

	snprintf(dir, sizeof(dir), "import%zu", n);
	if (mkdirat(s->upper.lock, dir, 0700) == 0)
		to = openat(s->upper.lock, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (to < 0)
		return err_set(err, -errno, "cannot import", i->path);
	return import_fetch(s->m, i, to, last_part(i->path), err);
}

int lay_all(struct stage *s, struct err *err)
{
	const struct recipe *r = s->m->r;
	int code = 0;

	for (size_t n = 0; code == 0 && n < r->import_count; n++)
		if (r->imports[n].dest)
			code = prepare(s, &r->imports[n], n, err);
	return code == 0 ? stage_tree(s, act, NULL, err) : code;
}
