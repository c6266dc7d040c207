// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_BUILD_COPY_H
#define RLC_BUILD_COPY_H

#include "core/owner/node.h"
#include <time.h>

struct copy_how {
	const char *shown;           /* what the top is called in messages; NULL: its name */
	const struct owners *owners; /* how devices are kept */
	const struct timespec *time; /* of all that is copied; NULL: their own */
	/* Who owns the copies is not who owned what they are of: no set-id bits, no real devices */
	bool no_powers;
};

/*
 * Copies name in the directory from, and all below it, as the new name as in the directory to:
 * types, permissions, content (shared where the file system can), times. A directory that is there
 * already is gone into. Owners and attributes are not copied; no symlink is followed. Devices are
 * kept as new ones are: as a record of them, or real; sockets are -ENOTSUP. 0 or negative errno
 * with err.
 */
int copy_tree(int from, const char *name, int to, const char *as, const struct copy_how *how,
	struct err *err);

/* The same for all that is in a directory; what is in to already stays. */
int copy_content(int from, int to, const struct copy_how *how, struct err *err);

#endif
