// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_MAPS_H
#define RLC_MAPS_H

#include "core/image/merged.h"

/*
 * Directories' maps in layers that overlayfs merges: it shows the uppermost directory's alone, so
 * that has to know the entries of those below, whose names it does not have itself. (dir_flush
 * would drop these.)
 */

/* Writes the entry to the map of dir, at once. 0 or negative errno. */
int map_set(struct dir *dir, const struct dirmap_entry *e);

/* Adds to the map of m->dir what those below say. 0 or negative errno. */
int map_inherit(const struct merged_dir *m);

/* Copies the map of the directory name in dirfd, where it has one, to fd. 0 or negative errno. */
int map_copy(int dirfd, const char *name, int fd);

#endif
