// SPDX-License-Identifier: Apache-2.0
#include "core/image/mtree.h"

#include "core/image/vis.h"
#include "core/owner/text.h"
#include <stdio.h>

enum {
	LINE_MAX_BYTES = 4 << 20, /* all attributes of one file, in base64 */
	BLOCK = 1 << 16
};

struct mtree_in {
	int fd;
	unsigned long line;
	struct buf block; /* what was read and not taken yet, from at on */
	size_t at;
	bool ended;
	struct mtree_entry entry, set; /* set: what the last /set line says */
	unsigned long depth;
};

static void entry_clear(struct mtree_entry *e)
{
	struct entry attrs = {.attrs = e->attrs, .attr_count = e->attr_count};

	entry_free(&attrs);
	free(e->name);
	free(e->link);
	*e = (struct mtree_entry){.name = NULL};
}

int mtree_in_open(int fd, struct mtree_in **out)
{
	struct mtree_in *in = calloc(1, sizeof(*in));

	if (!in)
		return -ENOMEM;
	in->fd = fd;
	*out = in;
	return 0;
}

void mtree_in_free(struct mtree_in *in)
{
	if (!in)
		return;
	entry_clear(&in->entry);
	entry_clear(&in->set);
	buf_free(&in->block);
	free(in);
}

static int damaged(const struct mtree_in *in, const char *what, struct err *err)
{
	char line[32];

	snprintf(line, sizeof line, "line %lu", in->line);
	return err_set(err, -EBADMSG, what, line);
}

/* Reads more behind what is there: whether the end has come; negative errno. */
static int more(struct mtree_in *in)
{
	ssize_t n;

	memmove(in->block.data, in->block.data + in->at, in->block.len - in->at);
	buf_cut(&in->block, in->block.len - in->at);
	in->at = 0;
	if (in->block.len > LINE_MAX_BYTES)
		return -EFBIG;
	if (buf_reserve(&in->block, BLOCK) < 0)
		return -ENOMEM;
	do
		n = read(in->fd, in->block.data + in->block.len, BLOCK);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	in->block.len += (size_t)n;
	in->block.data[in->block.len] = '\0';
	return n == 0;
}

/* The next line without its newline: 1, 0 at the end, negative errno with err. */
static int next_line(struct mtree_in *in, struct text *line, struct err *err)
{
	size_t looked = 0;

	in->line++;
	if (!in->block.data && buf_reserve(&in->block, BLOCK) < 0)
		return err_set(err, -ENOMEM, NULL, NULL);
	for (;;) {
		const char *start = in->block.data + in->at;
		size_t there = in->block.len - in->at;
		const char *end = memchr(start + looked, '\n', there - looked);

		if (!end && !in->ended) {
			int r = more(in);

			if (r < 0)
				return r == -EFBIG
					       ? damaged(in, "the line is too long", err)
					       : err_set(err, r, "cannot read the manifest", NULL);
			in->ended = r > 0;
			looked = there;
			continue;
		}
		if (!end && there == 0)
			return 0;
		*line = text_of(start, end ? (size_t)(end - start) : there);
		in->at += line->end - line->at + (end != NULL);
		if (memchr(line->at, '\0', (size_t)(line->end - line->at)))
			return damaged(in, "a NUL byte", err);
		return 1;
	}
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of a line: false where there is none. */
static bool next_word(struct text *line, struct text *word)
{
	while (line->at < line->end && is_blank(*line->at))
		line->at++;
	word->at = line->at;
	while (line->at < line->end && !is_blank(*line->at))
		line->at++;
	word->end = line->at;
	return word->at < word->end;
}

static size_t left(const struct text *t)
{
	return (size_t)(t->end - t->at);
}

static int copy_text(struct text value, char **out)
{
	struct buf b = BUF_NONE;
	int r = buf_adds(&b, "");

	if (r == 0)
		r = vis_read(&b, value.at, left(&value));
	if (r < 0) {
		buf_free(&b);
		return r;
	}
	free(*out);
	*out = b.data;
	return 0;
}

static int read_type(struct text value, mode_t *type)
{
	static const struct {
		const char *word;
		mode_t type;
	} types[] = {{"file", S_IFREG}, {"dir", S_IFDIR}, {"link", S_IFLNK}, {"fifo", S_IFIFO},
		{"socket", S_IFSOCK}, {"char", S_IFCHR}, {"block", S_IFBLK}};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct text t = value;

		if (text_word(&t, types[i].word) && text_end(&t)) {
			*type = types[i].type;
			return 0;
		}
	}
	return -EBADMSG;
}

static int read_number(struct text value, unsigned int base, uint64_t max, uint64_t *out)
{
	return text_number(&value, base, max, out) && text_end(&value) ? 0 : -EBADMSG;
}

/* "-1.000000000": seconds, and a fraction that tar_time does not use. */
static int read_time(struct text value, int64_t *time)
{
	bool negative = text_char(&value, '-');
	uint64_t seconds, fraction;

	if (!text_number(&value, 10, INT64_MAX, &seconds))
		return -EBADMSG;
	if (text_char(&value, '.') && !text_number(&value, 10, UINT64_MAX, &fraction))
		return -EBADMSG;
	*time = negative ? -(int64_t)seconds : (int64_t)seconds;
	return text_end(&value) ? 0 : -EBADMSG;
}

static int read_device(struct text value, struct mtree_entry *e)
{
	return text_word(&value, "linux,") && text_u32(&value, &e->major) &&
			       text_char(&value, ',') && text_u32(&value, &e->minor) &&
			       text_end(&value)
		       ? 0
		       : -EBADMSG;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static int read_sum(struct text value, char sum[65])
{
	if (left(&value) != 64)
		return -EBADMSG;
	for (size_t i = 0; i < 64; i++)
		if (!is_hex(value.at[i]))
			return -EBADMSG;
	memcpy(sum, value.at, 64);
	sum[64] = '\0';
	return 0;
}

static int read_attr(struct text name, struct text value, struct mtree_entry *e)
{
	struct entry attrs = {.attrs = e->attrs, .attr_count = e->attr_count};
	cleanup_buf struct buf plain = BUF_NONE;
	cleanup_free char *key = NULL;
	int r = copy_text(name, &key);

	if (r == 0 && !*key)
		r = -EBADMSG;
	if (r == 0)
		r = base64_read(&plain, value.at, left(&value));
	if (r == 0)
		r = entry_add_attr(&attrs, key, plain.data, plain.len);
	e->attrs = attrs.attrs;
	e->attr_count = attrs.attr_count;
	return r;
}

static bool keyword(struct text word, const char *name, struct text *value)
{
	*value = word;
	return text_word(value, name) && text_char(value, '=');
}

/* One NAME=VALUE; what rlc does not know is passed over. */
static int read_keyword(struct text word, struct mtree_entry *e)
{
	struct text value, name = word;
	uint64_t number = 0;
	unsigned int has = 0;
	int r = 0;

	if (keyword(word, "type", &value)) {
		has = MTREE_TYPE;
		r = read_type(value, &e->type);
	} else if (keyword(word, "mode", &value)) {
		has = MTREE_MODE;
		r = read_number(value, 8, 07777, &number);
		e->mode = (mode_t)number;
	} else if (keyword(word, "uid", &value)) {
		has = MTREE_UID;
		r = read_number(value, 10, UINT32_MAX, &number);
		e->uid = (uint32_t)number;
	} else if (keyword(word, "gid", &value)) {
		has = MTREE_GID;
		r = read_number(value, 10, UINT32_MAX, &number);
		e->gid = (uint32_t)number;
	} else if (keyword(word, "nlink", &value)) {
		has = MTREE_NLINK;
		r = read_number(value, 10, UINT64_MAX, &e->nlink);
	} else if (keyword(word, "size", &value)) {
		has = MTREE_SIZE;
		r = read_number(value, 10, INT64_MAX, &number);
		e->size = (int64_t)number;
	} else if (keyword(word, "tar_time", &value)) {
		has = MTREE_TIME;
		r = read_time(value, &e->time);
	} else if (keyword(word, "link", &value)) {
		has = MTREE_LINK;
		r = copy_text(value, &e->link);
	} else if (keyword(word, "sha256digest", &value)) {
		has = MTREE_SUM;
		r = read_sum(value, e->sum);
	} else if (keyword(word, "device", &value)) {
		has = MTREE_DEVICE;
		r = read_device(value, e);
	} else if (text_word(&name, "xattr.")) {
		value = name;
		while (!text_end(&value) && *value.at != '=')
			value.at++;
		name.end = value.at;
		r = text_char(&value, '=') ? read_attr(name, value, e) : -EBADMSG;
	}
	e->has |= has;
	return r;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct entry_attr *)a)->name, ((const struct entry_attr *)b)->name);
}

static int read_keywords(
	struct mtree_in *in, struct text line, struct mtree_entry *e, struct err *err)
{
	struct text word;

	while (next_word(&line, &word)) {
		int r = read_keyword(word, e);

		if (r == -EBADMSG)
			return damaged(in, "a keyword is not understood", err);
		if (r < 0)
			return err_set(err, r, NULL, NULL);
	}
	if (e->attr_count > 1)
		qsort(e->attrs, e->attr_count, sizeof(*e->attrs), by_name);
	return 0;
}

/* What a /set line may say for all entries after it: only what entries do not own. */
static int read_set(struct mtree_in *in, struct text line, struct err *err)
{
	int r;

	entry_clear(&in->set);
	r = read_keywords(in, line, &in->set, err);
	if (r == 0 && (in->set.link || in->set.attr_count))
		r = damaged(in, "a keyword that cannot be set for all", err);
	return r;
}

static int check_name(const struct mtree_in *in, const char *name, struct err *err)
{
	bool top = strcmp(name, ".") == 0;

	if (!*name || strchr(name, '/') || strlen(name) > NAME_MAX || strcmp(name, "..") == 0 ||
		top != (in->depth == 0))
		return damaged(in, "a name that cannot be here", err);
	return 0;
}

static int read_entry(struct mtree_in *in, struct text name, struct text line, struct err *err)
{
	struct mtree_entry *e = &in->entry;
	int r;

	entry_clear(e);
	*e = in->set;
	r = copy_text(name, &e->name);
	if (r < 0)
		return r == -EBADMSG ? damaged(in, "a name that is not understood", err)
				     : err_set(err, r, NULL, NULL);
	r = check_name(in, e->name, err);
	if (r == 0)
		r = read_keywords(in, line, e, err);
	if (r == 0 && !(e->has & MTREE_TYPE))
		r = damaged(in, "an entry without a type", err);
	if (r == 0 && in->depth == 0 && !S_ISDIR(e->type))
		r = damaged(in, "the top is no directory", err);
	if (r == 0)
		in->depth += S_ISDIR(e->type);
	return r < 0 ? r : MTREE_ENTRY;
}

static int read_line(struct mtree_in *in, struct text line, struct err *err)
{
	struct text word, up;

	if (!next_word(&line, &word) || *word.at == '#')
		return MTREE_END;
	up = word;
	if (text_word(&up, "..") && text_end(&up)) {
		if (in->depth == 0)
			return damaged(in, "above the top", err);
		in->depth--;
		return MTREE_UP;
	}
	up = word;
	if (text_word(&up, "/set") && text_end(&up))
		return read_set(in, line, err);
	if (*word.at == '/')
		return damaged(in, "a command that is not known", err);
	/* umoci's comments break where a directory's name has a newline in it. */
	up = line;
	if (!next_word(&up, &(struct text){NULL, NULL}))
		return MTREE_END;
	return read_entry(in, word, line, err);
}

int mtree_in_next(struct mtree_in *in, const struct mtree_entry **e, struct err *err)
{
	struct text line;
	int r;

	while ((r = next_line(in, &line, err)) > 0) {
		r = read_line(in, line, err);
		if (r != MTREE_END) {
			*e = &in->entry;
			return r;
		}
	}
	if (r == 0 && in->depth)
		return damaged(in, "the manifest ends within a directory", err);
	return r;
}
