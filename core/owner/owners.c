// SPDX-License-Identifier: Apache-2.0
#include "core/owner/owners.h"

#include "core/base/io.h"
#include "core/base/sys.h"
#include "core/owner/text.h"

static bool next_number(struct text *t, uint32_t *value)
{
	while (text_char(t, ' ') || text_char(t, '\n'))
		;
	return text_u32(t, value);
}

/* /proc/self/uid_map: "INSIDE OUTSIDE COUNT" a line. 0, -ENOENT without /proc, negative errno. */
static int read_map(const char *file, struct idmap *map)
{
	cleanup_fd int fd = open(file, O_RDONLY | O_CLOEXEC);
	cleanup_buf struct buf content = BUF_NONE;
	struct text t;
	uint32_t first, outside, count;
	int r = fd < 0 ? -errno : 0;

	map->count = 0;
	if (r == 0)
		r = io_read_all(fd, &content, 65536);
	if (r < 0)
		return r;
	t = text_of(content.data, content.len);
	while (map->count < ARRAY_SIZE(map->ranges) && next_number(&t, &first) &&
		next_number(&t, &outside) && next_number(&t, &count))
		map->ranges[map->count++] = (struct idmap_range){first, count};
	return 0;
}

static bool map_has(const struct idmap *map, uint32_t id)
{
	for (size_t i = 0; i < map->count; i++)
		if (id - map->ranges[i].first < map->ranges[i].count)
			return true;
	return false;
}

static bool map_is_whole(const struct idmap *map)
{
	return map->count == 1 && map->ranges[0].first == 0 && map->ranges[0].count == UINT32_MAX;
}

static bool map_is_single(const struct idmap *map)
{
	return map->count == 1 && map->ranges[0].count == 1;
}

int owners_init(struct owners *o, bool with_records, struct owner base)
{
	int uids = read_map("/proc/self/uid_map", &o->uids);
	int gids = read_map("/proc/self/gid_map", &o->gids);
	int r = uids ? uids : gids;
	bool known = r == 0 && !sys_is_guest(), root = geteuid() == 0;
	bool real_root = root && (!known || map_is_whole(&o->uids));

	if (root && r < 0 && r != -ENOENT)
		return r;
	o->mine = (struct owner){geteuid(), getegid()};
	o->base = base;
	o->sidecar = NULL;
	o->records = !real_root || with_records;
	o->chown = root && !(real_root && with_records) &&
		   !(map_is_single(&o->uids) && map_is_single(&o->gids));
	o->strangers = !root || (real_root && with_records);
	if (real_root && !with_records)
		o->base = (struct owner){0, 0};
	if (real_root && !known)
		o->uids = o->gids = (struct idmap){{{0, UINT32_MAX}}, 1};
	return 0;
}

void owners_adopt(struct owners *o, const struct stat *top)
{
	if (o->records && o->strangers && o->mine.uid == 0)
		o->mine = (struct owner){top->st_uid, top->st_gid};
}

static uint32_t inside(const struct owners *o, uint32_t id, uint32_t mine, uint32_t base)
{
	if (id == mine)
		return base;
	return o->strangers ? OWNER_STRANGER : id;
}

struct owner owners_inside(const struct owners *o, uint32_t uid, uint32_t gid)
{
	return (struct owner){
		inside(o, uid, o->mine.uid, o->base.uid), inside(o, gid, o->mine.gid, o->base.gid)};
}

/* My own id stands for the base, and cannot stand for itself as well. */
static bool can_be_given(const struct idmap *map, uint32_t id, uint32_t mine, uint32_t base)
{
	return id == OWNER_KEEP || id == base || (id != mine && map_has(map, id));
}

bool owners_mapped(const struct owners *o, struct owner owner)
{
	return o->chown && can_be_given(&o->uids, owner.uid, o->mine.uid, o->base.uid) &&
	       can_be_given(&o->gids, owner.gid, o->mine.gid, o->base.gid);
}

struct owner owners_real(const struct owners *o, struct owner owner)
{
	return (struct owner){owner.uid == o->base.uid ? o->mine.uid : owner.uid,
		owner.gid == o->base.gid ? o->mine.gid : owner.gid};
}
