// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_RECORD_H
#define RLC_RECORD_H

#include "core/base/buf.h"

/* The attribute that keeps the owner of a regular file or directory. */
#define RECORD_ATTR "user.rootlesscontainers"

/* The oldest dialect: two attributes, each a decimal number. Read, never written. */
#define RECORD_ATTR_UID RECORD_ATTR ".uid"
#define RECORD_ATTR_GID RECORD_ATTR ".gid"

/* "This id is what the inode's real owner maps to": NOOP on disk. */
#define OWNER_KEEP UINT32_MAX

/* The most bytes that a record may have; what is longer is malformed. */
#define RECORD_MAX 1024

/* A user and a group inside the container, either of them OWNER_KEEP where it is not known. */
struct owner {
	uint32_t uid, gid;
};

/*
 * Reads a record (the message rootlesscontainers.Resource) in every dialect:
 * fields in any order or repeated, over-long varints, absent fields (0),
 * unknown fields, the empty value (0:0). 0, -EBADMSG where the bytes are no
 * record (truncated, field number 0, groups, an id that is no varint), -ENOMEM.
 */
int record_decode(const void *data, size_t len, struct owner *owner);

/*
 * Adds to out the record that says owner: both fields explicit, zero written
 * out, OWNER_KEEP as 0xFFFFFFFF, so that every known reader reads it alike.
 * Unknown fields of the old record (NULL where there is none, or malformed:
 * then ignored) are kept, unless the new one would be above RECORD_MAX by them.
 * 0 or -ENOMEM.
 */
int record_encode(const void *old, size_t old_len, struct owner owner, struct buf *out);

/* Reads one id of the oldest dialect. 0 or -EBADMSG. */
int record_decode_decimal(const char *text, size_t len, uint32_t *id);

/* owner with each id of change that is not OWNER_KEEP. */
static inline struct owner owner_merge(struct owner owner, struct owner change)
{
	if (change.uid != OWNER_KEEP)
		owner.uid = change.uid;
	if (change.gid != OWNER_KEEP)
		owner.gid = change.gid;
	return owner;
}

static inline bool owner_same(struct owner a, struct owner b)
{
	return a.uid == b.uid && a.gid == b.gid;
}

#endif
