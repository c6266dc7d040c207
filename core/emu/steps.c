// SPDX-License-Identifier: Apache-2.0
#include "core/emu/view.h"

#include "core/base/sys.h"
#include "core/emu/strict.h"
#include <stdio.h>

enum { SYMLINKS_MAX = 40, PROC_ROOT_INO = 1 };

/*
 * A walk by hand, for what the kernel would take for ours: /proc/self, and the links in
 * /proc that jump.
 */
struct steps {
	const struct call *c;
	int root, at; /* owned, O_PATH */
	struct buf left;
	size_t taken;
	int symlinks;
};

static bool is_proc(const struct steps *s, const struct stat *st)
{
	return st->st_dev == s->c->emu->proc_st.st_dev;
}

static bool same_inode(int a, int b)
{
	struct stat x, y;
	uint64_t m, n;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_ino == y.st_ino &&
	       x.st_dev == y.st_dev && sys_mount_id(a, &m) == 0 && sys_mount_id(b, &n) == 0 &&
	       m == n;
}

static int move_to(struct steps *s, int fd)
{
	if (fd < 0)
		return fd;
	base_close(&s->at);
	s->at = fd;
	return 0;
}

static int put_before(struct steps *s, const char *target)
{
	cleanup_buf struct buf left = BUF_NONE;

	if (++s->symlinks > SYMLINKS_MAX)
		return -ELOOP;
	if (!*target)
		return -ENOENT;
	if (*target == '/' && s->c->resolve & SYS_RESOLVE_BENEATH)
		return -EXDEV;
	if (buf_adds(&left, target) < 0 || buf_adds(&left, s->left.data + s->taken) < 0)
		return -ENOMEM;
	buf_free(&s->left);
	s->left = left;
	left = (struct buf)BUF_NONE;
	s->taken = 0;
	return *target == '/' ? move_to(s, place_reopen(s->root, ".", O_PATH)) : 0;
}

/*
 * Whether the directory in /proc is one of this very process, whose links the kernel would not let
 * the guest follow.
 */
static bool is_our_own(const struct steps *s)
{
	char path[32], target[PATH_MAX], *save, *word;
	ssize_t n;

	snprintf(path, sizeof(path), "self/fd/%d", s->at);
	n = readlinkat(s->c->emu->proc, path, target, sizeof(target) - 1);
	target[MAX(n, 0)] = '\0';
	for (word = strtok_r(target, "/", &save); word; word = strtok_r(NULL, "/", &save)) {
		if (strspn(word, "0123456789") != strlen(word) || strlen(word) > 10)
			continue;
		snprintf(path, sizeof(path), "self/task/%s", word);
		if (faccessat(s->c->emu->proc, path, F_OK, 0) == 0)
			return true;
	}
	return false;
}

/* "self" and "thread-self" are the guest's. */
static int follow_self(struct steps *s, const char *name)
{
	char target[64];
	pid_t process = guest_process(s->c);

	if (!process)
		return -ESRCH;
	if (strcmp(name, "self") == 0)
		snprintf(target, sizeof(target), "%d", process);
	else
		snprintf(target, sizeof(target), "%d/task/%d", process, s->c->tid);
	return move_to(s, place_reopen(s->c->emu->proc, target, O_PATH));
}

static int follow(struct steps *s, int link, const struct stat *st, const char *name)
{
	char target[PATH_MAX];
	struct stat here;
	ssize_t n;

	if (s->c->resolve & SYS_RESOLVE_NO_SYMLINKS)
		return -ELOOP;
	if (is_proc(s, st)) {
		if (fstat(s->at, &here) == 0 && here.st_ino == PROC_ROOT_INO && is_proc(s, &here) &&
			(strcmp(name, "self") == 0 || strcmp(name, "thread-self") == 0))
			return follow_self(s, name);
		if (++s->symlinks > SYMLINKS_MAX)
			return -ELOOP;
		if (fstat(s->at, &here) == 0 && here.st_ino != PROC_ROOT_INO)
			return is_our_own(s) ? -EACCES
					     : move_to(s, place_reopen(s->at, name, O_PATH));
	}
	n = readlinkat(link, "", target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	return put_before(s, target);
}

static int step(struct steps *s, const char *name, bool last, int flags)
{
	cleanup_fd int fd = -1;
	struct stat st;

	if (strcmp(name, ".") == 0)
		return 0;
	if (strcmp(name, "..") == 0) {
		if (!same_inode(s->at, s->root))
			return move_to(s, place_reopen(s->at, "..", O_PATH));
		return s->c->resolve & SYS_RESOLVE_BENEATH ? -EXDEV : 0;
	}
	fd = place_reopen(s->at, name, O_PATH | O_NOFOLLOW);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode) && !(last && flags & O_NOFOLLOW))
		return follow(s, fd, &st, name);
	return move_to(s, take_fd(&fd));
}

static int walk_steps(struct steps *s, int flags)
{
	char name[NAME_MAX + 1];

	for (;;) {
		const char *at = s->left.data + s->taken + strspn(s->left.data + s->taken, "/");
		size_t n = strcspn(at, "/");
		int r;

		if (n == 0)
			return 0;
		r = strict_search(s->c, s->at);
		if (r < 0)
			return r;
		if (n > NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(name, at, n);
		name[n] = '\0';
		s->taken = (size_t)(at + n - s->left.data);
		r = step(s, name, !at[n], flags);
		if (r < 0)
			return r;
	}
}

/* What the way may not leave: the guest's root, or where openat2(2) is told to stay. */
static int top_of(const struct call *c)
{
	if (!(c->resolve & (SYS_RESOLVE_BENEATH | SYS_RESOLVE_IN_ROOT)))
		return guest_dir(c, "root");
	return c->resolve_from == AT_FDCWD ? guest_dir(c, "cwd") : guest_fd(c, c->resolve_from);
}

int view_open_by_hand(const struct call *c, int base, const char *path, int flags)
{
	struct steps s = {.c = c, .root = -1, .at = -1};
	int r = *path == '/' && c->resolve & SYS_RESOLVE_BENEATH ? -EXDEV : 0;

	if (r == 0)
		r = s.root = top_of(c);
	if (r >= 0)
		r = buf_adds(&s.left, path);
	if (r == 0)
		r = move_to(&s, place_reopen(*path == '/' || base == AT_FDCWD ? s.root : base, ".",
					O_PATH));
	if (r == 0)
		r = walk_steps(&s, flags);
	if (r == 0 && flags & O_PATH)
		r = flags & O_DIRECTORY ? place_reopen(s.at, ".", flags) : take_fd(&s.at);
	else if (r == 0) {
		struct sys_path proc;

		sys_proc_path(&proc, s.at, NULL);
		r = place_reopen(AT_FDCWD, proc.text, flags & ~O_NOFOLLOW);
	}
	base_close(&s.root);
	base_close(&s.at);
	buf_free(&s.left);
	return r;
}

/* In the guest's root, for the time of one call: this thread's root is its own. */
static int open_in_root(const struct call *c, int base, const char *path, int flags)
{
	cleanup_fd int root = guest_dir(c, "root");
	int r;

	if (root < 0)
		return root;
	if (fchdir(root) < 0 || chroot(".") < 0)
		return -errno;
	r = sys_openat2(base, path, flags, 0, SYS_RESOLVE_NO_MAGICLINKS);
	if (fchdir(c->emu->root) < 0 || chroot(".") < 0 || fchdir(c->emu->proc) < 0)
		abort();
	return r;
}

/* The way may have led through /proc/self, which to the kernel is this process. */
static bool is_in_proc(const struct call *c, int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_dev == c->emu->proc_st.st_dev &&
	       st.st_ino != PROC_ROOT_INO;
}

int view_open(const struct call *c, int base, const char *path, int flags)
{
	struct creds who;
	int r;

	if (c->resolve || strict_asks(c, &who))
		return view_open_by_hand(c, base, path, flags);
	r = guest_has_our_root(c) ? sys_openat2(base, path, flags, 0, SYS_RESOLVE_NO_MAGICLINKS)
				  : open_in_root(c, base, path, flags);

	if (r >= 0 && !is_in_proc(c, r))
		return r;
	if (r >= 0) {
		close(r);
		r = -ELOOP;
	}
	return r == -ELOOP || r == -ENOSYS || r == -EPERM ? view_open_by_hand(c, base, path, flags)
							  : r;
}
