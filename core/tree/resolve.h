// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_RESOLVE_H
#define RLC_RESOLVE_H

#include "core/base/buf.h"

/*
 * Opens path beneath root as openat2's RESOLVE_IN_ROOT does, a component at a time: for kernels
 * and filters without openat2 and for paths over PATH_MAX. flags as open's, O_CLOEXEC is
 * added. The descriptor or negative errno.
 */
int resolve_by_hand(int root, const char *path, int flags);

/*
 * The path of the directory that path stands for, as a walk from root would come to it: no
 * symlink, no ".." in it, "." for root itself. The caller's to free. 0 or negative errno.
 */
int resolve_path(int root, const char *path, char **out);

#endif
