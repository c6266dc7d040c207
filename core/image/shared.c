// SPDX-License-Identifier: Apache-2.0
#include "core/image/shared.h"

int shared_note(struct shared *s, const struct stat *st, const char *path)
{
	if (S_ISDIR(st->st_mode) || st->st_nlink < 2)
		return 0;
	if (s->count == s->room) {
		size_t room = s->room ? s->room * 2 : 64;
		void *at = reallocarray(s->at, room, sizeof(*s->at));

		if (!at)
			return -ENOMEM;
		s->at = at;
		s->room = room;
	}
	s->at[s->count] = (struct shared_name){st->st_dev, st->st_ino, strdup(path)};
	return s->at[s->count].path ? (s->count++, 0) : -ENOMEM;
}

static int by_inode(const void *a, const void *b)
{
	const struct shared_name *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return (x->ino > y->ino) - (x->ino < y->ino);
}

/* The n names of one inode. */
static int tell_group(
	const struct changes *c, const struct shared_name *names, size_t n, struct changes *more)
{
	bool changed = false;
	int r = 0;

	for (size_t i = 0; i < n; i++)
		changed |= changes_find(c, names[i].path) != NULL;
	for (size_t i = 0; r == 0 && changed && i < n; i++)
		if (!changes_find(c, names[i].path))
			r = changes_add(more, CHANGE_CHANGED, names[i].path);
	return r;
}

int shared_tell(struct shared *s, struct changes *c)
{
	cleanup_changes struct changes more = CHANGES_NONE;
	int r = 0;

	if (s->count > 1)
		qsort(s->at, s->count, sizeof(*s->at), by_inode);
	for (size_t i = 0, n; r == 0 && i < s->count; i += n) {
		for (n = 1; i + n < s->count && by_inode(&s->at[i], &s->at[i + n]) == 0; n++)
			;
		if (n > 1)
			r = tell_group(c, s->at + i, n, &more);
	}
	for (size_t i = 0; r == 0 && i < more.count; i++)
		r = changes_add(c, CHANGE_CHANGED, more.at[i].path);
	changes_sort(c);
	return r;
}

void shared_free(struct shared *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->at[i].path);
	free(s->at);
	*s = (struct shared)SHARED_NONE;
}
