// SPDX-License-Identifier: Apache-2.0
/* Extended attributes, whose names say who may have them. */
#include "testsuite/tools/calls/calls.h"

enum { VALUE_MAX = 300, LIST_MAX = 1000, NAMES = 8 };

static const char *const names[NAMES] = {"user.x", "user.y", "security.capability", "trusted.x",
	"system.posix_acl_access", "user.rootlesscontainers", "user.containers.override_stat",
	"user.x"};

/* The first of them are written, too: nobody but rlc writes its own. */
static const char *draw_attribute(struct actor *a, bool write)
{
	const char *name = names[draw(a, write ? 5 : NAMES)];

	say(a, ", %s", name);
	return name;
}

static size_t draw_capability(struct actor *a, unsigned char *value)
{
	static const unsigned char form[20] = {
		1, 0, 0, 2, 0, 4 /* CAP_NET_BIND_SERVICE */, 0, 0, 0, 0, 0, 0, 0};
	unsigned luck = draw(a, 5);

	memcpy(value, form, sizeof(form));
	value[5] = (unsigned char)(luck + 1);
	return luck == 4 ? 7 : sizeof(form);
}

static size_t add_entry(unsigned char *p, unsigned tag, unsigned perm, unsigned id)
{
	const unsigned char entry[8] = {(unsigned char)tag, 0, (unsigned char)perm, 0,
		(unsigned char)id, (unsigned char)(id >> 8), (unsigned char)(id >> 16),
		(unsigned char)(id >> 24)};

	memcpy(p, entry, sizeof(entry));
	return sizeof(entry);
}

/* All can read and search, but for the runs in which that is asked */
static size_t draw_acl(struct actor *a, unsigned char *value)
{
	static const unsigned open_perms[] = {5, 7};
	static const unsigned perms[] = {0, 1, 4, 5, 6, 7};
	unsigned p[5], i, form = draw(a, 4), any;
	size_t len = 4;

	for (i = 0; i < 5; i++) {
		any = DRAW(a, perms);
		p[i] = DRAW(a, open_perms);
		if (!(a->flags & IDS) || a->flags & STRICT)
			p[i] = any;
	}
	memcpy(value, "\2\0\0\0", 4);
	len += add_entry(value + len, 0x01, p[0], UINT_MAX);
	if (form == 1)
		len += add_entry(value + len, 0x02, p[1], 33);
	len += add_entry(value + len, 0x04, p[2], UINT_MAX);
	if (form == 2)
		len += add_entry(value + len, 0x08, p[1], 1000);
	if (form == 1 || form == 2)
		len += add_entry(value + len, 0x10, p[3], UINT_MAX);
	if (form < 3)
		len += add_entry(value + len, 0x20, p[4], UINT_MAX);
	return len;
}

static size_t draw_value(struct actor *a, const char *name, unsigned char *value)
{
	size_t len = 1 + draw(a, 3) * 40, i;

	if (strcmp(name, "security.capability") == 0)
		len = draw_capability(a, value);
	else if (strcmp(name, "system.posix_acl_access") == 0)
		len = draw_acl(a, value);
	else
		memset(value, 'v', len);
	say(a, ", ");
	for (i = 0; i < len && i < 52; i++)
		say(a, "%02x", value[i]);
	return len;
}

static void say_value(struct actor *a, const unsigned char *value, long len)
{
	long i;

	say(a, " ");
	for (i = 0; i < len && i < 52; i++)
		say(a, "%02x", value[i]);
}

/* How an inode is named: by descriptor, or by a path that is followed or not. */
struct target {
	unsigned form, slot;
	struct place p;
};

static void draw_target(struct actor *a, const char *call, struct target *t)
{
	static const char *const prefixes[] = {"", "l", "f"};

	t->form = draw(a, 3);
	say(a, "%s%s(", prefixes[t->form], call);
	if (t->form == 2)
		t->slot = draw_slot(a);
	else
		draw_name(a, &t->p);
}

static void say_target(struct actor *a, const struct target *t)
{
	if (t->form == 2)
		say_slot(a, t->slot);
	else
		say_place(a, &t->p);
}

static long first(struct actor *a, const struct target *t)
{
	return t->form == 2 ? a->slots[t->slot] : (long)(uintptr_t)t->p.path;
}

static bool is_limit(struct actor *a, const struct target *t, const char *name)
{
	struct stat st;
	bool there = t->form == 2 ? syscall(SYS_fstat, a->slots[t->slot], &st) == 0
				  : stat_place(&t->p, t->form == 0, &st);

	return there && limit_attribute(a, name, &st);
}

static void make_set(struct actor *a)
{
	static const long numbers[] = {SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr};
	unsigned char value[VALUE_MAX];
	unsigned how = draw(a, 6);
	struct target t;
	const char *name;
	size_t len;

	how = how < 3 ? how : 0; /* 1 create, 2 replace */
	draw_target(a, "setxattr", &t);
	name = draw_attribute(a, true);
	len = draw_value(a, name, value);
	say(a, ", %u", how);
	if (is_limit(a, &t, name))
		return;
	say_result(a, syscall(numbers[t.form], first(a, &t), name, value, len, how));
	say_target(a, &t);
}

static void make_get(struct actor *a)
{
	static const long numbers[] = {SYS_getxattr, SYS_lgetxattr, SYS_fgetxattr};
	static const unsigned sizes[] = {VALUE_MAX, VALUE_MAX, VALUE_MAX, 0, 5};
	unsigned char value[VALUE_MAX];
	unsigned size = DRAW(a, sizes);
	struct target t;
	const char *name;
	long n;

	draw_target(a, "getxattr", &t);
	name = draw_attribute(a, false);
	say(a, ", %u", size);
	n = syscall(numbers[t.form], first(a, &t), name, value, size);
	if (say_result(a, n) && size)
		say_value(a, value, n);
}

static void make_remove(struct actor *a)
{
	static const long numbers[] = {SYS_removexattr, SYS_lremovexattr, SYS_fremovexattr};
	struct target t;
	const char *name;

	draw_target(a, "removexattr", &t);
	name = draw_attribute(a, true);
	if (is_limit(a, &t, name))
		return;
	say_result(a, syscall(numbers[t.form], first(a, &t), name));
	say_target(a, &t);
}

/* In the order of the alphabet, since each file system has its own */
static void say_list(struct actor *a, const char *list, long len)
{
	static const char *const order[] = {
		"security.capability", "system.posix_acl_access", "trusted.x", "user.x", "user.y"};
	long at, known = 0;
	size_t i;

	for (i = 0; i < sizeof(order) / sizeof(*order); i++)
		for (at = 0; at < len; at += (long)strlen(list + at) + 1)
			if (strcmp(list + at, order[i]) == 0) {
				say(a, " %s", order[i]);
				known += (long)strlen(order[i]) + 1;
			}
	for (at = 0; at < len && known != len; at += (long)strlen(list + at) + 1)
		say(a, " (%s)", list + at);
}

static void make_list(struct actor *a)
{
	static const long numbers[] = {SYS_listxattr, SYS_llistxattr, SYS_flistxattr};
	static const unsigned sizes[] = {LIST_MAX, LIST_MAX, 0, 8};
	unsigned size = DRAW(a, sizes);
	char list[LIST_MAX + 1] = "";
	struct target t;
	long n;

	draw_target(a, "listxattr", &t);
	say(a, ", %u", size);
	n = syscall(numbers[t.form], first(a, &t), list, size);
	if (say_result(a, n) && size)
		say_list(a, list, n);
}

struct xattr_args {
	uint64_t value;
	uint32_t size, flags;
};

static void make_at(struct actor *a)
{
	static const unsigned flags[] = {AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH};
	static const char *const calls[] = {
		"setxattrat", "getxattrat", "listxattrat", "removexattrat"};
	unsigned which = draw(a, 4), how;
	unsigned char value[VALUE_MAX];
	struct xattr_args args = {.value = (uint64_t)(uintptr_t)value, .size = VALUE_MAX};
	char list[LIST_MAX + 1] = "";
	const char *name;
	struct place p;
	struct stat st;
	long n;

	say(a, "%s(", calls[which]);
	draw_place(a, &p);
	how = DRAW_FLAGS(a, flags);
	name = draw_attribute(a, which == 0 || which == 3);
	if (which == 0)
		args.size = (uint32_t)draw_value(a, name, value);
	if ((which == 0 || which == 3) && stat_place(&p, !(how & AT_SYMLINK_NOFOLLOW), &st) &&
		limit_attribute(a, name, &st))
		return;
	if (which == 2)
		n = syscall(CALL_LISTXATTRAT, p.dir, p.path, how, list, LIST_MAX);
	else if (which == 3)
		n = syscall(CALL_REMOVEXATTRAT, p.dir, p.path, how, name);
	else
		n = syscall(CALL_SETXATTRAT + which, p.dir, p.path, how, name, &args, sizeof(args));
	if (say_result(a, n) && which == 1)
		say_value(a, value, n);
	else if (n >= 0 && which == 2)
		say_list(a, list, n);
	say_place(a, &p);
}

const struct call calls_xattr[] = {
	{"setxattr", 30, 0, make_set},
	{"getxattr", 25, 0, make_get},
	{"listxattr", 15, 0, make_list},
	{"removexattr", 12, 0, make_remove},
	{"xattrat", 15, 0, make_at},
	{0},
};
