// SPDX-License-Identifier: Apache-2.0
#include "core/build/sum_cache.h"
#include "core/pack/digest.h"

/* In place of a sum where there is no value. */
#define NO_VALUE "-"

void key_free(struct key *k)
{
	buf_free(&k->text);
}

/* A name is one word of one line, whatever bytes a path has. */
static int add_name(struct buf *out, const char *name)
{
	int r = 0;

	for (; r == 0 && *name; name++)
		if ((unsigned char)*name < ' ' || *name == '\\' || *name == 0x7f)
			r = buf_addf(out, "\\x%02x", (unsigned char)*name);
		else
			r = buf_add(out, name, 1);
	return r;
}

int key_add_sum(struct key *k, const char *name, const char *hex)
{
	int r = add_name(&k->text, name);

	return r < 0 ? r : buf_addf(&k->text, "\t%s\n", hex);
}

int key_add(struct key *k, const char *name, const void *value, size_t len)
{
	char hex[65];
	int r = digest_bytes(value, len, hex);

	return r < 0 ? r : key_add_sum(k, name, hex);
}

int key_adds(struct key *k, const char *name, const char *value)
{
	return value ? key_add(k, name, value, strlen(value)) : key_add_sum(k, name, NO_VALUE);
}

int key_hex(const struct key *k, char hex[65])
{
	return digest_bytes(k->text.data ? k->text.data : "", k->text.len, hex);
}

/* A line of a list; text is not ended. */
struct line {
	const char *name, *sum;
	size_t name_len, sum_len;
	bool met;
};

struct lines {
	struct line *at;
	size_t count;
};

static void lines_free(struct lines *l)
{
	free(l->at);
}

/* What is no line is taken for one without a sum. */
static struct line line_of(const char *text, size_t len)
{
	const char *tab = memchr(text, '\t', len);
	size_t name = tab ? (size_t)(tab - text) : len;

	return (struct line){text, text + name, name, len - name, false};
}

static int read_lines(const struct buf *text, struct lines *out)
{
	const char *p = text->data, *end = p ? p + text->len : p, *stop;
	size_t room = 0;

	for (; p < end; p = stop + 1) {
		stop = memchr(p, '\n', (size_t)(end - p));
		stop = stop ? stop : end;
		if (out->count == room) {
			void *at = reallocarray(out->at, room ? 2 * room : 32, sizeof(*out->at));

			if (!at)
				return -ENOMEM;
			out->at = at;
			room = room ? 2 * room : 32;
		}
		out->at[out->count++] = line_of(p, (size_t)(stop - p));
	}
	return 0;
}

static bool same(const char *a, size_t a_len, const char *b, size_t b_len)
{
	return a_len == b_len && memcmp(a, b, a_len) == 0;
}

/* The first of that name that was not met. */
static struct line *find(const struct lines *l, const struct line *wanted)
{
	for (size_t i = 0; i < l->count; i++)
		if (!l->at[i].met &&
			same(l->at[i].name, l->at[i].name_len, wanted->name, wanted->name_len))
			return &l->at[i];
	return NULL;
}

static int tell(struct buf *why, const struct line *l, const char *how)
{
	int r = why->len ? buf_adds(why, ", ") : 0;

	if (r == 0)
		r = buf_add(why, l->name, l->name_len);
	return r < 0 ? r : buf_adds(why, how);
}

static int compare(const struct lines *old, const struct lines *now, struct buf *why)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < now->count; i++) {
		struct line *l = &now->at[i], *was = find(old, l);

		if (!was)
			r = tell(why, l, " (new)");
		else if (!same(was->sum, was->sum_len, l->sum, l->sum_len))
			r = tell(why, l, "");
		if (was)
			was->met = true;
	}
	for (size_t i = 0; r == 0 && i < old->count; i++)
		if (!old->at[i].met)
			r = tell(why, &old->at[i], " (gone)");
	return r;
}

int key_differs(const struct buf *old, const struct buf *now, struct buf *why)
{
	cleanup(lines_free) struct lines was = {0}, is = {0};
	size_t before = why->len;
	int r = read_lines(old, &was);

	if (r == 0)
		r = read_lines(now, &is);
	if (r == 0)
		r = compare(&was, &is, why);
	if (r == 0 && why->len == before && !same(old->data, old->len, now->data, now->len))
		r = buf_adds(why, before ? ", their order" : "the order");
	return r;
}
