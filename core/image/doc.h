// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_DOC_H
#define RLC_DOC_H

#include "core/base/buf.h"
#include "core/base/err.h"
#include <jansson.h>

/*
 * JSON documents of an image (RFC 8259): index, manifest, config. They are kept as they were
 * read, so that what rlc does not know is still there when they are written again.
 */

/* The most bytes, and the most values, a document may have. */
#define DOC_MAX (4u << 20)
#define DOC_VALUES_MAX (128u << 10)

#define cleanup_json cleanup(doc_done)

/*
 * Reads a document from n bytes of text. 0 and *out, a reference that is the caller's; -EBADMSG
 * where it is none, or says one key twice; -EFBIG where it is over the limits; -ENOMEM. path is for
 * err.
 */
int doc_parse(const void *text, size_t n, const char *path, json_t **out, struct err *err);

/* The text of key in object: NULL where there is none, it is no text, or object is no object. */
const char *doc_text(const json_t *object, const char *key);

/* Sets key to a text; NULL takes the key away. 0 or -ENOMEM. */
int doc_set_text(json_t *object, const char *key, const char *text);

/* The object or array under key, made where it is missing; NULL: no memory, or another type. */
json_t *doc_object(json_t *object, const char *key);
json_t *doc_array(json_t *object, const char *key);

/* Adds the document as compact text, keys in their order. 0 or -ENOMEM. */
int doc_write(const json_t *doc, struct buf *out);

/* Drops a reference; NULL inside is fine. */
void doc_done(json_t **doc);

#endif
