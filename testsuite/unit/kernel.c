// SPDX-License-Identifier: Apache-2.0
#include "testsuite/unit/kernel.h"
#include <linux/securebits.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>

bool is_real_root(void)
{
	FILE *f = fopen("/proc/self/uid_map", "re");
	unsigned int inside, outside, count;
	bool all;

	if (!f)
		return false;
	all = fscanf(f, "%u %u %u", &inside, &outside, &count) == 3 && count == UINT32_MAX;
	fclose(f);
	return all && geteuid() == 0;
}

bool kernel_is(int major, int minor)
{
	struct utsname u;
	int is[2] = {0, 0};

	uname(&u);
	sscanf(u.release, "%d.%d", &is[0], &is[1]);
	return is[0] > major || (is[0] == major && is[1] >= minor);
}

static unsigned int last_cap(void)
{
	static unsigned int cap; /* it takes one question each to find out */

	while (prctl(PR_CAPBSET_READ, cap + 1) >= 0)
		cap++;
	return cap;
}

void kernel_creds(struct creds *c)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];
	int count;

	memset(c, 0, sizeof(*c));
	c->last_cap = (uint16_t)last_cap();
	getresuid(&c->uid, &c->euid, &c->suid);
	getresgid(&c->gid, &c->egid, &c->sgid);
	c->fsuid = (uid_t)syscall(SYS_setfsuid, -1);
	c->fsgid = (gid_t)syscall(SYS_setfsgid, -1);
	count = getgroups(CREDS_GROUPS, c->groups);
	if (count < 0 || syscall(SYS_capget, &head, data) < 0)
		abort();
	c->group_count = (uint32_t)count;
	c->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	c->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	c->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	for (unsigned int i = 0; i <= c->last_cap; i++) {
		uint64_t bit = (uint64_t)1 << i;

		c->bounding |= prctl(PR_CAPBSET_READ, i) == 1 ? bit : 0;
		c->ambient |= prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) == 1 ? bit : 0;
	}
	c->securebits = (uint16_t)prctl(PR_GET_SECUREBITS);
}

uint32_t random_next(uint64_t *seed)
{
	uint64_t x = *seed += 0x9e3779b97f4a7c15;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return (uint32_t)(x >> 32);
}

uint32_t random_below(uint64_t *seed, uint32_t n)
{
	return random_next(seed) % n;
}

uint32_t random_id(uint64_t *seed)
{
	static const uint32_t ids[] = {
		0, 0, 0, 1000, 1000, 1001, 1001, 1002, 2147483648, UINT32_MAX};

	return ids[random_below(seed, ARRAY_SIZE(ids))];
}

void tell_failure(struct report *r, const char *fmt, ...)
{
	va_list ap;

	r->failed = true;
	va_start(ap, fmt);
	vsnprintf(r->text, sizeof(r->text), fmt, ap);
	va_end(ap);
}

/* Whether the child of this seed came to its end without a failure. */
static bool child_is_good(uint64_t seed, one_run one, void *arg, struct report *r)
{
	pid_t child;
	int status;

	memset(r, 0, sizeof(*r));
	fflush(stdout);
	child = fork();
	if (child < 0)
		abort();
	if (child == 0) {
		one(seed, r, arg);
		_exit(0);
	}
	waitpid(child, &status, 0);
	if (status && !r->failed)
		tell_failure(r, "ended with status %#x", (unsigned int)status);
	return !r->failed;
}

int run_children(int count, one_run one, void *arg)
{
	struct report *r =
		mmap(NULL, sizeof(*r), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int bad = 0;

	if (r == MAP_FAILED)
		abort();
	for (int seed = 1; seed <= count; seed++)
		if (!child_is_good((uint64_t)seed, one, arg, r) && ++bad <= 5)
			printf("# seed %d: %s\n", seed, r->text);
	munmap(r, sizeof(*r));
	return bad;
}

static long result(long r)
{
	return r < 0 ? -errno : r;
}

static uint64_t random_caps(uint64_t *seed, const struct creds *c)
{
	uint64_t some = random_next(seed) | (uint64_t)random_next(seed) << 32;

	switch (random_below(seed, 8)) {
	case 0:
		return some;
	case 1:
		return c->permitted & some;
	case 2:
		return c->inheritable;
	case 3:
		return c->effective | (uint64_t)1 << random_below(seed, 64);
	case 4:
		return c->permitted & ~((uint64_t)1 << random_below(seed, 41));
	default:
		return c->permitted;
	}
}

static void change_ids(uint64_t *seed, struct creds *c, struct change *d)
{
	uint32_t a = random_id(seed), b = random_id(seed), e = random_id(seed);
	uint32_t which = random_below(seed, 8);

	snprintf(d->text, sizeof(d->text), "%s %u %u %u",
		&"setuid\0   setgid\0   setreuid\0 setregid\0 setresuid\0setresgid\0setfsuid\0 setfsgid\0 "
			[which * 10],
		a, b, e);
	switch (which) {
	case 0:
		d->kernel = result(syscall(SYS_setuid, a));
		d->model = creds_setuid(c, a);
		break;
	case 1:
		d->kernel = result(syscall(SYS_setgid, a));
		d->model = creds_setgid(c, a);
		break;
	case 2:
		d->kernel = result(syscall(SYS_setreuid, a, b));
		d->model = creds_setreuid(c, a, b);
		break;
	case 3:
		d->kernel = result(syscall(SYS_setregid, a, b));
		d->model = creds_setregid(c, a, b);
		break;
	case 4:
		d->kernel = result(syscall(SYS_setresuid, a, b, e));
		d->model = creds_setresuid(c, a, b, e);
		break;
	case 5:
		d->kernel = result(syscall(SYS_setresgid, a, b, e));
		d->model = creds_setresgid(c, a, b, e);
		break;
	case 6:
		d->kernel = (uint32_t)syscall(SYS_setfsuid, a);
		d->model = creds_setfsuid(c, a);
		break;
	default:
		d->kernel = (uint32_t)syscall(SYS_setfsgid, a);
		d->model = creds_setfsgid(c, a);
	}
}

static void change_groups(uint64_t *seed, struct creds *c, struct change *d)
{
	uint32_t count = random_below(seed, 6);
	gid_t groups[6];

	for (uint32_t i = 0; i < count; i++)
		groups[i] = random_below(seed, 4) ? 1000 + random_below(seed, 4) : random_id(seed);
	if (random_below(seed, 8) == 0)
		count = 65537;
	snprintf(d->text, sizeof(d->text), "setgroups %u", count);
	d->model = creds_setgroups(c, count, groups);
	d->kernel = result(syscall(SYS_setgroups, count, groups));
}

static void change_caps(uint64_t *seed, struct creds *c, struct change *d)
{
	static const uint32_t versions[] = {_LINUX_CAPABILITY_VERSION_1,
		_LINUX_CAPABILITY_VERSION_2, _LINUX_CAPABILITY_VERSION_3,
		_LINUX_CAPABILITY_VERSION_3, _LINUX_CAPABILITY_VERSION_3,
		_LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_header_struct head = {versions[random_below(seed, 6)], 0};
	struct __user_cap_data_struct data[2];
	uint64_t e = random_caps(seed, c), p = random_caps(seed, c), i = random_caps(seed, c);

	for (int n = 0; n < 2; n++)
		data[n] = (struct __user_cap_data_struct){
			(uint32_t)(e >> 32 * n), (uint32_t)(p >> 32 * n), (uint32_t)(i >> 32 * n)};
	snprintf(d->text, sizeof(d->text), "capset %#x e=%#llx p=%#llx i=%#llx", head.version,
		(unsigned long long)e, (unsigned long long)p, (unsigned long long)i);
	d->model = creds_capset_data(c, data, creds_cap_words(head.version));
	d->kernel = result(syscall(SYS_capset, &head, data));
}

static uint64_t random_securebits(uint64_t *seed, const struct creds *c)
{
	uint64_t bits = c->securebits ^ 1U << random_below(seed, kernel_is(6, 14) ? 13 : 8);

	switch (random_below(seed, 8)) {
	case 0:
		return c->securebits;
	case 1:
		return bits & 0xff;
	case 2:
		return bits | (uint64_t)1 << 40;
	default:
		/* locks are for ever: not too many of them */
		return random_below(seed, 2) ? bits : bits & ~(uint64_t)0xaaa;
	}
}

static void change_by_prctl(uint64_t *seed, struct creds *c, struct change *d)
{
	static const int options[] = {PR_CAPBSET_READ, PR_CAPBSET_DROP, PR_GET_SECUREBITS,
		PR_SET_SECUREBITS, PR_GET_KEEPCAPS, PR_SET_KEEPCAPS, PR_SET_KEEPCAPS,
		PR_CAP_AMBIENT, PR_CAP_AMBIENT, PR_CAP_AMBIENT};
	int option = options[random_below(seed, ARRAY_SIZE(options))];
	uint64_t args[4] = {0};

	if (option == PR_SET_SECUREBITS) {
		args[0] = random_securebits(seed, c);
	} else if (option == PR_SET_KEEPCAPS) {
		args[0] = random_below(seed, 3);
	} else if (option == PR_CAP_AMBIENT) {
		args[0] = 1 + random_below(seed, 5);
		args[1] = random_below(seed, 3) && args[0] == PR_CAP_AMBIENT_CLEAR_ALL
				  ? 0
				  : random_below(seed, 44);
		args[2 + random_below(seed, 2)] = random_below(seed, 10) == 0;
	} else {
		args[0] = random_below(seed, 43);
	}
	snprintf(d->text, sizeof(d->text), "prctl %d %#llx %llu %llu %llu", option,
		(unsigned long long)args[0], (unsigned long long)args[1],
		(unsigned long long)args[2], (unsigned long long)args[3]);
	d->model = creds_prctl(c, option, args);
	d->kernel = result(syscall(SYS_prctl, option, args[0], args[1], args[2], args[3]));
}

void random_change(uint64_t *seed, struct creds *model, struct change *done)
{
	switch (random_below(seed, 8)) {
	case 0:
		return change_groups(seed, model, done);
	case 1:
	case 2:
		return change_caps(seed, model, done);
	case 3:
	case 4:
		return change_by_prctl(seed, model, done);
	default:
		return change_ids(seed, model, done);
	}
}

#define DIFFER(field, format)                                                                      \
	if (model->field != kernel->field) {                                                       \
		snprintf(why, room, #field ": model " format ", kernel " format, model->field,     \
			kernel->field);                                                            \
		return false;                                                                      \
	}

bool same_creds(const struct creds *model, const struct creds *kernel, char *why, size_t room)
{
	DIFFER(uid, "%u")
	DIFFER(euid, "%u")
	DIFFER(suid, "%u")
	DIFFER(fsuid, "%u")
	DIFFER(gid, "%u")
	DIFFER(egid, "%u")
	DIFFER(sgid, "%u")
	DIFFER(fsgid, "%u")
	DIFFER(effective, "%#lx")
	DIFFER(permitted, "%#lx")
	DIFFER(inheritable, "%#lx")
	DIFFER(bounding, "%#lx")
	DIFFER(ambient, "%#lx")
	DIFFER(securebits, "%#x")
	DIFFER(group_count, "%u")
	snprintf(why, room, "groups");
	return creds_equal(model, kernel);
}
