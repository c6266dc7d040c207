// SPDX-License-Identifier: Apache-2.0
#include "core/ns/mount.h"

#include "core/base/sys.h"
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

int mount_new(const struct mount_to *to, const char *type, unsigned long flags, const char *data,
	const char *why)
{
	const char *quote = data ? "\"" : "";
	struct sys_path path;

	ns_tell(to->log, why, "mount(\"%s\", \"%s\", \"%s\", %s%s%s, %s%s%s)", type, to->name, type,
		flags ? "MS_NOSUID" : "0", flags & MS_NODEV ? "|MS_NODEV" : "",
		flags & MS_NOEXEC ? "|MS_NOEXEC" : "", quote, data ? data : "NULL", quote);
	sys_proc_path(&path, to->fd, NULL);
	return mount(type, path.text, type, flags, data) < 0 ? -errno : 0;
}

int mount_bind(const struct mount_to *to, int fd, const char *from, const char *why)
{
	struct sys_path source, path;

	ns_tell(to->log, why, "mount(\"%s\", \"%s\", NULL, MS_BIND|MS_REC, NULL)", from, to->name);
	sys_proc_path(&source, fd, NULL);
	sys_proc_path(&path, to->fd, NULL);
	return mount(source.text, path.text, NULL, MS_BIND | MS_REC, NULL) < 0 ? -errno : 0;
}

/* struct mount_attr of linux/mount.h */
struct mount_attr_v0 {
	uint64_t set, clear, propagation, userns;
};

/* What a more privileged namespace has taken from the mount must be said again. */
static int remount(int fd)
{
	struct sys_path path;
	struct statvfs st;
	unsigned long kept;

	if (fstatvfs(fd, &st) < 0)
		return -errno;
	kept = st.f_flag &
	       (ST_NOSUID | ST_NODEV | ST_NOEXEC | ST_NOATIME | ST_NODIRATIME | ST_RELATIME);
	sys_proc_path(&path, fd, NULL);
	if (mount(NULL, path.text, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | kept, NULL) < 0)
		return -errno;
	return 0;
}

enum { RECURSIVE = 0x8000, CLONE = 1, FROM_EMPTY = 4, TO_EMPTY = 0x40 };

int mount_copy(int fd, bool all)
{
	int flags = CLONE | O_CLOEXEC | AT_EMPTY_PATH | (all ? RECURSIVE : 0);
	int copy = (int)syscall(SYS_open_tree, fd, "", flags);

	return copy < 0 ? -errno : copy;
}

int mount_move(const struct mount_to *to, int copy, const char *from, const char *why)
{
	ns_tell(to->log, why, "move_mount(\"%s\", \"%s\")", from, to->name);
	return syscall(SYS_move_mount, copy, "", to->fd, "", FROM_EMPTY | TO_EMPTY) < 0 ? -errno
											: 0;
}

/* Flags of mount(2) as those of mount_setattr(2). */
static uint64_t attributes(unsigned long flags)
{
	static const struct {
		unsigned long flag;
		uint64_t attribute;
	} all[] = {{MS_RDONLY, 1}, {MS_NOSUID, 2}, {MS_NODEV, 4}, {MS_NOEXEC, 8},
		{MS_NOATIME, 0x10}, {MS_STRICTATIME, 0x20}, {MS_NODIRATIME, 0x80}};
	uint64_t out = 0;
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		out |= flags & all[i].flag ? all[i].attribute : 0;
	return out;
}

int mount_change(int fd, const struct mount_change *change)
{
	enum { ATIME = 0x70 };
	struct mount_attr_v0 attr = {.set = attributes(change->set),
		.clear = attributes(change->clear) & ~(uint64_t)ATIME,
		.propagation = change->propagation & ~(unsigned long)MS_REC};

	if (attr.set & ATIME || (change->set | change->clear) & (MS_RELATIME | MS_NOATIME))
		attr.clear |= ATIME;
	return syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | (change->all ? RECURSIVE : 0),
		       &attr, sizeof(attr)) < 0
		       ? -errno
		       : 0;
}

int mount_read_only(const struct mount_to *to, bool all)
{
	enum { ATTR_RDONLY = 1 };
	struct mount_attr_v0 attr = {.set = ATTR_RDONLY};

	ns_tell(to->log, "nobody may write there", "mount_setattr(\"%s\", %s, MOUNT_ATTR_RDONLY)",
		to->name, all ? "AT_RECURSIVE" : "0");
	if (syscall(SYS_mount_setattr, to->fd, "", AT_EMPTY_PATH | (all ? RECURSIVE : 0), &attr,
		    sizeof(attr)) == 0)
		return 0;
	return errno == ENOSYS || errno == EPERM ? remount(to->fd) : -errno;
}
