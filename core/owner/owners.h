// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_OWNERS_H
#define RLC_OWNERS_H

#include "core/owner/record.h"
#include "core/owner/sidecar.h"

/* The id that stands for everybody who is not mapped. */
#define OWNER_STRANGER 65534u

/* Ids of this user namespace that can really be given to files. */
struct idmap {
	struct idmap_range {
		uint32_t first, count;
	} ranges[340]; /* as many as the kernel allows */
	size_t count;
};

/* How ownership is kept, here and for this process. */
struct owners {
	bool records;      /* records are read and written */
	bool chown;        /* ids other than mine are mapped: chown is tried first */
	bool strangers;    /* an id that is not mine is a stranger's (no namespace shows it) */
	struct owner mine; /* the real ids that count as mine */
	struct owner base; /* what mine are inside the container */
	struct idmap uids, gids;
	struct sidecar *sidecar; /* NULL where none was named; not owned */
};

/*
 * Looks at what this process is. Real root (euid 0 with every id mapped): owners are real,
 * records are ignored unless with_records. Root in a user namespace: records,
 * after chown for what is mapped. Anybody else: records. Without /proc, root counts as real, and
 * so does the root of rlc-unshare's guests, who can have every owner.
 * base is what an ordinary user's own ids are inside (0:0 unless told). 0; negative
 * errno where root cannot read which ids are mapped.
 */
int owners_init(struct owners *o, bool with_records, struct owner base);

/*
 * Real root with records looks at somebody else's tree: the owner of its top counts as mine.
 */
void owners_adopt(struct owners *o, const struct stat *top);

/* The inside ids of real ones, before any record. */
struct owner owners_inside(const struct owners *o, uint32_t uid, uint32_t gid);

/* Whether both ids (OWNER_KEEP counts as mapped) can be given by chown. */
bool owners_mapped(const struct owners *o, struct owner owner);

/* The real ids to chown to for inside ids that are mapped; OWNER_KEEP stays. */
struct owner owners_real(const struct owners *o, struct owner inside);

#endif
