// SPDX-License-Identifier: Apache-2.0
#include "applets/lib/show.h"

#include "applets/lib/applet.h"
#include <stdio.h>
#include <sys/sysmacros.h>
#include <time.h>

static char type_letter(mode_t mode)
{
	static const char letters[] = "?pc?d?b?-?l?s???";

	return letters[(mode & S_IFMT) >> 12];
}

/* Three permission bits, the last of them joined by one of set-id and sticky. */
static void show_triple(mode_t bits, bool special, const char letters[2], char *text)
{
	text[0] = bits & 4 ? 'r' : '-';
	text[1] = bits & 2 ? 'w' : '-';
	if (special)
		text[2] = letters[bits & 1];
	else
		text[2] = bits & 1 ? 'x' : '-';
}

void show_mode(mode_t mode, char text[11])
{
	text[0] = type_letter(mode);
	show_triple(mode >> 6, mode & S_ISUID, "Ss", text + 1);
	show_triple(mode >> 3, mode & S_ISGID, "Ss", text + 4);
	show_triple(mode, mode & S_ISVTX, "Tt", text + 7);
	text[10] = '\0';
}

void show_time(struct timespec t, char text[SHOW_TIME_MAX])
{
	time_t sec = t.tv_sec;
	long offset;
	struct tm tm;

	if (!localtime_r(&sec, &tm)) {
		snprintf(text, SHOW_TIME_MAX, "%lld.%09ld", (long long)sec, t.tv_nsec);
		return;
	}
	offset = tm.tm_gmtoff / 60;
	snprintf(text, SHOW_TIME_MAX, "%lld-%02d-%02d %02d:%02d:%02d.%09ld %c%02ld%02ld",
		1900LL + tm.tm_year, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		t.tv_nsec, offset < 0 ? '-' : '+', labs(offset) / 60, labs(offset) % 60);
}

static const char *type_word(mode_t mode)
{
	static const char *const words[16] = {
		[S_IFIFO >> 12] = "fifo",
		[S_IFCHR >> 12] = "char",
		[S_IFDIR >> 12] = "dir",
		[S_IFBLK >> 12] = "block",
		[S_IFREG >> 12] = "file",
		[S_IFLNK >> 12] = "symlink",
		[S_IFSOCK >> 12] = "socket",
	};
	const char *word = words[(mode & S_IFMT) >> 12];

	return word ? word : "unknown";
}

static int add_string(struct buf *out, const char *key, const char *value)
{
	int r = buf_addf(out, ",\"%s\":", key);

	if (r < 0)
		return r;
	return value ? json_quote(out, value, strlen(value)) : buf_adds(out, "null");
}

static int add_owner(struct buf *out, const struct shown *what)
{
	int r;

	if (!what->owner_known)
		return buf_adds(out, ",\"uid\":null,\"gid\":null,\"user\":null,\"group\":null");
	r = buf_addf(out, ",\"uid\":%u,\"gid\":%u", what->st->st_uid, what->st->st_gid);
	if (r == 0)
		r = add_string(out, "user", what->user);
	return r < 0 ? r : add_string(out, "group", what->group);
}

/* Second -2 and half a second on is -1.5. */
static int add_mtime(struct buf *out, struct timespec t)
{
	bool minus = t.tv_sec < 0, carry = minus && t.tv_nsec;
	unsigned long long sec = (unsigned long long)t.tv_sec + carry;

	return buf_addf(out, ",\"mtime\":%s%llu.%09ld", minus ? "-" : "", minus ? 0 - sec : sec,
		carry ? 1000000000 - t.tv_nsec : t.tv_nsec);
}

int show_json(struct buf *out, const struct shown *what)
{
	const struct stat *st = what->st;
	int r = buf_adds(out, "{\"path\":");

	if (r == 0)
		r = json_quote(out, what->path, strlen(what->path));
	if (r == 0)
		r = buf_addf(out, ",\"type\":\"%s\",\"mode\":\"%04o\"", type_word(st->st_mode),
			st->st_mode & 07777u);
	if (r == 0)
		r = add_owner(out, what);
	if (r == 0)
		r = buf_addf(out, ",\"size\":%lld,\"nlink\":%llu,\"ino\":%llu",
			(long long)st->st_size, (unsigned long long)st->st_nlink,
			(unsigned long long)st->st_ino);
	if (r == 0)
		r = add_mtime(out, st->st_mtim);
	if (r == 0 && what->target)
		r = add_string(out, "target", what->target);
	if (r == 0 && (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)))
		r = buf_addf(
			out, ",\"major\":%u,\"minor\":%u", major(st->st_rdev), minor(st->st_rdev));
	return r < 0 ? r : buf_adds(out, "}\n");
}
