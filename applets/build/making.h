// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_BUILD_MAKING_H
#define RLC_BUILD_MAKING_H

#include "applets/build/work.h"

/* One image on its way, in a process of its own. */
struct making {
	struct work *w;
	const struct recipes *file;
	const struct recipe *r;
	struct applet self; /* named by the image, for messages */
	char *name;         /* owned: the applet's */
	int out;            /* where what steps write goes */
	int terminal;       /* where errors of what runs at the terminal go */
	int lock;
	struct layout layout; /* the internal one */
	struct store store;   /* open once it is needed */
	struct layout from;   /* where the base's blobs are; not open: they are in layout */
	struct image image;   /* the base, to which layers are added */
	size_t base_layers;   /* how many of them are the base's */
	struct key key;
	size_t key_steps;            /* how much of its text is about steps */
	char steps[65];              /* the digest of that part */
	char generated[65];          /* of that and what is about generated labels */
	char whole[65];              /* and of all of it */
	json_t *labels;              /* that steps made; NULL: none */
	struct strings env;          /* NAME=VALUE: what steps have */
	struct sum_cache *sums;      /* of the files that it is made of */
	struct sum_cache *blobs;     /* of layers: one for all images, which have them in common */
	bool tried_overlay, overlay; /* whether one can be mounted in the store */
	bool ldconfig;               /* the loader's cache is that of one image alone */
	bool no_powers;              /* what is copied out of it becomes the caller's */
	bool faulty;                 /* some entry failed: what was made is not kept */
};

#define cleanup_making cleanup(making_end)
/* Nothing is open yet. */
void making_begin(
	struct making *m, struct work *w, const struct recipes *file, const struct recipe *r);
void making_end(struct making *m);

/* The process: its exit status. */
int making_run(struct work *w, const struct order_item *item, int out, int terminal);

/*
 * Finds out what it is made of, and whether it was built of that: 1, 0, or negative errno with err.
 */
int making_look(struct making *m, struct err *err);

/* The image that was built under that name. 0 or negative errno with err. */
int making_open(struct making *m, struct image *out, struct err *err);

/*
 * A line for people, unless they want none: at once, as what follows may write; and behind what
 * steps have written so far.
 */
void making_say(const struct making *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void making_done(const struct making *m, const char *text);

/* A fault_fn. */
void making_fault(void *making, struct err *err);

/* Opens the store, if it is not. 0 or negative errno with err. */
int making_store(struct making *m, struct err *err);

/* How layers are unpacked. */
struct unpack_options making_unpack(struct making *m);

/* How new layers are compressed. */
enum compression making_compression(const struct making *m);

/*
 * Whether holes of files are written as zeros. Where two builds are to be the same on any machine,
 * too: which zeros are a hole is the file system's choice.
 */
bool making_no_holes(const struct making *m);

/*
 * Finds what the image is based on: m->image, and m->from where its blobs are elsewhere. 0 or
 * negative errno with err.
 */
int base_find(struct making *m, struct err *err);
/* Sees to it that the base's blobs are in the layout. The same. */
int base_bring(struct making *m, struct err *err);

/* The image of that name that was built, or the one of "oci:DIR:TAG" (copied into the layout). */
int base_named(struct making *m, const char *name, struct image *out, struct err *err);

/* What steps have in their environment, from what was called and the recipe. 0 or -errno. */
int env_make(struct making *m, struct err *err);

/* Makes m->key, m->steps and m->whole. 0 or negative errno with err. */
int inputs_key(struct making *m, struct err *err);
/* Whether steps would have another key by now: 1, 0, or negative errno with err. */
int inputs_changed(struct making *m, struct err *err);

/* Whether the image is there as it would be built: 1 with its descriptor tagged, 0, -errno. */
int cache_find_image(struct making *m, struct err *err);
/* Whether what the steps came to be is there: 1 with its layers added to m->image, 0, -errno. */
int cache_find_steps(struct making *m, struct err *err);
int cache_keep_steps(struct making *m, struct err *err);
/* The same of labels that are generated: m->labels. */
bool cache_find_labels(struct making *m);
int cache_keep_labels(struct making *m, struct err *err);
int cache_keep_image(struct making *m, struct err *err);
/* Remembers what it was made of last, for --why; a fault is nobody's concern. */
void cache_keep_last(const struct making *m);
/*
 * Whether the blob, all layers of the image, are in the layout and are what their digests say. What
 * is damaged goes, and that is said.
 */
bool blob_sound(struct making *m, const struct layout *l, const struct descriptor *d);
bool layers_sound(struct making *m, const struct layout *l, const struct image *i);
/* They were just read or written: what stat says of them is remembered. */
void layers_known(struct making *m, const struct layout *l, const struct image *i);
/* Layers in the layout that are not what their digests say go; says which. How many. */
int cache_drop_damaged(struct making *m);
/* Says why the image is built anew. */
void cache_why(const struct making *m, bool steps);

/* Does all that the recipe says of files; adds layers to m->image. 0 or negative errno with err. */
int steps_do(struct making *m, struct err *err);

/* Runs generate_labels, and keeps what it writes as m->labels. The same. */
int labels_make(struct making *m, struct err *err);

/*
 * Copies imports to where steps find them; anew: their place for artifacts is emptied, too. 0 or
 * negative errno with err.
 */
int imports_prepare(struct making *m, bool anew, struct err *err);

/*
 * What is at PATH of stacker://NAME/PATH: its digest; and as a new name in a directory. 0 or
 * negative errno with err.
 */
int grab_sum(struct making *m, const char *url, char hex[65], struct err *err);
int grab_to(struct making *m, const char *url, int to, const char *as, struct err *err);

/* Gives the image the recipe's configuration. 0 or negative errno with err. */
int configure(struct making *m, struct err *err);

/* Copies the image that was built to another layout, as tag. 0 or negative errno with err. */
int deliver(struct making *m, const char *dir, const char *tag, struct err *err);

#endif
