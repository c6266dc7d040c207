// SPDX-License-Identifier: Apache-2.0
#include "core/image/below.h"

#include "core/owner/attr.h"
#include <stdio.h>

bool below_is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == 0;
}

bool below_is_opaque(int dirfd, const char *name)
{
	char value[2];

	return attr_get(dirfd, name, "user.overlay.opaque", value, sizeof(value)) == 1 &&
	       value[0] == 'y';
}

int below_open(struct below *b, const char *lowers, int dirfd, struct err *err)
{
	cleanup_free char *text = strdup(lowers ? lowers : "");
	char *rest = text, *name;
	size_t most = 1;

	for (const char *c = text; c && *c; c++)
		most += *c == ':';
	b->at = text ? calloc(most, sizeof(*b->at)) : NULL;
	if (!b->at)
		return err_set(err, -ENOMEM, NULL, NULL);
	while ((name = strsep(&rest, ":")) && *name) {
		int fd = openat(dirfd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0)
			return err_set(err, -errno, "cannot open", name);
		b->at[b->count++].fd = fd;
	}
	return 0;
}

void below_close(struct below *b)
{
	while (b->count)
		tree_close(&b->at[--b->count]);
	free(b->at);
	b->at = NULL;
}

void below_list_free(struct below_list *l)
{
	free(l->at);
	*l = (struct below_list){NULL, 0};
}

static int make_list(struct below_list *l, size_t most)
{
	l->count = 0;
	l->at = reallocarray(NULL, most + 1, sizeof(*l->at));
	return l->at ? 0 : -ENOMEM;
}

int below_top(const struct below *b, struct below_list *l)
{
	int r = make_list(l, b->count);

	for (size_t i = 0; r == 0 && i < b->count; i++)
		l->at[l->count++] = (uint32_t)i;
	return r;
}

static int open_part(const struct tree *layer, const char *path, struct below_part *part)
{
	cleanup_free char *in = NULL;
	char name[NAME_MAX + 1];
	int fd;

	if (asprintf(&in, "%s/x", path) < 0)
		return -ENOMEM;
	fd = tree_parent_closed(layer, in, name, &part->opened);
	if (fd >= 0)
		dir_start(&part->dir, fd, path);
	return MIN(fd, 0);
}

int below_enter(const struct below *b, const struct below_list *l, const char *path,
	struct below_dir *d, struct err *err)
{
	int r = 0;

	d->count = 0;
	d->at = calloc(l->count + 1, sizeof(*d->at));
	if (!d->at)
		return err_set(err, -ENOMEM, NULL, NULL);
	for (size_t i = 0; r == 0 && i < l->count; i++) {
		struct below_part *part = &d->at[d->count];

		*part = (struct below_part){.dir = DIR_NONE, .opened = OPENED_NONE};
		part->layer = l->at[i];
		r = open_part(&b->at[part->layer], path, part);
		if (r == 0)
			d->count++;
		else
			opened_undo(&part->opened);
	}
	return r < 0 ? err_set(err, r, "cannot open in a layer", path) : 0;
}

void below_leave(struct below_dir *d)
{
	while (d->count) {
		struct below_part *part = &d->at[--d->count];

		dir_end(&part->dir);
		opened_undo(&part->opened);
	}
	free(d->at);
	d->at = NULL;
}

/* A whiteout hides what further layers have. */
int below_find(
	const struct below_dir *d, const char *name, struct below_part **part, struct stat *st)
{
	for (size_t i = 0; i < d->count; i++) {
		if (fstatat(d->at[i].dir.fd, name, st, AT_SYMLINK_NOFOLLOW) == 0) {
			*part = &d->at[i];
			return !below_is_whiteout(st);
		}
		if (errno != ENOENT)
			return -errno;
	}
	return 0;
}

int below_merged(const struct below_dir *d, const struct below_part *part, const char *name,
	struct below_list *l)
{
	struct stat st;
	int r = make_list(l, d->count);

	for (size_t i = (size_t)(part - d->at); r == 0 && i < d->count; i++) {
		int dirfd = d->at[i].dir.fd;

		if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
			r = errno == ENOENT ? 0 : -errno;
			continue;
		}
		if (!S_ISDIR(st.st_mode))
			break;
		l->at[l->count++] = d->at[i].layer;
		if (below_is_opaque(dirfd, name))
			break;
	}
	return r;
}

static int add_names(const struct below_part *part, struct listing *l)
{
	cleanup_listing struct listing here = LISTING_NONE;
	cleanup_widen struct widen w = WIDEN_NONE;
	static const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	cleanup_fd int fd = openat(part->dir.fd, ".", flags);
	int r;

	if (fd < 0 && errno == EACCES && widen(&w, part->dir.fd, NULL, S_IRUSR) == 0)
		fd = openat(part->dir.fd, ".", flags);
	r = fd < 0 ? -errno : listing_read(fd, false, &here);
	for (size_t i = 0; r == 0 && i < here.count; i++)
		r = listing_add(l, listing_name(&here, i), here.entries[i].type);
	return r;
}

int below_names(const struct below_dir *d, struct listing *l)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->count; i++)
		r = add_names(&d->at[i], l);
	return r;
}
