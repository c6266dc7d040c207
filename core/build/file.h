// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_BUILD_FILE_H
#define RLC_BUILD_FILE_H

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/owner/record.h"

/*
 * A file of images to be built, as stacker has it ("stacker.yaml"): all that it says, checked, with
 * the place where it says so. Strings are owned by the file.
 */
struct place {
	size_t line, column; /* from 1 */
};

struct strings {
	char **at;
	size_t count;
};

/* In the order of the file. */
struct pairs {
	struct pair {
		char *name, *value;
	} * at;
	size_t count;
};

enum from_type { FROM_DOCKER, FROM_OCI, FROM_TAR, FROM_BUILT, FROM_SCRATCH };

struct from {
	enum from_type type;
	char *url, *tag; /* NULL where not given; a path of tar and oci is absolute */
	bool insecure;   /* about registries, of which there are none here */
	struct place place;
};

struct import {
	char *path;         /* absolute, or an URL ("stacker://NAME/PATH", "https://...") */
	bool content;       /* it ended in "/": what is in the directory, not itself */
	char *hash;         /* 64 lower-case digits of SHA-256, or NULL */
	char *dest;         /* absolute, or NULL */
	int mode;           /* -1: as it is */
	struct owner owner; /* OWNER_KEEP: not given, which is root's */
	struct place place;
};

struct overlay_dir {
	char *source, *dest; /* both absolute; dest is "/" where not given */
	struct place place;
};

struct bind {
	char *source, *dest; /* both absolute */
	struct place place;
};

struct apply_from {
	char *image; /* "stacker://NAME" (also written as NAME), "oci:DIR:TAG" with an absolute DIR
		      */
	struct place place;
};

/* An image to be built. Of what is not given the list is empty, the string NULL. */
struct recipe {
	char *name;
	struct place place;
	struct from from;
	struct import *imports;
	size_t import_count;
	bool legacy_import; /* they stood under "import": they go to /stacker, not /stacker/imports
			     */
	struct overlay_dir *overlay_dirs;
	size_t overlay_dir_count;
	struct bind *binds;
	size_t bind_count;
	struct apply_from *apply;
	size_t apply_count;
	struct strings run, generate_labels;
	struct strings cmd, entrypoint, full_command;
	bool has_cmd, has_entrypoint, has_full_command; /* also where they are empty */
	struct pairs build_env, environment, labels, annotations;
	struct strings passthrough; /* regular expressions (extended POSIX) */
	bool has_passthrough;
	struct strings volumes;
	char *working_dir, *runtime_user, *os, *arch;
	bool build_only;
	bool has_bom; /* which nobody makes any more: worth a warning */
};

struct recipes {
	char *path;                   /* absolute */
	char *shown;                  /* as it was given: for messages */
	char *dir;                    /* what paths in it are relative to */
	char *text;                   /* after substitution */
	struct strings prerequisites; /* absolute paths */
	struct place *prerequisite_places;
	struct recipe *at;
	size_t count;
};

#define RECIPES_NONE                                                                               \
	{                                                                                          \
		.path = NULL                                                                       \
	}
#define cleanup_recipes cleanup(recipes_free)

/* NAME=VALUE, the earlier ones first. */
struct substitutions {
	struct pairs pairs;
};

/* Adds "NAME=VALUE"; of what is there already the old stays. 0, -EINVAL, -ENOMEM, with err. */
int substitutions_add(struct substitutions *s, const char *text, struct err *err);
/* Adds those of a YAML file "NAME: VALUE"; what is there already stays. 0 or -errno with err. */
int substitutions_read(struct substitutions *s, const char *path, struct err *err);
void substitutions_free(struct substitutions *s);

/*
 * Replaces ${{NAME}} and ${{NAME:DEFAULT}}. -EINVAL with err (line and column): a name without a
 * value, "$NAME" or "${NAME}" of a name that was given, a placeholder without its end. 0, -ENOMEM.
 */
int substitute(const struct substitutions *s, const char *path, const char *text, struct buf *out,
	struct err *err);

/*
 * Reads the file (at most 4 MiB), substitutes, checks. require_hash: imports of http and https need
 * one. 0; negative errno with err, which says "PATH:LINE:COLUMN: what is wrong, and what would be
 * right".
 */
int recipes_read(const char *path, const struct substitutions *s, bool require_hash,
	struct recipes *out, struct err *err);
/* The same of text, which came from path. */
int recipes_parse(const char *path, const char *text, size_t len, const struct substitutions *s,
	bool require_hash, struct recipes *out, struct err *err);
void recipes_free(struct recipes *r);

/* The image of that name, or NULL. */
const struct recipe *recipes_find(const struct recipes *r, const char *name);

/*
 * The names of images that the recipe needs built before it, by from, imports and apply:
 * stacker://NAME and built. Strings of its own. 0 or -ENOMEM.
 */
int recipe_needs(const struct recipe *r, struct strings *out);

/*
 * All files that path needs (config.prerequisites), those first that others need, path last; each
 * once. -ELOOP with err where they need each other. The caller frees each and the array.
 */
int recipes_read_all(const char *path, const struct substitutions *s, bool require_hash,
	struct recipes **out, size_t *count, struct err *err);

/* Every image of files, each behind those that it needs. */
struct order {
	struct order_item {
		const struct recipes *file;
		const struct recipe *recipe;
		size_t *needs; /* numbers of earlier items; owned */
		size_t need_count;
	} * at;
	size_t count;
};
/*
 * 0; -ELOOP or -ENOENT with err where images need each other, or one that there is not (with the
 * nearest name that there is); -EEXIST where two files have an image of one name.
 */
int order_make(const struct recipes *files, size_t count, struct order *out, struct err *err);
void order_free(struct order *o);

void strings_free(struct strings *s);
int strings_add(struct strings *s, const char *text);
void pairs_free(struct pairs *p);
int pairs_add(struct pairs *p, const char *name, const char *value);

/* Adds text as one word that a shell reads as it is. 0 or -ENOMEM. */
int add_shell_word(struct buf *out, const char *text);

/* Fills err with "PATH:LINE:COLUMN: " and the text that printf makes, and returns code. */
int place_err(struct err *err, int code, const char *path, const struct place *at, const char *fmt,
	...) __attribute__((format(printf, 5, 6)));

#endif
