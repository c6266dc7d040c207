// SPDX-License-Identifier: Apache-2.0
#include "core/tree/resolve.h"

/* What the kernel follows at the most. */
enum { SYMLINKS_MAX = 40 };

/*
 * The way so far has no symlink in it, so that ".." can be walked anew from the
 * root: what the kernel's own ".." says may have been moved out of the tree.
 */
struct way {
	int root;
	int at;          /* owned, O_PATH; where the way has come to */
	struct buf done; /* "a/b/c/", the names walked */
	struct buf left; /* what is still to be walked */
	size_t taken;    /* bytes of left that are done with */
	int symlinks;
	int flags;
};

static int step(int at, const char *name)
{
	int fd = openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int go_to_root(struct way *w)
{
	int fd = step(w->root, ".");

	if (fd < 0)
		return fd;
	base_close(&w->at);
	w->at = fd;
	buf_cut(&w->done, 0);
	return 0;
}

static int enter(struct way *w, const char *name)
{
	int fd = step(w->at, name);
	struct stat st;

	if (fd < 0)
		return fd;
	base_close(&w->at);
	w->at = fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

static int go_up(struct way *w)
{
	cleanup_free char *names = NULL;
	char *save, *name;
	int r;

	if (w->done.len)
		buf_cut(&w->done, w->done.len - 1);
	while (w->done.len && w->done.data[w->done.len - 1] != '/')
		buf_cut(&w->done, w->done.len - 1);
	names = strdup(w->done.len ? w->done.data : "");
	if (!names)
		return -ENOMEM;
	r = go_to_root(w);
	for (name = strtok_r(names, "/", &save); name && r == 0;
		name = strtok_r(NULL, "/", &save)) {
		r = enter(w, name);
		if (r == 0)
			r = buf_addf(&w->done, "%s/", name);
	}
	return r;
}

static int expand(struct way *w, int link)
{
	cleanup_buf struct buf left = BUF_NONE;
	char target[PATH_MAX];
	ssize_t n = readlinkat(link, "", target, sizeof(target));

	if (n < 0)
		return -errno;
	if ((size_t)n >= sizeof(target))
		return -ENAMETOOLONG;
	if (++w->symlinks > SYMLINKS_MAX)
		return -ELOOP;
	if (n == 0)
		return -ENOENT;
	if (buf_add(&left, target, (size_t)n) < 0 || buf_adds(&left, "/") < 0 ||
		buf_adds(&left, w->left.data + w->taken) < 0)
		return -ENOMEM;
	/* A symlink at the very end keeps no slash that it did not have. */
	if (!w->left.data[w->taken])
		buf_cut(&left, left.len - 1);
	buf_free(&w->left);
	w->left = left;
	left = (struct buf)BUF_NONE;
	w->taken = 0;
	return target[0] == '/' ? go_to_root(w) : 0;
}

/* The next name, "" at the end; *last tells that nothing but slashes follows. */
static int next_name(struct way *w, char name[NAME_MAX + 1], bool *last, bool *slash)
{
	const char *at = w->left.data + w->taken;
	size_t n;

	at += strspn(at, "/");
	n = strcspn(at, "/");
	if (n > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, at, n);
	name[n] = '\0';
	*slash = at[n] == '/';
	at += n;
	*last = at[strspn(at, "/")] == '\0';
	w->taken = (size_t)(at - w->left.data);
	return 0;
}

static int open_here(const struct way *w, const char *name, int flags)
{
	int fd = openat(w->at, name, flags | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* The last name: a descriptor, or -EAGAIN where it was a symlink that is now expanded. */
static int finish(struct way *w, const char *name, bool slash)
{
	cleanup_fd int fd = step(w->at, name);
	struct stat st;
	int r;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode) && (slash || !(w->flags & O_NOFOLLOW))) {
		r = expand(w, fd);
		return r < 0 ? r : -EAGAIN;
	}
	return open_here(w, name, w->flags | (slash ? O_DIRECTORY : 0));
}

static int middle(struct way *w, const char *name)
{
	cleanup_fd int fd = step(w->at, name);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return expand(w, fd);
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	base_close(&w->at);
	w->at = take_fd(&fd);
	return buf_addf(&w->done, "%s/", name);
}

static int walk_way(struct way *w)
{
	char name[NAME_MAX + 1];
	bool last, slash;
	int r;

	for (;;) {
		r = next_name(w, name, &last, &slash);
		if (r < 0)
			return r;
		if (!*name)
			return open_here(w, ".", w->flags);
		if (strcmp(name, ".") == 0)
			r = 0;
		else if (strcmp(name, "..") == 0)
			r = go_up(w);
		else if (last)
			r = finish(w, name, slash);
		else
			r = middle(w, name);
		if (r == -EAGAIN)
			continue;
		if (r < 0 || (last && strcmp(name, ".") != 0 && strcmp(name, "..") != 0))
			return r;
	}
}

static int start_way(struct way *w, const char *path, const char *more)
{
	if (buf_adds(&w->left, path) < 0 || buf_adds(&w->left, more) < 0)
		return -ENOMEM;
	return go_to_root(w);
}

static void end_way(struct way *w)
{
	base_close(&w->at);
	buf_free(&w->done);
	buf_free(&w->left);
}

int resolve_by_hand(int root, const char *path, int flags)
{
	struct way w = {.root = root, .at = -1, .flags = flags};
	int r = start_way(&w, path, "");

	if (r == 0)
		r = walk_way(&w);
	end_way(&w);
	return r;
}

/* With "/." behind it, the last name is walked like the others. */
int resolve_path(int root, const char *path, char **out)
{
	struct way w = {.root = root, .at = -1, .flags = O_PATH | O_DIRECTORY};
	int r = start_way(&w, path, "/.");

	if (r == 0)
		r = walk_way(&w);
	if (r >= 0) {
		close(r);
		*out = w.done.len ? strndup(w.done.data, w.done.len - 1) : strdup(".");
		r = *out ? 0 : -ENOMEM;
	}
	end_way(&w);
	return r;
}
