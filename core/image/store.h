// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_STORE_H
#define RLC_STORE_H

#include "core/image/unpack.h"

/*
 * Unpacked layers, kept for whoever needs them again. A store is a directory (0700):
 *
 *	layers/HEX/   what a layer has over those below it, as overlayfs wants it; HEX: its chain id
 *	aside/NAME/   what is being made or used, each locked (flock) by whose it is
 *	owners        a symlink: "real" owners, or "records" of them; one kind is not for the other
 *
 * A store that is open is locked (shared); what removes layers locks it alone. A layer is renamed
 * to its place once it is whole and on disk, and renamed aside to be removed: whoever is killed,
 * and when the power is cut, what is in layers/ is whole.
 */
struct store {
	char *path; /* owned */
	int fd, layers, aside;
	bool sole;
};

#define STORE_NONE                                                                                 \
	{                                                                                          \
		NULL, -1, -1, -1, false                                                            \
	}
#define cleanup_store cleanup(store_close)

/*
 * Opens the store, which is made (with its parents) where it is missing. sole: nobody else has it
 * open: -EWOULDBLOCK where somebody has. What nobody holds any more in aside/ is removed. 0 or
 * negative errno with err.
 */
int store_open(const char *path, bool sole, struct store *s, struct err *err);
void store_close(struct store *s);

/*
 * A layer over those below it (image-spec, config.md, "Layer ChainID"): 64 digits. below may be
 * hex; NULL: it is the lowest. 0 or -ENOMEM.
 */
int chain_id(const char *below, const char *diff_id, char hex[65]);

/* That of an image's uppermost layer, "" for none. The same. */
int image_chain(const struct image *i, char hex[65]);

/*
 * Sees to it that all layers of the image are in the store: unpacks those that are missing, aside
 * and renamed, each with the top that the overlay is to show. *lowers gets their paths from the
 * store's directory on ("layers/HEX:layers/HEX", the uppermost first, as rlc-unshare --overlay has
 * them; empty for an image of no layers), chain (may be NULL) the uppermost's id ("" for none). A
 * layer of which some entry failed (o->fault was told) is not kept: -EIO. 0 or negative errno with
 * err.
 */
int store_layers(struct store *s, const struct layout *l, const struct image *i,
	const struct unpack_options *o, struct buf *lowers, char chain[65], struct err *err);

/* Puts the layer of that chain id before those that are in lowers. 0 or -ENOMEM. */
int store_add_name(struct buf *lowers, const char *hex);

/* The same paths of an image whose layers are all there. 0 or -ENOMEM. */
int store_names(const struct image *i, struct buf *lowers);

/* Whether all layers of the image are there: then nothing is left to unpack. */
bool store_has(const struct store *s, const struct image *i);

/* Directories for an overlay's changes. */
struct upper {
	char name[64]; /* "aside/NAME": upper and work are below it */
	int lock;
	struct tree top; /* of aside/NAME/upper */
};

#define UPPER_NONE                                                                                 \
	{                                                                                          \
		"", -1, TREE_NONE                                                                  \
	}

/* Makes them, the top like that of the layer chain ("" for none). 0 or negative errno with err. */
int store_upper(struct store *s, const char *chain, const struct owners *owners, struct upper *u,
	struct err *err);

/* Removes them. */
void store_upper_drop(struct store *s, struct upper *u);

/* Keeps the upper directory as the unpacked layer of that chain id. u is dropped. 0 or -errno. */
int store_upper_keep(struct store *s, struct upper *u, const char *chain, struct err *err);

/* Removes all layers whose chain id keep does not know. Sole stores only. How many, or -errno. */
int store_sweep(
	struct store *s, bool (*keep)(void *arg, const char *hex), void *arg, struct err *err);

#endif
