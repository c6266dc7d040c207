// SPDX-License-Identifier: Apache-2.0
#include "core/image/unpack.h"

#include "core/image/maps.h"
#include "core/owner/attr.h"
#include "core/pack/path.h"

/* A disk that is full stays full. */
static bool is_the_end(int code)
{
	return code == -ENOSPC || code == -EDQUOT || code == -EROFS || code == -ENOMEM;
}

/* One layer on its way into the tree. */
struct layer_in {
	const struct unpack_options *o;
	struct archive_in *archive;
	struct extract *extract;
	const struct tree *tree;
	const char *digest;
};

/* Whether a symlink to a directory stands where the entry would make a directory. */
static bool is_dirlink(const struct layer_in *in, const struct entry *e)
{
	cleanup_free char *path = NULL;
	cleanup_fd int above = -1, target = -1;
	char name[NAME_MAX + 1];
	struct stat st;

	if (!in->o->keep_dirlinks || !S_ISDIR(e->mode) || path_clean(e->path, &path) < 0)
		return false;
	above = tree_parent(in->tree, path, name);
	if (above < 0 || fstatat(above, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISLNK(st.st_mode))
		return false;
	target = tree_openat(in->tree, path, O_PATH | O_DIRECTORY);
	return target >= 0;
}

/* Whether there is somebody to give the entry to. */
static bool give(const struct layer_in *in, struct entry *e)
{
	struct owner owner = {e->uid, e->gid};

	if (in->o->outside)
		owner = in->o->outside(in->o->arg, owner);
	e->uid = owner.uid;
	e->gid = owner.gid;
	return owner.uid != OWNER_KEEP && owner.gid != OWNER_KEEP;
}

static int note_directory(const struct layer_in *in, const struct entry *e)
{
	cleanup_free char *path = NULL;

	if (!in->o->directories || !S_ISDIR(e->mode) || path_clean(e->path, &path) < 0)
		return 0;
	return changes_add(in->o->directories, CHANGE_ADDED, path);
}

static int take(struct layer_in *in, struct entry *e, struct err *err)
{
	cleanup_err struct err fault = ERR_NONE;
	int r;

	if (is_dirlink(in, e))
		return 0;
	if (note_directory(in, e) < 0)
		return err_set(err, -ENOMEM, NULL, NULL);
	if (give(in, e))
		r = extract_entry(in->extract, e, in->archive, &fault);
	else
		r = err_tell(
			&fault, -EOVERFLOW, "its owner is in no --uid-map or --gid-map", e->path);
	if (r >= 0)
		return 0;
	if (is_the_end(fault.code))
		return err_set(err, fault.code, fault.what, fault.path);
	if (!fault.path)
		fault.path = strdup(e->path);
	in->o->fault(in->o->arg, &fault);
	return 0;
}

static int each_entry(struct layer_in *in, struct err *err)
{
	cleanup_entry struct entry e = ENTRY_NONE;

	for (;;) {
		cleanup_err struct err fault = ERR_NONE;
		bool again = false;
		int r = archive_in_next(in->archive, &e, &again, &fault);

		if (r == 0)
			return 0;
		if (r > 0) {
			r = take(in, &e, err);
			if (r < 0)
				return r;
			continue;
		}
		if (!again)
			return err_set(err, r, fault.what ? fault.what : "cannot read the layer",
				in->digest);
		err_set(&fault, r, "cannot read an entry", in->digest);
		in->o->fault(in->o->arg, &fault);
	}
}

static int unpack_layer(const struct layout *l, const struct image *i, size_t n,
	const struct tree *tree, const struct unpack_options *o, struct err *err)
{
	const struct extract_options options = {.whiteouts = o->whiteouts,
		.fault = o->fault,
		.fault_arg = o->arg,
		.filled = o->filled,
		.filled_arg = o->arg};
	struct layer_in in = {.o = o, .tree = tree, .digest = i->layers[n].digest};
	struct source *source;
	int r = layer_source(l, &i->layers[n], i->diff_ids[n], &source, err);

	if (r == 0)
		r = archive_in_open(source, &in.archive);
	if (r == 0)
		r = extract_start(tree, o->owners, &options, &in.extract, err);
	if (r == 0)
		r = each_entry(&in, err);
	if (in.extract)
		extract_end(in.extract);
	archive_in_free(in.archive);
	return r < 0 ? err_set(err, r, "cannot unpack", i->layers[n].digest) : 0;
}

int image_unpack(const struct layout *l, const struct image *i, size_t first, size_t end,
	const struct tree *tree, const struct unpack_options *o, struct err *err)
{
	mode_t mask = umask(0);
	int r = 0;

	for (size_t n = first; r == 0 && n < end; n++)
		r = unpack_layer(l, i, n, tree, o, err);
	umask(mask);
	return r;
}

/* What overlayfs and a directory's map keep there is about the directory's own entries. */
static bool is_inherited(const char *attr)
{
	return strncmp(attr, "user.overlay.", strlen("user.overlay.")) != 0 &&
	       strcmp(attr, DIRMAP_ATTR) != 0 && strncmp(attr, "system.", strlen("system.")) != 0;
}

/* With below -1 as nothing. 0 or negative errno. */
static int be_like(int below, int fd)
{
	struct stat st = {.st_mode = 0755};
	int r = 0;

	if (below >= 0)
		r = fstat(below, &st) < 0 ? -errno : attr_copy(below, fd, is_inherited);
	if (r == 0 && below >= 0 && geteuid() == 0 && fchown(fd, st.st_uid, st.st_gid) < 0)
		r = -errno;
	if (r == 0 && fchmod(fd, st.st_mode & 07777) < 0)
		r = -errno;
	if (r == 0 && futimens(fd, (const struct timespec[2]){st.st_atim, st.st_mtim}) < 0)
		r = -errno;
	return r;
}

int layer_top(int below, int fd, struct err *err)
{
	int r = be_like(below, fd);

	return r < 0 ? err_set(err, r, "cannot make its top as that of the layer below", NULL) : 0;
}

struct inheriting {
	const struct changes *directories;
	bool records;
};

static int inherit(void *inheriting, const struct merged_dir *m, struct err *err)
{
	const struct inheriting *i = inheriting;
	bool told = strcmp(m->path, ".") == 0 || changes_find(i->directories, m->path);
	int r = 0;

	if (!told && m->below->count)
		r = be_like(m->below->at[0].dir.fd, m->dir->fd);
	if (r == 0 && i->records)
		r = map_inherit(m);
	return r < 0 ? err_set(err, r, "cannot make it as that of the layer below", m->path) : 0;
}

int layer_inherit(const struct tree *top, const char *lowers, int lowers_at,
	const struct changes *directories, bool records, struct err *err)
{
	struct inheriting i = {directories, records};
	struct below below = {NULL, 0};
	int r = below_open(&below, lowers, lowers_at, err);

	if (r == 0)
		r = merged_walk(top, &below, false, inherit, &i, err);
	below_close(&below);
	return r;
}
