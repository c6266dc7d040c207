// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_CHECK_H
#define RLC_CHECK_H

#include "core/image/image.h"

/* Something that is wrong in a layout. */
struct check_fault {
	const char *file; /* in the layout: "index.json", "blobs/sha256/HEX" */
	const char *at;   /* in the document: "layers[2].size"; "" for all of it */
	const char *what; /* a sentence's end: "is missing" */
};

typedef void check_fn(void *arg, const struct check_fault *fault);

/*
 * Looks at all that index.json leads to, and at every blob: documents by the rules of image-spec,
 * sizes, digests, and the digests of layers when decompressed. tell is called for each fault. 0,
 * or negative errno with err where nothing more could be looked at.
 */
int layout_check(const struct layout *l, check_fn *tell, void *arg, struct err *err);

/* From here on: what the two files of it have in common. */

/* A document that is to be looked into. */
struct check_item {
	char digest[DIGEST_MAX];
	int64_t size;
	char media[128];
};

struct check {
	const struct layout *l;
	check_fn *tell;
	void *arg;
	json_t *seen; /* what was looked at, as keys */
	struct check_item *queue;
	size_t count, room;
	bool no_memory;
};

/* Where something stands: a file, and in it a member of a list (or NULL) and its number. */
struct check_at {
	struct check *c;
	const char *file, *list;
	size_t number;
};

/* Tells a fault in member of what at says; member may be "". */
void check_tell(const struct check_at *at, const char *member, const char *what);

/*
 * Looks at a descriptor, and whether its blob is there. True with *d where it can be followed.
 */
bool check_descriptor(const struct check_at *at, json_t *json, struct descriptor *d);

/* The rules for documents; file names the one that is looked at. */
void check_head(const struct check_at *at, const json_t *doc, const char *media, const char *usual);
void check_config(const struct check_at *at, const json_t *config, size_t layers);

#endif
