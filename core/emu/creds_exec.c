// SPDX-License-Identifier: Apache-2.0
#include "core/emu/creds.h"
#include <endian.h>
#include <linux/securebits.h>

static uint32_t word(const void *value, size_t number)
{
	uint32_t le;

	memcpy(&le, (const char *)value + 4 * number, sizeof(le));
	return le32toh(le);
}

int file_caps_read(struct file_caps *out, const void *value, size_t n, unsigned int last_cap)
{
	uint64_t known = last_cap >= 63 ? UINT64_MAX : ((uint64_t)1 << (last_cap + 1)) - 1;
	static const uint8_t words[] = {0, 1, 2, 2}; /* of each set, by revision */
	uint32_t magic, revision;

	memset(out, 0, sizeof(*out));
	if (n < sizeof(magic))
		return -EINVAL;
	magic = word(value, 0);
	revision = (magic & VFS_CAP_REVISION_MASK) >> VFS_CAP_REVISION_SHIFT;
	if (revision < 1 || revision > 3 || n != 4 + 8U * words[revision] + 4 * (revision == 3))
		return -EINVAL;
	if (revision == 3 && word(value, 5) != 0)
		return 0;
	for (size_t i = 0; i < words[revision]; i++) {
		out->permitted |= (uint64_t)word(value, 1 + 2 * i) << 32 * i;
		out->inheritable |= (uint64_t)word(value, 2 + 2 * i) << 32 * i;
	}
	out->permitted &= known;
	out->inheritable &= known;
	out->effective = magic & VFS_CAP_FLAGS_EFFECTIVE;
	out->present = true;
	return 0;
}

static void become_owner(struct creds *c, const struct stat *file)
{
	if (file->st_mode & S_ISUID)
		c->euid = file->st_uid;
	/* without the group's execute bit, setgid once meant mandatory locking */
	if (file->st_mode & S_ISGID && file->st_mode & S_IXGRP)
		c->egid = file->st_gid;
}

/* What the file gives, before root and the ambient set have their say. */
static int take_file_caps(struct creds *c, const struct file_caps *caps, bool *effective)
{
	c->permitted = 0;
	if (!caps)
		return 0;
	c->permitted = (c->bounding & caps->permitted) | (c->inheritable & caps->inheritable);
	*effective = caps->effective;
	/* such a program does not know of capabilities, and would go on without */
	return *effective && caps->permitted & ~c->permitted ? -EPERM : 0;
}

static void take_root_caps(struct creds *c, bool has_caps, bool *effective)
{
	if (c->securebits & SECBIT_NOROOT)
		return;
	/* a setuid root file with capabilities of its own gives those only */
	if (has_caps && c->uid && !c->euid)
		return;
	if (!c->uid || !c->euid)
		c->permitted = c->bounding | c->inheritable;
	if (!c->euid)
		*effective = true;
}

int creds_exec(
	struct creds *c, const struct stat *file, const struct file_caps *caps, unsigned int flags)
{
	struct creds after = *c;
	bool effective = false, changed;
	int r;

	if (!(flags & (EXEC_NO_NEW_PRIVS | EXEC_NOSUID)))
		become_owner(&after, file);
	if (flags & EXEC_NOSUID || !caps || !caps->present)
		caps = NULL;
	r = take_file_caps(&after, caps, &effective);
	if (r < 0)
		return r;
	take_root_caps(&after, caps, &effective);

	changed = after.euid != c->euid || !creds_in_group(c, after.egid);
	if ((changed || after.permitted & ~c->permitted) &&
		flags & (EXEC_NO_NEW_PRIVS | EXEC_UNSAFE)) {
		if (flags & EXEC_NO_NEW_PRIVS || !creds_capable(c, CAP_SETUID)) {
			after.euid = after.uid;
			after.egid = after.gid;
		}
		after.permitted &= c->permitted;
	}
	after.suid = after.fsuid = after.euid;
	after.sgid = after.fsgid = after.egid;
	if (caps || changed)
		after.ambient = 0;
	after.permitted |= after.ambient;
	after.effective = effective ? after.permitted : after.ambient;
	after.securebits &= (uint16_t)~SECBIT_KEEP_CAPS;
	*c = after;
	return 0;
}
