// SPDX-License-Identifier: Apache-2.0
#include "core/emu/creds.h"
#include "testsuite/unit/test.h"

#include <linux/prctl.h>
#include <linux/securebits.h>

#define ALL 0x1ffffffffffULL
#define CAP(name) ((uint64_t)1 << CAP_##name)

static struct creds root(void)
{
	struct creds c;

	creds_root(&c, CREDS_LAST_CAP);
	return c;
}

/* A user as a login makes one. */
static struct creds login(uid_t id)
{
	const gid_t groups[] = {1003, id, 1001};
	struct creds c = root();

	CHECK(creds_setgroups(&c, 3, groups) == 0 && creds_setgid(&c, id) == 0 &&
			creds_setuid(&c, id) == 0,
		"root becomes %u", id);
	return c;
}

static bool uids(const struct creds *c, uid_t uid, uid_t euid, uid_t suid, uid_t fsuid)
{
	return c->uid == uid && c->euid == euid && c->suid == suid && c->fsuid == fsuid;
}

static void test_start(void)
{
	struct creds c = root(), same = c;

	CHECK(uids(&c, 0, 0, 0, 0) && c.effective == ALL && c.permitted == ALL &&
			c.bounding == ALL && !c.inheritable && !c.ambient && c.group_count == 1 &&
			c.groups[0] == 0,
		"root has all, and its group");
	CHECK(creds_capable(&c, 40) && !creds_capable(&c, 41) && !creds_capable(&c, 64),
		"up to 40");
	same.groups[1] = 5;
	CHECK(creds_equal(&c, &same), "what is behind the groups does not count");
	creds_root(&c, 63);
	CHECK(c.effective == UINT64_MAX && creds_capable(&c, 63), "64 capabilities are the most");
}

static void test_users(void)
{
	struct creds c = login(1000);

	CHECK(uids(&c, 1000, 1000, 1000, 1000) && !c.effective && !c.permitted && c.bounding == ALL,
		"a user has none");
	CHECK(c.group_count == 3 && c.groups[0] == 1000 && c.groups[1] == 1001 &&
			c.groups[2] == 1003,
		"groups are in order");
	CHECK(creds_in_group(&c, 1003) && !creds_in_group(&c, 1002), "in a group, or not");
	CHECK(creds_setuid(&c, 0) == -EPERM && creds_setuid(&c, (uid_t)-1) == -EINVAL &&
			creds_setresuid(&c, -1, 0, -1) == -EPERM &&
			creds_setreuid(&c, 1000, 0) == -EPERM && creds_setgid(&c, 1001) == -EPERM &&
			creds_setgroups(&c, 0, NULL) == -EPERM && creds_setfsuid(&c, 0) == 1000 &&
			creds_setfsuid(&c, -1) == 1000,
		"and no way back");
	c = root();
	CHECK(creds_setresuid(&c, -1, 33, -1) == 0 && uids(&c, 0, 33, 0, 33) && !c.effective &&
			c.permitted == ALL,
		"a daemon's detour");
	CHECK(creds_setresuid(&c, -1, 0, -1) == 0 && c.effective == ALL, "and its way back");
	CHECK(creds_setfsuid(&c, 33) == 0 && !creds_capable(&c, CAP_CHOWN) &&
			creds_capable(&c, CAP_SETUID) && creds_setfsuid(&c, 0) == 33 &&
			c.effective == ALL,
		"a file server's detour");
}

static void test_groups(void)
{
	gid_t many[CREDS_GROUPS + 1] = {0};
	struct creds c = root();

	many[3] = (gid_t)-1;
	CHECK(creds_setgroups(&c, 4, many) == -EINVAL && c.group_count == 1, "no such group");
	many[3] = 0;
	CHECK(creds_setgroups(&c, CREDS_GROUPS, many) == 0 && c.group_count == CREDS_GROUPS,
		"as many as there is room for");
	CHECK(creds_setgroups(&c, CREDS_GROUPS + 1, many) == -ENOMEM, "one more");
	CHECK(creds_may_setgroups(&c, 65537) == -EINVAL, "more than a kernel takes");
	CHECK(creds_setgroups(&c, 0, NULL) == 0 && c.group_count == 0, "none");
}

static void test_keepcaps(void)
{
	uint64_t keep[4] = {1}, raise[4] = {PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE};
	uint64_t net = CAP(NET_BIND_SERVICE);
	struct stat file = {.st_mode = S_IFREG | 0755};
	struct creds c = root();

	CHECK(creds_prctl(&c, PR_SET_KEEPCAPS, keep) == 0 && creds_setuid(&c, 33) == 0 &&
			c.permitted == ALL && !c.effective,
		"keepcaps");
	CHECK(creds_capset(&c, net, net, net) == 0 && creds_prctl(&c, PR_CAP_AMBIENT, raise) == 0,
		"ambient");
	CHECK(creds_exec(&c, &file, NULL, 0) == 0 && c.permitted == net && c.effective == net &&
			c.ambient == net && !c.securebits,
		"survives execve, keepcaps does not");
	file.st_mode |= S_ISUID;
	CHECK(creds_exec(&c, &file, NULL, 0) == 0 && !c.ambient && uids(&c, 33, 0, 0, 0) &&
			c.effective == (ALL | net),
		"but not a setuid file");
	CHECK(creds_prctl(&c, PR_SET_DUMPABLE, keep) == -ENOSYS, "prctl's other options");
}

static void test_exec(void)
{
	struct stat su = {.st_mode = S_IFREG | 06755, .st_uid = 0, .st_gid = 42};
	struct creds c = login(1000);

	CHECK(creds_exec(&c, &su, NULL, EXEC_NO_NEW_PRIVS) == 0 &&
			uids(&c, 1000, 1000, 1000, 1000) && c.egid == 1000 && !c.effective,
		"no new privileges");
	CHECK(creds_exec(&c, &su, NULL, EXEC_NOSUID) == 0 && uids(&c, 1000, 1000, 1000, 1000) &&
			c.egid == 1000 && !c.effective,
		"nosuid");
	CHECK(creds_exec(&c, &su, NULL, EXEC_UNSAFE) == 0 && uids(&c, 1000, 1000, 1000, 1000) &&
			c.egid == 1000 && !c.permitted,
		"traced");
	CHECK(creds_exec(&c, &su, NULL, 0) == 0 && uids(&c, 1000, 0, 0, 0) && c.egid == 42 &&
			c.sgid == 42 && c.fsgid == 42 && c.gid == 1000 && c.effective == ALL,
		"su");
	CHECK(creds_setuid(&c, 0) == 0 && uids(&c, 0, 0, 0, 0), "and it stays root");
}

static void test_file_caps(void)
{
	static const unsigned char ping[] = {
		1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	const struct stat file = {.st_mode = S_IFREG | 0755};
	uint64_t drop[4] = {CAP_NET_RAW};
	unsigned char other[24] = {1, 0, 0, 3, 0, 0x20, [20] = 1};
	struct file_caps caps;
	struct creds c = login(1000), limited = root();

	CHECK(file_caps_read(&caps, ping, sizeof(ping), 40) == 0 && caps.present &&
			caps.effective && caps.permitted == CAP(NET_RAW) && !caps.inheritable,
		"ping's");
	CHECK(creds_exec(&c, &file, &caps, EXEC_NOSUID) == 0 && !c.effective, "not from nosuid");
	CHECK(creds_exec(&c, &file, &caps, 0) == 0 && c.effective == CAP(NET_RAW) &&
			c.permitted == CAP(NET_RAW) && c.euid == 1000,
		"a user gets them");
	CHECK(creds_prctl(&limited, PR_CAPBSET_DROP, drop) == 0 &&
			creds_exec(&limited, &file, &caps, 0) == -EPERM &&
			creds_capable(&limited, CAP_NET_RAW),
		"beyond the bounding set");
	CHECK(file_caps_read(&caps, other, sizeof(other), 40) == 0 && !caps.present,
		"another namespace's");
	for (size_t n = 0; n < sizeof(ping); n++)
		CHECK(file_caps_read(&caps, ping, n, 40) == -EINVAL, "%zu bytes", n);
	other[3] = 4;
	CHECK(file_caps_read(&caps, other, sizeof(other), 40) == -EINVAL, "version 4");
}

static void test_capset(void)
{
	struct __user_cap_data_struct data[2];
	struct creds c = root();

	CHECK(creds_cap_words(_LINUX_CAPABILITY_VERSION_1) == 1 &&
			creds_cap_words(_LINUX_CAPABILITY_VERSION_3) == 2 &&
			creds_cap_words(0) == -EINVAL,
		"versions");
	creds_capget_data(&c, data, 2);
	CHECK(data[0].permitted == UINT32_MAX && data[1].effective == 0x1ff && !data[1].inheritable,
		"capget");
	data[1].effective = data[1].permitted = UINT32_MAX;
	CHECK(creds_capset_data(&c, data, 2) == 0 && c.permitted == ALL,
		"unknown bits are dropped");
	CHECK(creds_capset_data(&c, data, 1) == 0 && c.permitted == UINT32_MAX, "32 bits");
	CHECK(creds_capset(&c, ALL, ALL, 0) == -EPERM && creds_capset(&c, 1, 0, 0) == -EPERM,
		"nothing is gained");
}

int main(void)
{
	test_start();
	test_users();
	test_groups();
	test_keepcaps();
	test_exec();
	test_file_caps();
	test_capset();
	return test_done();
}
