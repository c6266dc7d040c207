// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_RECORDS_H
#define RLC_RECORDS_H

#include "core/base/buf.h"

/* Files that are lists of records, each with a key, merged as diff3(1) would, by key. */
enum records_kind {
	RECORDS_NONE,
	RECORDS_LINES,   /* shadow(5) and its like: a line each, the key is what is before ':' */
	RECORDS_IDS,     /* passwd(5), group(5): the same, and the third field is a number */
	RECORDS_RANGES,  /* subuid(5): a first number, which is of the key, and how many */
	RECORDS_STANZAS, /* dpkg's status: stanzas between empty lines, by Package and Architecture
			  */
	RECORDS_RPM      /* headers (core/image/rpm.h); those of one version are alike */
};

/* What kind of file that path in an image is. */
enum records_kind records_kind(const char *path);

/*
 * Merges what ours and theirs made of base: a record that one of them changed is as that one has
 * it. Ours come first, in their order, then what theirs added. 0; -EEXIST with *key (the caller's)
 * where both changed one, and not alike, or gave numbers that overlap to two names that they added;
 * -EBADMSG for a file that is none; -ENOMEM.
 */
int records_merge(enum records_kind kind, const struct buf *base, const struct buf *ours,
	const struct buf *theirs, struct buf *out, char **key);

#endif
