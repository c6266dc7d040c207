// SPDX-License-Identifier: Apache-2.0
#include "applets/build/find.h"

#include "core/tree/walk.h"
#include <regex.h>

struct search {
	regex_t re;
	struct stat but;
	struct strings *out;
};

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static int each(struct search *s, struct walk *w, const struct visit *v, struct err *err)
{
	struct stat st;

	if (v->leaving)
		return 0;
	if (fstatat(v->dir->fd, v->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(err, -errno, "cannot look at", v->path);
	if (S_ISDIR(st.st_mode))
		return is_same(&st, &s->but) ? 0 : walk_enter(w, false, err);
	return S_ISREG(st.st_mode) && regexec(&s->re, v->path, 0, NULL, 0) == 0
		       ? strings_add(s->out, v->path)
		       : 0;
}

static int walk_all(struct search *s, const char *dir, struct err *err)
{
	const struct tree whole = {AT_FDCWD};
	cleanup_walk struct walk *w = NULL;
	struct visit v;
	int r = walk_start(&whole, dir, &w, err), more = 1;

	while (r == 0 && more > 0) {
		r = more = walk_next(w, &v);
		if (more > 0)
			r = each(s, w, &v, err);
	}
	return r < 0 ? err_set(err, r, "cannot search", dir) : 0;
}

int find_files(
	const char *dir, const char *pattern, const char *but, struct strings *out, struct err *err)
{
	struct search s = {.out = out};
	int r;

	if (regcomp(&s.re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return err_tell(err, -EINVAL, "is no regular expression", pattern);
	if (stat(but, &s.but) < 0)
		s.but = (struct stat){.st_ino = 0};
	r = walk_all(&s, dir, err);
	regfree(&s.re);
	if (r == 0 && !out->count)
		return err_tell(err, -ENOENT, "has no file to build", dir);
	return r;
}
