// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_BUILD_STAGE_H
#define RLC_BUILD_STAGE_H

#include "applets/build/making.h"

/*
 * Where steps of an image run: an overlay of the layers so far, below an upper directory of its
 * own. For steps there lies below all of them a layer of empty places for what is mounted, so that
 * no mount leaves anything in the upper one. Where no overlay can be mounted it is a plain tree.
 */
struct stage {
	struct making *m;
	struct upper upper;
	struct buf lowers; /* as rlc-unshare --overlay has them, from the store's directory on */
	char chain[65];    /* of the uppermost layer; "" for none */
	char up[80], work[80];
	struct strings binds; /* SRC:DST[:ro] */
	bool furnished;       /* imports are bound */
	bool plain;           /* from here on for that alone: */
	struct tree whole;
	int manifest, stamps; /* what it was like */
};

#define STAGE_NONE                                                                                 \
	{                                                                                          \
		.upper = UPPER_NONE, .lowers = BUF_NONE, .whole = TREE_NONE, .manifest = -1,       \
		.stamps = -1                                                                       \
	}
#define cleanup_stage cleanup(stage_end)

/* Over the layers of that image. 0 or negative errno with err. */
int stage_begin(struct stage *s, struct making *m, const struct image *i, struct err *err);
void stage_end(struct stage *s);

/* Shows src (from the store's directory on, where it is relative) at dst in steps. The same. */
int stage_bind(struct stage *s, const char *src, const char *dst, bool read_only, struct err *err);

/*
 * Calls act with the tree as a whole, in a process of its own, in which it may be changed. 0 or
 * negative errno with err.
 */
typedef int stage_act(struct stage *s, const struct tree *tree, void *arg, struct err *err);
int stage_tree(struct stage *s, stage_act *act, void *arg, struct err *err);

/*
 * Runs a command in it. out: where it writes, with nothing to read; -1: with this process's own
 * standard input and output. Its exit status, or negative errno with err.
 */
int stage_run(struct stage *s, const char *const *command, int out, struct err *err);

/*
 * The plain tree: unpacked; packed (1, with a layer; 0 where nothing changed). 0 or negative errno
 * with err.
 */
int plain_begin(struct stage *s, const struct image *i, struct err *err);
int plain_pack(struct stage *s, struct descriptor *d, char diff_id[DIGEST_MAX], struct err *err);

/* Puts the import into a directory, as a name (its content under their own). The same. */
int import_fetch(struct making *m, const struct import *i, int to, const char *as, struct err *err);

/* Copies what an image has at path into a directory, as a name; NULL: what is in it. The same. */
int grab_image(struct making *m, const struct image *i, const char *path, int to, const char *as,
	struct err *err);

/* Puts into the tree what is to be in the image: imports with a dest, overlay_dirs. The same. */
bool lay_needed(const struct recipe *r);
int lay_all(struct stage *s, struct err *err);

/* Shows what all steps have: imports, artifacts, binds. The same. */
int steps_furnish(struct stage *s, struct err *err);

/* Writes a script of those lines beside the imports. The same. */
int steps_script(struct making *m, const char *name, const struct strings *lines, struct err *err);

/* Adds to the image a layer that is an archive, or other images' layers. The same. */
int add_tar(struct making *m, struct err *err);
int add_applied_images(struct making *m, struct err *err);

/* Adds what was changed in the stage as a layer; what: for the history. The same. */
int steps_pack(struct stage *s, const char *what, struct err *err);

/*
 * The packages in rpm's database of m->image and of another one, of which the lowest base layers
 * are the same, as these images' own rpm has them: merged. Then as the database of m->image, by a
 * layer of its own. The same; -EEXIST where both changed a package, and not alike, after it was
 * told.
 */
int rpm_unite(struct making *m, const struct image *theirs, size_t base, struct buf *merged,
	struct err *err);
int rpm_rebuild(struct making *m, const struct buf *merged, struct err *err);

/* Adds a layer with an entry of the history. The same. */
int add_made_layer(struct making *m, const struct descriptor *d, const char *diff_id,
	const char *what, struct err *err);

#endif
