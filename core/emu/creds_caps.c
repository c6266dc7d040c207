// SPDX-License-Identifier: Apache-2.0
#include "core/emu/creds.h"
#include <linux/prctl.h>
#include <linux/securebits.h>

#define BIT(n) ((uint64_t)1 << (n))

/* Linux 6.14 added two that bind programs, not the kernel; older headers lack them. */
#define EXEC_BITS (BIT(8) | BIT(9) | BIT(10) | BIT(11))
#define ALL_BITS ((uint64_t)(SECURE_ALL_BITS | SECURE_ALL_LOCKS) | EXEC_BITS)
#define LOCKS (ALL_BITS & 0xaaaaaaaa)

static uint64_t known(const struct creds *c)
{
	return c->last_cap >= 63 ? UINT64_MAX : BIT(c->last_cap + 1) - 1;
}

int creds_capset(struct creds *c, uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	uint64_t gain;

	effective &= known(c);
	permitted &= known(c);
	inheritable &= known(c);
	gain = inheritable & ~c->inheritable;
	if (gain & ~c->permitted && !creds_capable(c, CAP_SETPCAP))
		return -EPERM;
	if (gain & ~c->bounding || permitted & ~c->permitted || effective & ~permitted)
		return -EPERM;
	c->effective = effective;
	c->permitted = permitted;
	c->inheritable = inheritable;
	c->ambient &= permitted & inheritable;
	return 0;
}

int creds_cap_words(uint32_t version)
{
	switch (version) {
	case _LINUX_CAPABILITY_VERSION_1:
		return _LINUX_CAPABILITY_U32S_1;
	case _LINUX_CAPABILITY_VERSION_2:
	case _LINUX_CAPABILITY_VERSION_3:
		return _LINUX_CAPABILITY_U32S_3;
	default:
		return -EINVAL;
	}
}

void creds_capget_data(const struct creds *c, struct __user_cap_data_struct *data, int words)
{
	for (int i = 0; i < words; i++) {
		data[i].effective = (uint32_t)(c->effective >> 32 * i);
		data[i].permitted = (uint32_t)(c->permitted >> 32 * i);
		data[i].inheritable = (uint32_t)(c->inheritable >> 32 * i);
	}
}

int creds_capset_data(struct creds *c, const struct __user_cap_data_struct *data, int words)
{
	uint64_t effective = 0, permitted = 0, inheritable = 0;

	for (int i = 0; i < words; i++) {
		effective |= (uint64_t)data[i].effective << 32 * i;
		permitted |= (uint64_t)data[i].permitted << 32 * i;
		inheritable |= (uint64_t)data[i].inheritable << 32 * i;
	}
	return creds_capset(c, effective, permitted, inheritable);
}

static long drop_bounding(struct creds *c, uint64_t cap)
{
	if (!creds_capable(c, CAP_SETPCAP))
		return -EPERM;
	if (cap > c->last_cap)
		return -EINVAL;
	c->bounding &= ~BIT(cap);
	return 0;
}

static long set_securebits(struct creds *c, uint64_t bits)
{
	uint64_t changed = c->securebits ^ bits;
	uint64_t locked = c->securebits & LOCKS;

	if (locked >> 1 & changed || locked & ~bits || bits & ~ALL_BITS)
		return -EPERM;
	/* to set what is set needs the privilege, too */
	if (!creds_capable(c, CAP_SETPCAP) && (!changed || changed & ~EXEC_BITS))
		return -EPERM;
	c->securebits = (uint16_t)bits;
	return 0;
}

static long set_keepcaps(struct creds *c, uint64_t on)
{
	if (on > 1)
		return -EINVAL;
	if (c->securebits & SECBIT_KEEP_CAPS_LOCKED)
		return -EPERM;
	c->securebits &= (uint16_t)~SECBIT_KEEP_CAPS;
	if (on)
		c->securebits |= SECBIT_KEEP_CAPS;
	return 0;
}

static long raise_ambient(struct creds *c, uint64_t cap)
{
	if (!(c->permitted & c->inheritable & BIT(cap)) ||
		c->securebits & SECBIT_NO_CAP_AMBIENT_RAISE)
		return -EPERM;
	c->ambient |= BIT(cap);
	return 0;
}

static long set_ambient(struct creds *c, const uint64_t args[4])
{
	uint64_t cap = args[1];

	if (args[2] || args[3])
		return -EINVAL;
	if (args[0] == PR_CAP_AMBIENT_CLEAR_ALL && !cap) {
		c->ambient = 0;
		return 0;
	}
	if (args[0] == PR_CAP_AMBIENT_CLEAR_ALL || cap > c->last_cap)
		return -EINVAL;
	switch (args[0]) {
	case PR_CAP_AMBIENT_IS_SET:
		return c->ambient >> cap & 1;
	case PR_CAP_AMBIENT_RAISE:
		return raise_ambient(c, cap);
	case PR_CAP_AMBIENT_LOWER:
		c->ambient &= ~BIT(cap);
		return 0;
	default:
		return -EINVAL;
	}
}

long creds_prctl(struct creds *c, int option, const uint64_t args[4])
{
	switch (option) {
	case PR_CAPBSET_READ:
		return args[0] > c->last_cap ? -EINVAL : (long)(c->bounding >> args[0] & 1);
	case PR_CAPBSET_DROP:
		return drop_bounding(c, args[0]);
	case PR_GET_SECUREBITS:
		return c->securebits;
	case PR_SET_SECUREBITS:
		return set_securebits(c, args[0]);
	case PR_GET_KEEPCAPS:
		return !!(c->securebits & SECBIT_KEEP_CAPS);
	case PR_SET_KEEPCAPS:
		return set_keepcaps(c, args[0]);
	case PR_CAP_AMBIENT:
		return set_ambient(c, args);
	default:
		return -ENOSYS;
	}
}
