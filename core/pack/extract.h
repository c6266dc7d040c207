// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_EXTRACT_H
#define RLC_EXTRACT_H

#include "core/owner/node.h"
#include "core/pack/archive.h"
#include "core/tree/walk.h"

/* What is done with whiteouts, in the notation of a layer (.wh.NAME) or of overlayfs (device 0:0).
 */
enum whiteouts {
	WHITEOUTS_APPLY,   /* extracting: remove what they hide; creating: leave them out */
	WHITEOUTS_OCI,     /* write them as a layer does */
	WHITEOUTS_OVERLAY, /* write them as overlayfs does */
	WHITEOUTS_KEEP     /* they are files and devices like others */
};

/* Told of what went wrong with one entry, whose err it may take; the work goes on. */
typedef void fault_fn(void *arg, struct err *err);

/*
 * Told of each file once it is as it should be, and its content's SHA-256: NULL where that would
 * have to be read. Another file of the same inode number may follow when this one is gone.
 */
typedef void filled_fn(void *arg, const struct stat *st, const char *hex);

struct extract_options {
	enum whiteouts whiteouts;
	bool keep_old;   /* what exists stays, and is an error (EEXIST) */
	bool keep_newer; /* what exists and is not older stays */
	bool use_umask;  /* permissions lose the bits of mask */
	mode_t mask;
	bool made_top; /* the top was made for this: it stays 0700 for the host */
	fault_fn *fault;
	void *fault_arg;
	filled_fn *filled; /* may be NULL */
	void *filled_arg;
};

struct extract;

/*
 * Starts putting entries into the tree, whose names are found beneath its top whatever the archive
 * or the tree's symlinks say. The caller's umask must be 0. tree, owners and options live as long
 * as it. 0 or negative errno with err.
 */
int extract_start(const struct tree *tree, const struct owners *owners,
	const struct extract_options *options, struct extract **out, struct err *err);

/*
 * Makes one entry, whose content comes from data. 0; negative errno with err where this entry was
 * refused or failed (nothing half-made is left of a file). Smaller faults (an
 * attribute that could not be kept) are told to fault, and the entry stays.
 */
int extract_entry(
	struct extract *x, const struct entry *e, struct archive_in *data, struct err *err);

/* Gives the directories that are still open their modes and times, frees x. Faults are told. */
void extract_end(struct extract *x);

#endif
