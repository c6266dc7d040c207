// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_IMAGE_SHOW_H
#define RLC_IMAGE_SHOW_H

#include "core/base/buf.h"
#include <jansson.h>

/* How umoci shows values to people. Text that cannot be kept is noted in out->failed. */

/*
 * Adds text, in quotes as Go's strconv.Quote makes them where it has something that needs it;
 * where precise is set, spaces and nothing at all need it, too.
 */
void show_quoted(struct buf *out, const char *text, bool precise);

/* "12.35MB" */
void show_size(struct buf *out, int64_t size);

/* A descriptor's lines, each after that many tabs. */
void show_descriptor(struct buf *out, int tabs, const json_t *descriptor);

/* A line "KEY: VALUE". */
void show_text(struct buf *out, int tabs, const char *key, const char *value);

/* A list a line each, an object's texts sorted by key, an object's keys on one line. */
void show_list(struct buf *out, int tabs, const char *key, const json_t *list);
void show_map(struct buf *out, int tabs, const char *key, const json_t *map);
void show_set(struct buf *out, int tabs, const char *key, const json_t *set);

/* What says os, architecture and the like. */
void show_platform(struct buf *out, int tabs, const json_t *platform);

struct applet;
struct image;

/*
 * The main of a verb that prints an image, in words or as JSON; print returns 0 or -ENOMEM. The
 * exit status.
 */
int show_image(const struct applet *self, int argc, char **argv,
	int (*print)(const struct image *i, bool json));

/* The table of an image's history. */
void show_history(struct buf *out, const struct image *i);

/* The entries as objects, each with its layer's descriptor and diff_id. NULL: no memory. */
json_t *history_json(const struct image *i);

#endif
