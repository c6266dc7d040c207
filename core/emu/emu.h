// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_EMU_H
#define RLC_EMU_H

#include "core/base/err.h"
#include "core/owner/owners.h"

/*
 * Fake root by seccomp user notification: the guest's calls that have to do with ownership are
 * answered by this process, from records. seccomp_unotify(2)
 */

enum emu_mode {
	EMU_OFF,
	EMU_LIE, /* the filter alone answers: changes of owner succeed and do nothing */
	EMU_FULL
};

struct creds;
struct emu_options {
	enum emu_mode mode;
	bool strict; /* what a dropped user may read and execute is asked too */
	/* What guests begin as, which is asked about nothing; NULL: root with all capabilities. */
	const struct creds *initial;
	bool no_new_privs; /* setuid files give guests nothing; else those that say so themselves */
};

/*
 * Puts the filter on this process and all that come from it; sets no_new_privs where it has to.
 * EMU_FULL: the listener (close-on-exec), to be given to the process that serves. EMU_LIE: 0.
 * Negative errno with err: -EBUSY where an ancestor serves already, -EINVAL or -ENOSYS where the
 * host has no notifications.
 */
int emu_install(const struct emu_options *o, struct err *err);

struct emu;

/*
 * Serves the listener (owned from here on) in threads of its own, until this process ends. Call it
 * in the process that is to serve, in the guest's root and mount namespace, before the guest's
 * first exec. 0 or negative errno with err.
 */
int emu_start(const struct emu_options *o, const struct owners *owners, int listener,
	struct emu **out, struct err *err);

/* Adds a line for each system call that was notified: name, count, how many went on unchanged. */
struct buf;
int emu_counts(const struct emu *e, struct buf *out);

#endif
