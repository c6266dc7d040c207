// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_WHO_H
#define RLC_WHO_H

#include "core/emu/call.h"

/* Whether the calling process may give the file those owners: 0 or -EPERM. */
int who_may_chown(const struct call *c, const struct stat *st, uint32_t uid, uint32_t gid);

#endif
