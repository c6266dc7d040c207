// SPDX-License-Identifier: Apache-2.0
/* Headers of tar archives (POSIX.1-2008 pax, ustar, GNU), as far as a table of contents needs. */
#include "core/image/chunked.h"
#include "core/image/vis.h"

#include <limits.h>

enum { BLOCK = 512 };

/* Octal digits between blanks, or GNU's base 256; -EBADMSG. */
static int number(const unsigned char *p, size_t n, int64_t *out)
{
	uint64_t value = 0;

	if (*p & 0x80) {
		value = *p & 0x40 ? ~UINT64_C(0) << 6 | (*p & 0x3f) : *p & 0x3f;
		while (--n)
			value = value << 8 | *++p;
		*out = (int64_t)value;
		return 0;
	}
	for (; n && *p == ' '; n--)
		p++;
	for (; n && *p >= '0' && *p <= '7'; n--)
		value = value << 3 | (*p++ - '0');
	*out = (int64_t)value;
	return n == 0 || *p == ' ' || *p == '\0' ? 0 : -EBADMSG;
}

static bool sum_fits(const unsigned char *h)
{
	int64_t wanted, sum = 0;

	for (int i = 0; i < BLOCK; i++)
		sum += i >= 148 && i < 156 ? ' ' : h[i];
	return number(h + 148, 8, &wanted) == 0 && wanted == sum;
}

static char *text(const unsigned char *p, size_t n)
{
	return strndup((const char *)p, n);
}

static const char *type_of(char flag, const char *name)
{
	size_t n = strlen(name);

	switch (flag) {
	case '\0':
		return n && name[n - 1] == '/' ? "dir" : "reg";
	case '0':
		return "reg";
	case '1':
		return "hardlink";
	case '2':
		return "symlink";
	case '3':
		return "char";
	case '4':
		return "block";
	case '5':
		return "dir";
	case '6':
		return "fifo";
	default:
		return NULL;
	}
}

static int set_text(char **to, const char *value, size_t n)
{
	free(*to);
	*to = strndup(value, n);
	return *to ? 0 : -ENOMEM;
}

static int set_number(int64_t *to, const char *value, bool *has)
{
	char *end;

	errno = 0;
	*to = strtoll(value, &end, 10);
	*has = true;
	return errno || *end || *value == '\0' || *to < 0 ? -EBADMSG : 0;
}

/* Seconds with a fraction, of which nine digits count. */
static int set_time(struct chunk_time *to, const char *value)
{
	bool minus = *value == '-';
	long unit = 100000000;
	char *end;

	errno = 0;
	to->at.tv_sec = strtoll(value, &end, 10);
	to->at.tv_nsec = 0;
	if (errno || end == value || (*end && *end != '.'))
		return -EBADMSG;
	if (*end == '.')
		while (*++end >= '0' && *end <= '9') {
			to->at.tv_nsec += unit * (*end - '0');
			unit /= 10;
		}
	if (minus && to->at.tv_nsec) {
		to->at.tv_sec--;
		to->at.tv_nsec = 1000000000 - to->at.tv_nsec;
	}
	to->set = true;
	return *end ? -EBADMSG : 0;
}

static int set_attr(struct chunk_entry *e, const char *name, const char *value, size_t n)
{
	cleanup_buf struct buf text = BUF_NONE;
	json_t *string;

	if (!e->attrs && !(e->attrs = json_object()))
		return -ENOMEM;
	if (base64_add(&text, value, n) < 0)
		return -ENOMEM;
	string = json_stringn(text.len ? text.data : "", text.len);
	if (!string)
		return -ENOMEM;
	return json_object_set_new(e->attrs, name, string) == 0 ? 0 : -EILSEQ;
}

static int take_record(struct chunk_tar *t, const char *key, const char *value, size_t n)
{
	struct chunk_entry *e = &t->next;
	static const char attr[] = "SCHILY.xattr.";

	if (t->kind == 'g')
		return strcmp(key, "comment") == 0 ? 0 : -EOPNOTSUPP;
	if (strncmp(key, "GNU.sparse.", 11) == 0)
		return -EOPNOTSUPP;
	if (strncmp(key, attr, sizeof(attr) - 1) == 0)
		return set_attr(e, key + sizeof(attr) - 1, value, n);
	if (strcmp(key, "path") == 0)
		return set_text(&e->name, value, n);
	if (strcmp(key, "linkpath") == 0)
		return set_text(&e->link, value, n);
	if (strcmp(key, "size") == 0)
		return set_number(&e->size, value, &t->has_size);
	if (strcmp(key, "uid") == 0)
		return set_number(&e->uid, value, &t->has_uid);
	if (strcmp(key, "gid") == 0)
		return set_number(&e->gid, value, &t->has_gid);
	if (strcmp(key, "mtime") == 0)
		return set_time(&e->mtime, value);
	if (strcmp(key, "atime") == 0)
		return set_time(&e->atime, value);
	return strcmp(key, "ctime") == 0 ? set_time(&e->ctime, value) : 0;
}

/* "LENGTH KEY=VALUE\n", the length being that of all of it. */
static int take_records(struct chunk_tar *t)
{
	char *p = t->extended.data, *end = p + t->extended.len;

	while (p < end && *p) {
		char *key, *value;
		unsigned long n = strtoul(p, &key, 10);
		int r;

		if (*p < '0' || *p > '9' || *key++ != ' ' || n > (size_t)(end - p) ||
			key >= p + n || p[n - 1] != '\n')
			return -EBADMSG;
		p[n - 1] = '\0';
		value = strchr(key, '=');
		if (!value || value >= p + n)
			return -EBADMSG;
		*value++ = '\0';
		r = take_record(t, key, value, (size_t)(p + n - 1 - value));
		if (r < 0)
			return r;
		p += n;
	}
	return 0;
}

int chunk_tar_extended(struct chunk_tar *t)
{
	const char *data = t->extended.len ? t->extended.data : "";
	int r;

	if (t->kind == 'L')
		r = set_text(&t->next.name, data, t->extended.len);
	else if (t->kind == 'K')
		r = set_text(&t->next.link, data, t->extended.len);
	else
		r = t->extended.len ? take_records(t) : 0;
	buf_cut(&t->extended, 0);
	t->kind = '\0';
	return r;
}

/* ustar's name in two parts. */
static char *name_of(const unsigned char *h)
{
	cleanup_buf struct buf name = BUF_NONE;

	if (memcmp(h + 257, "ustar\0", 6) != 0 || !h[345])
		return text(h, 100);
	buf_addf(&name, "%.155s/%.100s", (const char *)h + 345, (const char *)h);
	return name.failed ? NULL : strdup(name.data);
}

static int times(struct chunk_entry *e, const unsigned char *h)
{
	int64_t seconds;

	if (!e->mtime.set) {
		if (number(h + 136, 12, &seconds) < 0)
			return -EBADMSG;
		e->mtime = (struct chunk_time){{seconds, 0}, true};
	}
	if (memcmp(h + 257, "ustar  ", 8) != 0)
		return 0;
	if (h[345] && !e->atime.set && number(h + 345, 12, &seconds) == 0)
		e->atime = (struct chunk_time){{seconds, 0}, true};
	if (h[357] && !e->ctime.set && number(h + 357, 12, &seconds) == 0)
		e->ctime = (struct chunk_time){{seconds, 0}, true};
	return 0;
}

static int fill(struct chunk_tar *t, const unsigned char *h, struct chunk_entry *e)
{
	int64_t size, uid, gid;
	char flag = (char)h[156];

	if (number(h + 100, 8, &e->mode) < 0 || number(h + 108, 8, &uid) < 0 ||
		number(h + 116, 8, &gid) < 0 || number(h + 124, 12, &size) < 0 || times(e, h) < 0)
		return -EBADMSG;
	e->uid = t->has_uid ? e->uid : uid;
	e->gid = t->has_gid ? e->gid : gid;
	e->size = t->has_size ? e->size : size;
	if (!e->name && !(e->name = name_of(h)))
		return -ENOMEM;
	if (h[157] && !e->link && !(e->link = text(h + 157, 100)))
		return -ENOMEM;
	e->type = type_of(flag, e->name);
	if (!e->type)
		return -EOPNOTSUPP;
	if ((flag == '3' || flag == '4') &&
		(number(h + 329, 8, &e->major) < 0 || number(h + 337, 8, &e->minor) < 0))
		return -EBADMSG;
	return e->size < 0 || (e->size && strcmp(e->type, "reg") != 0) ? -EBADMSG : 1;
}

static bool is_zero(const unsigned char *h)
{
	return h[0] == 0 && memcmp(h, h + 1, BLOCK - 1) == 0;
}

int chunk_tar_header(
	struct chunk_tar *t, const unsigned char *h, struct chunk_entry *e, int64_t *size)
{
	if (t->ended)
		return 2;
	if (is_zero(h)) {
		t->ended = ++t->zeros == 2;
		return 2;
	}
	t->zeros = 0;
	if (!sum_fits(h))
		return -EBADMSG;
	if (h[156] && strchr("xgLK", h[156])) {
		t->kind = (char)h[156];
		if (number(h + 124, 12, size) < 0 || *size < 0)
			return -EBADMSG;
		return *size > 4 << 20 ? -EFBIG : 0;
	}
	*e = t->next;
	memset(&t->next, 0, sizeof(t->next));
	*size = fill(t, h, e);
	t->has_size = t->has_uid = t->has_gid = false;
	return (int)*size;
}

void chunk_tar_free(struct chunk_tar *t)
{
	chunk_entry_free(&t->next);
	buf_free(&t->extended);
}
