// SPDX-License-Identifier: Apache-2.0
/* An image's tree: an overlay of its layers, or all of it in one directory. */
#include "applets/run/image.h"

#include "core/pack/path.h"
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>

#define PLACES "places"

static struct unpack_options unpacking(struct run_image *r)
{
	return (struct unpack_options){
		.owners = &r->context.owners, .fault = image_fault, .arg = r};
}

/* Makes path below top: directories, and at its end one or a file. */
static int make_place(int top, const char *path, bool is_dir)
{
	cleanup_free char *clean = NULL;
	cleanup_fd int dir = dup(top);
	int r = dir < 0 ? -errno : path_clean(path, &clean);
	char *rest = clean, *name;

	while (r == 0 && (name = strsep(&rest, "/"))) {
		bool last = !rest;
		int next;

		if (strcmp(name, ".") == 0)
			continue;
		if (last && !is_dir) {
			next = openat(dir, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
			base_close(&next);
			return 0;
		}
		if (mkdirat(dir, name, 0755) < 0 && errno != EEXIST)
			return -errno;
		next = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return 0; /* a file of another mount */
		close(dir);
		dir = next;
	}
	return r;
}

/* What is bound is a directory unless the source is there and is something else. */
static bool wants_dir(const json_t *mount)
{
	const char *type = doc_text(mount, "type"), *source = doc_text(mount, "source");
	struct stat st;

	return !type || strcmp(type, "bind") != 0 || !source || stat(source, &st) < 0 ||
	       S_ISDIR(st.st_mode);
}

/*
 * A layer of empty places for what is going to be mounted, below all others: no mount leaves
 * anything in the upper one.
 */
static int make_places(struct run_image *r, struct err *err)
{
	cleanup_json json_t *spec = NULL;
	cleanup_fd int top = -1;
	json_t *mount;
	mode_t mask;
	size_t n;
	int done = image_spec(r, NULL, &spec, err);

	if (done == 0 && mkdirat(r->upper.lock, PLACES, 0755) < 0)
		done = -errno;
	if (done == 0)
		done = top = openat(r->upper.lock, PLACES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	mask = umask(0); /* what a place is like may show */
	json_array_foreach(json_object_get(spec, "mounts"), n, mount)
	{
		const char *at = doc_text(mount, "destination");

		if (done >= 0 && at && strlen(at) < PATH_MAX)
			done = make_place(top, at, wants_dir(mount));
	}
	umask(mask);
	return done < 0 ? err_set(err, done, "cannot make places for mounts", r->store.path) : 0;
}

static int enter_mounts(struct err *err)
{
	static const struct ns_log quiet = {.tell = NULL};

	return unshare(CLONE_NEWNS) < 0 ? -errno : root_propagation(&quiet, MS_PRIVATE, err);
}

/*
 * From the store's directory, whose own name may have a colon; by its path, for what was opened
 * before shows the mounts of another namespace.
 */
static int mount_overlay(struct run_image *r, const struct buf *lowers, struct err *err)
{
	static const struct ns_log quiet = {.tell = NULL};
	cleanup_fd int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_root struct root root = ROOT_NONE;
	char up[80], work[80];
	const struct root_overlay o = {lowers->data, up, work, true};

	snprintf(up, sizeof(up), "%s/upper", r->upper.name);
	snprintf(work, sizeof(work), "%s/work", r->upper.name);
	root.log = &quiet;
	if (here < 0 || chdir(r->store.path) < 0)
		return err_set(err, -errno, "cannot enter", r->store.path);
	if (root_from_overlay(&root, &o, err) == 0) {
		r->tree.fd = root.points.tree.fd;
		root.points.tree.fd = -1;
		r->mounted = true;
	}
	if (fchdir(here) < 0)
		return err_set(err, -errno, "cannot go back", ".");
	return r->mounted ? 0 : -EOPNOTSUPP;
}

/* The upper directory, and a layer of places below all others. */
static int make_upper(struct run_image *r, const char *chain, struct buf *lowers, struct err *err)
{
	int done = store_upper(&r->store, chain, &r->context.owners, &r->upper, err);

	if (done == 0)
		done = image_name_places(r, err);
	if (done == 0)
		done = make_places(r, err);
	if (done == 0 &&
		buf_addf(lowers, "%s%s/" PLACES, lowers->len ? ":" : "", r->upper.name) < 0)
		done = err_set(err, -ENOMEM, NULL, NULL);
	return done;
}

/* Where no overlay can be mounted no layer can have whiteouts, either: it is found out first. */
static int try_overlay(struct run_image *r, struct err *err)
{
	cleanup_buf struct buf lowers = BUF_NONE;
	int done = make_upper(r, "", &lowers, err);

	if (done == 0)
		done = mount_overlay(r, &lowers, err);
	image_unmount(r);
	store_upper_drop(&r->store, &r->upper);
	return done;
}

int image_mount(struct run_image *r, struct err *err)
{
	const struct unpack_options o = unpacking(r);
	cleanup_buf struct buf lowers = BUF_NONE;
	char chain[65];
	int done = enter_mounts(err);

	if (done < 0)
		return -EOPNOTSUPP;
	if (!store_has(&r->store, &r->image))
		done = try_overlay(r, err);
	if (done == 0)
		done = store_layers(&r->store, &r->layout, &r->image, &o, &lowers, chain, err);
	if (done == 0)
		done = make_upper(r, chain, &lowers, err);
	return done < 0 ? done : mount_overlay(r, &lowers, err);
}

void image_unmount(struct run_image *r)
{
	tree_close(&r->tree);
	if (r->mounted && umount2(r->root, UMOUNT_NOFOLLOW) < 0)
		umount2(r->root, UMOUNT_NOFOLLOW | MNT_DETACH);
	r->mounted = false;
}
