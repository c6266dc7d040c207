// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_CREDS_H
#define RLC_CREDS_H

#include "core/base/base.h"
#include <linux/capability.h>

/*
 * The credentials of a guest's process as a kernel would keep them for it, and the rules by which
 * calls change them: credentials(7), capabilities(7), and what Linux 6.18 does where these are
 * silent. Nothing here is real: no call of this file asks the kernel or tells it anything.
 *
 * Functions that change: 0, or negative errno with *c as it was. An id of (uid_t)-1 is no id; where
 * the call has "leave it" it means that, else -EINVAL. The 16-bit calls of i386 are the caller's:
 * it widens 0xffff to -1.
 */

enum {
	CREDS_LAST_CAP = 40, /* CAP_CHECKPOINT_RESTORE, the last there is up to Linux 6.18 */
	CREDS_GROUPS = 256   /* a kernel takes 65,536 */
};

/*
 * A plain value: it can be copied by assignment. No padding; beyond group_count nothing counts.
 */
struct creds {
	uid_t uid, euid, suid, fsuid;
	gid_t gid, egid, sgid, fsgid;
	/* sets of capabilities: bit N is capability N */
	uint64_t effective, permitted, inheritable, bounding, ambient;
	uint16_t securebits; /* SECBIT_*, of <linux/securebits.h> */
	uint16_t last_cap;   /* the last capability that this guest knows */
	uint32_t group_count;
	gid_t groups[CREDS_GROUPS]; /* ascending, as the kernel keeps them and getgroups gives them
				     */
};

/* The bytes of c that count: what a comparison, a hash or a copy has to look at. */
static inline size_t creds_size(const struct creds *c)
{
	return offsetof(struct creds, groups) + c->group_count * sizeof(c->groups[0]);
}

/* root as login makes it: all ids 0, the one group 0, all capabilities up to last_cap (at most 63).
 */
void creds_root(struct creds *c, unsigned int last_cap);

bool creds_equal(const struct creds *a, const struct creds *b);

/* Whether the capability CAP_* is effective. */
bool creds_capable(const struct creds *c, unsigned int cap);

/* Whether gid is the file system group or a supplementary one. */
bool creds_in_group(const struct creds *c, gid_t gid);

/* setuid(2) and its family. -EPERM without CAP_SETUID. */
int creds_setuid(struct creds *c, uid_t uid);
int creds_setreuid(struct creds *c, uid_t uid, uid_t euid);
int creds_setresuid(struct creds *c, uid_t uid, uid_t euid, uid_t suid);

/* The same for groups. -EPERM without CAP_SETGID. */
int creds_setgid(struct creds *c, gid_t gid);
int creds_setregid(struct creds *c, gid_t gid, gid_t egid);
int creds_setresgid(struct creds *c, gid_t gid, gid_t egid, gid_t sgid);

/* setfsuid(2), setfsgid(2): the id as it was before, never an error. */
uid_t creds_setfsuid(struct creds *c, uid_t fsuid);
gid_t creds_setfsgid(struct creds *c, gid_t fsgid);

/*
 * setgroups(2). In this order: -EPERM without CAP_SETGID, -EINVAL for count over 65,536, -ENOMEM
 * for more than CREDS_GROUPS, -EINVAL where an id is -1. creds_may_setgroups has the first three,
 * for a caller that has not read the list yet.
 */
int creds_may_setgroups(const struct creds *c, size_t count);
int creds_setgroups(struct creds *c, size_t count, const gid_t *groups);

/*
 * capset(2) on oneself. Bits over last_cap are dropped, as the kernel does it. -EPERM.
 * Version (_LINUX_CAPABILITY_VERSION_*), pid and the layout in memory: creds_cap_words.
 */
int creds_capset(struct creds *c, uint64_t effective, uint64_t permitted, uint64_t inheritable);

/*
 * How many struct __user_cap_data_struct belong to a header's version: 1 or 2. -EINVAL for another
 * version: the kernel then writes _LINUX_CAPABILITY_VERSION_3 into the header; capget with a NULL
 * for the data succeeds in spite of it.
 */
int creds_cap_words(uint32_t version);

/* The sets in these structs (1 or 2 words), for capget, and capset from them. */
void creds_capget_data(const struct creds *c, struct __user_cap_data_struct *data, int words);
int creds_capset_data(struct creds *c, const struct __user_cap_data_struct *data, int words);

/*
 * prctl(2) with PR_CAPBSET_READ, PR_CAPBSET_DROP, PR_GET_SECUREBITS, PR_SET_SECUREBITS,
 * PR_GET_KEEPCAPS, PR_SET_KEEPCAPS, PR_CAP_AMBIENT: its value or negative errno. args are the
 * arguments 2 to 5. -ENOSYS: another option, which is none of ours.
 */
long creds_prctl(struct creds *c, int option, const uint64_t args[4]);

/* The capabilities of a file: security.capability. */
struct file_caps {
	uint64_t permitted, inheritable;
	bool effective;
	bool present; /* false: the file has none, or none that hold for this guest */
};

/*
 * Reads the attribute's value, with last_cap of the guest; a root id (version 3) other than 0
 * counts as none. -EINVAL where it is malformed: execve fails with that.
 */
int file_caps_read(struct file_caps *out, const void *value, size_t n, unsigned int last_cap);

enum {
	EXEC_NO_NEW_PRIVS = 1, /* the process has PR_SET_NO_NEW_PRIVS */
	EXEC_NOSUID = 2,       /* the file's mount is nosuid */
	EXEC_UNSAFE = 4 /* traced without CAP_SYS_PTRACE, or its fs is another process's too */
};

/*
 * execve(2): file is what is executed in the end (a script's interpreter, not the script), with
 * owner and mode as the guest sees them; caps may be NULL. -EPERM where the file's capabilities are
 * more than the bounding set allows. Whether the file may be executed: access_exec.
 */
int creds_exec(
	struct creds *c, const struct stat *file, const struct file_caps *caps, unsigned int flags);

/*
 * The credentials that access(2) looks with: real ids, and capabilities only for a real root.
 */
void creds_for_access(const struct creds *c, struct creds *out);

#endif
