// SPDX-License-Identifier: Apache-2.0
#include "core/owner/dump.h"

#include <inttypes.h>

#include "core/owner/text.h"

static const struct {
	char letter;
	mode_t mode;
} types[] = {
	{'f', S_IFREG},
	{'d', S_IFDIR},
	{'l', S_IFLNK},
	{'p', S_IFIFO},
	{'s', S_IFSOCK},
	{'c', S_IFCHR},
	{'b', S_IFBLK},
};

char dump_type(mode_t mode)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if ((mode & S_IFMT) == types[i].mode)
			return types[i].letter;
	return 0;
}

static bool is_device(char type)
{
	return type == 'c' || type == 'b';
}

static bool must_escape(char c)
{
	unsigned char byte = (unsigned char)c;

	return byte < 0x21 || byte == 0x7f || byte == '\\';
}

static bool parse_id(struct text *t, uint32_t *id)
{
	*id = OWNER_KEEP;
	return text_word(t, "keep") || text_u32(t, id);
}

static bool parse_owner(struct text *t, struct dump_line *line)
{
	line->recorded = !text_word(t, "-:-");
	if (!line->recorded) {
		line->owner = (struct owner){OWNER_KEEP, OWNER_KEEP};
		return true;
	}
	return parse_id(t, &line->owner.uid) && text_char(t, ':') && parse_id(t, &line->owner.gid);
}

static bool parse_type(struct text *t, struct dump_line *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (text_char(t, types[i].letter)) {
			line->type = types[i].letter;
			return !is_device(line->type) ||
			       (text_u32(t, &line->major) && text_char(t, ',') &&
				       text_u32(t, &line->minor));
		}
	return false;
}

/* Three octal digits, of which some byte but NUL comes. */
static bool parse_escape(struct text *t, char *c)
{
	unsigned int byte = 0;

	if (t->end - t->at < 3)
		return false;
	for (int i = 0; i < 3; i++, t->at++) {
		if (*t->at < '0' || *t->at > '7')
			return false;
		byte = byte * 8 + (unsigned int)(*t->at - '0');
	}
	*c = (char)byte;
	return byte > 0 && byte < 256;
}

static int parse_path(struct text *t, char **path)
{
	cleanup_free char *made = malloc((size_t)(t->end - t->at) + 1);
	char *c = made;

	if (!made)
		return -ENOMEM;
	for (; !text_end(t); c++) {
		if (text_char(t, '\\')) {
			if (!parse_escape(t, c))
				return -EBADMSG;
		} else if (must_escape(*t->at)) {
			return -EBADMSG;
		} else {
			*c = *t->at++;
		}
	}
	if (c == made)
		return -EBADMSG;
	*c = '\0';
	*path = made;
	made = NULL;
	return 0;
}

int dump_parse(const char *text, size_t len, struct dump_line *line)
{
	struct text t = text_of(text, len);
	int ret;

	*line = (struct dump_line){.path = NULL};
	if (text_end(&t) || text_char(&t, '#'))
		return 0;
	if (!parse_owner(&t, line) || !text_char(&t, ' ') || !parse_type(&t, line) ||
		!text_char(&t, ' '))
		return -EBADMSG;
	ret = parse_path(&t, &line->path);
	return ret < 0 ? ret : 1;
}

static int add_id(uint32_t id, struct buf *out)
{
	return id == OWNER_KEEP ? buf_adds(out, "keep") : buf_addf(out, "%" PRIu32, id);
}

static int add_owner(const struct dump_line *line, struct buf *out)
{
	if (!line->recorded)
		return buf_adds(out, "-:-");
	if (add_id(line->owner.uid, out) < 0 || buf_adds(out, ":") < 0)
		return -ENOMEM;
	return add_id(line->owner.gid, out);
}

static int add_type(const struct dump_line *line, struct buf *out)
{
	if (is_device(line->type))
		return buf_addf(
			out, " %c%" PRIu32 ",%" PRIu32 " ", line->type, line->major, line->minor);
	return buf_addf(out, " %c ", line->type);
}

static int add_escaped(char c, struct buf *out)
{
	unsigned int byte = (unsigned char)c;
	char text[4] = {'\\', (char)('0' + (byte >> 6)), (char)('0' + (byte >> 3 & 7)),
		(char)('0' + (byte & 7))};

	return buf_add(out, text, sizeof(text));
}

static int add_path(const char *path, struct buf *out)
{
	for (; *path; path++) {
		const char *plain = path;
		int ret;

		while (!must_escape(*path))
			path++;
		ret = buf_add(out, plain, (size_t)(path - plain));
		if (!*path)
			return ret;
		if (ret < 0 || add_escaped(*path, out) < 0)
			return -ENOMEM;
	}
	return 0;
}

int dump_format(const struct dump_line *line, struct buf *out)
{
	if (add_owner(line, out) < 0 || add_type(line, out) < 0 || add_path(line->path, out) < 0)
		return -ENOMEM;
	return buf_adds(out, "\n");
}
