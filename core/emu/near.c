// SPDX-License-Identifier: Apache-2.0
#include "core/emu/near.h"

#include "core/owner/attr.h"
#include "core/owner/dirmap.h"
#include <stdio.h>

enum { NAMES_MAX = 512 };

static bool is_simple(const char *path)
{
	return strncmp(path, "/proc", 5) != 0 && strncmp(path, "/dev", 4) != 0;
}

int near_start(const struct call *c, int dirfd, const char *path, struct near *n)
{
	n->owned = false;
	n->name = path;
	if (!guest_has_our_root(c))
		return 0;
	if (*path == '/') {
		n->fd = AT_FDCWD;
		return is_simple(path);
	}
	if (dirfd == AT_FDCWD) {
		n->fd = c->emu->proc;
		n->name = n->text;
		snprintf(n->text, sizeof(n->text), "%d/cwd/%s", c->tid, path);
		return 1;
	}
	n->fd = guest_fd(c, dirfd);
	if (n->fd < 0)
		return n->fd;
	n->owned = true;
	n->name = *path ? path : NULL;
	return 1;
}

void near_end(struct near *n)
{
	if (n->owned)
		base_close(&n->fd);
}

/* With "/." behind it, a symlink to the directory is followed. */
static bool parent_of(const struct near *n, char parent[PATH_MAX + 40])
{
	const char *slash = strrchr(n->name, '/');

	if (slash && !slash[1])
		return false;
	snprintf(parent, PATH_MAX + 40, "%.*s%s.", slash ? (int)(slash - n->name) : 0, n->name,
		slash ? "/" : "");
	return true;
}

static bool has_no_map(const struct near *n, const char *parent)
{
	ssize_t r = attr_get(n->fd, parent, DIRMAP_ATTR, NULL, 0);

	return r == -ENODATA || r == -EOPNOTSUPP;
}

bool near_without_map(const struct near *n)
{
	char parent[PATH_MAX + 40];

	return parent_of(n, parent) && has_no_map(n, parent);
}

/* The path in the guest's memory; near_end is to follow. */
static bool read_path(
	const struct call *c, int dirfd, uint64_t at, char path[PATH_MAX], struct near *n)
{
	n->owned = false;
	return guest_path(c, at, path) == 0 && *path && near_start(c, dirfd, path, n) == 1;
}

bool near_is_unmapped(const struct call *c, int dirfd, uint64_t path)
{
	cleanup_near struct near n;
	char text[PATH_MAX];

	return read_path(c, dirfd, path, text, &n) && near_without_map(&n);
}

static bool is_ungrouped(const struct near *n, const char *parent)
{
	struct stat st;

	return fstatat(n->fd, parent, &st, 0) == 0 && !(st.st_mode & S_ISGID);
}

bool near_makes_own(const struct call *c, int dirfd, uint64_t path, mode_t type)
{
	char text[PATH_MAX], parent[PATH_MAX + 40];
	cleanup_near struct near n;

	if (!read_path(c, dirfd, path, text, &n) || !n.name || !parent_of(&n, parent) ||
		!is_ungrouped(&n, parent))
		return false;
	return S_ISREG(type) || S_ISDIR(type) || has_no_map(&n, parent);
}

/* What says that it is something else has attributes. */
static bool is_ordinary(const struct near *n, const struct stat *st)
{
	char names[NAMES_MAX];

	return S_ISREG(st->st_mode) && !(st->st_mode & (S_ISUID | S_ISGID)) &&
	       attr_names(n->fd, n->name, names, sizeof(names)) == 0;
}

bool near_is_ordinary(const struct call *c, int dirfd, uint64_t path)
{
	return near_opens_own(c, dirfd, path, false);
}

bool near_opens_own(const struct call *c, int dirfd, uint64_t path, bool creates)
{
	char text[PATH_MAX], parent[PATH_MAX + 40];
	cleanup_near struct near n;
	struct stat st;

	if (!read_path(c, dirfd, path, text, &n) || !n.name)
		return false;
	if (fstatat(n.fd, n.name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return is_ordinary(&n, &st);
	return creates && errno == ENOENT && parent_of(&n, parent) && is_ungrouped(&n, parent);
}
