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

#endif
