// SPDX-License-Identifier: Apache-2.0
#include "core/emu/handlers.h"

#include "core/base/sys.h"
#include <linux/sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

/* What the headers may be too old for; the numbers are the same on every architecture. */
enum {
	NR_clone3 = 435,
	NR_openat2 = 437,
	NR_faccessat2 = 439,
	NR_fchmodat2 = 452,
	NR_setxattrat = 463,
	NR_getxattrat,
	NR_listxattrat,
	NR_removexattrat
};

/* Of the kernel's two bits for access, and O_TMPFILE's own, without O_DIRECTORY's. */
#define MAKES (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY))

#define ROW(name_, handler_, nr_, i386_, ...)                                                      \
	{                                                                                          \
		.name = name_, .handler = handler_, .nr = nr_, .nr_i386 = i386_, __VA_ARGS__       \
	}

/*
 * The ones that are called most stand first: a filter looks at them in their order. Opening is
 * notified where it may write or make something.
 */
const struct call_row call_table[] = {
	ROW("newfstatat", do_fstatat, SYS_newfstatat, -1),
	ROW("openat", do_openat, SYS_openat, 295, .when = WHEN_BITS, .arg = 2, .value = MAKES,
		.strict_all = true),
	ROW("fstat", do_fstat, SYS_fstat, 108),
	ROW("open", do_open, SYS_open, 5, .when = WHEN_BITS, .arg = 1, .value = MAKES,
		.strict_all = true),
	ROW("stat", do_stat, SYS_stat, 106),
	ROW("lstat", do_lstat, SYS_lstat, 107),
	ROW("statx", do_statx, SYS_statx, 383),
	ROW("fstatat64", do_fstatat, -1, 300),
	ROW("fstat64", do_fstat, -1, 197),
	ROW("stat64", do_stat, -1, 195),
	ROW("lstat64", do_lstat, -1, 196),
	ROW("openat2", do_openat2, NR_openat2, NR_openat2),
	ROW("creat", do_creat, SYS_creat, 8),

	ROW("chown", do_chown, SYS_chown, 182, .lie = true, .ids16 = true),
	ROW("lchown", do_lchown, SYS_lchown, 16, .lie = true, .ids16 = true),
	ROW("fchown", do_fchown, SYS_fchown, 95, .lie = true, .ids16 = true),
	ROW("fchownat", do_fchownat, SYS_fchownat, 298, .lie = true),
	ROW("chown32", do_chown, -1, 212, .lie = true),
	ROW("lchown32", do_lchown, -1, 198, .lie = true),
	ROW("fchown32", do_fchown, -1, 207, .lie = true),

	ROW("mknod", do_mknod, SYS_mknod, 14, .when = WHEN_DEVICE, .arg = 1, .lie = true),
	ROW("mknodat", do_mknodat, SYS_mknodat, 297, .when = WHEN_DEVICE, .arg = 2, .lie = true),
	ROW("mkdir", do_mkdir, SYS_mkdir, 39),
	ROW("mkdirat", do_mkdirat, SYS_mkdirat, 296),
	ROW("symlink", do_symlink, SYS_symlink, 83),
	ROW("symlinkat", do_symlinkat, SYS_symlinkat, 304),

	ROW("unlink", do_unlink, SYS_unlink, 10),
	ROW("unlinkat", do_unlinkat, SYS_unlinkat, 301),
	ROW("rmdir", do_rmdir, SYS_rmdir, 40),
	ROW("rename", do_rename, SYS_rename, 38),
	ROW("renameat", do_renameat, SYS_renameat, 302),
	ROW("renameat2", do_renameat2, SYS_renameat2, 353),
	ROW("link", do_link, SYS_link, 9),
	ROW("linkat", do_linkat, SYS_linkat, 303),

	ROW("chmod", do_chmod, SYS_chmod, 15),
	ROW("fchmod", do_fchmod, SYS_fchmod, 94),
	ROW("fchmodat", do_fchmodat, SYS_fchmodat, 306),
	ROW("fchmodat2", do_fchmodat2, NR_fchmodat2, NR_fchmodat2),
	ROW("utimensat", do_utimensat, SYS_utimensat, 320),
	ROW("utimensat_time64", do_utimensat, -1, 412),
	ROW("utime", do_utime, SYS_utime, 30),
	ROW("utimes", do_utimes, SYS_utimes, 271),
	ROW("futimesat", do_futimesat, SYS_futimesat, 299),
	ROW("truncate", do_truncate, SYS_truncate, 92),
	ROW("truncate64", do_truncate, -1, 193),
	ROW("ftruncate", do_ftruncate, SYS_ftruncate, 93),

	ROW("getuid", do_getuid, SYS_getuid, 24, .ids16 = true),
	ROW("geteuid", do_geteuid, SYS_geteuid, 49, .ids16 = true),
	ROW("getgid", do_getgid, SYS_getgid, 47, .ids16 = true),
	ROW("getegid", do_getegid, SYS_getegid, 50, .ids16 = true),
	ROW("getresuid", do_getresuid, SYS_getresuid, 165, .ids16 = true),
	ROW("getresgid", do_getresgid, SYS_getresgid, 171, .ids16 = true),
	ROW("getgroups", do_getgroups, SYS_getgroups, 80, .ids16 = true),
	ROW("setuid", do_setuid, SYS_setuid, 23, .ids16 = true, .lie = true),
	ROW("setgid", do_setgid, SYS_setgid, 46, .ids16 = true, .lie = true),
	ROW("setreuid", do_setreuid, SYS_setreuid, 70, .ids16 = true, .lie = true),
	ROW("setregid", do_setregid, SYS_setregid, 71, .ids16 = true, .lie = true),
	ROW("setresuid", do_setresuid, SYS_setresuid, 164, .ids16 = true, .lie = true),
	ROW("setresgid", do_setresgid, SYS_setresgid, 170, .ids16 = true, .lie = true),
	ROW("setfsuid", do_setfsuid, SYS_setfsuid, 138, .ids16 = true, .lie = true),
	ROW("setfsgid", do_setfsgid, SYS_setfsgid, 139, .ids16 = true, .lie = true),
	ROW("setgroups", do_setgroups, SYS_setgroups, 81, .ids16 = true, .lie = true),
	ROW("getuid32", do_getuid, -1, 199),
	ROW("geteuid32", do_geteuid, -1, 201),
	ROW("getgid32", do_getgid, -1, 200),
	ROW("getegid32", do_getegid, -1, 202),
	ROW("getresuid32", do_getresuid, -1, 209),
	ROW("getresgid32", do_getresgid, -1, 211),
	ROW("getgroups32", do_getgroups, -1, 205),
	ROW("setuid32", do_setuid, -1, 213, .lie = true),
	ROW("setgid32", do_setgid, -1, 214, .lie = true),
	ROW("setreuid32", do_setreuid, -1, 203, .lie = true),
	ROW("setregid32", do_setregid, -1, 204, .lie = true),
	ROW("setresuid32", do_setresuid, -1, 208, .lie = true),
	ROW("setresgid32", do_setresgid, -1, 210, .lie = true),
	ROW("setfsuid32", do_setfsuid, -1, 215, .lie = true),
	ROW("setfsgid32", do_setfsgid, -1, 216, .lie = true),
	ROW("setgroups32", do_setgroups, -1, 206, .lie = true),
	ROW("capget", do_capget, SYS_capget, 184),
	ROW("capset", do_capset, SYS_capset, 185, .lie = true),
	ROW("prctl", do_prctl, SYS_prctl, 172),

	ROW("getxattr", do_getxattr, SYS_getxattr, 229),
	ROW("lgetxattr", do_getxattr, SYS_lgetxattr, 230),
	ROW("fgetxattr", do_getxattr, SYS_fgetxattr, 231),
	ROW("getxattrat", do_getxattr, NR_getxattrat, NR_getxattrat),
	ROW("setxattr", do_setxattr, SYS_setxattr, 226),
	ROW("lsetxattr", do_setxattr, SYS_lsetxattr, 227),
	ROW("fsetxattr", do_setxattr, SYS_fsetxattr, 228),
	ROW("setxattrat", do_setxattr, NR_setxattrat, NR_setxattrat),
	ROW("listxattr", do_listxattr, SYS_listxattr, 232),
	ROW("llistxattr", do_listxattr, SYS_llistxattr, 233),
	ROW("flistxattr", do_listxattr, SYS_flistxattr, 234),
	ROW("listxattrat", do_listxattr, NR_listxattrat, NR_listxattrat),
	ROW("removexattr", do_removexattr, SYS_removexattr, 235),
	ROW("lremovexattr", do_removexattr, SYS_lremovexattr, 236),
	ROW("fremovexattr", do_removexattr, SYS_fremovexattr, 237),
	ROW("removexattrat", do_removexattr, NR_removexattrat, NR_removexattrat),

	ROW("execve", do_execve, SYS_execve, 11),
	ROW("execveat", do_execveat, SYS_execveat, 358),
	ROW("clone3", do_clone3, NR_clone3, NR_clone3),
	ROW("clone", do_namespaces, SYS_clone, 120, .when = WHEN_BITS, .arg = 0,
		.value = CLONE_NEWNS | CLONE_NEWUSER),
	ROW("unshare", do_namespaces, SYS_unshare, 310, .when = WHEN_BITS, .arg = 0,
		.value = CLONE_NEWNS | CLONE_NEWUSER),
	ROW("setns", do_namespaces, SYS_setns, 346),
	ROW("pivot_root", do_namespaces, SYS_pivot_root, 217),
	ROW("chroot", do_chroot, SYS_chroot, 61),
	ROW("prlimit64", do_prlimit, SYS_prlimit64, 340, .when = WHEN_EQUAL, .arg = 1,
		.value = RLIMIT_RTTIME),
	ROW("getrlimit", do_getrlimit, SYS_getrlimit, 76, .when = WHEN_EQUAL, .arg = 0,
		.value = RLIMIT_RTTIME),
	ROW("ugetrlimit", do_getrlimit, -1, 191, .when = WHEN_EQUAL, .arg = 0,
		.value = RLIMIT_RTTIME),
	ROW("setrlimit", do_setrlimit, SYS_setrlimit, 75, .when = WHEN_EQUAL, .arg = 0,
		.value = RLIMIT_RTTIME),

	ROW("bind", do_bind, SYS_bind, 361),
	ROW("getsockopt", do_getsockopt, SYS_getsockopt, 365, .when = WHEN_EQUAL, .arg = 2,
		.value = SO_PEERCRED),

	ROW("access", do_access, SYS_access, 33, .strict = true),
	ROW("faccessat", do_faccessat, SYS_faccessat, 307, .strict = true),
	ROW("faccessat2", do_faccessat2, NR_faccessat2, NR_faccessat2, .strict = true),
	ROW("readlink", do_readlink, SYS_readlink, 85, .strict = true),
	ROW("readlinkat", do_readlinkat, SYS_readlinkat, 305, .strict = true),
	ROW("chdir", do_chdir, SYS_chdir, 12, .strict = true),
	ROW("fchdir", do_fchdir, SYS_fchdir, 133, .strict = true),
	ROW("statfs", do_statfs, SYS_statfs, 99, .strict = true),
	ROW("statfs64", do_statfs, -1, 268, .strict = true),
	ROW("inotify_add_watch", do_inotify_add_watch, SYS_inotify_add_watch, 292, .strict = true),
	ROW("connect", do_connect, SYS_connect, 362, .strict = true),

	ROW("seccomp", NULL, SYS_seccomp, 354, .when = WHEN_EQUAL, .arg = 1,
		.value = SYS_GREETING_FLAGS, .error = SYS_GREETING),
	/* A ring would do what no filter sees; a handle opens what no path leads to. */
	ROW("io_uring_setup", NULL, 425, 425, .error = ENOSYS),
	ROW("open_by_handle_at", NULL, SYS_open_by_handle_at, 342, .error = EPERM),
};

const size_t call_table_size = ARRAY_SIZE(call_table);
