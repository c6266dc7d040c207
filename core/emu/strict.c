// SPDX-License-Identifier: Apache-2.0
#include "core/emu/strict.h"

#include "core/emu/handlers.h"
#include "core/owner/attr.h"
#include <linux/limits.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>

#define ACL "system.posix_acl_access"

enum { ACL_MAX = 4096 };

bool strict_asks(const struct call *c, struct creds *who)
{
	if (!c->emu->options.strict || (!c->as && who_is_root(c)))
		return false;
	if (c->as)
		*who = *c->as;
	return c->as || who_get(c, who) == 0;
}

/* The kept list is the one that counts where both are there: the host would not take it. */
static ssize_t read_acl(int fd, const char *name, char acl[ACL_MAX])
{
	ssize_t n = attr_get(fd, name, ATTR_KEPT ACL, acl, ACL_MAX);

	return n >= 0 ? n : attr_get(fd, name, ACL, acl, ACL_MAX);
}

static int may(
	const struct creds *who, int fd, const char *name, const struct node *n, unsigned want)
{
	char acl[ACL_MAX];
	ssize_t size = n->has_attrs && !S_ISLNK(n->st.st_mode) ? read_acl(fd, name, acl) : 0;

	return access_check_acl(who, &n->st, acl, size > 0 ? (size_t)size : 0, want);
}

int strict_may(const struct creds *who, struct place *p, const struct node *node, unsigned want)
{
	return may(who, p->dir.fd, p->name, node, want);
}

/* What /proc shows is the kernel's to guard: it knows the guest's processes by other ids. */
int strict_search(const struct call *c, int fd)
{
	struct dir dir = {.fd = fd, .path = "."};
	struct creds who;
	struct node node;
	struct stat st;
	int r;

	if (!strict_asks(c, &who) || fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode) ||
		st.st_dev == c->emu->proc_st.st_dev)
		return 0;
	r = node_read_known(&c->emu->owners, &dir, ".", &st, &node, NULL);
	return r < 0 && r != -EBADMSG ? r : may(&who, fd, ".", &node, ACCESS_EXEC);
}

int strict_follow(const struct call *c, struct place *p)
{
	const struct owners *o = &c->emu->owners;
	struct access_sysctl sysctl;
	struct node dir, link;
	struct creds who;

	if (!strict_asks(c, &who) || node_read(o, &p->dir, ".", &dir, NULL) < 0 ||
		node_read(o, &p->dir, p->name, &link, NULL) < 0)
		return 0;
	who_sysctl(&sysctl);
	return access_follow(&who, &dir.st, &link.st, &sysctl);
}

long strict_refuse(const struct call *c, int r)
{
	struct creds who;

	return strict_asks(c, &who) ? r : CALL_CONTINUE;
}

long strict_way(struct call *c, int dirfd, uint64_t path, int flags)
{
	cleanup_place struct place p = PLACE_NONE;
	struct creds who;
	int r = strict_asks(c, &who) ? view_read(c, dirfd, path, flags, &p) : 0;

	return r < 0 ? r : CALL_CONTINUE;
}

/* Whether the caller may do to p what it wants to, and then the kernel does it. */
static long judge(const struct call *c, struct place *p, unsigned want, bool only_dir)
{
	struct creds who;
	struct node node;
	int r;

	if (p->foreign || !strict_asks(c, &who))
		return CALL_CONTINUE;
	r = node_read(&c->emu->owners, &p->dir, p->name, &node, NULL);
	if (r < 0 && r != -EBADMSG)
		return r;
	if (only_dir && !S_ISDIR(node.st.st_mode))
		return -ENOTDIR;
	r = strict_may(&who, p, &node, want);
	return r < 0 ? r : CALL_CONTINUE;
}

static long ask(struct call *c, int dirfd, uint64_t path, int flags, unsigned want, bool only_dir)
{
	cleanup_place struct place p = PLACE_NONE;
	int r;

	if (!c->as && who_is_root(c))
		return CALL_CONTINUE;
	r = view_read(c, dirfd, path, flags, &p);
	return r < 0 ? r : judge(c, &p, want, only_dir);
}

/* access(2) asks for who somebody really is, on all of the path. */
static long access_at(struct call *c, int dirfd, uint64_t path, uint32_t mode, int flags)
{
	struct creds who, real;
	long r;

	if (mode & ~7u || flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) ||
		who_is_root(c) || who_get(c, &who) < 0)
		return CALL_CONTINUE;
	if (!(flags & AT_EACCESS)) {
		creds_for_access(&who, &real);
		c->as = &real;
	}
	r = ask(c, dirfd, path, flags & ~AT_EACCESS, mode, false);
	c->as = NULL;
	return r;
}

long do_access(struct call *c)
{
	return access_at(c, AT_FDCWD, c->args[0], call_id(c, 1), 0);
}

long do_faccessat(struct call *c)
{
	return access_at(c, call_int(c, 0), c->args[1], call_id(c, 2), 0);
}

long do_faccessat2(struct call *c)
{
	return access_at(c, call_int(c, 0), c->args[1], call_id(c, 2), call_int(c, 3));
}

long do_chdir(struct call *c)
{
	return ask(c, AT_FDCWD, c->args[0], 0, ACCESS_EXEC, true);
}

long do_fchdir(struct call *c)
{
	cleanup_place struct place p = PLACE_NONE;
	int r;

	if (who_is_root(c))
		return CALL_CONTINUE;
	r = view_fd(c, call_int(c, 0), &p);
	return r < 0 ? r : judge(c, &p, ACCESS_EXEC, true);
}

long do_readlink(struct call *c)
{
	return strict_way(c, AT_FDCWD, c->args[0], AT_SYMLINK_NOFOLLOW);
}

long do_readlinkat(struct call *c)
{
	return strict_way(c, call_int(c, 0), c->args[1], AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH);
}

long do_statfs(struct call *c)
{
	return strict_way(c, AT_FDCWD, c->args[0], 0);
}

long do_inotify_add_watch(struct call *c)
{
	int flags = call_id(c, 2) & IN_DONT_FOLLOW ? AT_SYMLINK_NOFOLLOW : 0;

	return ask(c, AT_FDCWD, c->args[1], flags, ACCESS_READ, false);
}

/* Who connects to a socket in the file system has to be able to write to it. */
long do_connect(struct call *c)
{
	cleanup_place struct place p = PLACE_NONE;
	struct sockaddr_un address = {0};
	size_t n = call_id(c, 2), head = offsetof(struct sockaddr_un, sun_path);
	char path[sizeof(address.sun_path) + 1] = "";
	int r;

	if (n <= head || n > sizeof(address) || who_is_root(c) ||
		guest_read(c, c->args[1], &address, n) < 0 || address.sun_family != AF_UNIX ||
		!address.sun_path[0])
		return CALL_CONTINUE;
	memcpy(path, address.sun_path, n - head);
	r = view_place(c, AT_FDCWD, path, 0, &p);
	return r < 0 ? r : judge(c, &p, ACCESS_WRITE, false);
}
