// SPDX-License-Identifier: Apache-2.0
#include "core/owner/node.h"

#include "core/owner/attr.h"
#include "core/owner/widen.h"
#include <stdio.h>
#include <sys/file.h>

void dir_start(struct dir *dir, int fd, const char *path)
{
	*dir = (struct dir)DIR_NONE;
	dir->fd = fd;
	dir->path = path;
}

void dir_end(struct dir *dir)
{
	base_close(&dir->fd);
	dirmap_free(&dir->map);
	dirmap_free(&dir->changes);
	*dir = (struct dir)DIR_NONE;
}

char *dir_path(const struct dir *dir, const char *name)
{
	char *path;

	if (!name)
		return strdup(dir->path);
	if (strcmp(dir->path, ".") == 0)
		return strdup(name);
	return asprintf(&path, "%s/%s", dir->path, name) < 0 ? NULL : path;
}

static int fetch_map(int fd, struct dirmap *map)
{
	cleanup_widen struct widen w = WIDEN_NONE;
	cleanup_buf struct buf value = BUF_NONE;
	int r = attr_read(fd, NULL, DIRMAP_ATTR, &value);

	if (r == -EACCES && widen(&w, fd, NULL, S_IRUSR) == 0)
		r = attr_read(fd, NULL, DIRMAP_ATTR, &value);
	if (r == -ENODATA || r == -EOPNOTSUPP)
		return 0;
	return r < 0 ? r : dirmap_decode(value.data, value.len, map);
}

int dir_read_map(struct dir *dir)
{
	if (dir->map_read)
		return dir->map_error;
	dir->map_read = true;
	dir->map_error = fetch_map(dir->fd, &dir->map);
	for (size_t i = 0; dir->map_error == 0 && i < dir->changes.count; i++)
		dir->map_error = dirmap_set(&dir->map, &dir->changes.entries[i]);
	return dir->map_error;
}

int dir_change(struct dir *dir, const struct dirmap_entry *e)
{
	int r = dirmap_set(&dir->changes, e);

	if (r == 0 && dir->map_read)
		r = dirmap_set(&dir->map, e);
	return r;
}

static bool keeps_both(struct owner owner)
{
	return owner.uid == OWNER_KEEP && owner.gid == OWNER_KEEP;
}

/* Entries whose name went away or stands for something else now. */
static void drop_stale(int fd, struct dirmap *map)
{
	size_t i = 0;

	while (i < map->count) {
		const struct dirmap_entry *e = &map->entries[i];
		struct stat st;

		if (fstatat(fd, e->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == e->ino &&
			(st.st_mode & S_IFMT) == e->type)
			i++;
		else
			dirmap_remove(map, e->name);
	}
}

static int store_map(int fd, const struct dirmap *map)
{
	cleanup_widen struct widen w = WIDEN_NONE;
	cleanup_buf struct buf value = BUF_NONE;
	int r;

	if (map->count == 0) {
		r = attr_remove(fd, NULL, DIRMAP_ATTR);
		if (r == -EACCES && widen(&w, fd, NULL, S_IWUSR) == 0)
			r = attr_remove(fd, NULL, DIRMAP_ATTR);
		return r == -ENODATA || r == -EOPNOTSUPP ? 0 : r;
	}
	r = dirmap_encode(map, &value);
	if (r < 0)
		return r;
	r = attr_set(fd, NULL, DIRMAP_ATTR, value.data, value.len);
	if (r == -EACCES && widen(&w, fd, NULL, S_IWUSR) == 0)
		r = attr_set(fd, NULL, DIRMAP_ATTR, value.data, value.len);
	return r;
}

static bool no_room(int r)
{
	return r == -ENOSPC || r == -E2BIG || r == -ERANGE || r == -EDQUOT;
}

/* Whether anything differs from what stands. */
static int merge(struct dirmap *map, const struct dirmap *changes, bool *changed)
{
	for (size_t i = 0; i < changes->count; i++) {
		const struct dirmap_entry *e = &changes->entries[i];

		if (keeps_both(e->owner)) {
			*changed |= dirmap_remove(map, e->name);
			continue;
		}
		*changed = true;
		if (dirmap_set(map, e) < 0)
			return -ENOMEM;
	}
	return 0;
}

/*
 * What the attribute has no room for, or the file system no attribute, the sidecar takes; what the
 * attribute has taken says it alone.
 */
static int to_sidecar(const struct owners *o, struct dir *dir, bool take)
{
	for (size_t i = 0; i < dir->changes.count; i++) {
		const struct dirmap_entry *e = &dir->changes.entries[i];
		cleanup_free char *path = dir_path(dir, e->name);
		struct dump_line line = {
			.owner = e->owner, .recorded = true, .type = dump_type(e->type)};

		if (!path)
			return -ENOMEM;
		if (!take || keeps_both(e->owner))
			sidecar_remove(o->sidecar, path);
		else if (sidecar_set(o->sidecar, path, &line) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int write_changes(int fd, const struct dirmap *changes)
{
	cleanup_dirmap struct dirmap map = DIRMAP_NONE;
	bool changed = false;
	int r = fetch_map(fd, &map);

	if (r < 0 && r != -EBADMSG)
		return r;
	if (r == -EBADMSG)
		changed = true;
	r = merge(&map, changes, &changed);
	if (r < 0 || !changed)
		return r;
	r = store_map(fd, &map);
	if (!no_room(r))
		return r;
	drop_stale(fd, &map);
	return store_map(fd, &map);
}

int dir_flush(const struct owners *o, struct dir *dir, struct err *err)
{
	int r;

	dirmap_free(&dir->map);
	dir->map_read = false;
	if (dir->changes.count == 0)
		return 0;
	/* An O_PATH descriptor cannot be locked; then the last writer wins. */
	while (flock(dir->fd, LOCK_EX) < 0 && errno == EINTR)
		;
	r = write_changes(dir->fd, &dir->changes);
	flock(dir->fd, LOCK_UN);
	if (o->sidecar && (r == 0 || no_room(r) || r == -EOPNOTSUPP))
		r = to_sidecar(o, dir, r < 0);
	dirmap_free(&dir->changes);
	if (no_room(r))
		return err_set(err, r,
			"no room to keep the owners of all its symlinks and FIFOs "
			"(a file for them: --sidecar FILE)",
			dir->path);
	return r < 0 ? err_set(err, r, "cannot keep the owners of its symlinks and FIFOs",
			       dir->path)
		     : 0;
}
