// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_BUILD_BLOB_H
#define RLC_BUILD_BLOB_H

#include "core/build/key.h"
#include "core/image/layout.h"

/*
 * Whether the blob is there and has its digest. What was read once is not read again, in whichever
 * layout, as long as stat says the same of it. c NULL: its size alone is looked at. 0, -ENOENT,
 * -EBADMSG, negative errno.
 */
int blob_look(struct sum_cache *c, const struct layout *l, const struct descriptor *d);

/* Remembers of a blob that it is as it should be, as who has just written or read it knows. */
void blob_known(struct sum_cache *c, const struct layout *l, const struct descriptor *d);

/* Reads the blob: 0, -EBADMSG where it is not as it should be, negative errno. */
int blob_read(const struct layout *l, const struct descriptor *d);

#endif
