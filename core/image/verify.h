// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_VERIFY_H
#define RLC_VERIFY_H

#include "core/pack/stream.h"

/*
 * Puts around inner what verifies that it brings size bytes (-1: any number) with that digest
 * ("sha256:HEX"): where not, the end is -EBADMSG instead, and source_why is why. fd is closed with
 * it (-1: none). As the other constructors; fd is closed on failure, too.
 */
int source_verify(struct source *inner, int fd, const char *digest, int64_t size, const char *why,
	struct source **out);

#endif
