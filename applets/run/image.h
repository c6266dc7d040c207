// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_RUN_IMAGE_H
#define RLC_RUN_IMAGE_H

#include "applets/lib/context.h"
#include "applets/run/run.h"
#include "core/image/store.h"
#include "core/image/upper.h"

/*
 * Runs an image: "DIR[:TAG]" of a layout. Its layers are unpacked into the store (call->store, or
 * the user's own), what the command changes goes to a directory beside it, which is thrown away,
 * or becomes a layer of the image call->commit in the same layout. command (ends with NULL) stands
 * in place of the image's Cmd, behind its Entrypoint. The command's exit status, or GUEST_FAILED
 * after a message.
 */
int run_image(struct call *call, const char *name, char *const *command);

/* Within image*.c: an image that is run. */
struct run_image {
	struct call *call;
	char *const *command;
	struct owner outside;   /* the caller's ids before it entered a namespace of its own */
	struct context context; /* who we are; its tree is not used */
	struct image_name name;
	struct layout layout;
	struct image image;
	struct store store;
	struct upper upper;
	struct tree tree; /* as the command sees it */
	bool mounted;     /* it is an overlay; else it was unpacked as a whole into upper.top */
	char *dir;        /* owned; absolute: of upper.name */
	char *root;       /* owned; absolute: of the tree */
	struct run_config config;
	bool faulty; /* something could not be unpacked, or packed; it was told */
};

/* Fills dir and root, once there is an upper directory. 0 or -ENOMEM with err. */
int image_name_places(struct run_image *r, struct err *err);

/* Mounts the image's layers and the upper directory above them. 0; negative errno with err, whose
 * code is -EOPNOTSUPP where no overlay can be mounted. */
int image_mount(struct run_image *r, struct err *err);
void image_unmount(struct run_image *r);

/* Unpacks the image as a whole, and notes what it was like where it is to be committed. */
int image_spread(struct run_image *r, struct err *err);

/* Fills r->config. 0 or negative errno with err. */
int image_configure(struct run_image *r, struct err *err);

/* The configuration that the image has as it is, for a tree (NULL: none is there yet). */
int image_spec(const struct run_image *r, const struct tree *tree, json_t **out, struct err *err);

/* Makes the image call->commit of what was changed. 0 or negative errno with err. */
int image_commit(struct run_image *r, struct err *err);

/* A fault_fn: tells, and remembers that there was one. */
void image_fault(void *run_image, struct err *err);

#endif
