// SPDX-License-Identifier: Apache-2.0
#include "core/image/changes.h"

#include "core/tree/closed.h"

/* The directory that the last inode was in: sorted changes are often in the same one. */
struct place {
	struct dir dir;
	char *path; /* owned; dir.path; NULL: none is open */
	struct opened opened;
};

static void place_leave(struct place *p)
{
	if (!p->path)
		return;
	dir_end(&p->dir);
	opened_undo(&p->opened);
	free(p->path);
	p->path = NULL;
}

/* Goes where path is, and copies its last component to name. 0 or negative errno. */
static int place_go(
	struct place *p, const struct tree *tree, const char *path, char name[NAME_MAX + 1])
{
	const char *slash = strrchr(path, '/');
	cleanup_free char *above = strndup(slash ? path : ".", slash ? (size_t)(slash - path) : 1);
	int fd;

	if (!above)
		return -ENOMEM;
	if (p->path && strcmp(p->path, above) == 0) {
		strcpy(name, slash ? slash + 1 : path);
		return 0;
	}
	place_leave(p);
	fd = tree_parent_closed(tree, path, name, &p->opened);
	if (fd < 0) {
		opened_undo(&p->opened);
		return fd;
	}
	p->path = above;
	above = NULL;
	dir_start(&p->dir, fd, p->path);
	return 0;
}

/* The end of a path's component at p. */
static const char *component_end(const char *p)
{
	return p + strcspn(p, "/");
}

/*
 * By components as they come, but what is removed from a directory before all else that is in it.
 */
static int for_a_layer(const void *a, const void *b)
{
	const struct change *x = *(const struct change *const *)a;
	const struct change *y = *(const struct change *const *)b;
	const char *p = strcmp(x->path, ".") == 0 ? "" : x->path;
	const char *q = strcmp(y->path, ".") == 0 ? "" : y->path;

	for (;;) {
		const char *p_end = component_end(p), *q_end = component_end(q);
		size_t n = (size_t)(p_end - p), m = (size_t)(q_end - q);
		bool first, second;
		int order;

		if (n == m && memcmp(p, q, n) == 0) {
			if (!*p_end || !*q_end)
				return (*p_end != 0) - (*q_end != 0);
			p = p_end + 1;
			q = q_end + 1;
			continue;
		}
		if (n == 0 || m == 0)
			return n ? 1 : -1;
		first = x->kind == CHANGE_REMOVED && !*p_end;
		second = y->kind == CHANGE_REMOVED && !*q_end;
		if (first != second)
			return first ? -1 : 1;
		order = memcmp(p, q, MIN(n, m));
		return order ? order : (n > m) - (n < m);
	}
}

/* Where in path a name stands that a layer would take for a whiteout's; NULL: nowhere. */
static const char *hidden(const char *path)
{
	for (const char *p = path; p; p = strchr(p, '/')) {
		p += *p == '/';
		if (strncmp(p, ".wh.", 4) == 0)
			return p;
	}
	return NULL;
}

static bool is_socket(const struct place *p, const char *name)
{
	struct stat st;

	return fstatat(p->dir.fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISSOCK(st.st_mode);
}

static int add_inode(struct create *c, const struct changes_layer *l, struct place *p,
	const struct change *change, struct err *err)
{
	const char *path = change->path, *bad = hidden(path);
	char name[NAME_MAX + 1];
	struct err fault = ERR_NONE;
	int r;

	if (bad && strchr(bad, '/'))
		return 0; /* what it is in was told */
	r = bad ? 0 : place_go(p, l->tree, path, name);
	if (r < 0)
		err_set(&fault, r, "cannot read", path);
	else if (bad)
		err_tell(&fault, -EINVAL, "left out: a layer would take its name for a whiteout",
			path);
	else if (is_socket(p, name))
		return change->kind == CHANGE_CHANGED ? create_whiteout(c, path, err) : 0;
	else
		return create_inode(c, &p->dir, name, path, err);
	l->fault(l->arg, &fault);
	err_free(&fault);
	return 0;
}

static int add_all(struct create *c, const struct changes_layer *l, const struct changes *changes,
	struct err *err)
{
	cleanup_free const struct change **sorted =
		reallocarray(NULL, changes->count + 1, sizeof(*sorted));
	struct place place = {.path = NULL, .opened = OPENED_NONE};
	int r = sorted ? 0 : err_set(err, -ENOMEM, NULL, NULL);

	for (size_t i = 0; r == 0 && i < changes->count; i++)
		sorted[i] = &changes->at[i];
	if (r == 0 && changes->count > 1)
		qsort(sorted, changes->count, sizeof(*sorted), for_a_layer);
	for (size_t i = 0; r == 0 && i < changes->count; i++)
		if (sorted[i]->kind == CHANGE_REMOVED)
			r = create_whiteout(c, sorted[i]->path, err);
		else
			r = add_inode(c, l, &place, sorted[i], err);
	place_leave(&place);
	return r;
}

int changes_write(const struct changes_layer *l, const struct changes *changes, struct sink *sink,
	struct err *err)
{
	const struct create_options options = {.format = FORMAT_PAX,
		.whiteouts = WHITEOUTS_APPLY,
		.numeric = true,
		.whole_seconds = true,
		.owner = {OWNER_KEEP, OWNER_KEEP},
		.no_holes = l->no_holes,
		.set_mtime = l->clamp,
		.clamp_mtime = l->clamp,
		.mtime = l->mtime,
		.inside = l->inside,
		.fault = l->fault,
		.arg = l->arg};
	struct create *c;
	int r = create_start(sink, l->owners, &options, &c, err);

	if (r < 0)
		return r;
	r = add_all(c, l, changes, err);
	if (r == 0)
		r = create_finish(c, err);
	if (r == 0 && l->finished)
		r = l->finished(l->arg, err);
	create_free(c);
	return r;
}
