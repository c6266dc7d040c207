// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_REBASE_H
#define RLC_REBASE_H

#include "core/image/image.h"

/*
 * Puts one layer in the place of count from number first on. What the history says of these stays,
 * as of empty layers, and h comes behind it; without h the last of them stands for the new one.
 * 0 or -ENOMEM.
 */
int image_squash(struct image *i, size_t first, size_t count, const struct descriptor *layer,
	const char *diff_id, const struct history *h);

/*
 * Puts the layers and the history of onto in the place of those of from, which i begins with. What
 * i's config has as from has it becomes what onto has; what i has changed stays. The layers
 * must be in i's layout. 0; -EINVAL with err where i does not stand on from, or onto is for another
 * platform; -ENOMEM.
 */
int image_rebase(
	struct image *i, const struct image *from, const struct image *onto, struct err *err);

#endif
