// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_APPLET_H
#define RLC_APPLET_H

#include "core/base/err.h"

/*
 * An option. Its table parses the command line and prints --help, so that the
 * two cannot differ. A row with neither letter nor word is a heading in --help. The
 * table ends with an all-zero row. A letter never takes an argument that is in brackets.
 */
struct option_row {
	int id;           /* what options_next returns: the letter, or a number from 256 on */
	char letter;      /* 0 for none */
	const char *word; /* the long name; NULL for none */
	const char *arg;  /* NULL: takes none; "DIR": needs one; "[WHEN]": may have --word=WHEN */
	const char *help; /* wrapped where long; NULL: taken, but not shown (an alias) */
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

enum {
	OPTION_END = 0,
	OPTION_OPERAND = -1,
	OPTION_DONE = -2,
	OPTION_BAD = -3,
	OPTION_HELP = -4,
	OPTION_VERSION = -5,
};

/*
 * The state of parsing a command line. Operands are moved behind the options,
 * as GNU programs do. The caller may set the first group after options_start.
 * --help and --version are known to every table without a row.
 */
struct options {
	bool in_order;        /* operands come as OPTION_OPERAND, in .arg, where they stand */
	bool stop_at_operand; /* the first operand ends the options; set if POSIXLY_CORRECT is */
	bool tell;            /* return OPTION_HELP and OPTION_VERSION, print nothing */

	char *arg;         /* the argument of the option just returned, NULL for none */
	char **operands;   /* after OPTION_END: what is left, NULL-terminated */
	int operand_count; /* of operands */

	const struct applet *applet; /* private from here on */
	int argc;
	char **argv;
	int next, first; /* the next element to look at; the first operand seen before it */
	char *rest;      /* letters left in a bundle; NULL for none */
	bool old_style;  /* the bundle is tar's, without a dash */
	bool no_more;    /* "--" was seen */
};

/* Starts with argv[1]. argv's order is changed; argv[argc] must be NULL. */
void options_start(struct options *o, const struct applet *applet, int argc, char **argv);

/*
 * Call before options_next: where argv[1] has no dash it is taken as a bundle
 * of letters, whose arguments follow in their order (`tar xbf 20 FILE`).
 */
void options_old_style(struct options *o);

/*
 * The id of the next option; OPTION_END when there is none; OPTION_OPERAND;
 * OPTION_DONE after --help or --version was printed (exit 0); OPTION_BAD after
 * a message about a wrong option (exit EXIT_USAGE). Long options may be cut
 * short where that is unambiguous; a misspelt one gets the nearest right one.
 */
int options_next(struct options *o);

/*
 * What --help prints: "Usage: " lines (one for each line of usage), the summary,
 * and a line an option with its help from column 29, wrapped at column 80.
 */
void print_help(const struct applet *self);

/* The end of such a line, of which used columns are already printed. */
void print_help_text(int used, const char *text);

/* "rlc-chown 0.1" */
void print_version(const struct applet *self);

/*
 * `rlc-NAME: ` then text as printf makes it, to standard error in one write,
 * after what standard output has so far. Control characters and bytes that are
 * not UTF-8 come as \ooo, so a hostile name can be given to it as it is. An
 * applet named "" is rlc itself.
 */
void report(const struct applet *self, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* `rlc-NAME: PATH: WHAT: REASON`; parts that err does not have are left out. Frees err. */
void report_err(const struct applet *self, struct err *err);

/* A message about the command line, with "Try 'rlc-NAME --help'."; returns EXIT_USAGE. */
int usage_error(const struct applet *self, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Adds s as a JSON string with its quotes; bytes that are not UTF-8 come as
 * \udcXX (Python's surrogateescape). 0 or -ENOMEM.
 */
struct buf;
int json_quote(struct buf *out, const char *s, size_t len);

/*
 * Adds s so that it stays on one line and does nothing to a terminal: control
 * characters, backslashes and bytes that are not UTF-8 come as \ooo. 0 or -ENOMEM.
 */
int show_path(struct buf *out, const char *s, size_t len);

/*
 * Writes what stdio still holds for standard output. Returns status, or
 * EXIT_SOME with a message where something that was printed could not be
 * written and status is EXIT_DONE. rlc's main calls it after every applet.
 */
int finish_output(const struct applet *self, int status);

/* The applets that this rlc has; ends with NULL. Made by the build. */
extern const struct applet *const applet_table[];

/* What the build knows; the libraries' versions and hashes, one a string, end with NULL. */
extern const char rlc_version[];
extern const char *const rlc_library_versions[];

#endif
