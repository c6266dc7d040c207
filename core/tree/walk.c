// SPDX-License-Identifier: Apache-2.0
#include "core/tree/walk.h"

#include "core/owner/widen.h"

/* A directory that is being walked. */
struct frame {
	struct dir dir;
	char *path; /* owned; dir.path */
	char *name; /* owned; what the directory above calls it */
	struct listing listing;
	size_t next;
	dev_t dev;
	ino_t ino;
	struct widen widened;
};

struct walk {
	const struct tree *tree;
	struct tree own;       /* where tree is NULL */
	struct frame **frames; /* frames[0] holds the start and lists nothing */
	size_t depth, room;
	char start[NAME_MAX + 1];
	bool started, leaving, directories_last;
	struct buf path; /* of the visit */
	char name[NAME_MAX + 1];
	struct frame *left; /* freed at the next walk_next */
};

static void frame_free(struct frame *f)
{
	if (!f)
		return;
	dir_end(&f->dir);
	widen_undo(&f->widened);
	listing_free(&f->listing);
	free(f->path);
	free(f->name);
	free(f);
}

/* fd is owned from here on, also on failure. */
static int push(struct walk *w, int fd, const char *path, const char *name, struct frame **out)
{
	struct frame *f = calloc(1, sizeof(*f));

	if (!f) {
		close(fd);
		return -ENOMEM;
	}
	f->widened.fd = -1;
	f->path = strdup(path);
	f->name = strdup(name);
	dir_start(&f->dir, fd, f->path);
	if (w->depth == w->room) {
		size_t room = w->room ? w->room * 2 : 16;
		void *frames = reallocarray(w->frames, room, sizeof(*w->frames));

		if (frames) {
			w->frames = frames;
			w->room = room;
		}
	}
	if (!f->path || !f->name || w->depth == w->room) {
		frame_free(f);
		return -ENOMEM;
	}
	w->frames[w->depth++] = f;
	*out = f;
	return 0;
}

static struct frame *top(struct walk *w)
{
	return w->frames[w->depth - 1];
}

/* "a/b" is held by "a", "a" by ".", "/a" by "/", "a/" and ".." by themselves. */
static char *holder(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	if (strcmp(name, ".") == 0)
		return strdup(path);
	if (!slash)
		return strdup(".");
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static int start(struct walk *w, int fd, const char *path)
{
	cleanup_free char *above = holder(path, w->start);
	struct frame *f;

	if (!above) {
		close(fd);
		return -ENOMEM;
	}
	if (buf_adds(&w->path, path) < 0) {
		close(fd);
		return -ENOMEM;
	}
	while (w->path.len > 1 && w->path.data[w->path.len - 1] == '/')
		buf_cut(&w->path, w->path.len - 1);
	return push(w, fd, above, "", &f);
}

int walk_start(const struct tree *t, const char *path, struct walk **out, struct err *err)
{
	struct walk *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	w->tree = t;
	r = tree_parent(t, path, w->start);
	if (r >= 0)
		r = start(w, r, path);
	if (r < 0) {
		walk_free(w);
		return err_set(err, r, NULL, path);
	}
	*out = w;
	return 0;
}

int walk_start_at(int dirfd, const char *name, const char *path, struct walk **out)
{
	struct walk *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	w->own.fd = dirfd;
	w->tree = &w->own;
	if (strlen(name) > NAME_MAX) {
		walk_free(w);
		return -ENAMETOOLONG;
	}
	strcpy(w->start, name);
	r = fcntl(dirfd, F_DUPFD_CLOEXEC, 0);
	r = r < 0 ? -errno : start(w, r, path);
	if (r < 0) {
		walk_free(w);
		return r;
	}
	*out = w;
	return 0;
}

void walk_directories_last(struct walk *w)
{
	w->directories_last = true;
}

static void tell(struct walk *w, struct visit *v)
{
	struct frame *f = top(w);

	*v = (struct visit){.dir = &f->dir,
		.name = w->name,
		.path = w->path.data,
		.type = DT_UNKNOWN,
		.depth = w->depth - 1};
}

static int set_path(struct walk *w, const char *dir, const char *name)
{
	buf_cut(&w->path, 0);
	if (buf_adds(&w->path, dir) < 0)
		return -ENOMEM;
	if (w->path.data[w->path.len - 1] != '/' && buf_adds(&w->path, "/") < 0)
		return -ENOMEM;
	return buf_adds(&w->path, name);
}

/* The frame stays until the next call, since the visit speaks of it. */
static int leave(struct walk *w, struct visit *v)
{
	w->left = w->frames[--w->depth];
	strcpy(w->name, w->left->name);
	buf_cut(&w->path, 0);
	if (buf_adds(&w->path, w->left->path) < 0)
		return -ENOMEM;
	tell(w, v);
	v->leaving = true;
	v->self = &w->left->dir;
	v->type = DT_DIR;
	return 1;
}

int walk_next(struct walk *w, struct visit *v)
{
	struct frame *f = top(w);

	frame_free(w->left);
	w->left = NULL;
	if (!w->started) {
		w->started = true;
		strcpy(w->name, w->start);
		tell(w, v);
		return 1;
	}
	if (w->depth == 1)
		return 0;
	if (f->next == f->listing.count)
		return leave(w, v);
	strcpy(w->name, listing_name(&f->listing, f->next));
	if (set_path(w, f->path, w->name) < 0)
		return -ENOMEM;
	tell(w, v);
	v->type = f->listing.entries[f->next++].type;
	return 1;
}

static int open_visited(struct walk *w, bool follow, struct widen *widened)
{
	struct frame *f = top(w);
	int fd;

	if (follow)
		return tree_openat(w->tree, w->path.data, O_RDONLY | O_DIRECTORY);
	fd = openat(f->dir.fd, w->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == EACCES &&
		widen(widened, f->dir.fd, w->name, S_IRUSR | S_IWUSR | S_IXUSR) == 0)
		fd = openat(f->dir.fd, w->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static bool is_walked(const struct walk *w, const struct frame *f)
{
	for (size_t i = 1; i + 1 < w->depth; i++)
		if (w->frames[i]->dev == f->dev && w->frames[i]->ino == f->ino)
			return true;
	return false;
}

static int fill(struct walk *w, struct frame *f, bool follow)
{
	struct stat st;
	int r;

	if (fstat(f->dir.fd, &st) < 0)
		return -errno;
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	/* It can be read, but nothing in it be looked at. */
	if (!(st.st_mode & S_IXUSR) && fstatat(f->dir.fd, ".", &st, 0) < 0 && errno == EACCES)
		widen(&f->widened, f->dir.fd, NULL, S_IXUSR);
	if (follow && is_walked(w, f))
		return -ELOOP;
	r = listing_read(f->dir.fd, true, &f->listing);
	return r == 0 && w->directories_last ? listing_directories_last(f->dir.fd, &f->listing) : r;
}

int walk_enter(struct walk *w, bool follow, struct err *err)
{
	struct widen widened = WIDEN_NONE;
	struct frame *f;
	int r, fd = open_visited(w, follow, &widened);

	if (fd < 0) {
		widen_undo(&widened);
		return err_set(err, fd, "cannot open", w->path.data);
	}
	r = push(w, fd, w->path.data, w->name, &f);
	if (r < 0) {
		widen_undo(&widened);
		return err_set(err, r, "cannot open", w->path.data);
	}
	f->widened = widened;
	r = fill(w, f, follow);
	if (r < 0) {
		w->depth--;
		frame_free(f);
		return err_set(err, r, "cannot read", w->path.data);
	}
	return 0;
}

struct dir *walk_dir(struct walk *w)
{
	return &top(w)->dir;
}

const struct listing *walk_listing(struct walk *w)
{
	return &top(w)->listing;
}

void walk_free(struct walk *w)
{
	if (!w)
		return;
	frame_free(w->left);
	while (w->depth)
		frame_free(w->frames[--w->depth]);
	free(w->frames);
	buf_free(&w->path);
	free(w);
}
