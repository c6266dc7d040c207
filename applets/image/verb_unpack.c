// SPDX-License-Identifier: Apache-2.0
/* verb unpack
Unpacks an image into
.Ar BUNDLE ,
which gets what
.Xr umoci 1
gives it:
.Pa rootfs ,
.Pa config.json
for a container's runtime,
.Pa umoci.json ,
and a manifest of the tree by which
.Cm repack
finds what was changed.
What one of the two unpacked, the other repacks.
Owners that the caller cannot give are kept in records.
.Pp
With
.Fl -overlay
each layer gets a directory of its own in
.Pa layers ,
as overlayfs in a user namespace wants it, and what is changed goes to
.Pa upper :
.Bd -literal -offset indent
rlc-unshare --overlay BUNDLE/layers/1:BUNDLE/layers/0 \e
	--upper BUNDLE/upper --work BUNDLE/work COMMAND
.Ed
*/
#include "applets/image/bundle.h"
#include "core/image/unpack.h"

#include <stdio.h>
#include <sys/file.h>

struct unpack {
	struct verb *v;
	struct bundle *b;
	const char *path;
	bool made; /* the bundle's directory is our own */
	bool keep_dirlinks, overlay;
};

enum { KEEP_DIRLINKS = VERB_OWN, OVERLAY };

static int take(void *arg, int id, const char *value)
{
	struct unpack *u = arg;

	(void)value;
	u->keep_dirlinks |= id == KEEP_DIRLINKS;
	u->overlay |= id == OVERLAY;
	return EXIT_DONE;
}

/* The bundle is for its owner alone: what is setuid in it is the owner's on the host. */
static int open_bundle(struct unpack *u, struct err *err)
{
	static const char *const ours[] = {
		"rootfs", "config.json", "umoci.json", "layers", "upper", "work"};
	int r = tree_make_parents(u->path);

	if (r < 0)
		return err_set(err, r, "cannot make the bundle", u->path);
	u->made = mkdir(u->path, 0700) == 0;
	if (!u->made && errno != EEXIST)
		return err_set(err, -errno, "cannot make the bundle", u->path);
	u->b->fd = open(u->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (u->b->fd < 0)
		return err_set(err, -errno, "cannot open the bundle", u->path);
	/* Who fails takes away what is there: it must be his own. */
	if (flock(u->b->fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return err_tell(err, -EBUSY, "something else is being unpacked there", u->path);
	for (size_t i = 0; i < ARRAY_SIZE(ours) - !u->overlay; i++)
		if (faccessat(u->b->fd, ours[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return err_set_at(err, -EEXIST, NULL, u->path, ours[i]);
	return fchmod(u->b->fd, 0700) < 0 ? err_set(err, -errno, NULL, u->path) : 0;
}

static int check_attributes(const struct bundle *b, const char *path, struct err *err)
{
	if (!b->context.owners.records || node_probe(b->fd) != -EOPNOTSUPP)
		return 0;
	return err_tell(err, -EOPNOTSUPP,
		"this file system keeps no user attributes, so owners would be lost", path);
}

static int make_tree(const struct bundle *b, const char *name, struct tree *tree, struct err *err)
{
	if (mkdirat(b->fd, name, 0755) < 0)
		return err_set(err, -errno, "cannot make", name);
	tree->fd = openat(b->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (tree->fd < 0)
		return err_set(err, -errno, "cannot make", name);
	return bundle_top(b, tree->fd, name, err);
}

static int unpack_rootfs(
	struct unpack *u, const struct layout *l, const struct image *i, struct err *err)
{
	struct bundle *b = u->b;
	cleanup_buf struct buf spec = BUF_NONE;
	int r = make_tree(b, "rootfs", &b->rootfs, err);

	b->known = known_new(); /* without it all files are read again */
	if (r == 0)
		r = bundle_unpack(b, l, i, 0, i->layer_count, &b->rootfs, err);
	if (r == 0)
		r = bundle_spec(b, i, &b->rootfs, "rootfs", &spec, err);
	if (r == 0)
		r = bundle_write(b, "config.json", &spec, err);
	return r < 0 ? r : bundle_write_mtree(b, i, err);
}

static int make_directory(const struct bundle *b, const char *name, struct err *err)
{
	return mkdirat(b->fd, name, 0755) < 0 ? err_set(err, -errno, "cannot make", name) : 0;
}

/* A directory for a layer, or for the changes above them all; *top becomes its top. */
static int make_layer(const struct bundle *b, const char *name, struct tree *top, struct err *err)
{
	struct tree tree = TREE_NONE;
	int r = make_tree(b, name, &tree, err);

	if (r == 0 && top->fd >= 0)
		r = layer_top(top->fd, tree.fd, err);
	tree_close(top);
	*top = tree;
	return r;
}

static int unpack_overlay(
	struct unpack *u, const struct layout *l, const struct image *i, struct err *err)
{
	struct bundle *b = u->b;
	cleanup_buf struct buf spec = BUF_NONE;
	cleanup_tree struct tree top = TREE_NONE;
	int r = make_directory(b, "layers", err);

	for (size_t n = 0; r == 0 && n < i->layer_count; n++) {
		char name[32];

		snprintf(name, sizeof name, "layers/%zu", n);
		r = make_layer(b, name, &top, err);
		if (r == 0)
			r = bundle_unpack(b, l, i, n, n + 1, &top, err);
	}
	if (r == 0)
		r = make_layer(b, "upper", &top, err);
	if (r == 0)
		r = make_directory(b, "work", err);
	if (r == 0)
		r = make_directory(b, "rootfs", err);
	if (r == 0)
		r = bundle_spec(b, i, NULL, "rootfs", &spec, err);
	return r < 0 ? r : bundle_write(b, "config.json", &spec, err);
}

/* Takes away what was made, and says what is left. */
static void clean_up(struct unpack *u, const struct image *i)
{
	static const char *const made[] = {"config.json", "rootfs", "layers", "upper", "work"};
	cleanup_err struct err err = ERR_NONE;

	for (size_t n = 0; n < (u->overlay ? ARRAY_SIZE(made) : 2); n++)
		if (tree_remove(u->b->fd, made[n], &err) < 0)
			bundle_fault(u->b, &err);
	bundle_forget(u->b, i->top.digest);
	if (u->made && rmdir(u->path) < 0)
		report(u->v->self, "%s: what is left of it is no whole bundle", u->path);
}

static int unpack(struct unpack *u)
{
	cleanup_layout struct layout l = LAYOUT_NONE;
	cleanup_image struct image i = IMAGE_NONE;
	cleanup_err struct err err = ERR_NONE;
	struct bundle *b = u->b;
	int r = verb_open(u->v, LAYOUT_READ, &l, &i, &err);

	if (r == 0)
		r = open_bundle(u, &err);
	if (r < 0)
		return verb_fail(u->v, &err);
	r = check_attributes(b, u->path, &err);
	verb_work_layers(u->v, "unpacking", &l, &i, i.layer_count, 1);
	if (r == 0)
		r = u->overlay ? unpack_overlay(u, &l, &i, &err) : unpack_rootfs(u, &l, &i, &err);
	verb_work_done(u->v);
	if (r == 0)
		r = bundle_write_meta(b, &i, &err);
	if (r == 0)
		return b->status;
	verb_fail(u->v, &err);
	clean_up(u, &i);
	return EXIT_SOME;
}

static int unpack_main(const struct applet *self, int argc, char **argv)
{
	cleanup_verb struct verb v = VERB_NONE;
	cleanup_bundle struct bundle b = BUNDLE_NONE;
	struct unpack u = {.v = &v, .b = &b};
	int status;

	if (!verb_start(&v, self, argc, argv, take, &u, 1, 1, &status))
		return status;
	u.path = v.o.operands[0];
	b.overlay = u.overlay;
	b.keep_dirlinks = u.keep_dirlinks;
	status = bundle_begin(&b, &v);
	return status == EXIT_DONE ? unpack(&u) : status;
}

static const struct option_row unpack_options[] = {
	VERB_ROW_IMAGE,
	VERB_ROW_PLATFORM,
	{OVERLAY, 0, "overlay", NULL, "a directory for each layer, for rlc-unshare --overlay"},
	{KEEP_DIRLINKS, 0, "keep-dirlinks", NULL, "a directory does not replace a symlink to one"},
	VERB_ROWS_MAPS,
	{0},
};

const struct applet verb_unpack = {
	.name = "image unpack",
	.summary = "Unpack an image into a bundle.",
	.usage = "--image DIR[:TAG] [OPTION]... BUNDLE",
	.options = unpack_options,
	.main = unpack_main,
};
