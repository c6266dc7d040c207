// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_YAML_H
#define RLC_YAML_H

#include "core/build/file.h"

/*
 * A YAML document as a tree in which every value knows its place. Aliases are the values that they
 * name, merge keys ("<<") are merged, a key stands in a map once. What it comes to with all aliases
 * written out is bounded, so whoever walks it needs no limits of their own.
 */
enum {
	YAML_DEPTH_MAX = 64,
	YAML_VALUES_MAX = 100000,
	YAML_BYTES_MAX = 16 << 20,
	YAML_ANCHORS_MAX = 1000
};

enum yaml_kind { YAML_TEXT, YAML_LIST, YAML_MAP };

struct yaml_value {
	enum yaml_kind kind;
	struct place place;
	bool plain; /* text without quotes: may be meant as a number, a boolean, nothing */
	char *text; /* of YAML_TEXT, without a NUL in it */
	struct yaml_entry {
		struct yaml_value *key, *value; /* key: a YAML_TEXT; NULL in a list */
	} * entries;
	size_t count;

	size_t values, bytes;    /* private: with all that is below */
	bool whole;              /* its end has been read */
	struct yaml_value *next; /* all that there are, for freeing them */
};

struct yaml {
	struct yaml_value *root; /* NULL: the document is empty */
	struct yaml_value *all;
};

#define YAML_NONE                                                                                  \
	{                                                                                          \
		NULL, NULL                                                                         \
	}
#define cleanup_yaml cleanup(yaml_done)

/*
 * Reads one document of UTF-8. 0; -EINVAL with err where it is none, and for what rlc does not
 * take: a key that is no text, a tag of one's own, a second document; -E2BIG with err where it is
 * over a limit; -ENOMEM. path is for err.
 */
int yaml_read(const char *path, const char *text, size_t len, struct yaml *out, struct err *err);
void yaml_done(struct yaml *y);

/* Whether it stands for nothing: "", "~", "null". */
bool yaml_is_null(const struct yaml_value *v);

/* What is in map under that key, or NULL. */
const struct yaml_value *yaml_find(const struct yaml_value *map, const char *key);

/* "text", "a list", "a map": for messages. */
const char *yaml_kind_word(const struct yaml_value *v);

/*
 * For yaml.c: checks that map has no key twice, and puts what its key "<<" names in that one's
 * place. 0, or negative errno with err.
 */
int yaml_finish_map(const char *path, struct yaml_value *map, struct err *err);

#endif
