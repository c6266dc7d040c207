// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_UNSHARE_RUN_H
#define RLC_UNSHARE_RUN_H

#include "applets/unshare/unshare.h"
#ifdef CONFIG_EMU
#include "core/emu/emu.h"
#endif

#include <signal.h>

/* What the guest's first process has to know. */
struct guest {
	const struct job *job;
	enum emulate emulate;
	bool detached, alone; /* a session of its own; no pid namespace ends it */
	int up;               /* where the supervisor listens; -1: none does */
	struct as as;         /* what --as says; OWNER_KEEP: nothing */
	sigset_t mask;        /* as the caller had it */
#ifdef CONFIG_EMU
	struct emu_options emu;
#endif
};

/* In the process that becomes the command: its exit status where it does not. */
int guest_main(const struct guest *g);

/* In the supervisor: what the guest has installed, and its listener (-1: none). 0 or -errno. */
int guest_hear(int down, enum emulate *what, int *listener);

/* What has to be done in the tree once the guest is gone. */
int run_supervised(struct job *j);

#endif
