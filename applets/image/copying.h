// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_IMAGE_COPYING_H
#define RLC_IMAGE_COPYING_H

#include "applets/image/bundle.h"
#include "applets/image/endpoint.h"
#include "applets/image/merging.h"

/* An image on its way from one place to another, by way of a layout. */
struct copying {
	struct merging m;      /* m.layout: where its blobs are; m.image unless all is set */
	struct descriptor top; /* what is copied: a manifest, or an index where all is set */
	struct endpoint from, to;
	struct bundle b; /* for trees */
	bool all, link, docker, set_format;
	char *temp; /* owned; a layout of our own, removed at the end */
};

/* How much is in a regular file; 0 for all else. */
uint64_t file_size(int fd);

/* Makes an image of one layer out of a tree, a tar archive. 0 or negative errno with err. */
int copying_from_tree(struct copying *c, struct err *err);
int copying_from_tar(struct copying *c, struct err *err);

/* Unpacks the image into a new directory. 0 or negative errno with err. */
int copying_to_tree(struct copying *c, struct err *err);

/* Puts layers that are compressed otherwise into new ones. 0 or negative errno with err. */
int copying_recompress(struct copying *c, struct err *err);

#endif
