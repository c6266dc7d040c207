// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_CONVERT_H
#define RLC_CONVERT_H

#include "core/build/file.h"

/* What a Dockerfile comes to. */
struct converted {
	struct buf yaml;          /* a file of images */
	struct buf substitutions; /* what its placeholders stand for, NAME: VALUE; maybe nothing */
	struct strings froms;     /* those of them that are images to be brought here */
	struct strings notes; /* "PATH:LINE:COLUMN: ...": what is left out, or only near to it */
};

#define CONVERTED_NONE                                                                             \
	{                                                                                          \
		.yaml = BUF_NONE                                                                   \
	}
#define cleanup_converted cleanup(converted_free)

/*
 * Turns a Dockerfile's text, without a NUL in it, into images: one for each stage, and for each
 * COPY that stands behind a RUN one more. context is the directory that COPY copies from, which is
 * asked for the types of files, or -1. What was made has been read again as recipes_parse does. 0;
 * -EINVAL with err and the line of what cannot be converted; -E2BIG, -ENOMEM.
 */
int dockerfile_convert(
	const char *path, const char *text, int context, struct converted *out, struct err *err);
void converted_free(struct converted *c);

#endif
