// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_BELOW_H
#define RLC_BELOW_H

#include "core/owner/node.h"
#include "core/tree/closed.h"
#include "core/tree/walk.h"

/* The layers below an overlay's upper directory, the uppermost first, and what they show merged. */
struct below {
	struct tree *at;
	size_t count;
};

/* lowers: "DIR:DIR", from the directory dirfd on; NULL or "": none. 0 or negative errno with err.
 */
int below_open(struct below *b, const char *lowers, int dirfd, struct err *err);
void below_close(struct below *b);

/* The layers that a directory is merged of, by their numbers. Starts as {0}. */
struct below_list {
	uint32_t *at;
	size_t count;
};

void below_list_free(struct below_list *l);

/* Those that the top is merged of: all. 0 or -ENOMEM. */
int below_top(const struct below *b, struct below_list *l);

/* A directory, open in all layers that it is merged of. */
struct below_dir {
	struct below_part {
		struct dir dir;
		struct opened opened;
		uint32_t layer;
	} * at;
	size_t count;
};

/* Opens the directory path ("a/b", "." for the top; it is kept). 0 or negative errno with err. */
int below_enter(const struct below *b, const struct below_list *l, const char *path,
	struct below_dir *d, struct err *err);
void below_leave(struct below_dir *d);

/* What name is in it: 1 with st and the part that has it, 0 where nothing is; negative errno. */
int below_find(
	const struct below_dir *d, const char *name, struct below_part **part, struct stat *st);

/* The layers that the directory name in it, which part has, is merged of. 0 or negative errno. */
int below_merged(const struct below_dir *d, const struct below_part *part, const char *name,
	struct below_list *l);

/* All names that may be in it, whiteouts and what they hide among them. 0 or negative errno. */
int below_names(const struct below_dir *d, struct listing *l);

/* What overlayfs has for a name that is gone, and of a directory that hides what is below. */
bool below_is_whiteout(const struct stat *st);
bool below_is_opaque(int dirfd, const char *name);

#endif
