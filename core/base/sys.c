// SPDX-License-Identifier: Apache-2.0
#include "core/base/sys.h"

#include <sys/syscall.h>

/* The numbers are the same on every architecture that has these calls. */
enum { NR_openat2 = 437, NR_setxattrat = 463, NR_getxattrat, NR_listxattrat, NR_removexattrat };

struct open_how_v0 {
	uint64_t flags, mode, resolve;
};

struct xattr_args_v0 {
	uint64_t value;
	uint32_t size, flags;
};

static long result(long r)
{
	return r < 0 ? -errno : r;
}

int sys_openat2(int dirfd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	struct open_how_v0 how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.mode = mode,
		.resolve = resolve,
	};

	return (int)result(syscall(NR_openat2, dirfd, path, &how, sizeof(how)));
}

ssize_t sys_getxattrat(int dirfd, const char *name, const char *attr, void *value, size_t room)
{
	struct xattr_args_v0 args = { (uint64_t)(uintptr_t)value, (uint32_t)room, 0 };

	return result(syscall(NR_getxattrat, dirfd, name, AT_SYMLINK_NOFOLLOW, attr, &args,
			      sizeof(args)));
}

ssize_t sys_listxattrat(int dirfd, const char *name, char *list, size_t room)
{
	return result(syscall(NR_listxattrat, dirfd, name, AT_SYMLINK_NOFOLLOW, list, room));
}

int sys_setxattrat(int dirfd, const char *name, const char *attr, const void *value, size_t len)
{
	struct xattr_args_v0 args = { (uint64_t)(uintptr_t)value, (uint32_t)len, 0 };

	return (int)result(syscall(NR_setxattrat, dirfd, name, AT_SYMLINK_NOFOLLOW, attr, &args,
				   sizeof(args)));
}

int sys_removexattrat(int dirfd, const char *name, const char *attr)
{
	return (int)result(syscall(NR_removexattrat, dirfd, name, AT_SYMLINK_NOFOLLOW, attr));
}
