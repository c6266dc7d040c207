// SPDX-License-Identifier: Apache-2.0
#include "core/emu/view.h"

#include "core/base/sys.h"
#include "core/emu/strict.h"
#include <stdio.h>

enum { SYMLINKS_MAX = 40, PROC_ROOT_INO = 1 };

static int reopen(int fd, const char *name, int flags)
{
	int r = openat(fd, name, flags | O_CLOEXEC);

	return r < 0 ? -errno : r;
}

int view_base(const struct call *c, int dirfd, const char *path)
{
	if (*path == '/')
		return AT_FDCWD;
	return dirfd == AT_FDCWD ? guest_dir(c, "cwd") : guest_fd(c, dirfd);
}

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
	return *target == '/' ? move_to(s, reopen(s->root, ".", O_PATH)) : 0;
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
	return move_to(s, reopen(s->c->emu->proc, target, O_PATH));
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
			return is_our_own(s) ? -EACCES : move_to(s, reopen(s->at, name, O_PATH));
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
			return move_to(s, reopen(s->at, "..", O_PATH));
		return s->c->resolve & SYS_RESOLVE_BENEATH ? -EXDEV : 0;
	}
	fd = reopen(s->at, name, O_PATH | O_NOFOLLOW);
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

static int open_by_hand(const struct call *c, int base, const char *path, int flags)
{
	struct steps s = {.c = c, .root = -1, .at = -1};
	int r = *path == '/' && c->resolve & SYS_RESOLVE_BENEATH ? -EXDEV : 0;

	if (r == 0)
		r = s.root = top_of(c);
	if (r >= 0)
		r = buf_adds(&s.left, path);
	if (r == 0)
		r = move_to(
			&s, reopen(*path == '/' || base == AT_FDCWD ? s.root : base, ".", O_PATH));
	if (r == 0)
		r = walk_steps(&s, flags);
	if (r == 0 && flags & O_PATH)
		r = flags & O_DIRECTORY ? reopen(s.at, ".", flags) : take_fd(&s.at);
	else if (r == 0) {
		struct sys_path proc;

		sys_proc_path(&proc, s.at, NULL);
		r = reopen(AT_FDCWD, proc.text, flags & ~O_NOFOLLOW);
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
		return open_by_hand(c, base, path, flags);
	r = guest_has_our_root(c) ? sys_openat2(base, path, flags, 0, SYS_RESOLVE_NO_MAGICLINKS)
				  : open_in_root(c, base, path, flags);

	if (r >= 0 && !is_in_proc(c, r))
		return r;
	if (r >= 0) {
		close(r);
		r = -ELOOP;
	}
	return r == -ELOOP || r == -ENOSYS || r == -EPERM ? open_by_hand(c, base, path, flags) : r;
}

int place_stat(const struct place *p, struct stat *st)
{
	int r = p->name ? fstatat(p->dir.fd, p->name, st, AT_SYMLINK_NOFOLLOW)
			: fstat(p->dir.fd, st);

	return r < 0 ? -errno : 0;
}

int place_pin(struct place *p)
{
	cleanup_fd int fd = -1;
	struct stat st;

	if (!p->name)
		return 0;
	fd = reopen(p->dir.fd, p->name, O_PATH | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0)
		return fd < 0 ? fd : -errno;
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return 0;
	dir_end(&p->dir);
	dir_start(&p->dir, take_fd(&fd), ".");
	p->name = NULL;
	return 0;
}

int place_truncate(const struct place *p, const struct stat *real, off_t length)
{
	cleanup_fd int fd = -1;
	struct sys_path proc;

	sys_proc_path(&proc, p->dir.fd, NULL);
	fd = p->name ? reopen(p->dir.fd, p->name, O_WRONLY | O_NOFOLLOW)
		     : reopen(AT_FDCWD, proc.text, O_WRONLY);
	if (fd < 0)
		return fd;
	return ftruncate(fd, length) < 0 || fchmod(fd, real->st_mode & 07777) < 0 ? -errno : 0;
}

/* A mode that is set to what it is counts as a change of the inode. */
void place_touch(const struct place *p, const struct stat *real)
{
	struct stat now;

	if (S_ISLNK(real->st_mode) || place_stat(p, &now) < 0 ||
		now.st_ctim.tv_sec != real->st_ctim.tv_sec ||
		now.st_ctim.tv_nsec != real->st_ctim.tv_nsec)
		return;
	if (p->name)
		sys_chmod_at(p->dir.fd, p->name, now.st_mode & 07777);
	else
		sys_chmod_fd(p->dir.fd, now.st_mode & 07777);
}

void place_end(struct place *p)
{
	dir_end(&p->dir);
}

/* A symlink or the like that is known by its descriptor has its record beside its name. */
static int name_of_fd(const struct call *c, struct place *p, const struct stat *st)
{
	char path[32], target[PATH_MAX];
	cleanup_fd int parent = -1;
	struct stat found;
	char *slash;
	ssize_t n;

	snprintf(path, sizeof(path), "self/fd/%d", p->dir.fd);
	n = readlinkat(c->emu->proc, path, target, sizeof(target) - 1);
	if (n <= 0)
		return 0;
	target[n] = '\0';
	slash = strrchr(target, '/');
	if (!slash || strlen(slash + 1) > NAME_MAX)
		return 0;
	memcpy(p->text, slash + 1, strlen(slash));
	*slash = '\0';
	parent = reopen(AT_FDCWD, slash == target ? "/" : target, O_RDONLY | O_DIRECTORY);
	if (parent < 0 || fstatat(parent, p->text, &found, AT_SYMLINK_NOFOLLOW) < 0 ||
		found.st_ino != st->st_ino || found.st_dev != st->st_dev)
		return 0;
	dir_end(&p->dir);
	dir_start(&p->dir, take_fd(&parent), ".");
	p->name = p->text;
	return 0;
}

static int place_of_fd(const struct call *c, int fd, struct place *p)
{
	struct stat st;
	int flags;

	if (fd < 0)
		return fd;
	dir_start(&p->dir, fd, ".");
	p->name = NULL;
	flags = fcntl(fd, F_GETFL);
	p->path_only = flags >= 0 && flags & O_PATH;
	if (fstat(fd, &st) < 0)
		return -errno;
	p->foreign = st.st_dev == c->emu->proc_st.st_dev;
	return S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) ? 0 : name_of_fd(c, p, &st);
}

int view_fd(const struct call *c, int fd, struct place *p)
{
	return place_of_fd(c, guest_fd(c, fd), p);
}

/* The last component of path and what is before it; false where there is no name to speak of. */
static bool split(char *path, char **parent, char **name, bool *slash)
{
	size_t n = strlen(path);

	*slash = n > 0 && path[n - 1] == '/';
	while (n > 0 && path[n - 1] == '/')
		path[--n] = '\0';
	*name = strrchr(path, '/');
	*parent = path;
	if (*name) {
		**name = '\0';
		++*name;
	} else {
		*name = path;
		*parent = NULL;
	}
	return **name && strcmp(*name, ".") != 0 && strcmp(*name, "..") != 0;
}

/* A directory by its whole path: it is "." in itself. */
static int whole(const struct call *c, int base, const char *path, struct place *p)
{
	int fd = view_open(c, base, path, O_RDONLY | O_DIRECTORY);

	if (fd == -EACCES)
		fd = view_open(c, base, path, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return fd;
	dir_start(&p->dir, fd, ".");
	memcpy(p->text, ".", 2);
	p->name = p->text;
	return 0;
}

static int parent_of(const struct call *c, int base, const char *path, struct place *p)
{
	int fd = view_open(c, base, path, O_RDONLY | O_DIRECTORY);

	if (fd == -EACCES)
		fd = view_open(c, base, path, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return fd;
	dir_end(&p->dir);
	dir_start(&p->dir, fd, ".");
	return 0;
}

/* Reads the symlink at p into path, with what the slash demands. 0 or negative errno. */
static int read_target(const struct place *p, char path[PATH_MAX])
{
	ssize_t n = readlinkat(p->dir.fd, p->name, path, PATH_MAX - 2);

	if (n < 0)
		return -errno;
	if (n == 0)
		return -ENOENT;
	path[n] = '\0';
	if (p->slash)
		memcpy(path + n, "/", 2);
	return 0;
}

/* One name found in its directory: 1 where it is a symlink to be followed, now in path. */
static int settle(const struct call *c, int flags, struct place *p, char path[PATH_MAX])
{
	struct stat st;
	int fd, r = place_stat(p, &st);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	p->foreign = st.st_dev == c->emu->proc_st.st_dev;
	if (flags & VIEW_LAST)
		return 0;
	if (!S_ISLNK(st.st_mode))
		return p->slash && !S_ISDIR(st.st_mode) ? -ENOTDIR : 0;
	if (flags & AT_SYMLINK_NOFOLLOW && !p->slash)
		return 0;
	if (p->foreign) {
		fd = open_by_hand(c, p->dir.fd, p->name, O_PATH);
		dir_end(&p->dir);
		r = place_of_fd(c, fd, p);
		p->path_only = false;
		return r;
	}
	if (c->resolve & SYS_RESOLVE_NO_SYMLINKS)
		return -ELOOP;
	r = strict_follow(c, p);
	if (r == 0)
		r = read_target(p, path);
	return r < 0 ? r : 1;
}

static int find(const struct call *c, int base, char path[PATH_MAX], int flags, struct place *p)
{
	bool absolute, slash;
	char *parent, *name;
	int r;

	for (int links = 0; links <= SYMLINKS_MAX; links++) {
		absolute = *path == '/';
		if (p->dir.fd >= 0 && !absolute)
			base = p->dir.fd;
		else if (absolute)
			base = AT_FDCWD;
		if (!split(path, &parent, &name, &slash)) {
			if (parent && name != path)
				name[-1] = '/';
			return whole(c, base, *path ? path : absolute ? "/" : ".", p);
		}
		r = parent_of(c, base, parent ? *parent ? parent : "/" : ".", p);
		if (r == 0)
			r = strict_search(c, p->dir.fd);
		if (r == 0 && strlen(name) > NAME_MAX)
			r = -ENAMETOOLONG;
		if (r < 0)
			return r;
		memcpy(p->text, name, strlen(name) + 1);
		p->name = p->text;
		p->slash |= slash;
		r = settle(c, flags, p, path);
		if (r <= 0)
			return r;
	}
	return -ELOOP;
}

int view_place(const struct call *c, int dirfd, const char *path, int flags, struct place *p)
{
	cleanup_fd int base = -1;
	char copy[PATH_MAX];
	int r;

	if (!*path) {
		if (!(flags & AT_EMPTY_PATH))
			return -ENOENT;
		r = dirfd == AT_FDCWD ? guest_dir(c, "cwd") : guest_fd(c, dirfd);
		return place_of_fd(c, r, p);
	}
	base = view_base(c, dirfd, path);
	if (base < 0 && base != AT_FDCWD)
		return base;
	snprintf(copy, sizeof(copy), "%s", path);
	return find(c, base, copy, flags, p);
}

int view_read(const struct call *c, int dirfd, uint64_t path, int flags, struct place *p)
{
	char text[PATH_MAX];
	int r;

	if (!path && flags & AT_EMPTY_PATH)
		*text = '\0';
	else {
		r = guest_path(c, path, text);
		if (r < 0)
			return r;
	}
	return view_place(c, dirfd, text, flags, p);
}
