// SPDX-License-Identifier: Apache-2.0
#include "core/owner/attr.h"

#include "core/base/sys.h"
#include <sys/xattr.h>

/* What the kernel allows for one value, and for all names. */
enum { ATTR_VALUE_MAX = 65536 };

enum verb { GET, LIST, SET, REMOVE };

struct request {
	enum verb verb;
	const char *attr;
	void *data;
	size_t len;
};

static ssize_t on_fd(int fd, const struct request *r)
{
	switch (r->verb) {
	case GET:
		return fgetxattr(fd, r->attr, r->data, r->len);
	case LIST:
		return flistxattr(fd, r->data, r->len);
	case SET:
		return fsetxattr(fd, r->attr, r->data, r->len, 0);
	default:
		return fremovexattr(fd, r->attr);
	}
}

/* The path is a name in the working directory, or below /proc/self/fd. */
static ssize_t on_path(const char *path, const struct request *r)
{
	switch (r->verb) {
	case GET:
		return lgetxattr(path, r->attr, r->data, r->len);
	case LIST:
		return llistxattr(path, r->data, r->len);
	case SET:
		return lsetxattr(path, r->attr, r->data, r->len, 0);
	default:
		return lremovexattr(path, r->attr);
	}
}

static ssize_t on_magic_link(const char *path, const struct request *r)
{
	switch (r->verb) {
	case GET:
		return getxattr(path, r->attr, r->data, r->len);
	case LIST:
		return listxattr(path, r->data, r->len);
	case SET:
		return setxattr(path, r->attr, r->data, r->len, 0);
	default:
		return removexattr(path, r->attr);
	}
}

static ssize_t on_name(int dirfd, const char *name, const struct request *r)
{
	switch (r->verb) {
	case GET:
		return sys_getxattrat(dirfd, name, r->attr, r->data, r->len);
	case LIST:
		return sys_listxattrat(dirfd, name, r->data, r->len);
	case SET:
		return sys_setxattrat(dirfd, name, r->attr, r->data, r->len);
	default:
		return sys_removexattrat(dirfd, name, r->attr);
	}
}

/* The last resort, without /proc: only for what opening does no harm to. */
static ssize_t on_opened(int dirfd, const char *name, const struct request *r)
{
	cleanup_fd int fd = -1;
	struct stat st;
	ssize_t n;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return r->verb == LIST ? 0 : -EOPNOTSUPP;
	fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = on_fd(fd, r);
	return n < 0 ? -errno : n;
}

static ssize_t ask_fd(int fd, const struct request *r)
{
	struct sys_path path;
	ssize_t n = on_fd(fd, r);

	if (n >= 0 || errno != EBADF)
		return n < 0 ? -errno : n;
	sys_proc_path(&path, fd, NULL);
	n = on_magic_link(path.text, r);
	return n < 0 ? -errno : n;
}

static ssize_t ask(int dirfd, const char *name, const struct request *r)
{
	struct sys_path path;
	ssize_t n;

	if (!name)
		return ask_fd(dirfd, r);
	n = on_name(dirfd, name, r);
	/* Some filters say EPERM of calls that they do not know. */
	if (n != -ENOSYS && n != -EPERM)
		return n;
	if (dirfd == AT_FDCWD) {
		n = on_path(name, r);
		return n < 0 ? -errno : n;
	}
	if (sys_proc_path(&path, dirfd, name) < 0)
		return -ENAMETOOLONG;
	n = on_path(path.text, r);
	if (n >= 0)
		return n;
	return errno == ENOENT && access("/proc/self/fd", F_OK) < 0 ? on_opened(dirfd, name, r)
								    : -errno;
}

ssize_t attr_get(int dirfd, const char *name, const char *attr, void *value, size_t room)
{
	return ask(dirfd, name, &(struct request){GET, attr, value, room});
}

int attr_set(int dirfd, const char *name, const char *attr, const void *value, size_t len)
{
	return (int)ask(dirfd, name, &(struct request){SET, attr, (void *)value, len});
}

int attr_remove(int dirfd, const char *name, const char *attr)
{
	return (int)ask(dirfd, name, &(struct request){REMOVE, attr, NULL, 0});
}

/* The stack serves nearly always, and costs a long listing less than the heap. */
static int ask_into(int dirfd, const char *name, struct request *r, struct buf *out)
{
	char small[512];
	ssize_t n;

	r->data = small;
	r->len = sizeof(small);
	n = ask(dirfd, name, r);
	if (n >= 0)
		return n || r->verb == GET ? buf_add(out, small, (size_t)n) : 0;
	if (n != -ERANGE)
		return (int)n;
	if (buf_reserve(out, ATTR_VALUE_MAX) < 0)
		return -ENOMEM;
	r->data = out->data + out->len;
	r->len = ATTR_VALUE_MAX;
	n = ask(dirfd, name, r);
	if (n < 0)
		return (int)n;
	out->len += (size_t)n;
	out->data[out->len] = '\0';
	return 0;
}

int attr_read(int dirfd, const char *name, const char *attr, struct buf *out)
{
	return ask_into(dirfd, name, &(struct request){GET, attr, NULL, 0}, out);
}

ssize_t attr_names(int dirfd, const char *name, char *list, size_t room)
{
	ssize_t n = ask(dirfd, name, &(struct request){LIST, NULL, list, room});

	return n == -EOPNOTSUPP ? 0 : n;
}

int attr_list(int dirfd, const char *name, struct buf *out)
{
	int r = ask_into(dirfd, name, &(struct request){LIST, NULL, NULL, 0}, out);

	return r == -EOPNOTSUPP ? 0 : r;
}

int attr_copy(int from, int to, bool (*want)(const char *attr))
{
	cleanup_buf struct buf names = BUF_NONE;
	int r = attr_list(from, NULL, &names);

	for (const char *n = names.data; r == 0 && names.len && n < names.data + names.len;
		n += strlen(n) + 1) {
		cleanup_buf struct buf value = BUF_NONE;

		if (want && !want(n))
			continue;
		r = attr_read(from, NULL, n, &value);
		if (r == 0)
			r = attr_set(to, NULL, n, value.data, value.len);
	}
	return r;
}

static bool starts_with_any(const char *attr, const char *const *prefixes)
{
	for (; *prefixes; prefixes++)
		if (strncmp(attr, *prefixes, strlen(*prefixes)) == 0)
			return true;
	return false;
}

bool attr_is_store(const char *attr)
{
	static const char *const prefixes[] = {
		"user.rootlesscontainers",
		"user.rlc.",
		"user.containers.override",
		"user.fuseoverlayfs.",
		"user.virtfs.",
		"user.ostreemeta",
		"security.fuseoverlayfs.",
		"security.selinux",
		NULL,
	};

	return starts_with_any(attr, prefixes);
}

bool attr_is_private(const char *attr)
{
	static const char *const prefixes[] = {"user.overlay.", "trusted.overlay.", NULL};

	return attr_is_store(attr) || starts_with_any(attr, prefixes);
}
