// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_READ_H
#define RLC_READ_H

#include "core/image/image.h"

/* What the files about images have in common; nobody else needs it. */

/* How deep indexes may be nested, and how much may be read while one image is looked for. */
enum { INDEX_DEPTH_MAX = 16, INDEX_BYTES_MAX = 2 * DOC_MAX, INDEX_ITEMS_MAX = 16384 };

/* How many layers, and entries of its history, an image may have; overlayfs takes 500. */
enum { IMAGE_LAYERS_MAX = 1024, IMAGE_HISTORY_MAX = 4096 };

/*
 * Reads the image whose manifest d describes into out, which is IMAGE_NONE. On failure the caller
 * calls image_done all the same. As image_open.
 */
int image_read(
	const struct layout *l, const struct descriptor *d, struct image *out, struct err *err);

/*
 * Fills layers and diff_ids anew from the documents. l (NULL: a new image) is for err. 0 or
 * negative errno with err.
 */
int image_index_layers(const struct layout *l, struct image *i, struct err *err);

/* Lets a descriptor say of which platform the image is. 0 or -ENOMEM. */
int image_set_platform(const struct image *i, json_t *descriptor);

#endif
