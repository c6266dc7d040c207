// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_DIFF_H
#define RLC_DIFF_H

#include "core/image/merge.h"

/*
 * What a tree holds, as its layers (or one archive) say: each name with owner, mode, attributes and
 * the digest of its content. In memory as merge_layers has it; the rest is in a file beside.
 */
struct facts;

/*
 * Adds count layers, each read once (open is called once for each), to an empty tree. Layers below
 * options->first are in all that is compared: their files' content is not hashed.
 */
int facts_new(
	size_t count, const struct merge_options *options, struct facts **out, struct err *err);

/*
 * The same for several trees (at most FACTS_TREES) that have layers in common, each layer still
 * read once. in, which gets the options' arg, says which trees layer i is in: a bit for each.
 * Faults are told of the last tree alone. out has their places, all NULL; the caller frees what is
 * there, after an error too.
 */
enum { FACTS_TREES = 4 };
typedef unsigned facts_in_fn(void *arg, size_t i);
int facts_new_all(size_t count, const struct merge_options *options, facts_in_fn *in,
	struct facts **out, size_t trees, struct err *err);
void facts_free(struct facts *f);

/* What there is to say of one name. */
struct fact {
	struct entry entry; /* path is not set; link is a symlink's target */
	char digest[65];    /* of a regular file's content; "" for others */
};

enum {
	DIFFERS_TYPE = 1,
	DIFFERS_MODE = 2,
	DIFFERS_OWNER = 4,
	DIFFERS_CONTENT = 8,
	DIFFERS_TARGET = 16,
	DIFFERS_DEVICE = 32,
	DIFFERS_ATTRIBUTES = 64,
	DIFFERS_TIME = 128, /* where times are asked for */
};

/* Told of each name that differs: of is NULL where it was added, to where it was removed. */
typedef int facts_differ_fn(void *arg, const char *path, const struct fact *of,
	const struct fact *to, unsigned differs, struct err *err);

/*
 * Compares two trees: names in order of their bytes, a directory before what is in it. times:
 * they are compared, too. 0, or negative errno with err, or what differ returned.
 */
int facts_compare(struct facts *a, struct facts *b, bool times, facts_differ_fn *differ, void *arg,
	struct err *err);

#endif
