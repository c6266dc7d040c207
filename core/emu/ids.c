// SPDX-License-Identifier: Apache-2.0
#include "core/emu/handlers.h"

#include "core/base/sys.h"
#include <linux/capability.h>

enum { WIDE = 0x10000, STRANGER_16 = 65534 };

/* As getuid(2) of i386's 16 bits tells it. */
static long tell(const struct call *c, uint32_t id)
{
	return c->i386 && c->row->ids16 && id >= WIDE ? STRANGER_16 : (long)id;
}

#define TELL(name, field)                                                                          \
	long do_##name(struct call *c)                                                             \
	{                                                                                          \
		struct creds who;                                                                  \
		int r = who_get(c, &who);                                                          \
                                                                                                   \
		return r < 0 ? r : tell(c, who.field);                                             \
	}

TELL(getuid, uid)
TELL(geteuid, euid)
TELL(getgid, gid)
TELL(getegid, egid)

/* Three ids to three places, of 16 or 32 bits. */
static long put_three(struct call *c, const uint32_t ids[3])
{
	bool narrow = c->i386 && c->row->ids16;

	for (int i = 0; i < 3; i++) {
		uint16_t id = (uint16_t)tell(c, ids[i]);
		int r = narrow ? guest_write(c, c->args[i], &id, sizeof(id))
			       : guest_write(c, c->args[i], &ids[i], sizeof(ids[i]));

		if (r < 0)
			return r;
	}
	return 0;
}

long do_getresuid(struct call *c)
{
	struct creds who;
	int r = who_get(c, &who);

	return r < 0 ? r : put_three(c, (uint32_t[]){who.uid, who.euid, who.suid});
}

long do_getresgid(struct call *c)
{
	struct creds who;
	int r = who_get(c, &who);

	return r < 0 ? r : put_three(c, (uint32_t[]){who.gid, who.egid, who.sgid});
}

/* A rule changes the credentials, which the process then has. */
#define CHANGE(name, ...)                                                                          \
	long do_##name(struct call *c)                                                             \
	{                                                                                          \
		struct creds who;                                                                  \
		int r = who_get(c, &who);                                                          \
                                                                                                   \
		if (r == 0)                                                                        \
			r = creds_##name(&who, __VA_ARGS__);                                       \
		return r < 0 ? r : who_set(c, &who);                                               \
	}

CHANGE(setuid, call_id16(c, 0))
CHANGE(setgid, call_id16(c, 0))
CHANGE(setreuid, call_id16(c, 0), call_id16(c, 1))
CHANGE(setregid, call_id16(c, 0), call_id16(c, 1))
CHANGE(setresuid, call_id16(c, 0), call_id16(c, 1), call_id16(c, 2))
CHANGE(setresgid, call_id16(c, 0), call_id16(c, 1), call_id16(c, 2))

static long set_fsid(struct call *c, uint32_t (*rule)(struct creds *, uint32_t))
{
	struct creds who;
	int r = who_get(c, &who);
	uint32_t old;

	if (r < 0)
		return r;
	old = rule(&who, call_id16(c, 0));
	who_set(c, &who);
	return tell(c, old);
}

long do_setfsuid(struct call *c)
{
	return set_fsid(c, creds_setfsuid);
}

long do_setfsgid(struct call *c)
{
	return set_fsid(c, creds_setfsgid);
}

long do_getgroups(struct call *c)
{
	int room = call_int(c, 0), r;
	uint16_t narrow[CREDS_GROUPS];
	struct creds who;

	r = who_get(c, &who);
	if (r < 0 || room < 0)
		return r < 0 ? r : -EINVAL;
	if (!room)
		return who.group_count;
	if ((uint32_t)room < who.group_count)
		return -EINVAL;
	if (!(c->i386 && c->row->ids16))
		r = guest_write(c, c->args[1], who.groups, who.group_count * sizeof(gid_t));
	else {
		for (size_t i = 0; i < who.group_count; i++)
			narrow[i] = (uint16_t)tell(c, who.groups[i]);
		r = guest_write(c, c->args[1], narrow, who.group_count * sizeof(narrow[0]));
	}
	return r < 0 ? r : (long)who.group_count;
}

static int read_groups(const struct call *c, size_t count, gid_t groups[CREDS_GROUPS])
{
	uint16_t narrow[CREDS_GROUPS];
	int r;

	if (!(c->i386 && c->row->ids16))
		return guest_read(c, c->args[1], groups, count * sizeof(gid_t));
	r = guest_read(c, c->args[1], narrow, count * sizeof(narrow[0]));
	for (size_t i = 0; i < count; i++)
		groups[i] = narrow[i] == 0xffff ? UINT32_MAX : narrow[i];
	return r;
}

long do_setgroups(struct call *c)
{
	gid_t groups[CREDS_GROUPS] = {0};
	size_t count = call_id(c, 0);
	struct creds who;
	int r = who_get(c, &who);

	if (r == 0)
		r = creds_may_setgroups(&who, count);
	if (r == 0 && count)
		r = read_groups(c, count, groups);
	if (r == 0)
		r = creds_setgroups(&who, count, groups);
	return r < 0 ? r : who_set(c, &who);
}

/* The header: its version decides on the layout, and a wrong one is told the right one. */
static int read_cap_header(const struct call *c, struct __user_cap_header_struct *header)
{
	uint32_t version = _LINUX_CAPABILITY_VERSION_3;
	int r = guest_read(c, c->args[0], header, sizeof(*header)), words;

	if (r < 0)
		return r;
	words = creds_cap_words(header->version);
	if (words < 0) {
		r = guest_write(c, c->args[0], &version, sizeof(version));
		return r < 0 ? r : words;
	}
	return words;
}

/* Of another process: the kernel's answer is as good. */
long do_capget(struct call *c)
{
	struct __user_cap_data_struct data[2];
	struct __user_cap_header_struct header;
	int words = read_cap_header(c, &header), r;
	struct creds who;

	if (words == -EINVAL && !c->args[1])
		return 0;
	if (words < 0 || !c->args[1])
		return words < 0 ? words : 0;
	if (header.pid && header.pid != guest_process(c) && header.pid != c->tid)
		return CALL_CONTINUE;
	r = who_get(c, &who);
	if (r < 0)
		return r;
	creds_capget_data(&who, data, words);
	return guest_write(c, c->args[1], data, (size_t)words * sizeof(data[0]));
}

long do_capset(struct call *c)
{
	struct __user_cap_data_struct data[2] = {{0}};
	struct __user_cap_header_struct header;
	int words = read_cap_header(c, &header), r;
	struct creds who;

	if (words < 0)
		return words;
	if (header.pid && header.pid != guest_process(c) && header.pid != c->tid)
		return -EPERM;
	r = guest_read(c, c->args[1], data, (size_t)words * sizeof(data[0]));
	if (r == 0)
		r = who_get(c, &who);
	if (r == 0)
		r = creds_capset_data(&who, data, words);
	return r < 0 ? r : who_set(c, &who);
}

long do_prctl(struct call *c)
{
	struct creds who;
	long r = who_get(c, &who);

	if (r == 0)
		r = creds_prctl(&who, call_int(c, 0), &c->args[1]);
	if (r == -ENOSYS)
		return CALL_CONTINUE;
	if (r >= 0) {
		int set = who_set(c, &who);

		return set < 0 ? set : r;
	}
	return r;
}
