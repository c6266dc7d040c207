// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_DOCKERFILE_H
#define RLC_DOCKERFILE_H

#include "core/build/file.h"

enum { DOCKERFILE_MAX = 4 << 20, DOCKERFILE_STEPS_MAX = 10000 };

/* A here-document: the lines behind an instruction, up to one that is its name. */
struct heredoc {
	char *name;
	char *text;  /* all lines as they stand, each with its newline; \r\n is one, too */
	bool tabs;   /* "<<-": those at the start of a line do not count */
	bool expand; /* the name stood without quotes */
};

/* An instruction of a Dockerfile, continued lines joined, comments left out. */
struct docker_step {
	struct place place;
	char *word;           /* in capitals */
	struct strings flags; /* "--from=x", "--link" */
	char *text;           /* what follows them, in one line */
	char *script;         /* the same, with a backslash and a newline where a line went on */
	bool json;            /* it is a JSON array of texts, which words has */
	struct strings words;
	struct heredoc *docs; /* of RUN, COPY and ADD, in the order of their names */
	size_t doc_count;
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
 * Reads the text of a Dockerfile, which has no NUL in it. 0; -EINVAL (a here-document does not
 * end), -E2BIG, -ENOMEM with err.
 * Words that are no instructions are not looked at.
 */
int dockerfile_parse(const char *path, const char *text, struct dockerfile *out, struct err *err);
void dockerfile_free(struct dockerfile *d);

/* The value of the flag "--NAME=VALUE", "" for "--NAME", NULL where there is none. */
const char *docker_flag(const struct docker_step *s, const char *name);

/* The next word at *p, with its quotes, which escape may precede; false: there is none. */
bool docker_word(char escape, const char **p, struct buf *word);

/*
 * Reads the word "[N]<<[-]NAME" as the beginning of a here-document. 1 with name (the caller's),
 * tabs and expand set; 0: it is none; -ENOMEM.
 */
int heredoc_read(char escape, const char *word, struct heredoc *out);

/* Adds the text, without the tabs that do not count. */
int heredoc_text(const struct heredoc *doc, struct buf *out);

#endif
