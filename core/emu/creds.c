// SPDX-License-Identifier: Apache-2.0
#include "core/emu/creds.h"
#include <linux/securebits.h>

enum { KERNEL_GROUPS = 65536 }; /* NGROUPS_MAX of the kernel */

#define NO_ID ((uint32_t)-1)
#define BIT(n) ((uint64_t)1 << (n))

/* What follows the file system id: CAP_FS_SET of the kernel. */
#define FS_CAPS                                                                                    \
	(BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_FOWNER) |     \
		BIT(CAP_FSETID) | BIT(CAP_LINUX_IMMUTABLE) | BIT(CAP_MKNOD) |                      \
		BIT(CAP_MAC_OVERRIDE))

/* A comparison or a copy by creds_size must meet no byte that nobody has set. */
_Static_assert(offsetof(struct creds, groups) == 8 * 4 + 5 * 8 + 2 * 2 + 4, "no padding");

void creds_root(struct creds *c, unsigned int last_cap)
{
	uint64_t all = last_cap >= 63 ? UINT64_MAX : BIT(last_cap + 1) - 1;

	memset(c, 0, sizeof(*c));
	c->effective = c->permitted = c->bounding = all;
	c->last_cap = (uint16_t)MIN(last_cap, 63U);
	c->group_count = 1;
}

bool creds_equal(const struct creds *a, const struct creds *b)
{
	return a->group_count == b->group_count && memcmp(a, b, creds_size(a)) == 0;
}

bool creds_capable(const struct creds *c, unsigned int cap)
{
	return cap <= c->last_cap && c->effective & BIT(cap);
}

bool creds_in_group(const struct creds *c, gid_t gid)
{
	if (gid == c->fsgid)
		return true;
	for (uint32_t i = 0; i < c->group_count && c->groups[i] <= gid; i++)
		if (c->groups[i] == gid)
			return true;
	return false;
}

/* What a change of uids does to the capabilities, unless SECBIT_NO_SETUID_FIXUP forbids it. */
static void follow_uids(struct creds *c, const struct creds *old)
{
	bool was_root = !old->uid || !old->euid || !old->suid;
	bool is_root = !c->uid || !c->euid || !c->suid;

	if (c->securebits & SECBIT_NO_SETUID_FIXUP)
		return;
	if (was_root && !is_root) {
		if (!(c->securebits & SECBIT_KEEP_CAPS))
			c->permitted = c->effective = 0;
		c->ambient = 0;
	}
	if (!old->euid && c->euid)
		c->effective = 0;
	if (old->euid && !c->euid)
		c->effective = c->permitted;
}

static void follow_fsuid(struct creds *c, uid_t old)
{
	if (c->securebits & SECBIT_NO_SETUID_FIXUP)
		return;
	if (!old && c->fsuid)
		c->effective &= ~FS_CAPS;
	if (old && !c->fsuid)
		c->effective |= c->permitted & FS_CAPS;
}

int creds_setuid(struct creds *c, uid_t uid)
{
	const struct creds old = *c;

	if (uid == NO_ID)
		return -EINVAL;
	if (creds_capable(c, CAP_SETUID))
		c->uid = c->suid = uid;
	else if (uid != c->uid && uid != c->suid)
		return -EPERM;
	c->euid = c->fsuid = uid;
	follow_uids(c, &old);
	return 0;
}

int creds_setgid(struct creds *c, gid_t gid)
{
	if (gid == NO_ID)
		return -EINVAL;
	if (creds_capable(c, CAP_SETGID))
		c->gid = c->sgid = gid;
	else if (gid != c->gid && gid != c->sgid)
		return -EPERM;
	c->egid = c->fsgid = gid;
	return 0;
}

/* The three ids of a kind, so that users and groups have one set of rules. */
struct ids {
	uint32_t real, effective, saved;
};

/* setreuid(2): the real id may become the effective one, the effective one any of the three. */
static int set_two(struct ids *now, uint32_t real, uint32_t effective, bool capable)
{
	const struct ids old = *now;

	if (!capable) {
		if (real != NO_ID && real != old.real && real != old.effective)
			return -EPERM;
		if (effective != NO_ID && effective != old.real && effective != old.effective &&
			effective != old.saved)
			return -EPERM;
	}
	if (real != NO_ID)
		now->real = real;
	if (effective != NO_ID)
		now->effective = effective;
	if (real != NO_ID || (effective != NO_ID && effective != old.real))
		now->saved = now->effective;
	return 0;
}

static bool among(const struct ids *ids, uint32_t id)
{
	return id == NO_ID || id == ids->real || id == ids->effective || id == ids->saved;
}

/* setresuid(2): 1 where there was nothing to do, and then the file system id stays as well. */
static int set_three(struct ids *now, uint32_t fs, const struct ids *want, bool capable)
{
	if ((want->real == NO_ID || want->real == now->real) &&
		(want->effective == NO_ID ||
			(want->effective == now->effective && want->effective == fs)) &&
		(want->saved == NO_ID || want->saved == now->saved))
		return 1;
	if (!capable && (!among(now, want->real) || !among(now, want->effective) ||
				!among(now, want->saved)))
		return -EPERM;
	if (want->real != NO_ID)
		now->real = want->real;
	if (want->effective != NO_ID)
		now->effective = want->effective;
	if (want->saved != NO_ID)
		now->saved = want->saved;
	return 0;
}

static void put_uids(struct creds *c, const struct ids *ids)
{
	const struct creds old = *c;

	c->uid = ids->real;
	c->euid = c->fsuid = ids->effective;
	c->suid = ids->saved;
	follow_uids(c, &old);
}

static void put_gids(struct creds *c, const struct ids *ids)
{
	c->gid = ids->real;
	c->egid = c->fsgid = ids->effective;
	c->sgid = ids->saved;
}

int creds_setreuid(struct creds *c, uid_t uid, uid_t euid)
{
	struct ids ids = {c->uid, c->euid, c->suid};
	int r = set_two(&ids, uid, euid, creds_capable(c, CAP_SETUID));

	if (r == 0)
		put_uids(c, &ids);
	return r;
}

int creds_setregid(struct creds *c, gid_t gid, gid_t egid)
{
	struct ids ids = {c->gid, c->egid, c->sgid};
	int r = set_two(&ids, gid, egid, creds_capable(c, CAP_SETGID));

	if (r == 0)
		put_gids(c, &ids);
	return r;
}

int creds_setresuid(struct creds *c, uid_t uid, uid_t euid, uid_t suid)
{
	const struct ids want = {uid, euid, suid};
	struct ids ids = {c->uid, c->euid, c->suid};
	int r = set_three(&ids, c->fsuid, &want, creds_capable(c, CAP_SETUID));

	if (r == 0)
		put_uids(c, &ids);
	return MIN(r, 0);
}

int creds_setresgid(struct creds *c, gid_t gid, gid_t egid, gid_t sgid)
{
	const struct ids want = {gid, egid, sgid};
	struct ids ids = {c->gid, c->egid, c->sgid};
	int r = set_three(&ids, c->fsgid, &want, creds_capable(c, CAP_SETGID));

	if (r == 0)
		put_gids(c, &ids);
	return MIN(r, 0);
}

uid_t creds_setfsuid(struct creds *c, uid_t fsuid)
{
	const struct ids ids = {c->uid, c->euid, c->suid};
	uid_t old = c->fsuid;

	if (fsuid == NO_ID || fsuid == old)
		return old;
	if (among(&ids, fsuid) || creds_capable(c, CAP_SETUID)) {
		c->fsuid = fsuid;
		follow_fsuid(c, old);
	}
	return old;
}

gid_t creds_setfsgid(struct creds *c, gid_t fsgid)
{
	const struct ids ids = {c->gid, c->egid, c->sgid};
	gid_t old = c->fsgid;

	if (fsgid != NO_ID && (among(&ids, fsgid) || creds_capable(c, CAP_SETGID)))
		c->fsgid = fsgid;
	return old;
}

int creds_may_setgroups(const struct creds *c, size_t count)
{
	if (!creds_capable(c, CAP_SETGID))
		return -EPERM;
	if (count > KERNEL_GROUPS)
		return -EINVAL;
	return count > CREDS_GROUPS ? -ENOMEM : 0;
}

static int by_number(const void *a, const void *b)
{
	gid_t x = *(const gid_t *)a, y = *(const gid_t *)b;

	return (x > y) - (x < y);
}

int creds_setgroups(struct creds *c, size_t count, const gid_t *groups)
{
	int r = creds_may_setgroups(c, count);

	for (size_t i = 0; r == 0 && i < count; i++)
		if (groups[i] == NO_ID)
			r = -EINVAL;
	if (r < 0)
		return r;
	if (count)
		memmove(c->groups, groups, count * sizeof(groups[0]));
	c->group_count = (uint32_t)count;
	qsort(c->groups, count, sizeof(c->groups[0]), by_number);
	return 0;
}

void creds_for_access(const struct creds *c, struct creds *out)
{
	*out = *c;
	out->fsuid = c->uid;
	out->fsgid = c->gid;
	if (!(c->securebits & SECBIT_NO_SETUID_FIXUP))
		out->effective = c->uid ? 0 : c->permitted;
}
