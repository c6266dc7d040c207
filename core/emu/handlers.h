// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_HANDLERS_H
#define RLC_HANDLERS_H

#include "core/emu/view.h"
#include "core/emu/who.h"

/* What answers the calls of call_table; see call_handler. */

/* stat.c */
long do_stat(struct call *c);
long do_lstat(struct call *c);
long do_fstat(struct call *c);
long do_fstatat(struct call *c);
long do_statx(struct call *c);

/* chown.c */
long do_chown(struct call *c);
long do_lchown(struct call *c);
long do_fchown(struct call *c);
long do_fchownat(struct call *c);

/* ids.c */
long do_getuid(struct call *c);
long do_geteuid(struct call *c);
long do_getgid(struct call *c);
long do_getegid(struct call *c);
long do_getresuid(struct call *c);
long do_getresgid(struct call *c);
long do_setuid(struct call *c);
long do_setgid(struct call *c);
long do_setreuid(struct call *c);
long do_setregid(struct call *c);
long do_setresuid(struct call *c);
long do_setresgid(struct call *c);
long do_setfsuid(struct call *c);
long do_setfsgid(struct call *c);
long do_getgroups(struct call *c);
long do_setgroups(struct call *c);
long do_capget(struct call *c);
long do_capset(struct call *c);
long do_prctl(struct call *c);

/* make.c */
long do_mknod(struct call *c);
long do_mknodat(struct call *c);
long do_mkdir(struct call *c);
long do_mkdirat(struct call *c);
long do_symlink(struct call *c);
long do_symlinkat(struct call *c);

/* open.c */
long do_open(struct call *c);
long do_openat(struct call *c);
long do_openat2(struct call *c);
long do_creat(struct call *c);

/* names.c */
long do_unlink(struct call *c);
long do_rmdir(struct call *c);
long do_unlinkat(struct call *c);
long do_rename(struct call *c);
long do_renameat(struct call *c);
long do_renameat2(struct call *c);
long do_link(struct call *c);
long do_linkat(struct call *c);

/* change.c */
long do_chmod(struct call *c);
long do_fchmod(struct call *c);
long do_fchmodat(struct call *c);
long do_fchmodat2(struct call *c);
long do_utimensat(struct call *c);
long do_utime(struct call *c);
long do_utimes(struct call *c);
long do_futimesat(struct call *c);
long do_truncate(struct call *c);
long do_ftruncate(struct call *c);

/* xattr.c, one for all forms of each */
long do_getxattr(struct call *c);
long do_setxattr(struct call *c);
long do_listxattr(struct call *c);
long do_removexattr(struct call *c);

/* process.c */
long do_chroot(struct call *c);
long do_namespaces(struct call *c);
long do_clone3(struct call *c);
long do_prlimit(struct call *c);
long do_getrlimit(struct call *c);
long do_setrlimit(struct call *c);
long do_execve(struct call *c);
long do_execveat(struct call *c);

/* strict.c: what is only looked at with --strict */
long do_access(struct call *c);
long do_faccessat(struct call *c);
long do_faccessat2(struct call *c);
long do_readlink(struct call *c);
long do_readlinkat(struct call *c);
long do_chdir(struct call *c);
long do_fchdir(struct call *c);
long do_statfs(struct call *c);
long do_inotify_add_watch(struct call *c);
long do_connect(struct call *c);

/* socket.c */
long do_bind(struct call *c);
long do_getsockopt(struct call *c);

#endif
