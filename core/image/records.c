// SPDX-License-Identifier: Apache-2.0
#include "core/image/records.h"
#include "core/image/rpm.h"
#include "core/owner/text.h"

#include <stdio.h>

struct record {
	const char *text; /* not owned */
	size_t len;
	char *key;     /* owned */
	char *version; /* the same; NULL: the text tells whether two are alike */
	size_t order;
};

struct records {
	struct record *at; /* sorted by key */
	size_t count, room;
};

/* More users or packages than that nobody has. */
enum { RECORDS_MAX = 1 << 16 };

enum records_kind records_kind(const char *path)
{
	static const struct {
		const char *path;
		enum records_kind kind;
	} files[] = {{"etc/passwd", RECORDS_IDS}, {"etc/group", RECORDS_IDS},
		{"etc/shadow", RECORDS_LINES}, {"etc/gshadow", RECORDS_LINES},
		{"etc/subuid", RECORDS_RANGES}, {"etc/subgid", RECORDS_RANGES},
		{"var/lib/dpkg/status", RECORDS_STANZAS},
		{"var/lib/apt/extended_states", RECORDS_STANZAS}};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (strcmp(path, files[i].path) == 0)
			return files[i].kind;
	return RECORDS_NONE;
}

static void records_free(struct records *r)
{
	for (size_t i = 0; i < r->count; i++) {
		free(r->at[i].key);
		free(r->at[i].version);
	}
	free(r->at);
}

/* The value of a field at the start of a line of the stanza; *n is its length. */
static const char *field(const struct record *r, const char *name, size_t *n)
{
	const char *end = r->text + r->len, *line = r->text;
	size_t len = strlen(name);

	while (line < end) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));

		stop = stop ? stop : end;
		if ((size_t)(stop - line) > len && memcmp(line, name, len) == 0) {
			line += len;
			while (line < stop && *line == ' ')
				line++;
			*n = (size_t)(stop - line);
			return line;
		}
		line = stop + 1;
	}
	*n = 0;
	return "";
}

/* A header says itself how long it is. */
static int set_key(struct record *r, enum records_kind kind)
{
	size_t n, m;
	const char *package, *arch;

	if (kind == RECORDS_RPM)
		return rpm_header(r->text, r->len, &r->len, &r->key, &r->version);
	if (kind != RECORDS_STANZAS) {
		const char *colon = memchr(r->text, ':', r->len), *end = r->text + r->len;

		if (colon && kind == RECORDS_RANGES)
			colon = memchr(colon + 1, ':', (size_t)(end - colon - 1));
		n = (size_t)((colon ? colon : end) - r->text);
		r->key = strndup(r->text, n);
		return r->key ? 0 : -ENOMEM;
	}
	package = field(r, "Package:", &n);
	arch = field(r, "Architecture:", &m);
	if (n == 0)
		return -EBADMSG;
	if (asprintf(&r->key, "%.*s %.*s", (int)n, package, (int)m, arch) < 0) {
		r->key = NULL;
		return -ENOMEM;
	}
	return 0;
}

/* Takes the record over. */
static int append(struct records *all, struct record r)
{
	if (all->count == all->room) {
		size_t room = all->room ? 2 * all->room : 64;
		struct record *at = reallocarray(all->at, room, sizeof(*at));

		if (!at) {
			free(r.key);
			free(r.version);
			return -ENOMEM;
		}
		all->at = at;
		all->room = room;
	}
	all->at[all->count++] = r;
	return 0;
}

static int add(struct records *all, const char *text, size_t len, enum records_kind kind)
{
	struct record r = {.text = text, .len = len, .order = all->count};
	int code = set_key(&r, kind);

	return code < 0 ? code : append(all, r);
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct record *)a)->key, ((const struct record *)b)->key);
}

static int by_order(const void *a, const void *b)
{
	const struct record *x = a, *y = b;

	return x->order < y->order ? -1 : x->order > y->order;
}

/* How long the record at text is, without what ends it. */
static size_t length(const char *text, size_t left, enum records_kind kind)
{
	const char *end =
		kind != RECORDS_STANZAS ? memchr(text, '\n', left) : memmem(text, left, "\n\n", 2);

	if (end)
		return (size_t)(end - text);
	return left && text[left - 1] == '\n' ? left - 1 : left;
}

/* The next record, without the empty lines before it. */
static int split_one(const char **p, const char *end, enum records_kind kind, struct records *out)
{
	size_t left;
	int r;

	while (kind != RECORDS_RPM && *p < end && **p == '\n')
		++*p;
	left = (size_t)(end - *p);
	if (left == 0)
		return 0;
	r = add(out, *p, kind == RECORDS_RPM ? left : length(*p, left, kind), kind);
	if (r == 0 && out->count > RECORDS_MAX)
		r = -EBADMSG;
	if (r == 0)
		*p += out->at[out->count - 1].len;
	return r;
}

static int split(const struct buf *b, enum records_kind kind, struct records *out)
{
	const char *p = b->data, *end = b->len ? p + b->len : p;
	int r = 0;

	while (r == 0 && p < end)
		r = split_one(&p, end, kind, out);
	if (r < 0)
		return r;
	if (out->count)
		qsort(out->at, out->count, sizeof(*out->at), by_key);
	for (size_t i = 1; i < out->count; i++)
		if (strcmp(out->at[i - 1].key, out->at[i].key) == 0)
			return -EBADMSG;
	return 0;
}

static const struct record *find(const struct records *all, const char *key)
{
	struct record want = {.key = (char *)(uintptr_t)key};

	return all->count ? bsearch(&want, all->at, all->count, sizeof(want), by_key) : NULL;
}

static bool same(const struct record *a, const struct record *b)
{
	if (!a || !b)
		return a == b;
	if (a->version)
		return strcmp(a->version, b->version) == 0;
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

struct merging {
	enum records_kind kind;
	struct records base, ours, theirs, result; /* the texts are those of the files */
	char **key;
};

static int conflict(const struct merging *m, const char *key)
{
	*m->key = strdup(key);
	return *m->key ? -EEXIST : -ENOMEM;
}

/* One record that is in either. */
static int merge_one(
	struct merging *m, const struct record *o, const struct record *t, size_t order)
{
	const char *key = o ? o->key : t->key;
	const struct record *b = find(&m->base, key), *take = o;
	int r;

	if (same(o, b))
		take = t;
	else if (!same(t, b) && !same(o, t))
		return conflict(m, key);
	if (!take)
		return 0;
	r = add(&m->result, take->text, take->len, m->kind);
	if (r == 0)
		m->result.at[m->result.count - 1].order = order;
	return r;
}

/* The numbers that a record takes. */
struct range {
	uint64_t first, last;
	const struct record *of;
	bool theirs;
};

/* Field i of a line, from 0, as a number. */
static bool number_of(const struct record *r, int i, uint64_t *value)
{
	struct text t = text_of(r->text, r->len);
	const char *colon;

	for (; i; i--) {
		colon = memchr(t.at, ':', (size_t)(t.end - t.at));
		if (!colon)
			return false;
		t.at = colon + 1;
	}
	return text_number(&t, 10, UINT32_MAX, value) && (text_end(&t) || *t.at == ':');
}

static bool range_of(enum records_kind kind, struct range *out)
{
	uint64_t count = 1;

	if (kind == RECORDS_RANGES &&
		(!number_of(out->of, 1, &out->first) || !number_of(out->of, 2, &count)))
		return false;
	if (kind == RECORDS_IDS && !number_of(out->of, 2, &out->first))
		return false;
	out->last = out->first + count - 1;
	return count > 0;
}

/* Those of the records that are not in base: how many. */
static size_t take_ranges(
	const struct merging *m, const struct records *from, bool theirs, struct range *out)
{
	size_t n = 0;

	for (size_t i = 0; i < from->count; i++) {
		out[n] = (struct range){.of = &from->at[i], .theirs = theirs};
		n += !find(&m->base, from->at[i].key) && range_of(m->kind, &out[n]);
	}
	return n;
}

static int by_first(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/* Two programs that add users, one in each image, may have taken the same numbers. */
static int check_numbers(const struct merging *m)
{
	cleanup_free struct range *all = calloc(m->ours.count + m->theirs.count + 1, sizeof(*all));
	const struct range *far[2] = {NULL, NULL}; /* what reaches farthest, of ours and theirs */
	size_t n;

	if (!all)
		return -ENOMEM;
	n = take_ranges(m, &m->ours, false, all);
	n += take_ranges(m, &m->theirs, true, all + n);
	qsort(all, n, sizeof(*all), by_first);
	for (size_t i = 0; i < n; i++) {
		const struct range *other = far[!all[i].theirs], **mine = &far[all[i].theirs];

		if (other && other->last >= all[i].first &&
			strcmp(other->of->key, all[i].of->key) != 0)
			return conflict(m, (all[i].theirs ? &all[i] : other)->of->key);
		if (!*mine || (*mine)->last < all[i].last)
			*mine = &all[i];
	}
	return 0;
}

static int write_result(const struct merging *m, struct buf *out)
{
	const char *after = m->kind == RECORDS_RPM       ? ""
			    : m->kind == RECORDS_STANZAS ? "\n\n"
							 : "\n";

	for (size_t i = 0; i < m->result.count; i++)
		if (buf_add(out, m->result.at[i].text, m->result.at[i].len) < 0 ||
			buf_adds(out, after) < 0)
			return -ENOMEM;
	return 0;
}

static int merge(struct merging *m, struct buf *out)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < m->ours.count; i++)
		r = merge_one(m, &m->ours.at[i], find(&m->theirs, m->ours.at[i].key),
			m->ours.at[i].order);
	for (size_t i = 0; r == 0 && i < m->theirs.count; i++)
		if (!find(&m->ours, m->theirs.at[i].key))
			r = merge_one(
				m, NULL, &m->theirs.at[i], m->ours.count + m->theirs.at[i].order);
	if (r == 0 && (m->kind == RECORDS_IDS || m->kind == RECORDS_RANGES))
		r = check_numbers(m);
	if (r == 0 && m->result.count)
		qsort(m->result.at, m->result.count, sizeof(*m->result.at), by_order);
	return r < 0 ? r : write_result(m, out);
}

int records_merge(enum records_kind kind, const struct buf *base, const struct buf *ours,
	const struct buf *theirs, struct buf *out, char **key)
{
	struct merging m = {.kind = kind, .key = key};
	int r = split(base, kind, &m.base);

	*key = NULL;
	if (r == 0)
		r = split(ours, kind, &m.ours);
	if (r == 0)
		r = split(theirs, kind, &m.theirs);
	if (r == 0)
		r = merge(&m, out);
	records_free(&m.base);
	records_free(&m.ours);
	records_free(&m.theirs);
	records_free(&m.result);
	return r;
}
