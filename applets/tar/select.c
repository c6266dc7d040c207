// SPDX-License-Identifier: Apache-2.0
#include "applets/tar/tar.h"

#include "core/base/io.h"
#include <fnmatch.h>

int words_add(struct words *w, const char *text, size_t n)
{
	if (w->count == w->room) {
		size_t room = w->room ? w->room * 2 : 8;
		char **at = reallocarray(w->at, room, sizeof(*at));

		if (!at)
			return -ENOMEM;
		w->at = at;
		w->room = room;
	}
	w->at[w->count] = strndup(text, n);
	return w->at[w->count++] ? 0 : -ENOMEM;
}

int words_read(struct words *w, const char *file, bool nul, struct err *err)
{
	enum { LIST_MAX = 1 << 28 };
	bool std = strcmp(file, "-") == 0;
	cleanup_fd int fd = std ? dup(STDIN_FILENO) : open(file, O_RDONLY | O_CLOEXEC);
	cleanup_buf struct buf text = BUF_NONE;
	char end = nul ? '\0' : '\n';
	int r = fd < 0 ? -errno : io_read_all(fd, &text, LIST_MAX);

	if (r < 0)
		return err_set(err, r, "cannot read", file);
	for (size_t at = 0; at < text.len;) {
		char *stop = memchr(text.data + at, end, text.len - at);
		size_t n = stop ? (size_t)(stop - text.data) - at : text.len - at;

		if (n && words_add(w, text.data + at, n) < 0)
			return err_set(err, -ENOMEM, NULL, file);
		at += n + 1;
	}
	return 0;
}

void words_free(struct words *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(w->at[i]);
	free(w->at);
	*w = (struct words){NULL, 0, 0};
}

/* A pattern may start at any component, and hides what lies below its match. */
static bool pattern_matches(const char *pattern, const char *path)
{
	for (;;) {
		if (fnmatch(pattern, path, FNM_LEADING_DIR) == 0)
			return true;
		path = strchr(path, '/');
		if (!path)
			return false;
		path += strspn(path, "/");
		if (!*path)
			return false;
	}
}

/* The slash behind a directory's name is no part of it. No memory: nothing is left out unseen. */
bool tar_excluded(const struct tar *t, const char *path)
{
	cleanup_free char *plain = NULL;
	size_t n = strlen(path);

	if (t->excludes.count == 0)
		return false;
	while (n > 1 && path[n - 1] == '/')
		n--;
	plain = strndup(path, n);
	for (size_t i = 0; plain && i < t->excludes.count; i++)
		if (pattern_matches(t->excludes.at[i], plain))
			return true;
	return false;
}

static const char *plain(const char *path)
{
	while (path[0] == '/' || (path[0] == '.' && path[1] == '/'))
		path++;
	return path;
}

static bool is_at_or_below(const char *path, const char *member)
{
	size_t n = strlen(member);

	while (n && member[n - 1] == '/')
		n--;
	if (n == 0 || (n == 1 && member[0] == '.'))
		return true;
	return strncmp(path, member, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

bool tar_wanted(struct tar *t, const char *path)
{
	bool wanted = t->member_count == 0;

	for (size_t i = 0; i < t->member_count; i++)
		if (is_at_or_below(plain(path), plain(t->members[i].path)))
			wanted = t->members[i].found = true;
	return wanted;
}
