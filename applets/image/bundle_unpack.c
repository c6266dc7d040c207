// SPDX-License-Identifier: Apache-2.0
#include "applets/image/bundle.h"
#include "core/pack/path.h"

/* A disk that is full stays full. */
static bool is_the_end(int code)
{
	return code == -ENOSPC || code == -EDQUOT || code == -EROFS || code == -ENOMEM;
}

/* One layer on its way into the tree. */
struct layer_in {
	struct bundle *b;
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

	if (!in->b->keep_dirlinks || !S_ISDIR(e->mode) || path_clean(e->path, &path) < 0)
		return false;
	above = tree_parent(in->tree, path, name);
	if (above < 0 || fstatat(above, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISLNK(st.st_mode))
		return false;
	target = tree_openat(in->tree, path, O_PATH | O_DIRECTORY);
	return target >= 0;
}

static int take(struct layer_in *in, struct entry *e, struct err *err)
{
	struct owner outside = bundle_outside(in->b, (struct owner){e->uid, e->gid});
	cleanup_err struct err fault = ERR_NONE;
	int r;

	if (is_dirlink(in, e))
		return 0;
	if (outside.uid == OWNER_KEEP || outside.gid == OWNER_KEEP) {
		err_tell(&fault, -EOVERFLOW, "its owner is in no --uid-map or --gid-map", e->path);
		bundle_fault(in->b, &fault);
		return 0;
	}
	e->uid = outside.uid;
	e->gid = outside.gid;
	r = extract_entry(in->extract, e, in->archive, &fault);
	if (r >= 0)
		return 0;
	if (is_the_end(fault.code))
		return err_set(err, fault.code, fault.what, fault.path);
	if (!fault.path)
		fault.path = strdup(e->path);
	bundle_fault(in->b, &fault);
	return 0;
}

static int each_entry(struct layer_in *in, struct err *err)
{
	cleanup_entry struct entry e = ENTRY_NONE;

	for (;;) {
		struct err fault = ERR_NONE;
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
		if (!again) {
			r = err_set(err, r, fault.what ? fault.what : "cannot read the layer",
				in->digest);
			err_free(&fault);
			return r;
		}
		err_set(&fault, r, "cannot read an entry", in->digest);
		bundle_fault(in->b, &fault);
	}
}

static void filled(void *bundle, const struct stat *st, const char *hex)
{
	known_add(((struct bundle *)bundle)->known, st, hex);
}

static int unpack_layer(struct bundle *b, const struct layout *l, const struct image *i, size_t n,
	const struct tree *tree, struct err *err)
{
	const struct extract_options options = {
		.whiteouts = b->overlay ? WHITEOUTS_OVERLAY : WHITEOUTS_APPLY,
		.fault = bundle_fault,
		.fault_arg = b,
		.filled = b->known ? filled : NULL,
		.filled_arg = b};
	struct layer_in in = {.b = b, .tree = tree, .digest = i->layers[n].digest};
	struct source *source;
	int r = layer_source(l, &i->layers[n], i->diff_ids[n], &source, err);

	if (r == 0)
		r = archive_in_open(source, &in.archive);
	if (r == 0)
		r = extract_start(tree, &b->context.owners, &options, &in.extract, err);
	if (r == 0)
		r = each_entry(&in, err);
	if (in.extract)
		extract_end(in.extract);
	archive_in_free(in.archive);
	return r < 0 ? err_set(err, r, "cannot unpack", i->layers[n].digest) : 0;
}

int bundle_unpack(struct bundle *b, const struct layout *l, const struct image *i, size_t first,
	size_t end, const struct tree *tree, struct err *err)
{
	mode_t mask = umask(0);
	int r = 0;

	for (size_t n = first; r == 0 && n < end; n++)
		r = unpack_layer(b, l, i, n, tree, err);
	umask(mask);
	return r;
}
