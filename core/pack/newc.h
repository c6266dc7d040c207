// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_NEWC_H
#define RLC_NEWC_H

#include "core/base/buf.h"
#include "core/pack/entry.h"

/*
 * The cpio format that the kernel unpacks as an initramfs
 * (Documentation/driver-api/early-userspace/buffer-format.rst): for each name a header of 110
 * hexadecimal digits, the name, and the content, each padded to four bytes. The names of one
 * inode have the same number; the content stands with one of them.
 */

/* The most bytes of content an entry may have. */
#define NEWC_MAX UINT32_MAX

/*
 * Adds header, name and a symlink's target (which is its content) to out. `content` bytes
 * follow for a regular file. 0; -EFBIG, -ENAMETOOLONG, -ERANGE, -EINVAL with *why saying what
 * the format cannot hold (out is as it was); -ENOMEM.
 */
int newc_header(const struct entry *e, struct buf *out, const char **why);

/* The zeros that end an entry with that much content: 0 to 3. */
static inline size_t newc_padding(uint64_t content)
{
	return -content & 3;
}

/* Adds the archive's last entry. 0 or -ENOMEM. */
int newc_trailer(struct buf *out);

#endif
