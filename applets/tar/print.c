// SPDX-License-Identifier: Apache-2.0
#include "applets/tar/tar.h"

#include "applets/lib/show.h"

#include <inttypes.h>
#include <sys/sysmacros.h>

static void owner_text(const struct tar *t, const struct entry *e, char *out, size_t room)
{
	char uid[16], gid[16];

	snprintf(uid, sizeof(uid), "%u", e->uid);
	snprintf(gid, sizeof(gid), "%u", e->gid);
	snprintf(out, room, "%s/%s", !t->create.numeric && e->uname && *e->uname ? e->uname : uid,
		!t->create.numeric && e->gname && *e->gname ? e->gname : gid);
}

static void add_name(struct buf *b, const char *before, const char *name)
{
	buf_adds(b, before);
	show_path(b, name, strlen(name));
}

static void add_long(const struct tar *t, struct buf *b, const struct entry *e)
{
	char mode[11], owner[160], size[32], when[32];
	struct tm tm;

	show_mode(e->mode, mode);
	if (e->hardlink)
		mode[0] = 'h';
	owner_text(t, e, owner, sizeof(owner));
	if (S_ISCHR(e->mode) || S_ISBLK(e->mode))
		snprintf(size, sizeof(size), "%u,%u", e->major, e->minor);
	else
		snprintf(size, sizeof(size), "%" PRId64, e->size);
	if (!localtime_r(&e->mtime.tv_sec, &tm) ||
		!strftime(when, sizeof(when), "%Y-%m-%d %H:%M", &tm))
		snprintf(when, sizeof(when), "%jd", (intmax_t)e->mtime.tv_sec);
	/* As wide as GNU tar's lines, which scripts take apart. */
	buf_addf(b, "%s %s %*s %s ", mode, owner,
		(int)MAX(18 - (int)strlen(owner), (int)strlen(size)), size, when);
	add_name(b, "", e->path);
	if (e->hardlink)
		add_name(b, " link to ", e->link);
	else if (S_ISLNK(e->mode))
		add_name(b, " -> ", e->link);
}

static const char *type_word(const struct entry *e)
{
	if (e->hardlink)
		return "hardlink";
	switch (e->mode & S_IFMT) {
	case S_IFDIR:
		return "dir";
	case S_IFLNK:
		return "symlink";
	case S_IFCHR:
		return "char";
	case S_IFBLK:
		return "block";
	case S_IFIFO:
		return "fifo";
	default:
		return "file";
	}
}

static void json_member(struct buf *b, const char *key, const char *text)
{
	if (!text || !*text)
		return;
	buf_addf(b, ",\"%s\":", key);
	json_quote(b, text, strlen(text));
}

/* Attribute values are bytes of any kind: hexadecimal. */
static void json_attrs(struct buf *b, const struct entry *e)
{
	buf_adds(b, ",\"attributes\":{");
	for (size_t i = 0; i < e->attr_count; i++) {
		const struct entry_attr *a = &e->attrs[i];

		buf_adds(b, i ? "," : "");
		json_quote(b, a->name, strlen(a->name));
		buf_adds(b, ":\"");
		for (size_t j = 0; j < a->len; j++)
			buf_addf(b, "%02x", ((const unsigned char *)a->value)[j]);
		buf_adds(b, "\"");
	}
	buf_adds(b, "}");
}

/* -1.5 is second -2 and half a second on. */
static void json_time(struct buf *b, const struct timespec *t)
{
	bool carry = t->tv_sec < 0 && t->tv_nsec;
	intmax_t sec = t->tv_sec + carry;
	long nsec = carry ? 1000000000 - t->tv_nsec : t->tv_nsec;

	buf_addf(b, "%s%jd.%09ld", t->tv_sec < 0 ? "-" : "", sec < 0 ? -sec : sec, nsec);
}

static void add_json(struct buf *b, const struct entry *e)
{
	buf_adds(b, "{\"path\":");
	json_quote(b, e->path, strlen(e->path));
	buf_addf(b, ",\"type\":\"%s\",\"mode\":\"%04o\",\"uid\":%u,\"gid\":%u", type_word(e),
		(unsigned)e->mode & 07777, e->uid, e->gid);
	json_member(b, "user", e->uname);
	json_member(b, "group", e->gname);
	buf_addf(b, ",\"size\":%" PRId64 ",\"mtime\":", e->size);
	json_time(b, &e->mtime);
	if (S_ISCHR(e->mode) || S_ISBLK(e->mode))
		buf_addf(b, ",\"major\":%u,\"minor\":%u", e->major, e->minor);
	json_member(b, e->hardlink ? "link" : "target", e->link);
	if (e->attr_count)
		json_attrs(b, e);
	buf_adds(b, "}");
}

void tar_print(struct tar *t, FILE *to, const struct entry *e)
{
	cleanup_buf struct buf b = BUF_NONE;
	cleanup_err struct err err = ERR_NONE;

	if (t->json)
		add_json(&b, e);
	else if (t->verbose > (t->verb == 't' ? 0 : 1))
		add_long(t, &b, e);
	else
		add_name(&b, "", e->path);
	buf_adds(&b, "\n");
	if (!b.failed) {
		fwrite(b.data, 1, b.len, to);
		return;
	}
	err_set(&err, -ENOMEM, "cannot be listed", e->path);
	tar_fault(t, &err);
}
