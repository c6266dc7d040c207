// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_UNSHARE_RUN_H
#define RLC_UNSHARE_RUN_H

#include "applets/unshare/unshare.h"

/* A command that somebody looks after. */
struct supervised {
	const struct job *job;
	struct guest guest;
	struct as as; /* what --as says; OWNER_KEEP: nothing */
};

/* In the process that becomes the command (guest_ops). */
int job_become(void *supervised);

#endif
