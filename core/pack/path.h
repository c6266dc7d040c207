// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_PATH_H
#define RLC_PATH_H

#include "core/base/base.h"

/*
 * Paths as archives write them, made plain by their text alone: leading "/" and "./" go, "." and
 * empty components too, ".." takes the one before it away and stays at the top above it.
 */

/*
 * The components, each ended by NUL, one behind the other; *count may be 0 (the top). *parts is the
 * caller's to free. 0, -ENAMETOOLONG for a component over NAME_MAX, a path over 65536 bytes or
 * of more than 2048 components, -ENOMEM.
 */
int path_split(const char *path, char **parts, size_t *count);

/* Component i of them. */
const char *path_part(const char *parts, size_t i);

/* The same as one path, "." for the top; the caller's to free. */
int path_clean(const char *path, char **clean);

/* Takes the last component off a clean path: "a/b" becomes "a", "a" and "." become "". */
void path_cut_last(char *clean);

#endif
