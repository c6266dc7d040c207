// SPDX-License-Identifier: Apache-2.0
#include "core/emu/handlers.h"

#include "core/emu/near.h"
#include "core/emu/strict.h"
#include "core/owner/attr.h"
#include <linux/sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

/* From now on a guest may have another root than ours, and is looked at before its paths are. */
static long roots_differ(struct call *c)
{
	atomic_store(&c->emu->roots_differ, true);
	return CALL_CONTINUE;
}

long do_chroot(struct call *c)
{
	cleanup_place struct place p = PLACE_NONE;
	struct creds who;
	struct node node;
	int r;

	if (who_is_root(c))
		return roots_differ(c);
	r = view_read(c, AT_FDCWD, c->args[0], 0, &p);
	if (r == 0)
		r = node_read(&c->emu->owners, &p.dir, p.name, &node, NULL);
	if (r == 0 && !S_ISDIR(node.st.st_mode))
		r = -ENOTDIR;
	if (r == 0)
		r = who_get(c, &who);
	if (r == 0 && !p.foreign)
		r = strict_may(&who, &p, &node, ACCESS_EXEC);
	if (r == 0 && !creds_capable(&who, CAP_SYS_CHROOT))
		r = -EPERM;
	return r < 0 ? r : roots_differ(c);
}

long do_namespaces(struct call *c)
{
	return roots_differ(c);
}

long do_clone3(struct call *c)
{
	uint64_t flags;

	if (guest_read(c, c->args[0], &flags, sizeof(flags)) == 0 &&
		flags & (CLONE_NEWNS | CLONE_NEWUSER))
		return roots_differ(c);
	return CALL_CONTINUE;
}

/* The limit that bears our tag is not there for the guest. */
static long put_limit(const struct call *c, uint64_t at, bool wide)
{
	struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
	uint32_t narrow[2] = {UINT32_MAX, UINT32_MAX};

	if (!at)
		return 0;
	return wide ? guest_write(c, at, &none, sizeof(none))
		    : guest_write(c, at, narrow, sizeof(narrow));
}

long do_prlimit(struct call *c)
{
	return put_limit(c, c->args[3], true);
}

long do_getrlimit(struct call *c)
{
	return put_limit(c, c->args[1], !c->i386);
}

long do_setrlimit(struct call *c)
{
	(void)c;
	return 0;
}

/*
 * Whether the guest itself has given up what setuid files would give it. Where this process has
 * done so, too, or the filter had to, it was not the guest.
 */
static bool has_no_new_privs(const struct call *c)
{
	if (c->emu->options.no_new_privs)
		return true;
	return geteuid() == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 &&
	       guest_no_new_privs(c);
}

/* How a file starts; "" where it cannot be read by its name. */
static void read_start(const struct place *p, char start[PATH_MAX])
{
	cleanup_fd int fd =
		p->name ? openat(p->dir.fd, p->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
			: -1;
	ssize_t n = fd < 0 ? 0 : read(fd, start, PATH_MAX - 1);

	start[MAX(n, 0)] = '\0';
}

static bool is_script(const char *start)
{
	return start[0] == '#' && start[1] == '!';
}

/* What executes the script has to be executable, too. */
static int may_interpret(const struct call *c, const struct creds *who, char *start)
{
	cleanup_place struct place p = PLACE_NONE;
	char *name = start + 2 + strspn(start + 2, " \t");
	struct node node;
	int r;

	name[strcspn(name, " \t\n")] = '\0';
	r = view_place(c, AT_FDCWD, name, 0, &p);
	if (r == 0 && !p.foreign)
		r = node_read(&c->emu->owners, &p.dir, p.name, &node, NULL);
	return r < 0 || p.foreign ? r : strict_may(who, &p, &node, ACCESS_EXEC);
}

static int read_caps(const struct place *p, struct file_caps *caps)
{
	cleanup_buf struct buf value = BUF_NONE;

	*caps = (struct file_caps){0};
	if (attr_read(p->dir.fd, p->name, ATTR_KEPT "security.capability", &value) < 0 &&
		attr_read(p->dir.fd, p->name, "security.capability", &value) < 0)
		return 0;
	return file_caps_read(caps, value.data, value.len, CREDS_LAST_CAP);
}

/*
 * What execution makes of the credentials takes effect before it is known to succeed: the
 * kernel's own checks come after ours.
 */
static long exec(struct call *c, struct place *p, struct node *node)
{
	unsigned int flags = has_no_new_privs(c) ? EXEC_NO_NEW_PRIVS : 0;
	struct file_caps caps;
	char start[PATH_MAX];
	struct creds who;
	int r = who_get(c, &who);

	if (r == 0 && c->emu->options.strict)
		r = strict_may(&who, p, node, ACCESS_EXEC);
	if (r == 0)
		r = read_caps(p, &caps);
	if (r < 0)
		return r;
	read_start(p, start);
	/* The bits of a script count for nothing. */
	if (is_script(start))
		node->st.st_mode &= ~(mode_t)(S_ISUID | S_ISGID);
	if (is_script(start) && c->emu->options.strict)
		r = may_interpret(c, &who, start);
	if (r == 0)
		r = creds_exec(&who, &node->st, &caps, flags);
	if (r == 0)
		r = who_set(c, &who);
	return r < 0 ? r : CALL_CONTINUE;
}

/* The kernel gives nobody the ids of an owner that the namespace does not know. */
static void drop_stranger(struct node *n)
{
	if (n->own.uid == OWNER_STRANGER || n->own.gid == OWNER_STRANGER)
		n->st.st_mode &= ~(mode_t)(S_ISUID | S_ISGID);
}

static long exec_at(struct call *c, int dirfd, uint64_t path, int flags)
{
	cleanup_place struct place p = PLACE_NONE;
	struct node node;
	int r;

	if (who_is_root(c) && !flags && near_is_ordinary(c, dirfd, path))
		return CALL_CONTINUE;
	r = view_read(c, dirfd, path, flags, &p);
	if (r < 0)
		return strict_refuse(c, r);
	if (p.foreign || node_read(&c->emu->owners, &p.dir, p.name, &node, NULL) < 0)
		return CALL_CONTINUE;
	if (node.disguised)
		return -EACCES;
	if (!S_ISREG(node.st.st_mode) || !(node.st.st_mode & 0111))
		return CALL_CONTINUE;
	drop_stranger(&node);
	if (who_is_root(c) && !(node.st.st_mode & (S_ISUID | S_ISGID)))
		return CALL_CONTINUE;
	return exec(c, &p, &node);
}

long do_execve(struct call *c)
{
	return exec_at(c, AT_FDCWD, c->args[0], 0);
}

long do_execveat(struct call *c)
{
	return exec_at(c, call_int(c, 0), c->args[1], call_int(c, 4));
}
