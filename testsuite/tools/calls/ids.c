// SPDX-License-Identifier: Apache-2.0
/* Who a thread is: ids, groups, capabilities. Raw calls, since a C library changes all threads. */
#include "testsuite/tools/calls/calls.h"

#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/socket.h>

static void make_set_id(struct actor *a)
{
	static const struct {
		const char *name;
		long number;
		unsigned arguments;
	} calls[] = {
		{"setuid", SYS_setuid, 1},
		{"setgid", SYS_setgid, 1},
		{"setreuid", SYS_setreuid, 2},
		{"setregid", SYS_setregid, 2},
		{"setresuid", SYS_setresuid, 3},
		{"setresgid", SYS_setresgid, 3},
		{"setresuid", SYS_setresuid, 3},
		{"setfsuid", SYS_setfsuid, 1},
		{"setfsgid", SYS_setfsgid, 1},
	};
	unsigned which = draw(a, sizeof(calls) / sizeof(*calls)), id[3], i;
	long result;

	say(a, "%s(", calls[which].name);
	for (i = 0; i < 3; i++)
		id[i] = draw_id(a);
	say(a, " of %u", calls[which].arguments);
	result = syscall(calls[which].number, id[0], id[1], id[2]);
	if (calls[which].number == SYS_setfsuid || calls[which].number == SYS_setfsgid)
		result &= INT_MAX; /* an id, and no error */
	say_result(a, result);
	say_ids(a);
}

/* As programs drop to a user, and as they come back */
static void make_effective(struct actor *a)
{
	static const unsigned ids[] = {1000, 1001, 33, 0, 0};
	unsigned id = DRAW(a, ids), group = draw(a, 3);

	say(a, "seteuid(%u", id);
	if (group == 0)
		say_result(a, syscall(SYS_setresgid, -1, id, -1));
	say_result(a, syscall(SYS_setresuid, -1, id, -1));
	say_ids(a);
}

static void make_groups(struct actor *a)
{
	static const gid_t sets[][3] = {{33, 1000, 0}, {0, 1001, 33}, {1000, 33, 65534}};
	unsigned which = draw(a, 3), count = draw(a, 4);

	say(a, "setgroups(%u of %u", count, which);
	say_result(a, syscall(SYS_setgroups, count, sets[which]));
	say_ids(a);
}

static void change_caps(unsigned how, struct __user_cap_data_struct *d)
{
	static const unsigned dropped[] = {
		1U << CAP_CHOWN,
		1U << CAP_DAC_OVERRIDE | 1U << CAP_DAC_READ_SEARCH,
		1U << CAP_FOWNER,
		1U << CAP_SETUID | 1U << CAP_SETGID,
		1U << CAP_FSETID,
		1U << CAP_MKNOD | 1U << CAP_SETFCAP,
	};

	if (how < 6) {
		d[0].effective &= ~dropped[how];
	} else if (how == 6) {
		d[0].permitted = d[0].effective &= ~dropped[0];
	} else if (how == 7) {
		d[0].effective = d[1].effective = 0;
	} else if (how == 8) {
		d[0].inheritable = d[0].permitted;
	} else {
		d[0].effective = d[0].permitted;
		d[1].effective = d[1].permitted;
	}
}

static void make_capset(struct actor *a)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];
	unsigned how = draw(a, 12);

	memset(data, 0, sizeof(data));
	say(a, "capset(%u", how);
	syscall(SYS_capget, &head, data);
	change_caps(how, data);
	say_result(a, syscall(SYS_capset, &head, data));
	say_ids(a);
}

static void make_prctl(struct actor *a)
{
	static const unsigned bits[] = {0, 0, SECBIT_KEEP_CAPS, SECBIT_NO_SETUID_FIXUP,
		SECBIT_NOROOT, SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED};
	unsigned keep = draw(a, 2), value = draw(a, 3), set = DRAW(a, bits);

	if (keep) {
		say(a, "prctl(KEEPCAPS, %u", value);
		say_result(a, prctl(PR_SET_KEEPCAPS, value, 0, 0, 0));
	} else {
		say(a, "prctl(SECUREBITS, 0x%x", set);
		say_result(a, prctl(PR_SET_SECUREBITS, set, 0, 0, 0));
	}
	say_ids(a);
}

static void make_ids(struct actor *a)
{
	say(a, "ids(");
	say_result(a, 0);
	say_ids(a);
}

static void make_peer(struct actor *a)
{
	struct ucred peer = {0};
	socklen_t len = sizeof(peer);
	int pair[2];

	say(a, "SO_PEERCRED(");
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0) {
		say_result(a, -1);
		return;
	}
	if (say_result(a, getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &peer, &len)))
		say(a, " %d:%d", (int)peer.uid, (int)peer.gid);
	close(pair[0]);
	close(pair[1]);
}

const struct call calls_ids[] = {
	{"setid", 45, IDS, make_set_id},
	{"seteuid", 40, IDS, make_effective},
	{"setgroups", 20, IDS, make_groups},
	{"capset", 12, IDS, make_capset},
	{"prctl", 10, IDS, make_prctl},
	{"ids", 10, 0, make_ids},
	{"peer", 4, IDS, make_peer},
	{0},
};
