// SPDX-License-Identifier: Apache-2.0
/* What steps are given, and what earlier images have. */
#include "applets/build/stage.h"
#include "core/build/copy.h"
#include "core/pack/digest.h"

#include <stdio.h>

static struct copy_how how_of(const struct making *m, const char *shown)
{
	return (struct copy_how){
		shown, &m->w->context.owners, m->w->has_epoch ? &m->w->epoch : NULL, m->no_powers};
}

/* Steps may copy it as it is: a umask is nothing that an image is made of. */
static int make_usual(int dir, const char *name)
{
	return mkdirat(dir, name, 0755) < 0 || fchmodat(dir, name, 0755, 0) < 0 ? -errno : 0;
}

/* A directory of the image's own in one of the stacker directory's. The descriptor, or -errno. */
static int own_dir(const struct making *m, const char *kind, bool empty, struct err *err)
{
	cleanup_fd int dir = work_dir(m->w, kind, err);
	int fd;

	if (dir < 0)
		return dir;
	if (empty && tree_remove(dir, m->r->name, err) < 0)
		return err->code;
	fd = make_usual(dir, m->r->name);
	if (fd < 0 && (empty || fd != -EEXIST))
		return err_set_at(err, fd, "cannot make", kind, m->r->name);
	fd = openat(dir, m->r->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_set_at(err, -errno, "cannot open", kind, m->r->name) : fd;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int check_hash(
	const struct making *m, const struct import *i, int dir, const char *name, struct err *err)
{
	struct stat st;
	cleanup_fd int fd = i->hash ? layout_file(dir, name, &st) : -1;
	char hex[65], block[16 << 10];
	int r;

	if (!i->hash)
		return 0;
	if (fd == -EBADMSG)
		return err_tell(err, -EINVAL, "is no file, and has no hash", i->path);
	r = fd < 0 ? fd : digest_fd(fd, block, sizeof(block), hex);
	if (r < 0)
		return err_set(err, r, "cannot read", i->path);
	if (strcmp(hex, i->hash) == 0)
		return 0;
	return place_err(err, -EBADMSG, m->file->path, &i->place, "the hash of '%s' is %s, not %s",
		i->path, hex, i->hash);
}

static int copy_local(
	struct making *m, const struct import *i, int to, const char *as, struct err *err)
{
	const struct copy_how how = how_of(m, i->path);
	cleanup_free char *real = realpath(i->path, NULL);
	cleanup_fd int from = -1;
	char *slash;

	if (!real)
		return err_set(err, -errno, "cannot import", i->path);
	if (i->content) {
		from = open(real, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (from < 0)
			return err_set(err, -errno, "cannot import", i->path);
		return copy_content(from, to, &how, err);
	}
	slash = strrchr(real, '/');
	*slash = '\0';
	from = open(*real ? real : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (from < 0)
		return err_set(err, -errno, "cannot import", i->path);
	return copy_tree(from, slash[1] ? slash + 1 : ".", to, as, &how, err);
}

/* Puts the import as a name, or its content, into a directory. */
static int fetch(struct making *m, const struct import *i, int to, const char *as, struct err *err)
{
	int r;

	if (strncmp(i->path, "stacker://", 10) == 0)
		r = grab_to(m, i->path, to, i->content ? NULL : as, err);
	else if (*i->path == '/')
		r = copy_local(m, i, to, as, err);
	else
		return place_err(err, -ENOTSUP, m->file->path, &i->place,
			"rlc-build fetches nothing: fetch '%s' first and name the file", i->path);
	if (r < 0)
		return err_set(err, r, "cannot import", i->path);
	return i->content ? 0 : check_hash(m, i, to, as, err);
}

int import_fetch(struct making *m, const struct import *i, int to, const char *as, struct err *err)
{
	return fetch(m, i, to, as, err);
}

/* In the old form the directory is /stacker itself, where the others have their places. */
static int make_old_places(const struct making *m, int dir)
{
	static const char *const names[] = {"imports", "artifacts", "oci-labels"};

	int r = 0;

	for (size_t n = 0; m->r->legacy_import && n < ARRAY_SIZE(names); n++) {
		r = make_usual(dir, names[n]);
		if (r < 0 && r != -EEXIST)
			return r;
	}
	return 0;
}

int imports_prepare(struct making *m, bool anew, struct err *err)
{
	cleanup_fd int artifacts = own_dir(m, "artifacts", anew, err);
	cleanup_fd int dir = artifacts < 0 ? -1 : own_dir(m, "imports", true, err);
	int r = artifacts < 0 ? artifacts : dir;

	for (size_t n = 0; r >= 0 && n < m->r->import_count; n++) {
		const struct import *i = &m->r->imports[n];

		if (!i->dest)
			r = fetch(m, i, dir, last_part(i->path), err);
	}
	if (r >= 0)
		r = make_old_places(m, dir);
	return r < 0 ? err_set(err, r, "cannot import", NULL) : 0;
}

/* What is grabbed, and where it goes. */
struct grab {
	const char *path;
	int to;
	const char *as; /* NULL: what is in it */
};

/* Follows a symlink at the end, within the tree. The directory, with the name in it. */
static int find_in_tree(const struct tree *tree, const char *path, char name[NAME_MAX + 1])
{
	cleanup_free char *at = strdup(path);

	for (int links = 0; at && links < 40; links++) {
		cleanup_fd int dir = tree_parent(tree, at, name);
		cleanup_free char *next = NULL;
		char target[PATH_MAX];
		ssize_t n = dir < 0 ? -1 : readlinkat(dir, name, target, sizeof(target) - 1);
		const char *slash = strrchr(at, '/');

		if (n < 0)
			return dir < 0 ? dir : take_fd(&dir);
		target[n] = '\0';
		if (asprintf(&next, "%.*s/%s", *target == '/' || !slash ? 0 : (int)(slash - at), at,
			    target) < 0)
			return -ENOMEM;
		free(at);
		at = next;
		next = NULL;
	}
	return at ? -ELOOP : -ENOMEM;
}

static int grab_act(struct stage *s, const struct tree *tree, void *arg, struct err *err)
{
	const struct grab *g = arg;
	const struct copy_how how = how_of(s->m, g->path);
	char name[NAME_MAX + 1];
	cleanup_fd int dir = find_in_tree(tree, g->path, name), in = -1;

	if (dir < 0)
		return err_set(err, dir, "cannot take it from the image", g->path);
	if (g->as)
		return copy_tree(dir, name, g->to, g->as, &how, err);
	in = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (in < 0)
		return err_set(err, -errno, "cannot take it from the image", g->path);
	return copy_content(in, g->to, &how, err);
}

/* stacker://NAME/PATH */
static int open_source(
	struct making *m, const char *url, struct image *i, const char **path, struct err *err)
{
	const char *name = url + strlen("stacker://");
	cleanup_free char *image = NULL;

	*path = strchr(name, '/');
	image = *path ? strndup(name, (size_t)(*path - name)) : NULL;
	if (!image)
		return err_tell(err, -EINVAL, "is not stacker://NAME/PATH", url);
	return base_named(m, image, i, err);
}

int grab_image(struct making *m, const struct image *i, const char *path, int to, const char *as,
	struct err *err)
{
	cleanup_stage struct stage s = STAGE_NONE;
	struct grab g = {path, to, as};
	int r = stage_begin(&s, m, i, err);

	return r < 0 ? r : stage_tree(&s, grab_act, &g, err);
}

int grab_to(struct making *m, const char *url, int to, const char *as, struct err *err)
{
	cleanup_image struct image i = IMAGE_NONE;
	const char *path;
	int r = open_source(m, url, &i, &path, err);

	return r < 0 ? r : grab_image(m, &i, path, to, as, err);
}

/* Takes it out, and looks at it. */
static int sum_of(
	struct making *m, const struct image *i, const char *path, char hex[65], struct err *err)
{
	cleanup_stage struct stage s = STAGE_NONE;
	cleanup_key struct key key = KEY_NONE;
	cleanup_free char *name = NULL;
	struct grab g = {path, -1, "grabbed"};
	int r = stage_begin(&s, m, i, err);

	g.to = s.upper.lock;
	if (r == 0)
		r = stage_tree(&s, grab_act, &g, err);
	if (r == 0 && asprintf(&name, "%s/%s/grabbed", m->w->b.store, s.upper.name) < 0)
		r = -ENOMEM;
	if (r == 0)
		r = key_add_path(&key, "content", name, m->sums, err);
	return r < 0 ? r : key_hex(&key, hex);
}

int grab_sum(struct making *m, const char *url, char hex[65], struct err *err)
{
	cleanup_image struct image i = IMAGE_NONE;
	cleanup_buf struct buf known = BUF_NONE;
	cleanup_key struct key key = KEY_NONE;
	char memo[80] = "grab-", chain[65];
	const char *path;
	int r = open_source(m, url, &i, &path, err);

	if (r == 0)
		r = image_chain(&i, chain);
	if (r == 0)
		r = key_adds(&key, chain, path);
	if (r == 0)
		r = key_hex(&key, memo + strlen(memo));
	if (r < 0)
		return r;
	if (work_load(m->w, "cache", memo, &known) == 0 && known.len == 64) {
		memcpy(hex, known.data, 65);
		return 0;
	}
	r = sum_of(m, &i, path, hex, err);
	if (r == 0)
		work_save(m->w, "cache", memo, hex, 64);
	return r;
}
