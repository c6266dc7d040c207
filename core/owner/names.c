// SPDX-License-Identifier: Apache-2.0
#include "core/owner/names.h"

#include "core/base/io.h"
#include "core/owner/record.h"
#include "core/owner/text.h"

enum { FILE_MAX = 16 << 20 };

/* A line: a name, at an offset in the text (so that offsets are in the order of the lines). */
struct row {
	uint32_t name, id, group;
};

/* One file's lines, sorted by number, and their places there sorted by name. */
struct table {
	struct buf text;
	struct row *rows;
	uint32_t *by_name;
	size_t count, room;
};

struct names {
	struct table users, groups;
};

static const char *name_of(const struct table *t, const struct row *row)
{
	return t->text.data + row->name;
}

static int order(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int by_id(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int r = order(x->id, y->id);

	return r ? r : order(x->name, y->name);
}

static int by_name(const void *a, const void *b, void *table)
{
	const struct table *t = table;
	const struct row *x = &t->rows[*(const uint32_t *)a], *y = &t->rows[*(const uint32_t *)b];
	int r = strcmp(name_of(t, x), name_of(t, y));

	return r ? r : order(x->name, y->name);
}

static int sort(struct table *t)
{
	if (t->count == 0)
		return 0;
	t->by_name = reallocarray(NULL, t->count, sizeof(*t->by_name));
	if (!t->by_name)
		return -ENOMEM;
	qsort(t->rows, t->count, sizeof(*t->rows), by_id);
	for (size_t i = 0; i < t->count; i++)
		t->by_name[i] = (uint32_t)i;
	qsort_r(t->by_name, t->count, sizeof(*t->by_name), by_name, t);
	return 0;
}

static int add(struct table *t, struct row row)
{
	if (t->count == t->room) {
		size_t room = t->room ? t->room * 2 : 32;
		void *rows = reallocarray(t->rows, room, sizeof(*t->rows));

		if (!rows)
			return -ENOMEM;
		t->rows = rows;
		t->room = room;
	}
	t->rows[t->count++] = row;
	return 0;
}

/* A number that is a field of its own. */
static bool take_id(struct text *line, uint32_t *id)
{
	if (!text_u32(line, id) || *id == OWNER_KEEP)
		return false;
	return text_end(line) || text_char(line, ':');
}

/* Takes what is before the next colon, and the colon. */
static bool take_field(struct text *line, size_t *len)
{
	const char *colon = memchr(line->at, ':', (size_t)(line->end - line->at));

	if (!colon)
		return false;
	*len = (size_t)(colon - line->at);
	line->at = colon + 1;
	return true;
}

/* "NAME:PASSWORD:ID", and in passwd ":GROUP"; the name gets its NUL. Whether it is such a line. */
static bool parse(struct table *t, char *start, const char *end, bool has_group, struct row *row)
{
	struct text line = {start, end};
	size_t len, password;

	if (*start == '#' || !take_field(&line, &len) || len == 0 || memchr(start, '\0', len))
		return false;
	if (!take_field(&line, &password) || !take_id(&line, &row->id))
		return false;
	if (has_group && !take_id(&line, &row->group))
		return false;
	start[len] = '\0';
	row->name = (uint32_t)(start - t->text.data);
	return true;
}

static int read_table(struct table *t, int fd, bool has_group)
{
	char *line, *end;
	int r = fd < 0 ? 0 : io_read_all(fd, &t->text, FILE_MAX);

	if (r < 0 || t->text.len == 0)
		return r;
	for (line = t->text.data; line < t->text.data + t->text.len; line = end + 1) {
		struct row row = {0, 0, 0};

		end = memchr(line, '\n', (size_t)(t->text.data + t->text.len - line));
		if (!end)
			end = t->text.data + t->text.len;
		if (parse(t, line, end, has_group, &row) && add(t, row) < 0)
			return -ENOMEM;
	}
	return sort(t);
}

int names_read(int passwd_fd, int group_fd, struct names **out)
{
	struct names *n = calloc(1, sizeof(*n));
	int r;

	if (!n)
		return -ENOMEM;
	r = read_table(&n->users, passwd_fd, true);
	if (r == 0)
		r = read_table(&n->groups, group_fd, false);
	if (r < 0) {
		names_free(n);
		return r;
	}
	*out = n;
	return 0;
}

/* The first line of that name, or NULL. */
static const struct row *find_name(const struct table *t, const char *name)
{
	size_t low = 0, high = t->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(name_of(t, &t->rows[t->by_name[middle]]), name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == t->count || strcmp(name_of(t, &t->rows[t->by_name[low]]), name) != 0)
		return NULL;
	return &t->rows[t->by_name[low]];
}

/* The first line of that number, or NULL. */
static const struct row *find_id(const struct table *t, uint32_t id)
{
	size_t low = 0, high = t->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->rows[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < t->count && t->rows[low].id == id ? &t->rows[low] : NULL;
}

int names_uid(const struct names *n, const char *name, uint32_t *uid, uint32_t *login_group)
{
	const struct row *row = find_name(&n->users, name);

	if (!row)
		return -ENOENT;
	*uid = row->id;
	if (login_group)
		*login_group = row->group;
	return 0;
}

int names_gid(const struct names *n, const char *name, uint32_t *gid)
{
	const struct row *row = find_name(&n->groups, name);

	if (!row)
		return -ENOENT;
	*gid = row->id;
	return 0;
}

int names_login_group(const struct names *n, uint32_t uid, uint32_t *gid)
{
	const struct row *row = find_id(&n->users, uid);

	if (!row)
		return -ENOENT;
	*gid = row->group;
	return 0;
}

const char *names_user(const struct names *n, uint32_t uid)
{
	const struct row *row = n ? find_id(&n->users, uid) : NULL;

	return row ? name_of(&n->users, row) : NULL;
}

const char *names_group(const struct names *n, uint32_t gid)
{
	const struct row *row = n ? find_id(&n->groups, gid) : NULL;

	return row ? name_of(&n->groups, row) : NULL;
}

static void table_free(struct table *t)
{
	buf_free(&t->text);
	free(t->rows);
	free(t->by_name);
}

void names_free(struct names *n)
{
	if (!n)
		return;
	table_free(&n->users);
	table_free(&n->groups);
	free(n);
}
