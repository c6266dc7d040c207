// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_BUNDLE_H
#define RLC_BUNDLE_H

#include "applets/image/image.h"
#include "applets/lib/context.h"
#include "core/image/mtree.h"

/*
 * A bundle, as umoci has it:
 *	rootfs/              the tree
 *	config.json          for a container's runtime
 *	sha256_HEX.mtree     what the tree was like; HEX is the digest of the image's manifest
 *	sha256_HEX.stamps    (rlc's own) by which it is known what nobody touched since
 *	umoci.json           which image it came from and whose ids are whose; it comes last
 * With --overlay there is a directory for each layer and one for what is changed:
 *	layers/0 layers/1 ... upper/ work/ rootfs/
 */

/* A bundle, and whose ids are whose in it. */
struct bundle {
	struct verb *v;
	struct context context;      /* who we are; its tree is not used */
	struct owner outside;        /* the caller's ids before it entered a namespace of its own */
	bool shift;                  /* real root with maps: ids are shifted by them */
	json_t *uid_maps, *gid_maps; /* as umoci.json and config.json have them; NULL: none */
	int fd;                      /* the bundle's directory */
	struct tree rootfs;
	bool overlay;
	struct known *known; /* sums of what was unpacked; NULL: none are wanted */
	bool keep_dirlinks;  /* a directory does not replace a symlink to one */
	int status;          /* EXIT_SOME once some entry failed */
};

#define BUNDLE_NONE                                                                                \
	{                                                                                          \
		.context = CONTEXT_NONE, .fd = -1, .rootfs = TREE_NONE                             \
	}
#define cleanup_bundle cleanup(bundle_end)
void bundle_end(struct bundle *b);

/*
 * Finds out whose ids are whose, from what the verb's maps and rootless say, and enters a namespace
 * of its own as an ordinary user. An exit status, after a message.
 */
int bundle_begin(struct bundle *b, struct verb *v);

/* The ids outside of ids inside and back; OWNER_KEEP where there are none. */
struct owner bundle_outside(const struct bundle *b, struct owner inside);
struct owner bundle_inside(const struct bundle *b, struct owner outside);

/* A fault_fn: reports, and remembers that there was one. */
void bundle_fault(void *bundle, struct err *err);

/* How the mtree sees the tree. */
struct mtree_view bundle_view(const struct bundle *b);

/* Writes a whole file in the bundle, aside and renamed. 0 or negative errno with err. */
int bundle_write(const struct bundle *b, const char *name, const struct buf *text, struct err *err);

/*
 * Makes of the new directory fd a tree's top: of the root inside, 0755, and where no layer says
 * when it was made, of 1970: the same wherever it is unpacked. 0 or negative errno with err.
 */
int bundle_top(const struct bundle *b, int fd, const char *name, struct err *err);

/* Writes the tree's manifest and its stamps for an image. 0 or negative errno with err. */
int bundle_write_mtree(const struct bundle *b, const struct image *i, struct err *err);

/* "sha256_HEX" and the suffix. */
enum { BUNDLE_NAME_MAX = DIGEST_MAX + 16 };
void bundle_file(char name[BUNDLE_NAME_MAX], const char *digest, const char *suffix);

/* Removes the manifest and stamps for the image of that digest, where they are there. */
void bundle_forget(const struct bundle *b, const char *digest);

/* Writes umoci.json. 0 or negative errno with err. */
int bundle_write_meta(const struct bundle *b, const struct image *i, struct err *err);

/* What umoci.json says. */
struct bundle_meta {
	json_t *doc;
	struct descriptor *walk; /* from index.json's descriptor to the manifest's */
	size_t walk_count;
	bool overlay;
};
#define BUNDLE_META_NONE                                                                           \
	{                                                                                          \
		NULL, NULL, 0, false                                                               \
	}
void bundle_meta_done(struct bundle_meta *m);

/* Reads it, and what it says of ids into v. 0 or negative errno with err. */
int bundle_read_meta(const char *path, struct verb *v, struct bundle_meta *m, struct err *err);

/* Unpacks layers first to end of the image into the tree. 0 or negative errno with err. */
int bundle_unpack(struct bundle *b, const struct layout *l, const struct image *i, size_t first,
	size_t end, const struct tree *tree, struct err *err);

/* Writes config.json's text for the image; tree NULL: without one. 0 or negative errno with err. */
int bundle_spec(const struct bundle *b, const struct image *i, const struct tree *tree,
	const char *root, struct buf *out, struct err *err);

#endif
