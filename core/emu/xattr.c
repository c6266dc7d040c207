// SPDX-License-Identifier: Apache-2.0
#include "core/emu/handlers.h"

#include "core/emu/acl.h"
#include "core/emu/strict.h"
#include "core/owner/attr.h"
#include <linux/limits.h>
#include <linux/xattr.h>
#include <stdio.h>

enum { VALUE_MAX = XATTR_SIZE_MAX };

/* A call on attributes, in whatever form it came. */
struct request {
	struct place place;
	char attr[XATTR_NAME_MAX + 1];
	uint64_t value;
	size_t size;
	int flags;
};

#define REQUEST_NONE                                                                               \
	{                                                                                          \
		.place = PLACE_NONE                                                                \
	}

static void request_end(struct request *q)
{
	place_end(&q->place);
}

#define cleanup_request cleanup(request_end)

/* What stands for ownership is not there for the guest. */
static bool is_hidden(const char *attr)
{
	static const char *const ours[] = {RECORD_ATTR, "user.rlc.", OVERRIDE_ATTR, NULL};

	for (size_t i = 0; ours[i]; i++)
		if (strncmp(attr, ours[i], strlen(ours[i])) == 0)
			return true;
	return false;
}

static bool is_trusted(const char *attr)
{
	return strncmp(attr, "trusted.", 8) == 0;
}

static bool is_acl(const char *attr)
{
	return strncmp(attr, "system.posix_acl_", 17) == 0;
}

/* What the kernel may refuse, and is then kept aside under a name of ours. */
static bool may_be_kept(const char *attr)
{
	return is_trusted(attr) || is_acl(attr) || strcmp(attr, "security.capability") == 0;
}

struct kept_name {
	char text[sizeof(ATTR_KEPT) + XATTR_NAME_MAX];
};

static const char *kept_name(const char *attr, struct kept_name *name)
{
	snprintf(name->text, sizeof(name->text), ATTR_KEPT "%s", attr);
	return name->text;
}

/* The first arguments are a descriptor and a path, a path or a descriptor, as the name says. */
static long find(const struct call *c, struct place *p)
{
	const char *name = c->row->name;
	bool list = strncmp(name, "list", 4) == 0;
	int flags = *name == 'l' && !list ? AT_SYMLINK_NOFOLLOW : 0, r;

	if (strstr(name, "xattrat"))
		r = view_read(c, call_int(c, 0), c->args[1], call_int(c, 2), p);
	else if (*name == 'f')
		r = view_fd(c, call_int(c, 0), p);
	else
		r = view_read(c, AT_FDCWD, c->args[0], flags, p);
	if (r < 0)
		return who_is_root(c) ? strict_refuse(c, r) : r;
	if (p->path_only && !who_is_root(c))
		return -EBADF;
	return p->foreign || p->path_only ? CALL_CONTINUE : 0;
}

/* What newer calls have in a structure. */
static int read_args(const struct call *c, struct request *q)
{
	struct {
		uint64_t value;
		uint32_t size, flags;
	} args;
	int r;

	if (c->args[5] < sizeof(args))
		return -EINVAL;
	r = guest_read(c, c->args[4], &args, sizeof(args));
	q->value = args.value;
	q->size = args.size;
	q->flags = (int)args.flags;
	return r;
}

static int read_request(const struct call *c, struct request *q)
{
	bool at = strstr(c->row->name, "xattrat");
	int r = guest_string(c, c->args[at ? 3 : 1], q->attr, sizeof(q->attr));

	if (r < 0)
		return r;
	if (at)
		return strncmp(c->row->name, "remove", 6) == 0 ? 0 : read_args(c, q);
	q->value = c->args[2];
	q->size = c->args[3];
	q->flags = call_int(c, 4);
	return 0;
}

static bool is_user(const char *attr)
{
	return strncmp(attr, "user.", 5) == 0;
}

static bool exists(const struct place *p)
{
	struct stat st;

	return place_stat(p, &st) == 0;
}

/* 0: the call is ours to answer; CALL_CONTINUE where the kernel does it. */
static long start(const struct call *c, struct request *q, bool changes)
{
	long r;

	if (read_request(c, q) < 0)
		return CALL_CONTINUE;
	if (!is_hidden(q->attr) && !may_be_kept(q->attr) &&
		!((changes || c->emu->options.strict) && is_user(q->attr)))
		return CALL_CONTINUE;
	r = find(c, &q->place);
	if (r == CALL_CONTINUE || !changes || who_is_root(c))
		return r;
	/* The kernel would walk the path again, and find what was not there before. */
	if (r == 0 && !exists(&q->place))
		r = -ENOENT;
	return r < 0 ? r : place_pin(&q->place);
}

static long give(const struct call *c, uint64_t at, size_t room, const void *data, size_t n)
{
	int r;

	if (!room)
		return (long)n;
	if (room < n)
		return -ERANGE;
	r = guest_write(c, at, data, n);
	return r < 0 ? r : (long)n;
}

static bool sees_trusted(const struct call *c)
{
	struct creds who;

	return who_get(c, &who) == 0 && creds_capable(&who, CAP_SYS_ADMIN);
}

/* What is hidden is not there, for those who may look. */
static long hide(const struct call *c, struct request *q)
{
	long shown = is_hidden(q->attr) ? -ENODATA : CALL_CONTINUE;
	struct creds who;
	struct node node;

	if (!c->emu->options.strict || who_get(c, &who) < 0 ||
		node_read(&c->emu->owners, &q->place.dir, q->place.name, &node, NULL) < 0 ||
		(!S_ISREG(node.st.st_mode) && !S_ISDIR(node.st.st_mode)))
		return shown;
	return access_check(&who, &node.st, ACCESS_READ) < 0 ? -EACCES : shown;
}

long do_getxattr(struct call *c)
{
	cleanup_request struct request q = REQUEST_NONE;
	cleanup_buf struct buf value = BUF_NONE;
	struct kept_name kept;
	long r = start(c, &q, false);

	if (r || !exists(&q.place))
		return r ? r : CALL_CONTINUE;
	if (is_user(q.attr))
		return hide(c, &q);
	if (is_trusted(q.attr) && !sees_trusted(c))
		return -ENODATA;
	r = attr_read(q.place.dir.fd, q.place.name, kept_name(q.attr, &kept), &value);
	if (r == 0)
		return give(c, q.value, q.size, value.data, value.len);
	return is_trusted(q.attr) ? -ENODATA : CALL_CONTINUE;
}

static bool is_name_of(const char *name, const char *first, size_t n)
{
	for (const char *at = first; n && at < first + n; at += strlen(at) + 1)
		if (strcmp(at, name) == 0)
			return true;
	return false;
}

/* Ours are left out, and what is kept aside is shown under its own name. */
static int translate(const struct buf *names, struct buf *out, bool trusted)
{
	int r = 0;

	for (const char *n = names->data; n < names->data + names->len && r == 0;
		n += strlen(n) + 1) {
		const char *shown = n;

		if (strncmp(n, ATTR_KEPT, sizeof(ATTR_KEPT) - 1) == 0)
			shown = n + sizeof(ATTR_KEPT) - 1;
		else if (is_hidden(n))
			continue;
		if ((is_trusted(shown) && !trusted) || is_name_of(shown, out->data, out->len))
			continue;
		r = buf_add(out, shown, strlen(shown) + 1);
	}
	return r;
}

long do_listxattr(struct call *c)
{
	cleanup_buf struct buf names = BUF_NONE, shown = BUF_NONE;
	cleanup_place struct place p = PLACE_NONE;
	bool at = strstr(c->row->name, "xattrat"), ours = false;
	long r = find(c, &p);

	if (r || !exists(&p) || attr_list(p.dir.fd, p.name, &names) < 0 || !names.len)
		return r ? r : CALL_CONTINUE;
	for (const char *n = names.data; n < names.data + names.len; n += strlen(n) + 1)
		ours |= is_hidden(n);
	if (!ours)
		return CALL_CONTINUE;
	if (translate(&names, &shown, sees_trusted(c)) < 0)
		return -ENOMEM;
	return give(c, c->args[at ? 3 : 1], (size_t)c->args[at ? 4 : 2],
		shown.data ? shown.data : "", shown.len);
}

/* Whether the user may change attributes: as the kernel has it for each kind. */
static int may_set(const struct call *c, const struct request *q, const struct node *node)
{
	struct creds who;
	int r = who_get(c, &who);

	if (r < 0)
		return r;
	if (is_user(q->attr) && !S_ISREG(node->st.st_mode) && !S_ISDIR(node->st.st_mode))
		return -EPERM;
	if (is_user(q->attr) && S_ISDIR(node->st.st_mode) && node->st.st_mode & S_ISVTX &&
		!access_owns(&who, &node->st))
		return -EPERM;
	if (is_user(q->attr))
		return access_check(&who, &node->st, ACCESS_WRITE);
	if (is_trusted(q->attr))
		return creds_capable(&who, CAP_SYS_ADMIN) ? 0 : -EPERM;
	if (is_acl(q->attr))
		return access_owns(&who, &node->st) ? 0 : -EPERM;
	return creds_capable(&who, CAP_SETFCAP) ? 0 : -EPERM;
}

/* A list of users that the host cannot store; the mode shows the part of it that all see. */
static int keep_acl(const struct call *c, struct request *q, struct node *node, const void *value)
{
	struct kept_name kept;
	mode_t mode = node->st.st_mode;
	int r = 0;

	if (!acl_mode(value, q->size, &mode))
		return -EINVAL;
	if (strcmp(q->attr, XATTR_NAME_POSIX_ACL_ACCESS) == 0)
		r = node_chmod(
			&c->emu->owners, &q->place.dir, q->place.name, node, mode & 07777, NULL);
	return r < 0 ? r
		     : attr_set(q->place.dir.fd, q->place.name, kept_name(q->attr, &kept), value,
			       q->size);
}

/* XATTR_CREATE and XATTR_REPLACE, whichever way the attribute is kept. */
static int check_flags(const struct request *q)
{
	int fd = q->place.dir.fd;
	struct kept_name kept;
	bool there = attr_get(fd, q->place.name, kept_name(q->attr, &kept), NULL, 0) >= 0 ||
		     attr_get(fd, q->place.name, q->attr, NULL, 0) >= 0;

	if (is_acl(q->attr)) /* the kernel does not look at the flags either */
		return 0;
	if (q->flags & XATTR_CREATE && there)
		return -EEXIST;
	return q->flags & XATTR_REPLACE && !there ? -ENODATA : 0;
}

/* A list of the three that each mode has is a chmod, also of what only says its mode. */
static int said_mode(const struct call *c, struct request *q, struct node *node, const void *value)
{
	mode_t mode = node->st.st_mode;

	if (!node->override || strcmp(q->attr, XATTR_NAME_POSIX_ACL_ACCESS) != 0 ||
		!acl_mode(value, q->size, &mode))
		return 0;
	return node_chmod(&c->emu->owners, &q->place.dir, q->place.name, node, mode & 07777, NULL);
}

/* What is wrong with the value is told before what the user may not. */
static bool is_well_formed(const struct request *q, const void *value)
{
	struct file_caps caps;

	if (is_acl(q->attr))
		return acl_is_list(value, q->size);
	return is_user(q->attr) || is_trusted(q->attr) ||
	       file_caps_read(&caps, value, q->size, CREDS_LAST_CAP) == 0;
}

/* First for real; what the host refuses is kept aside. */
static long set(const struct call *c, struct request *q, struct node *node, const void *value)
{
	int fd = q->place.dir.fd, r = -EPERM;
	const char *name = q->place.name;
	struct kept_name kept;
	int flags_error = check_flags(q);

	if (flags_error < 0)
		return flags_error;
	kept_name(q->attr, &kept);
	if (!is_trusted(q->attr))
		r = attr_set(fd, name, q->attr, value, q->size);
	if (r == 0) {
		attr_remove(fd, name, kept.text);
		return said_mode(c, q, node, value);
	}
	if (is_user(q->attr))
		return r;
	if (is_acl(q->attr))
		return r == -EINVAL ? keep_acl(c, q, node, value) : r;
	return r == -EPERM ? attr_set(fd, name, kept.text, value, q->size) : r;
}

long do_setxattr(struct call *c)
{
	cleanup_request struct request q = REQUEST_NONE;
	cleanup_free char *value = NULL;
	struct node node;
	long r = start(c, &q, true);

	if (r || !exists(&q.place))
		return r ? r : CALL_CONTINUE;
	if (is_hidden(q.attr))
		return -EOPNOTSUPP;
	if (q.flags & ~(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	if (q.size > VALUE_MAX)
		return -E2BIG;
	if (node_read(&c->emu->owners, &q.place.dir, q.place.name, &node, NULL) < 0)
		return CALL_CONTINUE;
	if (S_ISLNK(node.real.st_mode) && is_acl(q.attr))
		return -EOPNOTSUPP;
	if (!S_ISREG(node.real.st_mode) && !S_ISDIR(node.real.st_mode))
		return CALL_CONTINUE;
	value = malloc(q.size + 1);
	if (!value)
		return -ENOMEM;
	r = guest_read(c, q.value, value, q.size);
	if (r == 0 && !is_well_formed(&q, value))
		r = -EINVAL;
	if (r == 0)
		r = may_set(c, &q, &node);
	if (r == 0 && is_user(q.attr) && who_is_root(c))
		return CALL_CONTINUE;
	if (r == 0 && !call_valid(c))
		r = -EINTR;
	return r < 0 ? r : set(c, &q, &node, value);
}

long do_removexattr(struct call *c)
{
	cleanup_request struct request q = REQUEST_NONE;
	struct kept_name kept;
	struct node node;
	long r = start(c, &q, true);

	if (r || !exists(&q.place))
		return r ? r : CALL_CONTINUE;
	if (is_hidden(q.attr))
		return -ENODATA;
	if (node_read(&c->emu->owners, &q.place.dir, q.place.name, &node, NULL) < 0)
		return CALL_CONTINUE;
	r = may_set(c, &q, &node);
	if (r == 0 && !call_valid(c))
		r = -EINTR;
	if (r == 0 && is_user(q.attr) && !who_is_root(c))
		r = attr_remove(q.place.dir.fd, q.place.name, q.attr);
	else if (r == 0 && is_user(q.attr))
		return CALL_CONTINUE;
	if (r < 0 || is_user(q.attr))
		return r;
	r = attr_remove(q.place.dir.fd, q.place.name, kept_name(q.attr, &kept));
	return r < 0 && !is_trusted(q.attr) ? CALL_CONTINUE : r;
}
