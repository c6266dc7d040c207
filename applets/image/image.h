// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_VERB_H
#define RLC_VERB_H

#include "applets/lib/applet.h"
#include "applets/lib/progress.h"
#include "applets/lib/verbs.h"
#include "core/image/image.h"

/*
 * A verb of rlc-image is an applet of its own, named "image VERB" or "image VERB VERB", in a file
 * verb_X.c that defines `const struct applet verb_X` and is named in the table of image.c. What the
 * manual says of it, but for what --help says, stands in that file in a comment that starts with
 * `/ * verb VERB` (without the space), as mdoc without sections.
 */

enum {
	VERB_IMAGE = 1000,
	VERB_LAYOUT,
	VERB_TAG,
	VERB_PLATFORM,
	VERB_NO_HISTORY,
	VERB_AUTHOR,
	VERB_COMMENT,
	VERB_CREATED,
	VERB_CREATED_BY,
	VERB_COMPRESS,
	VERB_UID_MAP,
	VERB_GID_MAP,
	VERB_ROOTLESS,
	VERB_JSON,
	VERB_OWN = 2000, /* from here on a verb's own options */
};

/* Rows for a verb's table of options. */
#define VERB_ROW_IMAGE                                                                             \
	{                                                                                          \
		VERB_IMAGE, 0, "image", "DIR[:TAG]", "the layout, and the tag in it (latest)"      \
	}
#define VERB_ROW_LAYOUT                                                                            \
	{                                                                                          \
		VERB_LAYOUT, 0, "layout", "DIR", "the layout"                                      \
	}
#define VERB_ROW_TAG                                                                               \
	{                                                                                          \
		VERB_TAG, 0, "tag", "TAG", "tag the new image with TAG, and leave the old one"     \
	}
#define VERB_ROW_PLATFORM                                                                          \
	{                                                                                          \
		VERB_PLATFORM, 0, "platform", "OS/ARCH[/VARIANT]",                                 \
			"which image of an index (the one for this machine)"                       \
	}
#define VERB_ROW_JSON(help)                                                                        \
	{                                                                                          \
		VERB_JSON, 0, "json", NULL, help                                                   \
	}
#define VERB_ROWS_HISTORY                                                                          \
	{VERB_NO_HISTORY, 0, "no-history", NULL, "add no entry to the history"},                   \
		{VERB_AUTHOR, 0, "history.author", "TEXT", "who, in the history"},                 \
		{VERB_COMMENT, 0, "history.comment", "TEXT", "a comment in the history"},          \
		{VERB_CREATED, 0, "history.created", "TIME",                                       \
			"when, in the history: as 2026-02-03T04:05:06Z (now)"},                    \
	{                                                                                          \
		VERB_CREATED_BY, 0, "history.created_by", "TEXT", "by what, in the history"        \
	}
#define VERB_ROW_COMPRESS                                                                                       \
	{                                                                                                       \
		VERB_COMPRESS, 0, "compress", "HOW",                                                            \
			"how new layers are compressed: gzip, zstd, zstd:chunked, none, or auto: as the layer " \
			"below is, and gzip for the first (auto)"                                               \
	}
#define VERB_ROWS_MAPS                                                                             \
	{VERB_UID_MAP, 0, "uid-map", "INSIDE:OUTSIDE:COUNT", "what user ids are outside"},         \
		{VERB_GID_MAP, 0, "gid-map", "INSIDE:OUTSIDE:COUNT",                               \
			"what group ids are outside"},                                             \
	{                                                                                          \
		VERB_ROOTLESS, 0, "rootless", NULL,                                                \
			"keep owners as records, which an ordinary user does anyway"               \
	}

/* A range of ids, as --uid-map says it. */
struct verb_map {
	uint32_t inside, outside, count;
};

/* Whether it has ids, and all of them are ids: whoever shifts by it must not come round to 0. */
bool verb_map_valid(const struct verb_map *m);

struct verb_maps {
	struct verb_map at[16];
	size_t count;
};

/* What the options say that verbs have in common. */
struct verb {
	const struct applet *self;
	struct options o;         /* after verb_start: operands and their number */
	struct image_name image;  /* --image, or --layout in .dir alone; NULL where not given */
	const char *tag;          /* --tag; NULL where not given */
	struct platform platform; /* --platform */
	bool has_platform;
	bool no_history;
	const char *author, *comment, *created, *created_by; /* NULL where not given */
	bool auto_compress;                                  /* compress is to be chosen */
	enum compression compress;
	struct verb_maps uid_map, gid_map;
	bool rootless, json;
	struct progress progress;
};

#define VERB_NONE                                                                                  \
	{                                                                                          \
		.image = IMAGE_NAME_NONE, .auto_compress = true, .compress = COMPRESS_GZIP         \
	}
#define cleanup_verb cleanup(verb_end)

/*
 * Reads the command line: what is common into v, the rest goes to take (may be NULL). A verb whose
 * table has
 * --image or --layout must be given it, and least to most operands. True: go on; false: *status is
 * the exit status, a message was printed.
 */
bool verb_start(struct verb *v, const struct applet *self, int argc, char **argv,
	verb_option_fn *take, void *arg, int least, int most, int *status);

void verb_end(struct verb *v);

/* Opens what --image names. 0 or negative errno with err. */
int verb_open(const struct verb *v, enum layout_use use, struct layout *l, struct image *i,
	struct err *err);

/* Reports err: EXIT_SOME. */
int verb_fail(const struct verb *v, struct err *err);

/* Which platform is wanted: NULL where none was named. */
const struct platform *verb_platform(const struct verb *v);

/* What the new image is to be tagged with: --tag, or --image's. */
const char *verb_new_tag(const struct verb *v);

/* How a new layer on top of the image is compressed. */
enum compression verb_compression(const struct verb *v, const struct image *i);

/* Whether that has no place for sparse files. */
bool verb_no_holes(const struct verb *v);

/*
 * The entry for the history; *h points into v and time. by is what made it, where --history.*
 * says nothing else; the author is the image's. False where --no-history was given.
 */
bool verb_history(const struct verb *v, const struct image *i, const char *by, bool empty_layer,
	char time[IMAGE_TIME_MAX], struct history *h);

/*
 * Shows on a terminal how far work of so many bytes (0: nobody knows) is, until verb_work_done, or
 * verb_end. Whoever works adds to what is returned.
 */
atomic_ullong *verb_work(struct verb *v, const char *what, uint64_t total);

/*
 * The same for the reading of layers, from the lowest on, of which all bytes are read so many
 * times; the layout counts.
 */
void verb_work_layers(struct verb *v, const char *what, struct layout *l, const struct image *i,
	size_t layers, unsigned times);

/* The same for the writing of a layer, by the sink that layer_begin made. 0 or negative errno. */
int verb_work_sink(struct verb *v, const char *what, uint64_t total, struct sink **sink);

void verb_work_done(struct verb *v);

/* The verbs; image.c's table names each. */
extern const struct applet verb_init, verb_new, verb_list, verb_tag, verb_remove;
extern const struct applet verb_gc, verb_stat, verb_config, verb_validate;
extern const struct applet verb_index_list, verb_index_add, verb_index_merge, verb_index_remove;
extern const struct applet verb_unpack, verb_repack, verb_insert;
extern const struct applet verb_raw_unpack, verb_raw_add_layer, verb_raw_config;
extern const struct applet verb_past, verb_flatten, verb_squash, verb_rebase, verb_copy, verb_diff,
	verb_apply;

#endif
