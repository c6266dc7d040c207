// SPDX-License-Identifier: Apache-2.0
#include "core/emu/acl.h"

#include <endian.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>

static void set_bits(mode_t *mode, unsigned int shift, unsigned int perm)
{
	*mode = (*mode & ~(07u << shift)) | (perm & 7) << shift;
}

static bool has_mask(const char *value, size_t n)
{
	struct posix_acl_xattr_entry e;

	for (size_t at = sizeof(struct posix_acl_xattr_header); at < n; at += sizeof(e)) {
		memcpy(&e, value + at, sizeof(e));
		if (le16toh(e.e_tag) == ACL_MASK)
			return true;
	}
	return false;
}

void acl_chmod(void *value, size_t n, mode_t mode)
{
	unsigned int group = has_mask(value, n) ? ACL_MASK : ACL_GROUP_OBJ;
	struct posix_acl_xattr_entry e;

	for (size_t at = sizeof(struct posix_acl_xattr_header); at < n; at += sizeof(e)) {
		unsigned int tag, shift;

		memcpy(&e, (char *)value + at, sizeof(e));
		tag = le16toh(e.e_tag);
		shift = tag == ACL_USER_OBJ ? 6 : tag == group ? 3 : 0;
		if (!shift && tag != ACL_OTHER)
			continue;
		e.e_perm = htole16((uint16_t)(mode >> shift & 7));
		memcpy((char *)value + at, &e, sizeof(e));
	}
}

bool acl_is_list(const void *value, size_t n)
{
	struct posix_acl_xattr_header header;

	if (n < sizeof(header) || (n - sizeof(header)) % sizeof(struct posix_acl_xattr_entry))
		return false;
	memcpy(&header, value, sizeof(header));
	return le32toh(header.a_version) == POSIX_ACL_XATTR_VERSION;
}

bool acl_mode(const void *value, size_t n, mode_t *mode)
{
	struct posix_acl_xattr_entry e;
	unsigned int seen = 0;

	if (!acl_is_list(value, n))
		return false;
	for (size_t at = sizeof(struct posix_acl_xattr_header); at < n; at += sizeof(e)) {
		unsigned int tag;

		memcpy(&e, (const char *)value + at, sizeof(e));
		tag = le16toh(e.e_tag);
		if (tag == ACL_USER_OBJ)
			set_bits(mode, 6, le16toh(e.e_perm));
		else if (tag == ACL_OTHER)
			set_bits(mode, 0, le16toh(e.e_perm));
		else if (tag == ACL_MASK || (tag == ACL_GROUP_OBJ && !(seen & ACL_MASK)))
			set_bits(mode, 3, le16toh(e.e_perm));
		else if (tag != ACL_GROUP_OBJ && tag != ACL_USER && tag != ACL_GROUP)
			return false;
		seen |= tag;
	}
	if (~seen & (ACL_USER_OBJ | ACL_GROUP_OBJ | ACL_OTHER))
		return false;
	return seen & ACL_MASK || !(seen & (ACL_USER | ACL_GROUP));
}
