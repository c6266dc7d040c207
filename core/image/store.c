// SPDX-License-Identifier: Apache-2.0
#include "core/image/store.h"

#include "core/image/maps.h"
#include "core/owner/widen.h"
#include "core/pack/digest.h"
#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>

#define ASIDE "aside/"
#define MADE "tree"   /* in aside/HEX: the layer that is being unpacked */
#define KIND "owners" /* a symlink that says how the store keeps them */
#define IN_LAYERS "layers/"

static int lock(int fd, int how)
{
	while (flock(fd, how) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

static int open_dir(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* The first that a store gets: it may get it at any moment. */
static bool has_layers(const struct store *s)
{
	return faccessat(s->fd, "layers", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* What is there already must be a store, or empty: it is to be ours alone, and gets files. */
static int check_place(const struct store *s, struct err *err)
{
	cleanup_listing struct listing l = LISTING_NONE;
	struct stat st;
	int r;

	if (fstat(s->fd, &st) < 0)
		return err_set(err, -errno, "cannot open the store", s->path);
	if (!has_layers(s)) {
		r = listing_read(s->fd, false, &l);
		if (r < 0)
			return err_set(err, r, "cannot open the store", s->path);
		if (l.count && !has_layers(s))
			return err_tell(err, -EEXIST, "is no store, and not empty", s->path);
	}
	if ((st.st_mode & 077) && fchmod(s->fd, 0700) < 0)
		return err_set(err, -errno, "cannot keep the store to oneself", s->path);
	return 0;
}

static int make_within(const struct store *s, const char *name, int *fd, struct err *err)
{
	if (mkdirat(s->fd, name, 0700) < 0 && errno != EEXIST)
		return err_set_at(err, -errno, "cannot make the store", s->path, name);
	*fd = open_dir(s->fd, name);
	return *fd < 0 ? err_set_at(err, *fd, "cannot open the store", s->path, name) : 0;
}

static int lock_store(struct store *s, bool sole, struct err *err)
{
	int r = lock(s->fd, sole ? LOCK_EX | LOCK_NB : LOCK_SH);

	s->sole = sole;
	if (r == -EWOULDBLOCK)
		return err_tell(err, r, "somebody else is using the store", s->path);
	return r < 0 ? err_set(err, r, "cannot lock the store", s->path) : 0;
}

/*
 * Opens aside/NAME, made where it is missing, locked: how is LOCK_EX, and LOCK_NB perhaps. Whoever
 * had the lock may have removed it meanwhile. 0 or negative errno.
 */
static int hold(const struct store *s, const char *name, int how, int *out)
{
	for (;;) {
		cleanup_fd int fd = -1;
		struct stat mine, there;
		int r;

		if (mkdirat(s->aside, name, 0700) < 0 && errno != EEXIST)
			return -errno;
		fd = open_dir(s->aside, name);
		if (fd == -ENOENT)
			continue;
		r = fd < 0 ? fd : lock(fd, how);
		if (r == 0 && fstat(fd, &mine) < 0)
			r = -errno;
		if (r < 0)
			return r;
		if (fstatat(s->aside, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
			mine.st_ino == there.st_ino && mine.st_dev == there.st_dev) {
			*out = take_fd(&fd);
			return 0;
		}
	}
}

/* What cannot be removed now is removed by who opens the store next. */
static void let_go(const struct store *s, const char *name, int *fd)
{
	cleanup_err struct err err = ERR_NONE;

	if (*fd < 0)
		return;
	tree_remove(s->aside, name, &err);
	close(*fd);
	*fd = -1;
}

static void remove_left(const struct store *s)
{
	cleanup_listing struct listing l = LISTING_NONE;

	if (listing_read(s->aside, false, &l) < 0)
		return;
	for (size_t n = 0; n < l.count; n++) {
		int fd = -1;

		if (hold(s, listing_name(&l, n), LOCK_EX | LOCK_NB, &fd) == 0)
			let_go(s, listing_name(&l, n), &fd);
	}
}

int store_open(const char *path, bool sole, struct store *s, struct err *err)
{
	int r = tree_make_parents(path);

	*s = (struct store)STORE_NONE;
	if (r == 0 && mkdir(path, 0700) < 0 && errno != EEXIST)
		r = -errno;
	if (r < 0)
		return err_set(err, r, "cannot make the store", path);
	s->path = strdup(path);
	if (!s->path)
		return err_set(err, -ENOMEM, NULL, NULL);
	s->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->fd < 0)
		return err_set(err, -errno, "cannot open the store", path);
	r = lock_store(s, sole, err);
	if (r == 0)
		r = check_place(s, err);
	if (r == 0)
		r = make_within(s, "layers", &s->layers, err);
	if (r == 0)
		r = make_within(s, "aside", &s->aside, err);
	if (r == 0)
		remove_left(s);
	return r;
}

void store_close(struct store *s)
{
	base_close(&s->layers);
	base_close(&s->aside);
	base_close(&s->fd);
	free(s->path);
	*s = (struct store)STORE_NONE;
}

/*
 * Real owners mean nothing to who has one id, and records nothing to root: the first who puts
 * something into the store says what it keeps.
 */
static int check_kind(const struct store *s, const struct owners *owners, struct err *err)
{
	const char *kind = owners->records ? "records" : "real";
	char is[16] = "";

	if (readlinkat(s->fd, KIND, is, sizeof is - 1) < 0) {
		if (owners->records && node_probe(s->fd) == -EOPNOTSUPP)
			return err_tell(err, -EOPNOTSUPP,
				"this file system keeps no user attributes, so owners would be lost",
				s->path);
		if (symlinkat(kind, s->fd, KIND) < 0 && errno != EEXIST)
			return err_set_at(err, -errno, "cannot make", s->path, KIND);
		if (readlinkat(s->fd, KIND, is, sizeof is - 1) < 0)
			return err_set_at(err, -errno, "cannot read", s->path, KIND);
	}
	if (strcmp(is, kind) == 0)
		return 0;
	return err_tell(err, -EPERM,
		owners->records
			? "this store was made by root, with real owners: an ordinary user needs one of his own"
			: "this store was made by an ordinary user, with records for owners: root needs another",
		s->path);
}

static bool is_there(const struct store *s, const char *hex)
{
	return faccessat(s->layers, hex, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool moved(const struct store *s, int dirfd, const char *name, const char *hex)
{
	return renameat(dirfd, name, s->layers, hex) == 0 || errno == ENOTEMPTY || errno == EEXIST;
}

/*
 * Gives what is name in dirfd its place. Where somebody else was first, his is as good. A name must
 * not survive a power cut without what it names: all is synced once before. A new parent is a
 * change of the directory itself: who may not write to it may not move it.
 */
static int move_in(const struct store *s, int dirfd, const char *name, const char *hex)
{
	cleanup_widen struct widen w = WIDEN_NONE;

	if (syncfs(dirfd) < 0)
		return -errno;
	if (moved(s, dirfd, name, hex))
		return 0;
	if (errno != EACCES || widen(&w, dirfd, name, S_IWUSR) < 0)
		return -errno;
	return moved(s, dirfd, name, hex) ? 0 : -errno;
}

/* A new directory, whose top is that of the layer chain ("" for none). */
static int make_top(const struct store *s, int dirfd, const char *name, const char *chain,
	struct tree *top, struct err *err)
{
	cleanup_fd int below = -1;

	if (*chain) {
		below = open_dir(s->layers, chain);
		if (below < 0)
			return err_set_at(err, below, "cannot open", IN_LAYERS, chain);
	}
	if (mkdirat(dirfd, name, 0755) < 0)
		return err_set_at(err, -errno, "cannot make", s->path, ASIDE);
	top->fd = open_dir(dirfd, name);
	if (top->fd < 0)
		return err_set_at(err, top->fd, "cannot open", s->path, ASIDE);
	return layer_top(below, top->fd, err);
}

/* Passes all on, and remembers faults. */
struct watch {
	const struct unpack_options *o;
	bool failed;
};

static struct owner watch_outside(void *watch, struct owner inside)
{
	const struct unpack_options *o = ((struct watch *)watch)->o;

	return o->outside(o->arg, inside);
}

static void watch_fault(void *watch, struct err *err)
{
	struct watch *w = watch;

	w->failed = true;
	w->o->fault(w->o->arg, err);
}

static void watch_filled(void *watch, const struct stat *st, const char *hex)
{
	const struct unpack_options *o = ((struct watch *)watch)->o;

	o->filled(o->arg, st, hex);
}

/* One layer on its way into the store. */
struct making {
	const struct layout *l;
	const struct image *i;
	size_t n;
	const char *below;  /* its chain id, "" for none */
	const char *lowers; /* all that are below */
	const struct unpack_options *o;
};

static int unpack(
	const struct store *s, const struct making *m, const struct tree *top, struct err *err)
{
	cleanup_changes struct changes directories = CHANGES_NONE;
	struct watch w = {m->o, false};
	const struct unpack_options how = {.owners = m->o->owners,
		.whiteouts = WHITEOUTS_OVERLAY,
		.keep_dirlinks = m->o->keep_dirlinks,
		.outside = m->o->outside ? watch_outside : NULL,
		.fault = watch_fault,
		.filled = m->o->filled ? watch_filled : NULL,
		.arg = &w,
		.directories = &directories};
	int r = image_unpack(m->l, m->i, m->n, m->n + 1, top, &how, err);

	if (r == 0 && w.failed)
		return err_tell(err, -EIO, "some of it could not be unpacked: it is not kept",
			m->i->layers[m->n].digest);
	if (r < 0 || !*m->lowers)
		return r;
	changes_sort(&directories);
	return layer_inherit(top, m->lowers, s->fd, &directories, m->o->owners->records, err);
}

static int unpack_aside(
	const struct store *s, int dir, const struct making *m, const char *hex, struct err *err)
{
	cleanup_tree struct tree top = TREE_NONE;
	int r = tree_remove(dir, MADE, err); /* of who was killed */

	if (r == 0)
		r = make_top(s, dir, MADE, m->below, &top, err);
	if (r == 0)
		r = unpack(s, m, &top, err);
	if (r < 0)
		return r;
	r = move_in(s, dir, MADE, hex);
	return r < 0 ? err_set_at(err, r, "cannot make", s->path, hex) : 0;
}

/* Who else wants the same layer waits until it is there. */
static int make_layer(
	const struct store *s, const struct making *m, const char *hex, struct err *err)
{
	int dir = -1, r = hold(s, hex, LOCK_EX, &dir);

	if (r < 0)
		return err_set_at(err, r, "cannot make", s->path, ASIDE);
	if (!is_there(s, hex))
		r = unpack_aside(s, dir, m, hex, err);
	let_go(s, hex, &dir);
	return r;
}

int store_layers(struct store *s, const struct layout *l, const struct image *i,
	const struct unpack_options *o, struct buf *lowers, char chain[65], struct err *err)
{
	char below[65] = "", hex[65];
	int r = check_kind(s, o->owners, err);

	buf_cut(lowers, 0);
	for (size_t n = 0; r == 0 && n < i->layer_count; n++) {
		const struct making m = {l, i, n, below, lowers->len ? lowers->data : "", o};

		r = chain_id(n ? below : NULL, i->diff_ids[n], hex);
		if (r == 0 && !is_there(s, hex))
			r = make_layer(s, &m, hex, err);
		if (r == 0)
			r = store_add_name(lowers, hex);
		memcpy(below, hex, sizeof below);
	}
	if (chain)
		memcpy(chain, below, sizeof below);
	return r < 0 ? err_set(err, r, "cannot unpack into the store", s->path) : 0;
}

bool store_has(const struct store *s, const struct image *i)
{
	char hex[65];

	for (size_t n = 0; n < i->layer_count; n++)
		if (chain_id(n ? hex : NULL, i->diff_ids[n], hex) < 0 || !is_there(s, hex))
			return false;
	return true;
}

static const char *upper_name(const struct upper *u)
{
	return u->name + strlen(ASIDE);
}

static int new_name(struct upper *u)
{
	uint64_t number;

	if (getrandom(&number, sizeof number, 0) != sizeof number)
		return -errno;
	snprintf(u->name, sizeof u->name, ASIDE "%016llx", (unsigned long long)number);
	return 0;
}

int store_upper(struct store *s, const char *chain, const struct owners *owners, struct upper *u,
	struct err *err)
{
	int r = check_kind(s, owners, err);

	*u = (struct upper)UPPER_NONE;
	if (r == 0)
		r = new_name(u);
	if (r == 0)
		r = hold(s, upper_name(u), LOCK_EX, &u->lock);
	if (r == 0)
		r = make_top(s, u->lock, "upper", chain, &u->top, err);
	if (r == 0 && *chain && owners->records)
		r = map_copy(s->layers, chain, u->top.fd);
	if (r == 0 && mkdirat(u->lock, "work", 0700) < 0)
		r = -errno;
	if (r < 0)
		store_upper_drop(s, u);
	return r < 0 ? err_set_at(err, r, "cannot make", s->path, ASIDE) : 0;
}

void store_upper_drop(struct store *s, struct upper *u)
{
	tree_close(&u->top);
	if (u->lock >= 0)
		let_go(s, upper_name(u), &u->lock);
	*u = (struct upper)UPPER_NONE;
}

int store_upper_keep(struct store *s, struct upper *u, const char *chain, struct err *err)
{
	int r = move_in(s, u->lock, "upper", chain);

	store_upper_drop(s, u);
	return r < 0 ? err_set_at(err, r, "cannot keep", s->path, chain) : 0;
}

static bool is_layer(const char *name)
{
	return strspn(name, "0123456789abcdef") == 64 && name[64] == '\0';
}

/* Moved out first: what is in layers/ is whole. */
static int sweep(const struct store *s, const char *hex, struct err *err)
{
	cleanup_widen struct widen w = WIDEN_NONE;
	int dir = -1, r = hold(s, hex, LOCK_EX, &dir);

	if (r < 0)
		return err_set_at(err, r, "cannot remove", s->path, hex);
	r = renameat(s->layers, hex, dir, MADE) < 0 ? -errno : 0;
	if (r == -EACCES && widen(&w, s->layers, hex, S_IWUSR) == 0)
		r = renameat(s->layers, hex, dir, MADE) < 0 ? -errno : 0;
	if (r == 0)
		r = tree_remove(dir, MADE, err);
	let_go(s, hex, &dir);
	return r < 0 ? err_set_at(err, r, "cannot remove", s->path, hex) : 0;
}

int store_sweep(
	struct store *s, bool (*keep)(void *arg, const char *hex), void *arg, struct err *err)
{
	cleanup_listing struct listing l = LISTING_NONE;
	int r = listing_read(s->layers, false, &l), count = 0;

	if (!s->sole)
		r = -EINVAL;
	for (size_t n = 0; r == 0 && n < l.count; n++) {
		const char *hex = listing_name(&l, n);

		if (!is_layer(hex) || keep(arg, hex))
			continue;
		r = sweep(s, hex, err);
		count += r == 0;
	}
	return r < 0 ? err_set(err, r, "cannot clear", s->path) : count;
}
