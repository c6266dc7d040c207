// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_WHO_H
#define RLC_WHO_H

#include "core/emu/access.h"
#include "core/emu/call.h"

/*
 * Who the calling process is to the guest. Its credentials hang on a tag that the kernel
 * itself hands on (tags.h); what it really is never changes.
 */

/* Root as the guest began, as nearly all are: there is nothing to forbid. */
bool who_is_root(const struct call *c);

/* The credentials. 0, or -ESRCH where the process is gone. */
int who_get(const struct call *c, struct creds *out);

/* Gives the process other credentials. 0 or negative errno, and then nothing has changed. */
int who_set(const struct call *c, const struct creds *creds);

/* What /proc/sys/fs/protected_* say to the guest. */
void who_sysctl(struct access_sysctl *out);

#endif
