// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_ACL_H
#define RLC_ACL_H

#include "core/pack/entry.h"

struct archive_entry;

/* The attributes in which the kernel keeps POSIX ACLs (acl(5), version 2, little-endian). */
#define ACL_ACCESS_ATTR "system.posix_acl_access"
#define ACL_DEFAULT_ATTR "system.posix_acl_default"

/*
 * Adds the ACLs that an archive has as text to e, as attributes in the kernel's form; e's own
 * attributes of these names win. A named user or group without a number is left out: its
 * number is not in the archive. e->mode gets the group bits that the kernel would show.
 * 0 or -ENOMEM.
 */
int acl_take(struct archive_entry *from, struct entry *e);

#endif
