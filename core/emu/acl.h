// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_EMU_ACL_H
#define RLC_EMU_ACL_H

#include "core/base/base.h"

/* Whether the value has the form of such a list, whatever its entries say. */
bool acl_is_list(const void *value, size_t n);

/*
 * The permissions that the value of system.posix_acl_access gives an inode's mode: those of its
 * owner, of others, and of the mask or, without one, the group. Other bits of *mode stay.
 * False where the value is no such list. acl(5)
 */
bool acl_mode(const void *value, size_t n, mode_t *mode);

/*
 * The other way: what chmod(2) to mode makes of such a value (which acl_mode has found to be one).
 */
void acl_chmod(void *value, size_t n, mode_t mode);

#endif
