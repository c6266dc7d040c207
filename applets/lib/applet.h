// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_APPLET_H
#define RLC_APPLET_H

#include "core/base/err.h"

/*
 * An option. Its table parses the command line and prints --help, so that the
 * two cannot differ. A row with neither letter nor word is a heading in --help. The
 * table ends with an all-zero row.
 */
struct option_row {
	int id;           /* what options_next returns: the letter, or a number from 256 on */
	char letter;      /* 0 for none */
	const char *word; /* the long name; NULL for none */
	const char *arg;  /* NULL: takes none; "DIR": needs one; "[WHEN]": may have one (--word=WHEN) */
	const char *help; /* one line; NULL: taken, but not shown (an alias) */
};

/* An applet: what `rlc NAME` and `rlc-NAME` run. */
struct applet {
	const char *name;    /* "chown" */
	const char *summary; /* one line for --help, --list and the man page */
	const char *usage;   /* "[OPTION]... OWNER[:GROUP] FILE..." */
	const struct option_row *options;
	int (*main)(const struct applet *self, int argc, char **argv); /* returns the exit status */
};

enum { EXIT_DONE = 0, EXIT_SOME = 1, EXIT_USAGE = 2 };

enum { OPTION_END = 0, OPTION_OPERAND = -1, OPTION_DONE = -2, OPTION_BAD = -3 };

/*
 * The state of parsing a command line. Operands are moved behind the options,
 * as GNU programs do; with in_order they are returned where they stand.
 * --help and --version are known to every table without a row.
 */
struct options {
	const struct applet *applet;
	int argc;
	char **argv;
	bool in_order;  /* operands come as OPTION_OPERAND, in .arg */
	char *arg;      /* the argument of the option just returned, NULL for none */
	char **operands; /* after OPTION_END: what is left, NULL-terminated */
	int operand_count;
	int next, letter; /* private: position */
	bool no_more;     /* private: "--" was seen */
};

/* Starts with argv[1]. argv's order is changed. */
void options_start(struct options *o, const struct applet *applet, int argc, char **argv);

/*
 * The id of the next option; OPTION_END when there is none; OPTION_OPERAND;
 * OPTION_DONE after --help or --version was printed (exit 0); OPTION_BAD after
 * a message about a wrong option (exit EXIT_USAGE). Long options may be cut
 * short where that is unambiguous; a misspelt one gets the nearest right one.
 */
int options_next(struct options *o);

/* `rlc-NAME: ` then text as printf makes it, to standard error. */
void report(const struct applet *self, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* `rlc-NAME: PATH: WHAT: REASON`; path and what are left out where err has none. Frees err. */
void report_err(const struct applet *self, struct err *err);

/* A message about the command line, with "Try 'rlc-NAME --help'."; returns EXIT_USAGE. */
int usage_error(const struct applet *self, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Adds s as a JSON string with its quotes; bytes that are not UTF-8 come as \udcXX. */
struct buf;
int json_string(struct buf *out, const char *s, size_t len);

/*
 * Standard output with a buffer of its own: fully buffered stdio. Returns EXIT_SOME with a
 * message where what was printed could not be written; call it last.
 */
int finish_output(const struct applet *self, int status);

/* The applets that this rlc has; ends with NULL. Made by the build. */
extern const struct applet *const applet_table[];

/* What the build knows. */
extern const char rlc_version[];
extern const char *const rlc_library_versions[];

#endif
