// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_DIRMAP_H
#define RLC_DIRMAP_H

#include "core/owner/record.h"

/*
 * The directory map: the owners of those entries of a directory that can bear
 * no attribute of their own (symlinks, FIFOs, sockets, real devices), kept as
 * one message (proto/rlc.proto) in an attribute of the directory.
 */
#define DIRMAP_ATTR "user.rlc.dirmap"

/* The most bytes a map may have; the kernel's own limit for an attribute. */
#define DIRMAP_MAX 65536

/* An entry counts only while inode number and type are those of the name. */
struct dirmap_entry {
	char *name; /* owned by the map; any bytes but '/' and NUL */
	uint64_t ino;
	uint32_t type; /* st_mode & S_IFMT */
	struct owner owner;
};

/* Entries sorted by name. Starts as DIRMAP_NONE; whoever declares it frees it. */
struct dirmap {
	struct dirmap_entry *entries;
	size_t count, room;
};

#define DIRMAP_NONE                                                                                \
	{                                                                                          \
		NULL, 0, 0                                                                         \
	}
#define cleanup_dirmap cleanup(dirmap_free)

/*
 * Reads the attribute's value into map (which is DIRMAP_NONE). 0, -EBADMSG
 * (empty, over-long or impossible names, a name twice, a type that no inode has,
 * malformed bytes), -ENOMEM. The empty value is an empty map.
 */
int dirmap_decode(const void *data, size_t len, struct dirmap *map);

/*
 * Adds the map to out as the attribute's value; the same map gives the same bytes.
 * 0, -E2BIG where that is more than DIRMAP_MAX, -ENOMEM.
 */
int dirmap_encode(const struct dirmap *map, struct buf *out);

/* The entry of that name, or NULL. Valid until the map changes. */
const struct dirmap_entry *dirmap_find(const struct dirmap *map, const char *name);

/*
 * Sets the entry of that name (entry->name is copied). 0, -EINVAL for a name or a
 * type that dirmap_decode refuses, -ENOMEM.
 */
int dirmap_set(struct dirmap *map, const struct dirmap_entry *entry);

/* Removes the entry of that name: whether there was one. */
bool dirmap_remove(struct dirmap *map, const char *name);

void dirmap_free(struct dirmap *map);

#endif
