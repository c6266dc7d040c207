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

#endif
