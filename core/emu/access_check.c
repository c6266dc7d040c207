// SPDX-License-Identifier: Apache-2.0
#include "core/emu/access.h"
#include <endian.h>

/* acl(5) as the kernel passes it: a version, and entries in the order of these tags. */
enum { ACL_VERSION = 2, ACL_HEAD = 4, ACL_ENTRY = 8 };
enum {
	TAG_USER_OBJ = 1,
	TAG_USER = 2,
	TAG_GROUP_OBJ = 4,
	TAG_GROUP = 8,
	TAG_MASK = 16,
	TAG_OTHER = 32
};

struct entry {
	uint16_t tag, perm;
	uint32_t id;
};

static struct entry entry_at(const void *acl, size_t number)
{
	struct entry e;

	memcpy(&e, (const char *)acl + ACL_HEAD + number * ACL_ENTRY, sizeof(e));
	return (struct entry){le16toh(e.tag), le16toh(e.perm), le32toh(e.id)};
}

/* How many entries there are; 0 where it is no ACL. */
static size_t entry_count(const void *acl, size_t n)
{
	uint32_t version;

	if (!acl || n < ACL_HEAD || (n - ACL_HEAD) % ACL_ENTRY)
		return 0;
	memcpy(&version, acl, sizeof(version));
	return le32toh(version) == ACL_VERSION ? (n - ACL_HEAD) / ACL_ENTRY : 0;
}

static bool is_groups(const struct creds *c, const struct stat *st, const struct entry *e)
{
	return (e->tag == TAG_GROUP_OBJ && creds_in_group(c, st->st_gid)) ||
	       (e->tag == TAG_GROUP && creds_in_group(c, e->id));
}

/* The first entry that is about the process says it; among its groups, the first that allows. */
static bool acl_allows(const struct creds *c, const struct stat *st, const void *acl, size_t count,
	unsigned int want)
{
	unsigned int mask = 7;
	bool in_group = false;

	for (size_t i = 0; i < count; i++)
		if (entry_at(acl, i).tag == TAG_MASK)
			mask = entry_at(acl, i).perm;
	for (size_t i = 0; i < count; i++) {
		struct entry e = entry_at(acl, i);

		if (e.tag == TAG_USER && e.id == c->fsuid)
			return (e.perm & mask & want) == want;
		if (is_groups(c, st, &e)) {
			in_group = true;
			if ((e.perm & want) == want)
				return (mask & want) == want;
		}
		if (e.tag == TAG_OTHER)
			return !in_group && (e.perm & want) == want;
	}
	return false;
}

static bool mode_allows(
	const struct creds *c, const struct stat *st, const void *acl, size_t n, unsigned int want)
{
	mode_t mode = st->st_mode;
	size_t count;

	if (c->fsuid == st->st_uid)
		return !(want & ~(mode >> 6));
	/* without a bit in the mask, an ACL gives nothing that the mode does not say */
	count = mode & S_IRWXG ? entry_count(acl, n) : 0;
	if (count)
		return acl_allows(c, st, acl, count, want);
	return !(want & ~(creds_in_group(c, st->st_gid) ? mode >> 3 : mode));
}

/* Root's way past the mode. */
static bool overrides(const struct creds *c, const struct stat *st, unsigned int want)
{
	bool reads = S_ISDIR(st->st_mode) ? !(want & ACCESS_WRITE) : want == ACCESS_READ;
	bool executes = want & ACCESS_EXEC && !S_ISDIR(st->st_mode);

	if (reads && creds_capable(c, CAP_DAC_READ_SEARCH))
		return true;
	return (!executes || st->st_mode & 0111) && creds_capable(c, CAP_DAC_OVERRIDE);
}

int access_check_acl(
	const struct creds *c, const struct stat *st, const void *acl, size_t n, unsigned int want)
{
	want &= 7;
	if (mode_allows(c, st, acl, n, want) || overrides(c, st, want))
		return 0;
	return -EACCES;
}

int access_check(const struct creds *c, const struct stat *st, unsigned int want)
{
	return access_check_acl(c, st, NULL, 0, want);
}
