// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_FIELDS_H
#define RLC_FIELDS_H

#include "core/build/yaml.h"

/* Values of YAML become members of structs, by tables of the keys that a map may have. */
struct reader {
	const char *path; /* for err */
	const char *dir;  /* absolute: what relative paths are relative to */
	bool require_hash;
	struct err *err;
};

/* Fills in what out points to. 0 or negative errno with err. */
typedef int field_fn(
	const struct reader *r, const char *key, const struct yaml_value *v, void *out);

struct field {
	const char *key;
	field_fn *read;
	size_t at;    /* of what it fills in, in the struct */
	size_t given; /* of a bool that says that the key is there; 0: none */
	bool needed;  /* nothing ("", "~", "null") is an error, not as if it were not there */
};

/*
 * Reads a map. Keys that the table, which ends with a row without key, does not have are errors
 * that name the nearest that it has. what is for messages: "an image".
 */
int fields_read(const struct reader *r, const char *what, const struct field *table,
	const struct yaml_value *v, void *out);

/* field_fn: char *; text that is not empty. */
int read_text(const struct reader *r, const char *key, const struct yaml_value *v, void *out);
/* bool */
int read_bool(const struct reader *r, const char *key, const struct yaml_value *v, void *out);
/* struct strings: a list; a list or one text; a list, or a text that is split as a shell would. */
int read_list(const struct reader *r, const char *key, const struct yaml_value *v, void *out);
int read_lines(const struct reader *r, const char *key, const struct yaml_value *v, void *out);
int read_command(const struct reader *r, const char *key, const struct yaml_value *v, void *out);
/* struct pairs: a map of texts; the same of environment variables. */
int read_pairs(const struct reader *r, const char *key, const struct yaml_value *v, void *out);
int read_env(const struct reader *r, const char *key, const struct yaml_value *v, void *out);
/* struct strings: a list of extended regular expressions. */
int read_regexes(const struct reader *r, const char *key, const struct yaml_value *v, void *out);
/* char *: an absolute path of the image, cleaned; a "/" at its end stays. */
int read_dest(const struct reader *r, const char *key, const struct yaml_value *v, void *out);
/* char *: a path of the host, made absolute. */
int read_source(const struct reader *r, const char *key, const struct yaml_value *v, void *out);

/* struct recipe: what its keys say. */
int read_from(const struct reader *r, const char *key, const struct yaml_value *v, void *out);
int read_imports(const struct reader *r, const char *key, const struct yaml_value *v, void *out);
int read_old_imports(
	const struct reader *r, const char *key, const struct yaml_value *v, void *out);
int read_overlay_dirs(
	const struct reader *r, const char *key, const struct yaml_value *v, void *out);
int read_binds(const struct reader *r, const char *key, const struct yaml_value *v, void *out);
int read_apply(const struct reader *r, const char *key, const struct yaml_value *v, void *out);

/* "PATH:LINE:COLUMN: 'KEY' is a list; WANTED is expected". Returns -EINVAL. */
int wrong_kind(
	const struct reader *r, const char *key, const struct yaml_value *v, const char *wanted);

/* Adds what is in the file, at most 4 MiB. 0 or negative errno with err. */
int read_whole(const char *path, struct buf *out, struct err *err);

/* Replaces *out. 0 or -ENOMEM with err. */
int set_text(const struct reader *r, char **out, const char *text);

/*
 * path without "//", "." and "..", which are taken by name and not by what is on disk, absolute by
 * dir, without a "/" at its end. The caller's; NULL: no memory.
 */
char *path_absolute(const char *dir, const char *path);

/* The part before "://" of an URL: its length, or 0. */
size_t url_scheme(const char *text);
/* Whether it is an URL of that scheme. */
bool url_is(const char *text, const char *scheme);
/* The image that "stacker://NAME/PATH" names; the caller's, NULL: no memory, or no such URL. */
char *url_image(const char *text);

/* Whether text can be the name of an image here: a tag without ':' and '/'. */
bool recipe_name_valid(const char *text);

/*
 * Splits as a shell does, by blanks, with quotes and backslashes; nothing is expanded. 0; -EINVAL
 * where a quote does not end, or a backslash is the last; -ENOMEM.
 */
int words_split(const char *text, struct strings *out);

#endif
