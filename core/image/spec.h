// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_SPEC_H
#define RLC_SPEC_H

#include "core/image/image.h"
#include "core/tree/tree.h"

/* Who a container's process is (image-spec, config.md, "User"). */
struct spec_user {
	uint32_t uid, gid;
	uint32_t *groups; /* owned: the groups that have the user as a member */
	size_t group_count;
	char *home; /* owned; NULL: not known */
};

#define SPEC_USER_NONE                                                                             \
	{                                                                                          \
		0, 0, NULL, 0, NULL                                                                \
	}
#define cleanup_spec_user cleanup(spec_user_done)

/*
 * Finds who text ("USER", "USER:GROUP", names or numbers, "" for root) is by the tree's own
 * etc/passwd and etc/group (tree may be NULL: numbers alone). 0; -ENOENT for a name that is not
 * there; negative errno; with err.
 */
int spec_user_find(
	const struct tree *tree, const char *text, struct spec_user *out, struct err *err);

void spec_user_done(struct spec_user *u);

/* What a bundle's config.json is made for. */
struct spec_options {
	const struct tree *tree; /* NULL: without the tree nobody but root and numbers is known */
	const char *root;        /* the path of the tree from config.json on */
	bool rootless;           /* to be run by an ordinary user */
	json_t *uid_maps, *gid_maps; /* arrays as the runtime's configuration has them, or NULL */
};

/*
 * Makes the configuration of an OCI runtime (runtime-spec, config.md; image-spec, conversion.md)
 * for an image. 0 or negative errno with err: -ENOTSUP for another system than Linux, -EBADMSG
 * where the image's config is damaged.
 */
int spec_make(const struct image *i, const struct spec_options *o, json_t **out, struct err *err);

#endif
