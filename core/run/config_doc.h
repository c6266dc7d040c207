// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_RUN_CONFIG_DOC_H
#define RLC_RUN_CONFIG_DOC_H

#include "core/run/config.h"

/*
 * Within core/run: members of a container's configuration, checked for their type. An absent member
 * is none, and so is null. Each returns 0 or -EBADMSG with err, whose path is that of the member.
 */
struct at {
	const struct at *up; /* NULL: the document */
	const char *key;     /* NULL: index counts */
	size_t index;
	json_t *value;
	struct err *err;
};

/* A failure at this place. what lives for ever. Returns code. */
int at_fail(const struct at *at, int code, const char *what);

/* Goes to a member or an element; there is nothing where value is NULL then. */
struct at at_key(const struct at *at, const char *key);
struct at at_index(const struct at *at, size_t index);

/* The same, of this JSON type (JSON_OBJECT, ...): -EBADMSG for another one. */
int at_member(const struct at *at, const char *key, json_type type, struct at *out);

/* The values of members; what is absent leaves *out as it is. */
int at_text(const struct at *at, const char *key, const char **out);
int at_path(const struct at *at, const char *key, const char **out); /* it starts with '/' */
int at_bool(const struct at *at, const char *key, bool *out);
int at_number(const struct at *at, const char *key, int64_t least, int64_t most, int64_t *out);
int at_u32(const struct at *at, const char *key, uint32_t *out);

/* An owned array of the document's strings, NULL at its end. */
int at_texts(const struct at *at, const char *key, char ***out);

/*
 * Calls read for each element (an object) of the array key with the next of the owned array *out,
 * of elements with size bytes that start as zeros; *count counts them.
 */
typedef int at_read_fn(const struct at *at, void *element);
int at_each(const struct at *at, const char *key, at_read_fn *read, size_t size, void *out,
	size_t *count);

/* Remembers what cannot be had. */
void config_skip(struct run_config *c, const char *what);

/* The parts. */
int config_process(const struct at *at, struct run_process *p);
int config_mount(const struct at *at, void *mount);
int config_linux(const struct at *at, struct run_config *c);

#endif
