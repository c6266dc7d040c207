// SPDX-License-Identifier: Apache-2.0
/* Lists of strings and of pairs, and errors that say where. */
#include "core/build/file.h"

#include <stdarg.h>
#include <stdio.h>

/* Room for one more of size bytes: it doubles whenever count is a power of two. */
static int grow(void *list, size_t count, size_t size)
{
	void **at = list, *more;

	if (count & (count - 1))
		return 0;
	more = reallocarray(*at, count ? count * 2 : 1, size);
	if (!more)
		return -ENOMEM;
	*at = more;
	return 0;
}

int strings_add(struct strings *s, const char *text)
{
	if (grow(&s->at, s->count, sizeof(*s->at)) < 0)
		return -ENOMEM;
	s->at[s->count] = strdup(text);
	if (!s->at[s->count])
		return -ENOMEM;
	s->count++;
	return 0;
}

void strings_free(struct strings *s)
{
	while (s->count)
		free(s->at[--s->count]);
	free(s->at);
	s->at = NULL;
}

int pairs_add(struct pairs *p, const char *name, const char *value)
{
	struct pair pair;

	if (grow(&p->at, p->count, sizeof(*p->at)) < 0)
		return -ENOMEM;
	pair = (struct pair){strdup(name), strdup(value)};
	if (!pair.name || !pair.value) {
		free(pair.name);
		free(pair.value);
		return -ENOMEM;
	}
	p->at[p->count++] = pair;
	return 0;
}

void pairs_free(struct pairs *p)
{
	while (p->count) {
		struct pair *pair = &p->at[--p->count];

		free(pair->name);
		free(pair->value);
	}
	free(p->at);
	p->at = NULL;
}

int place_err(
	struct err *err, int code, const char *path, const struct place *at, const char *fmt, ...)
{
	cleanup_free char *text = NULL;
	va_list ap;

	if (!err || err->code)
		return code;
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	err->code = code;
	err->told = true;
	if (!text || asprintf(&err->path, "%s:%zu:%zu: %s", path, at->line, at->column, text) < 0)
		err->path = NULL;
	return code;
}
