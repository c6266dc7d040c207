// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_BUILD_WORK_H
#define RLC_BUILD_WORK_H

#include "applets/build/build.h"
#include "applets/lib/context.h"
#include "core/build/file.h"
#include "core/build/key.h"
#include "core/image/store.h"

/*
 * What is kept between builds, in the stacker directory:
 *	store/           unpacked layers (core/image/store.h), unless --roots-dir is given
 *	layout/          all images that were built, by name, and the layers of their bases
 *	cache/HEX        what the steps, or the image, of that key came to be (JSON)
 *	last/NAME        the key's text of the image that was built last
 *	sums/NAME        sums of the files that it is made of, by what stat says of them; @blobs: of
 *	                 all images' layers
 *	imports/NAME/    what the steps of the image find in /stacker/imports
 *	artifacts/NAME/  what they left in /stacker/artifacts
 *	logs/NAME        what they wrote
 *	locks/NAME       held by who builds the image
 */
struct work {
	struct build_options b;
	struct context context; /* who we are; its tree is not used */
	bool real;              /* real root: owners are real, and nothing is emulated */
	struct recipes *files;
	size_t file_count;
	struct order order;
	int dir;          /* the stacker directory */
	char *layout_dir; /* owned */
	struct timespec epoch;
	bool has_epoch; /* SOURCE_DATE_EPOCH is set */
	/* what options say */
	size_t jobs;
	bool no_cache, why, require_hash, order_only;
	bool auto_compress;
	enum compression compress;
	const char *on_failure, *annotations;
};

#define WORK_NONE                                                                                  \
	{                                                                                          \
		.b = BUILD_OPTIONS_NONE, .context = CONTEXT_NONE, .dir = -1,                       \
		.auto_compress = true, .compress = COMPRESS_GZIP, .annotations = "io.stackeroci"   \
	}
#define cleanup_work cleanup(work_end)
void work_end(struct work *w);

/*
 * Enters a user namespace as an ordinary user, opens the stacker directory, which is made where it
 * is missing. EXIT_DONE, or an exit status after a message.
 */
int work_begin(struct work *w);

/* Reads the files (count of them) and all that they need, in order. The same. */
int work_read(struct work *w, const char *const *files, size_t count);

/* A directory in the stacker directory, made where it is missing. The descriptor or -errno. */
int work_dir(const struct work *w, const char *name, struct err *err);

/*
 * The name of something in the stacker directory from the store's directory on, where steps are
 * started from. The caller's; NULL: no memory.
 */
char *work_from_store(const struct work *w, const char *kind, const char *name);

/* Opens a layout, made where it is missing; dir NULL: the internal one. 0 or -errno with err. */
int work_layout(const struct work *w, const char *dir, enum layout_use use, struct layout *l,
	struct err *err);

/* Reads, writes (aside and renamed) a small file DIR/NAME of the stacker directory. 0 or -errno. */
int work_load(const struct work *w, const char *dir, const char *name, struct buf *text);
int work_save(const struct work *w, const char *dir, const char *name, const void *text, size_t n);

/* Writes a line of the log, behind "NAME| " where name is not NULL. */
void work_line(const struct work *w, const char *name, const char *line, size_t n);

/* Builds all images of the order: EXIT_DONE, or EXIT_SOME after messages. */
int work_build(struct work *w);

#endif
