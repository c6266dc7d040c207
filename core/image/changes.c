// SPDX-License-Identifier: Apache-2.0
#include "core/image/changes.h"

int changes_add(struct changes *c, enum change_kind kind, const char *path)
{
	if (c->count == c->room) {
		size_t room = c->room ? c->room * 2 : 64;
		void *at = reallocarray(c->at, room, sizeof(*c->at));

		if (!at)
			return -ENOMEM;
		c->at = at;
		c->room = room;
	}
	c->at[c->count] = (struct change){kind, strdup(path)};
	return c->at[c->count].path ? (c->count++, 0) : -ENOMEM;
}

/* A byte's place in the order of components: their end is before all else. */
static int place(char c)
{
	if (c == '\0')
		return -2;
	return c == '/' ? -1 : (unsigned char)c;
}

static int path_order(const char *a, const char *b)
{
	/* The top is before all. */
	if (strcmp(a, ".") == 0)
		a = "";
	if (strcmp(b, ".") == 0)
		b = "";
	for (; *a && *a == *b; a++, b++)
		;
	return place(*a) - place(*b);
}

static int by_path(const void *a, const void *b)
{
	return path_order(((const struct change *)a)->path, ((const struct change *)b)->path);
}

/* A path that is gone and there again is another one now; one told twice is told once. */
static enum change_kind joined(enum change_kind a, enum change_kind b)
{
	return a == b ? a : CHANGE_CHANGED;
}

void changes_sort(struct changes *c)
{
	size_t n = 0;

	if (c->count > 1)
		qsort(c->at, c->count, sizeof(*c->at), by_path);
	for (size_t i = 0; i < c->count; i++) {
		struct change *last = n ? &c->at[n - 1] : NULL;

		if (last && strcmp(last->path, c->at[i].path) == 0) {
			last->kind = joined(last->kind, c->at[i].kind);
			free(c->at[i].path);
		} else {
			c->at[n++] = c->at[i];
		}
	}
	c->count = n;
}

/* Above path, but for what is above last, too, which was there before. */
static int add_above(
	const struct changes *c, const char *path, const char *last, struct changes *more)
{
	size_t same = 0;

	for (size_t i = 0; path[i] && path[i] == last[i]; i++)
		same = path[i] == '/' ? i + 1 : same;
	for (const char *p = path + same; (p = strchr(p, '/')); p++) {
		cleanup_free char *above = strndup(path, (size_t)(p - path));

		if (!above)
			return -ENOMEM;
		if (!changes_find(c, above) && changes_add(more, CHANGE_CHANGED, above) < 0)
			return -ENOMEM;
	}
	return 0;
}

int changes_add_parents(struct changes *c)
{
	cleanup_changes struct changes more = CHANGES_NONE;
	int r = c->count && !changes_find(c, ".") ? changes_add(&more, CHANGE_CHANGED, ".") : 0;

	for (size_t i = 0; r == 0 && i < c->count; i++)
		r = add_above(c, c->at[i].path, i ? c->at[i - 1].path : "", &more);
	for (size_t i = 0; r == 0 && i < more.count; i++)
		r = changes_add(c, more.at[i].kind, more.at[i].path);
	changes_sort(c);
	return r;
}

const struct change *changes_find(const struct changes *c, const char *path)
{
	const struct change key = {CHANGE_ADDED, (char *)path};

	return c->count ? bsearch(&key, c->at, c->count, sizeof(*c->at), by_path) : NULL;
}

void changes_free(struct changes *c)
{
	for (size_t i = 0; i < c->count; i++)
		free(c->at[i].path);
	free(c->at);
	*c = (struct changes)CHANGES_NONE;
}
