// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_CONVERTING_H
#define RLC_CONVERTING_H

#include "core/build/convert.h"
#include "core/build/dockerfile.h"

/* A Dockerfile on its way to a file of images. */

/* The most bytes that variables may come to, all in all. */
enum { EXPANDED_MAX = 4 << 20 };

struct stage {
	char *name;               /* of its image; may be a placeholder */
	char *word;               /* by which others name it, or NULL */
	struct pairs env, args;   /* what variables stand for, as it goes into YAML */
	struct strings exports;   /* the same as commands of a shell */
	struct strings shell;     /* the words that a command is given to */
	struct strings dirs;      /* paths that are directories, as far as this file tells */
	struct strings filled;    /* directories that the content of others was copied into */
	const struct stage *base; /* another that it is based on, or NULL */
	char *dir, *user;         /* NULL: not set */
	char *dir_owner;          /* who dir is made for; NULL: root */
	struct strings cmd, entrypoint;
	bool has_cmd, has_entrypoint;
	bool cmd_said;     /* by the stage itself: its ENTRYPOINT leaves it */
	bool scratch;      /* there is nothing in it that could run */
	bool from_scratch; /* all that is in it is of this file */
	bool dir_made;     /* some step made the directory */
	bool ran;          /* something did run in it: there is a shell */
	const struct docker_step *from;
	const struct docker_step *dir_step; /* what set dir; NULL: the stage that it is based on */
};

struct converting {
	const char *path;
	int context;
	const struct dockerfile *file;
	struct converted *out;
	struct err *err;
	struct pairs global_args, substitutions;
	struct pairs images; /* what COPY takes from, and the image of the result that it is */
	size_t picks;        /* so many images are there only for what a pattern matches */
	struct stage *stages;
	size_t stage_count, stages_all, expanded;
	bool ignored;     /* .dockerignore has been spoken of */
	bool owners_said; /* and that those of other images do not come along */

	/* The image being written: a stage, or a part of one up to a COPY behind a RUN */
	struct buf from, imports, binds, script;
	size_t part;         /* of the stage, from 1 */
	size_t exports_said; /* so many of the stage's exports are in script */
	bool dir_said;       /* and the directory is */
	bool home_said;      /* and where root's files are */
	struct pairs labels, annotations;
	struct strings volumes;
};

static inline struct stage *stage_now(const struct converting *c)
{
	return &c->stages[c->stage_count - 1];
}

/* Errors and notes about an instruction. The first returns -EINVAL, the other 0 or -ENOMEM. */
#define convert_err(c, s, ...) place_err((c)->err, -EINVAL, (c)->path, &(s)->place, __VA_ARGS__)
int convert_note(struct converting *c, const struct docker_step *s, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/*
 * 0; -EINVAL with err where symlinks lead from path, which is relative, to what is not in the
 * context: whoever wrote the file may not be who has that.
 */
int convert_inside(struct converting *c, const struct docker_step *s, const char *path);
/* -ENOMEM, with err. */
int convert_memory(const struct converting *c);

/* Sets the value of name, which may be there already. 0 or -ENOMEM. */
int pairs_set(struct pairs *p, const char *name, const char *value);
const char *pairs_find(const struct pairs *p, const char *name);

/*
 * Adds to flat what a word comes to: without quotes, variables replaced; to shell, which may be
 * NULL, the same as a shell would write it, variables by their names. 0 or negative errno with err.
 */
int docker_expand(struct converting *c, const struct docker_step *s, const char *word,
	struct buf *flat, struct buf *shell);

/* The same for the text of a here-document, where quotes are nothing but themselves. */
int docker_expand_text(struct converting *c, const struct docker_step *s, const char *text,
	struct buf *flat, struct buf *shell);

/* All words of the text (or of JSON), expanded. 0 or negative errno with err. */
int docker_words(struct converting *c, const struct docker_step *s, struct strings *out);

/*
 * Whether all characters of text can stand in a scalar of YAML as they are, none of them the end of
 * a line to it. newlines: "\n" can, as in a block.
 */
bool yaml_plain(const char *text, bool newlines);
/* Adds text as a scalar of YAML in quotes, which what is not plain needs to be double ones. */
int add_yaml_text(struct buf *out, const char *text);

/*
 * Adds the paths below dir that match the pattern, "*" not beyond a "/", sorted. 0; -EBADF where
 * there is no dir, -E2BIG, -ENOMEM, -errno.
 */
int context_matches(int dir, const char *pattern, struct strings *out);

/* What a user is, where an argument says so, as far as is known now. */
const char *convert_user_known(const struct converting *c, const char *user);
/* The same for chown: a name with the group of its user, a number with that group. NULL: no memory.
 */
char *convert_owner(const struct converting *c, const char *user);

/* Adds the command that makes a directory, which with those above it that it makes is the owner's.
 */
void add_made_dir(struct buf *out, const char *dir, const char *owner);

/*
 * The absolute path of the image that text means; a "/" at its end stays. A note where what the
 * base says counts. NULL: no memory, with err.
 */
char *docker_dest(struct converting *c, const struct docker_step *s, const char *text);

/* What each instruction comes to. 0 or negative errno with err. */
typedef int instruction_fn(struct converting *c, const struct docker_step *s);
instruction_fn convert_arg, convert_copy, convert_env, convert_label, convert_maintainer,
	convert_run, convert_cmd, convert_entrypoint, convert_shell, convert_user, convert_workdir,
	convert_volume;

/*
 * Adds the type and the URL of an image that is none of the file's: a substitution's, so that it
 * can be another that is on this machine.
 */
int convert_from(struct converting *c, struct buf *out, const char *image);

/* What --mount of RUN comes to: a bind, or nothing. */
int convert_mount(struct converting *c, const struct docker_step *s, const char *flag);

/* Sets what a placeholder, which stands between single quotes, is replaced by. */
int convert_substitution(struct converting *c, const char *name, const char *value);

/* Writes the image that there is so far, under a name of its own, and goes on from it. */
int convert_split(struct converting *c);
/* Writes the image that the stage is. */
int convert_finish(struct converting *c);

/* Brings variables and the directory into the script, for the command that follows. */
int convert_ready(struct converting *c);

#endif
