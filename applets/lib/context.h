// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_CONTEXT_H
#define RLC_CONTEXT_H

#include "applets/lib/applet.h"
#include "core/tree/walk.h"

/*
 * What all applets that work on trees have in common: the options below, and from them the tree and
 * the way ownership is kept.
 */
struct context {
	const struct applet *self;
	struct tree tree;
	struct owners owners;
	const char *root, *sidecar_file; /* as given, or NULL */
	bool brief; /* too little to do for a user namespace to be worth its half millisecond */
	bool records;
	struct owner base;
};

#define CONTEXT_NONE                                                                               \
	{                                                                                          \
		.tree = TREE_NONE                                                                  \
	}
#define cleanup_context cleanup(context_end)

enum { OPT_ROOT = 1000, OPT_RECORDS, OPT_BASE_OWNER, OPT_SIDECAR };

/* Rows for an applet's table of options, before its end (a comma is in the last); some, or all. */
#define CONTEXT_ROW_ROOT                                                                           \
	{                                                                                          \
		OPT_ROOT, 0, "root", "DIR", "take paths and names beneath DIR, and stay in it"     \
	}
#define CONTEXT_ROW_RECORDS                                                                        \
	{                                                                                          \
		OPT_RECORDS, 0, "records", NULL,                                                   \
			"as root, read and write records, not real owners"                         \
	}
#define CONTEXT_ROW_BASE_OWNER                                                                     \
	{                                                                                          \
		OPT_BASE_OWNER, 0, "base-owner", "UID:GID", "what your own ids are inside (0:0)"   \
	}
#ifdef CONFIG_SIDECAR
#define CONTEXT_ROW_SIDECAR                                                                        \
	{OPT_SIDECAR, 0, "sidecar", "FILE", "keep in FILE what no attribute can hold"},
#else
#define CONTEXT_ROW_SIDECAR
#endif
#define CONTEXT_ROWS                                                                               \
	CONTEXT_ROW_ROOT, CONTEXT_ROW_RECORDS, CONTEXT_ROW_BASE_OWNER, CONTEXT_ROW_SIDECAR

/* Takes an option: 1 where it was one of these, 0 where not, OPTION_BAD after a message. */
int context_option(struct context *c, int id, const char *arg);

/*
 * Opens the tree and looks at who we are; an ordinary user first enters a user namespace
 * of its own where that is allowed. EXIT_DONE, or an exit status after a message.
 */
int context_begin(struct context *c);

/*
 * Saves the sidecar: status, or EXIT_SOME after a message. Call it once at the end of main.
 */
int context_finish(struct context *c, int status);

void context_end(struct context *c);

#endif
