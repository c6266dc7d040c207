// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_DOCKERFILE_H
#define RLC_DOCKERFILE_H

#include "core/build/file.h"

enum { DOCKERFILE_MAX = 4 << 20, DOCKERFILE_STEPS_MAX = 10000 };

/* An instruction of a Dockerfile, continued lines joined, comments left out. */
struct docker_step {
	struct place place;
	char *word;           /* in capitals */
	struct strings flags; /* "--from=x", "--link" */
	char *text;           /* what follows them, in one line */
	char *script;         /* the same, with a backslash and a newline where a line went on */
	bool json;            /* it is a JSON array of texts, which words has */
	struct strings words;
};

struct dockerfile {
	char escape; /* what a line ends in that goes on: a backslash or a backtick */
	struct docker_step *steps;
	size_t count;
};

#define DOCKERFILE_NONE                                                                            \
	{                                                                                          \
		'\\', NULL, 0                                                                      \
	}
#define cleanup_dockerfile cleanup(dockerfile_free)

/*
 * Reads the text of a Dockerfile, which has no NUL in it. 0; -EINVAL, -E2BIG, -ENOMEM with err.
 * Words that are no instructions are not looked at.
 */
int dockerfile_parse(const char *path, const char *text, struct dockerfile *out, struct err *err);
void dockerfile_free(struct dockerfile *d);

/* The value of the flag "--NAME=VALUE", "" for "--NAME", NULL where there is none. */
const char *docker_flag(const struct docker_step *s, const char *name);

/* Whether a here-document begins in the text, outside of quotes. */
bool docker_heredoc(const char *text);

#endif
