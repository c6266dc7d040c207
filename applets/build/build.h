// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_BUILD_H
#define RLC_BUILD_H

#include "applets/lib/applet.h"
#include "applets/lib/verbs.h"
#include "core/build/file.h"

/*
 * A verb of rlc-build is an applet of its own, named "build VERB", in a file verb_X.c that defines
 * `const struct applet build_X` and is named in the table of build.c. What the manual says of it,
 * but for what --help says, stands in that file in a comment that starts with `/ * verb VERB`
 * (without the space), as mdoc without sections.
 */

enum {
	BUILD_WORK_DIR = 1000,
	BUILD_STACKER_DIR,
	BUILD_OCI_DIR,
	BUILD_ROOTS_DIR,
	BUILD_CONFIG,
	BUILD_DEBUG,
	BUILD_LOG_FILE,
	BUILD_LOG_TIMESTAMP,
	BUILD_STORAGE_TYPE,
	BUILD_PROGRESS,
	BUILD_NO_PROGRESS,
	BUILD_FILE,
	BUILD_SUBSTITUTE,
	BUILD_SUBSTITUTE_FILE,
	BUILD_OWN = 2000, /* from here on a verb's own options */
};

/* Rows that rlc-build and each of its verbs have: they may stand before the verb or behind it. */
#define BUILD_ROWS                                                                                 \
	{.help = "Directories and messages (also before the verb)"},                               \
		{BUILD_WORK_DIR, 0, "work-dir", "DIR", "where the directories below are"},         \
		{BUILD_STACKER_DIR, 0, "stacker-dir", "DIR",                                       \
			"what is kept between builds (.stacker)"},                                 \
		{BUILD_OCI_DIR, 0, "oci-dir", "DIR", "the layout that images go to (oci)"},        \
		{BUILD_ROOTS_DIR, 0, "roots-dir", "DIR",                                           \
			"unpacked layers are in DIR/store (that of the stacker directory)"},       \
		{BUILD_CONFIG, 0, "config", "FILE", "defaults of these, as YAML"},                 \
		{BUILD_DEBUG, 0, "debug", NULL,                                                    \
			"say where things are, as --why does why, and the commands that run"},     \
		{'q', 'q', "quiet", NULL, "say nothing but what went wrong"},                      \
		{BUILD_LOG_FILE, 0, "log-file", "FILE", "messages go to FILE"},                    \
		{BUILD_LOG_TIMESTAMP, 0, "log-timestamp", NULL, "with the time before each"},      \
		{BUILD_STORAGE_TYPE, 0, "storage-type", "overlay", NULL},                          \
		{BUILD_PROGRESS, 0, "progress", NULL,                                              \
			"show what is being built also where there is no terminal"},               \
	{                                                                                          \
		BUILD_NO_PROGRESS, 0, "no-progress", NULL, "show it nowhere"                       \
	}

#define BUILD_ROW_FILE                                                                             \
	{                                                                                          \
		BUILD_FILE, 'f', "stacker-file", "FILE", "what to build (stacker.yaml)"            \
	}
#define BUILD_ROWS_SUBSTITUTE                                                                      \
	{BUILD_SUBSTITUTE, 0, "substitute", "NAME=VALUE", "what ${{NAME}} stands for"},            \
	{                                                                                          \
		BUILD_SUBSTITUTE_FILE, 0, "substitute-file", "FILE", "the same, as YAML"           \
	}

/* What the options say that verbs have in common. */
struct build_options {
	const struct applet *self;
	struct options o; /* after build_start: operands and their number */
	const char *work_dir, *stacker_dir, *oci_dir, *roots_dir, *config, *log_file, *file;
	bool debug, quiet, timestamp, progress, no_progress;
	bool stop_at_operand;    /* set before: what follows is another program's */
	const char **substitute; /* owned array of count */
	size_t substitute_count;
	const char *substitute_file;
	struct substitutions configured; /* what --config says */
	int log;                         /* where messages of the work go; standard error */
	char *stacker, *oci, *roots;     /* owned: the directories, absolute */
	char *store;                     /* the same: in roots where that is given, or in stacker */
};

#define BUILD_OPTIONS_NONE                                                                         \
	{                                                                                          \
		.file = "stacker.yaml", .log = STDERR_FILENO                                       \
	}
#define cleanup_build_options cleanup(build_end)

/*
 * Reads the command line: what is common into b, the rest goes to take (may be NULL). True: go on;
 * false: *status is the exit status, a message was printed.
 */
bool build_start(struct build_options *b, const struct applet *self, int argc, char **argv,
	verb_option_fn *take, void *arg, int least, int most, int *status);
void build_end(struct build_options *b);

/* --layer-type, whose only value is tar: EXIT_DONE, or EXIT_USAGE after a message. */
int build_layer_type(const struct build_options *b, const char *value);

/* For what was reported already: fills err so that build_fail says nothing. -ECANCELED. */
int build_told(struct err *err);

/* Reports err: EXIT_SOME. */
int build_fail(const struct build_options *b, struct err *err);

extern const struct applet build_build, build_recursive, build_convert, build_publish, build_chroot,
	build_clean, build_inspect, build_grab, build_gc, build_check;

#endif
