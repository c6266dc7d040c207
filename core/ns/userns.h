// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_USERNS_H
#define RLC_USERNS_H

#include "core/base/base.h"

/*
 * Puts this process into a user namespace of its own where it is root and its ids are 0, so that
 * the modes of its own files do not stand in its way. Call it before any thread starts. 0; negative
 * errno where the host refuses (then nothing has changed): -EPERM, -ENOSPC for
 * none allowed, -EACCES where the namespace comes without its privileges. user_namespaces(7)
 */
int userns_become_root(void);

#endif
