// SPDX-License-Identifier: Apache-2.0
/* A file of images with all files that it needs. */
#include "core/build/fields.h"

enum { FILES_MAX = 1000, FILES_DEEP_MAX = 64 };

struct loading {
	const struct substitutions *s;
	bool require_hash;
	struct err *err;
	struct recipes *done;
	size_t count, open_count;
	struct recipes open[FILES_DEEP_MAX]; /* each is needed by the one before it */
};

static bool has(const struct recipes *files, size_t count, const char *path)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(files[i].path, path) == 0)
			return true;
	return false;
}

/* "b.yaml needs c.yaml, which needs a.yaml": how the files came to need one that is open. */
static int loop_err(struct loading *l, const char *path, const struct place *at)
{
	cleanup_buf struct buf way = BUF_NONE;
	size_t i = l->open_count;

	while (i && strcmp(l->open[i - 1].path, path) != 0)
		i--;
	for (; i < l->open_count; i++)
		buf_addf(&way, ", which needs %s", l->open[i].path);
	return place_err(l->err, -ELOOP, l->open[l->open_count - 1].shown, at,
		"it needs %s%s; files cannot need each other", path, way.failed ? "" : way.data);
}

static int load(struct loading *l, const char *path);

static int load_prerequisites(struct loading *l)
{
	const struct recipes *r = &l->open[l->open_count - 1];
	size_t i;

	for (i = 0; i < r->prerequisites.count; i++) {
		const char *path = r->prerequisites.at[i];
		const struct place *at = &r->prerequisite_places[i];
		int code;

		if (has(l->open, l->open_count, path))
			return loop_err(l, path, at);
		if (has(l->done, l->count, path))
			continue;
		if (access(path, R_OK) != 0)
			return place_err(l->err, -errno, r->shown, at, "cannot read %s: %s", path,
				err_reason(-errno));
		code = load(l, path);
		if (code < 0)
			return code;
	}
	return 0;
}

static int load(struct loading *l, const char *path)
{
	struct recipes *more, *r = l->open + l->open_count;
	int code;

	if (l->open_count == FILES_DEEP_MAX || l->count + l->open_count >= FILES_MAX)
		return err_tell(l->err, -E2BIG, "too many files need each other", path);
	*r = (struct recipes)RECIPES_NONE;
	code = recipes_read(path, l->s, l->require_hash, r, l->err);
	if (code < 0)
		return code;
	l->open_count++;
	code = load_prerequisites(l);
	if (code < 0)
		return code;
	more = reallocarray(l->done, l->count + 1, sizeof(*more));
	if (!more)
		return err_set(l->err, -ENOMEM, NULL, NULL);
	l->done = more;
	l->done[l->count++] = *r;
	l->open_count--;
	return 0;
}

int recipes_read_all(const char *path, const struct substitutions *s, bool require_hash,
	struct recipes **out, size_t *count, struct err *err)
{
	cleanup_free struct loading *l = calloc(1, sizeof(*l));
	int code;

	if (!l)
		return err_set(err, -ENOMEM, NULL, NULL);
	l->s = s;
	l->require_hash = require_hash;
	l->err = err;
	code = load(l, path);
	if (code == 0) {
		*out = l->done;
		*count = l->count;
		return 0;
	}
	while (l->open_count)
		recipes_free(&l->open[--l->open_count]);
	while (l->count)
		recipes_free(&l->done[--l->count]);
	free(l->done);
	return code;
}
