// SPDX-License-Identifier: Apache-2.0
#include "core/emu/handlers.h"

#include <linux/sched.h>
#include <linux/stat.h>
#include <sys/syscall.h>

/* What the headers may be too old for; the numbers are the same on every architecture. */
enum {
	NR_clone3 = 435,
	NR_openat2 = 437,
	NR_fchmodat2 = 452,
	NR_setxattrat = 463,
	NR_getxattrat,
	NR_listxattrat,
	NR_removexattrat
};

#define ROW(name_, handler_, nr_, i386_, ...)                                                      \
	{                                                                                          \
		.name = name_, .handler = handler_, .nr = nr_, .nr_i386 = i386_, __VA_ARGS__       \
	}

/* The ones that are called most stand first: a filter looks at them in their order. */
const struct call_row call_table[] = {
	ROW("newfstatat", do_fstatat, SYS_newfstatat, -1),
	ROW("fstatat64", do_fstatat, -1, 300),
	ROW("fstat", do_fstat, SYS_fstat, 108),
	ROW("fstat64", do_fstat, -1, 197),
	ROW("stat", do_stat, SYS_stat, 106),
	ROW("stat64", do_stat, -1, 195),
	ROW("lstat", do_lstat, SYS_lstat, 107),
	ROW("lstat64", do_lstat, -1, 196),
	ROW("statx", do_statx, SYS_statx, 383),

	ROW("chown", do_chown, SYS_chown, 182, .lie = true, .ids16 = true),
	ROW("chown32", do_chown, -1, 212, .lie = true),
	ROW("lchown", do_lchown, SYS_lchown, 16, .lie = true, .ids16 = true),
	ROW("lchown32", do_lchown, -1, 198, .lie = true),
	ROW("fchown", do_fchown, SYS_fchown, 95, .lie = true, .ids16 = true),
	ROW("fchown32", do_fchown, -1, 207, .lie = true),
	ROW("fchownat", do_fchownat, SYS_fchownat, 298, .lie = true),

	ROW("seccomp", NULL, SYS_seccomp, 354, .when = WHEN_EQUAL, .arg = 1,
		.value = EMU_GREETING_FLAGS, .error = EMU_GREETING),
	/* A ring would do what no filter sees. */
	ROW("io_uring_setup", NULL, 425, 425, .error = ENOSYS),
	ROW("open_by_handle_at", NULL, SYS_open_by_handle_at, 342, .error = EPERM),
};

const size_t call_table_size = ARRAY_SIZE(call_table);
