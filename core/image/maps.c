// SPDX-License-Identifier: Apache-2.0
#include "core/image/maps.h"

#include "core/owner/attr.h"

static int write_map(const struct dir *dir)
{
	cleanup_buf struct buf value = BUF_NONE;
	int r = dirmap_encode(&dir->map, &value);

	return r < 0 ? r : attr_set(dir->fd, NULL, DIRMAP_ATTR, value.data, value.len);
}

int map_set(struct dir *dir, const struct dirmap_entry *e)
{
	int r = dir_read_map(dir);

	if (r == 0)
		r = dirmap_set(&dir->map, e);
	return r < 0 ? r : write_map(dir);
}

/* Whether the entry speaks of what is seen there: 1, 0, or negative errno. */
static int is_seen(const struct merged_dir *m, const struct dirmap_entry *e)
{
	struct below_part *part;
	struct stat st;
	int r;

	if (fstatat(m->dir->fd, e->name, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT)
		return 0;
	r = below_find(m->below, e->name, &part, &st);
	return r <= 0 ? r : st.st_ino == e->ino && (st.st_mode & S_IFMT) == e->type;
}

/* The uppermost below has those of all others. A map that is damaged says nothing. */
int map_inherit(const struct merged_dir *m)
{
	struct dir *from = m->below->count ? &m->below->at[0].dir : NULL;
	bool more = false;
	int r = 0;

	if (!from || dir_read_map(from) < 0 || from->map.count == 0)
		return 0;
	if (dir_read_map(m->dir) < 0)
		return 0;
	for (size_t i = 0; r >= 0 && i < from->map.count; i++) {
		r = is_seen(m, &from->map.entries[i]);
		if (r > 0) {
			more = true;
			r = dirmap_set(&m->dir->map, &from->map.entries[i]);
		}
	}
	return r < 0 || !more ? MIN(r, 0) : write_map(m->dir);
}

int map_copy(int dirfd, const char *name, int fd)
{
	cleanup_buf struct buf map = BUF_NONE;
	int r = attr_read(dirfd, name, DIRMAP_ATTR, &map);

	if (r == 0)
		r = attr_set(fd, NULL, DIRMAP_ATTR, map.data, map.len);
	return r == -ENODATA || r == -EOPNOTSUPP ? 0 : r;
}
