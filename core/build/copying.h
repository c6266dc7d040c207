// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_COPYING_H
#define RLC_COPYING_H

#include "core/build/converting.h"

/* COPY and ADD on their way to imports. All return 0 or negative errno with err. */
struct copy {
	const struct docker_step *s;
	char *dest;
	const struct stage *from; /* what is copied from; NULL: the context */
	struct stage image;       /* that, where it is none of this file */
	char *mode;               /* NULL: as it is */
	char *chown;              /* what is done in the steps; NULL: nothing */
	unsigned uid, gid;
	bool owned, add;
	bool content; /* what is in a directory was copied */
};

static inline bool ends_in_slash(const char *path)
{
	return *path && path[strlen(path) - 1] == '/';
}

/* Whether the stage has a directory there, as far as can be told. */
bool stage_has_dir(const struct stage *stage, const char *path);

/* Whether source is a directory, whose content is copied, as far as can be told. */
bool copy_is_content(const struct converting *c, const struct copy *copy, const char *source);

/* Adds an import; dest is NULL where only the steps need it. */
void copy_import(struct converting *c, const struct copy *copy, const char *path, const char *dest);

/* Adds the import of what is in a directory; path, which ends in "/", may be changed. */
int copy_content_of(struct converting *c, struct copy *copy, struct buf *path);

/* A source without wildcards; one with them in the context; one with them in a stage. */
int copy_named(struct converting *c, struct copy *copy, const char *source);
int copy_matches(struct converting *c, struct copy *copy, const char *pattern);
int copy_picked(struct converting *c, struct copy *copy, const char *pattern);

/* Reads --chown: UID[:GID], or names, which are only known in the image. */
int copy_owner(struct converting *c, struct copy *copy, const char *text);
/* Commands for the directories that COPY makes; source is its first. */
void copy_make_dest(struct converting *c, const struct copy *copy, const char *source);
/* Commands that give what came by imports to whom --chown names. */
void copy_chown(struct converting *c, const struct copy *copy);

#endif
