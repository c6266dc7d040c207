// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_TAR_H
#define RLC_TAR_H

#include "applets/lib/context.h"
#include "applets/lib/progress.h"
#include "core/pack/create.h"
#include <stdio.h>

/* A list of patterns or names; the strings are owned. */
struct words {
	char **at;
	size_t count, room;
};

/* Something named on the command line, with the -C that stood before it. */
struct member {
	char *path;
	const char *dir; /* NULL without a -C */
	bool found;
};

/* What the command line says. */
struct tar {
	struct context context;
	char verb; /* one of "cxtd" */
	const char *file;
	const char *dir;   /* the last -C */
	struct words dirs; /* all of them, made absolute to each other */
	struct member *members;
	size_t member_count, member_room;
	struct words excludes;
	int verbose;
	bool json, digest, nul_lists, auto_compress;
	enum compression compression;
	int level;
	size_t strip;
	struct extract_options extract;
	struct create_options create;
	struct progress progress;
	struct words names; /* what create.user and create.group point to */
	int status;
};

/* Parses argv: EXIT_DONE and *go, or an exit status with *go false. */
int tar_options(struct tar *t, int argc, char **argv, bool *go);

/* The verbs: the exit status. */
int tar_create(struct tar *t);
int tar_read(struct tar *t);

/* Reports a fault and remembers it for the exit status. */
void tar_fault(void *tar, struct err *err);

/* Adds a copy of n bytes. 0 or -ENOMEM. */
int words_add(struct words *w, const char *text, size_t n);

/* Adds each line (or each part ended by NUL) of a file, "-" for standard input. */
int words_read(struct words *w, const char *file, bool nul, struct err *err);

void words_free(struct words *w);

/* Whether an --exclude matches the path or what holds it. */
bool tar_excluded(const struct tar *t, const char *path);

/* Whether the path was asked for: no members, or one is it or above it. */
bool tar_wanted(struct tar *t, const char *path);

/* Prints an entry of a listing: its path, a long line, or JSON. */
void tar_print(struct tar *t, FILE *to, const struct entry *e);

#endif
