// SPDX-License-Identifier: Apache-2.0
#include "applets/image/diffing.h"
#include "applets/lib/show.h"

#include <stdio.h>

static const struct word {
	unsigned bit;
	const char *word;
} words[] = {
	{DIFFERS_TYPE, "type"},
	{DIFFERS_MODE, "mode"},
	{DIFFERS_OWNER, "owner"},
	{DIFFERS_CONTENT, "content"},
	{DIFFERS_TARGET, "target"},
	{DIFFERS_DEVICE, "device"},
	{DIFFERS_ATTRIBUTES, "attributes"},
	{DIFFERS_TIME, "time"},
};

static const char *type_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return "directory";
	case S_IFLNK:
		return "symlink";
	case S_IFCHR:
		return "character device";
	case S_IFBLK:
		return "block device";
	case S_IFIFO:
		return "fifo";
	default:
		return "file";
	}
}

/* What one side has of what differs. */
static int add_value(struct buf *out, unsigned bit, const struct fact *f)
{
	const struct entry *e = &f->entry;

	switch (bit) {
	case DIFFERS_TYPE:
		return buf_adds(out, type_of(e->mode));
	case DIFFERS_MODE:
		return buf_addf(out, "%04o", e->mode & 07777);
	case DIFFERS_OWNER:
		return buf_addf(out, "%u:%u", e->uid, e->gid);
	case DIFFERS_DEVICE:
		return buf_addf(out, "%u:%u", e->major, e->minor);
	case DIFFERS_TARGET:
		return e->link ? show_path(out, e->link, strlen(e->link)) : 0;
	default:
		return -EINVAL;
	}
}

static int add_difference(
	struct buf *out, const struct word *w, const struct fact *of, const struct fact *to)
{
	size_t len = out->len;
	int r = buf_addf(out, " %s ", w->word);

	if (r < 0)
		return r;
	r = add_value(out, w->bit, of);
	if (r == -EINVAL) {
		buf_cut(out, len);
		return buf_addf(out, " %s", w->word);
	}
	if (r == 0)
		r = buf_adds(out, " -> ");
	return r < 0 ? r : add_value(out, w->bit, to);
}

int diff_text(struct buf *out, const char *path, const struct fact *of, const struct fact *to,
	unsigned differs)
{
	const struct fact *only = of && to ? NULL : of ? of : to;
	const char *comma = ":";
	char mode[11];
	int r;

	if (only) {
		show_mode(only->entry.mode, mode);
		r = buf_addf(out, "%c %c%04o %u:%u ", of ? '-' : '+', mode[0],
			only->entry.mode & 07777, only->entry.uid, only->entry.gid);
	} else {
		r = buf_adds(out, "~ ");
	}
	if (r == 0)
		r = show_path(out, path, strlen(path));
	for (size_t i = 0; r == 0 && !only && i < ARRAY_SIZE(words); i++) {
		if (!(differs & words[i].bit))
			continue;
		r = buf_adds(out, comma);
		if (r == 0)
			r = add_difference(out, &words[i], of, to);
		comma = ",";
	}
	return r;
}

static int add_text(struct buf *out, const char *key, const char *text)
{
	int r = buf_addf(out, ",\"%s\":", key);

	return r < 0 ? r : json_quote(out, text, strlen(text));
}

static int add_attributes(struct buf *out, const struct entry *e)
{
	int r = buf_adds(out, ",\"attributes\":{");

	for (size_t i = 0; r == 0 && i < e->attr_count; i++) {
		const struct entry_attr *a = &e->attrs[i];

		r = i ? buf_adds(out, ",") : 0;
		if (r == 0)
			r = json_quote(out, a->name, strlen(a->name));
		if (r == 0)
			r = buf_adds(out, ":");
		if (r == 0)
			r = json_quote(out, a->value, a->len);
	}
	return r < 0 ? r : buf_adds(out, "}");
}

static int add_fact(struct buf *out, const char *key, const struct fact *f)
{
	const struct entry *e = &f->entry;
	int r = buf_addf(out,
		",\"%s\":{\"type\":\"%s\",\"mode\":\"%04o\",\"uid\":%u,\"gid\":%u,\"mtime\":%lld",
		key, type_of(e->mode), e->mode & 07777, e->uid, e->gid, (long long)e->mtime.tv_sec);

	if (r == 0 && S_ISREG(e->mode))
		r = buf_addf(
			out, ",\"size\":%lld,\"sha256\":\"%s\"", (long long)e->size, f->digest);
	if (r == 0 && S_ISLNK(e->mode) && e->link)
		r = add_text(out, "target", e->link);
	if (r == 0 && (S_ISCHR(e->mode) || S_ISBLK(e->mode)))
		r = buf_addf(out, ",\"major\":%u,\"minor\":%u", e->major, e->minor);
	if (r == 0 && e->attr_count)
		r = add_attributes(out, e);
	return r < 0 ? r : buf_adds(out, "}");
}

int diff_json(struct buf *out, const char *path, const struct fact *of, const struct fact *to,
	unsigned differs)
{
	const char *comma = "";
	int r = buf_adds(out, "{\"path\":");

	if (r == 0)
		r = json_quote(out, path, strlen(path));
	if (r == 0)
		r = buf_addf(out, ",\"change\":\"%s\",\"differs\":[",
			!of   ? "added"
			: !to ? "removed"
			      : "changed");
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(words); i++)
		if (differs & words[i].bit) {
			r = buf_addf(out, "%s\"%s\"", comma, words[i].word);
			comma = ",";
		}
	if (r == 0)
		r = buf_adds(out, "]");
	if (r == 0 && of)
		r = add_fact(out, "old", of);
	if (r == 0 && to)
		r = add_fact(out, "new", to);
	return r < 0 ? r : buf_adds(out, "}");
}
