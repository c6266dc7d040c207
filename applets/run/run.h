// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_APPLET_RUN_H
#define RLC_APPLET_RUN_H

#include "applets/lib/applet.h"
#include "core/run/state.h"

/*
 * A verb of rlc-run is an applet of its own, named "run VERB". It takes the options of rlc-run
 * itself, too: what stands before the verb is read as if it stood behind it.
 */
enum {
	RUN_ROOT = 1000,
	RUN_LOG,
	RUN_LOG_FORMAT,
	RUN_DEBUG,
	RUN_IGNORED,
	RUN_STRICT,
	RUN_EMULATE,
	RUN_PID_FILE,
	RUN_CONSOLE,
	RUN_PRESERVE,
	RUN_CWD,
	RUN_NO_NEW_PRIVS,
	RUN_FORMAT,
	RUN_COMMIT,
	RUN_STORE,
	RUN_ROOTLESS,
};

/* Rows for tables of options. */
#define RUN_ROWS_COMMON                                                                            \
	{RUN_ROOT, 0, "root", "DIR",                                                               \
		"where states are kept ($XDG_RUNTIME_DIR/rlc-run, or /tmp/rlc-run-UID)"},          \
		{RUN_LOG, 0, "log", "FILE", "add messages to FILE, too"},                          \
		{RUN_LOG_FORMAT, 0, "log-format", "HOW", "text or json"},                          \
	{                                                                                          \
		RUN_DEBUG, 0, "debug", NULL, "show each step before it is taken"                   \
	}
#define RUN_ROWS_ALL                                                                               \
	RUN_ROWS_COMMON, {RUN_IGNORED, 0, "systemd-cgroup", NULL, NULL},                           \
		{RUN_IGNORED, 0, "rootless", "WORD", NULL},                                        \
	{                                                                                          \
		RUN_IGNORED, 0, "cgroup-manager", "WORD", NULL                                     \
	}
#define RUN_ROWS_GUEST                                                                             \
	{RUN_STRICT, 0, "strict", NULL, "what cannot be had is an error"},                         \
	{                                                                                          \
		RUN_EMULATE, 0, "emulate", "HOW",                                                  \
			"other users than one's own: auto, full, lie or off"                       \
	}
#define RUN_ROW_BUNDLE                                                                             \
	{                                                                                          \
		'b', 'b', "bundle", "DIR", "the directory that holds config.json (.)"              \
	}
#define RUN_ROWS_START                                                                             \
	{RUN_PID_FILE, 0, "pid-file", "FILE", "write the number of the first process there"},      \
		{RUN_CONSOLE, 0, "console-socket", "SOCKET",                                       \
			"send the terminal there, for others to read"},                            \
	{                                                                                          \
		RUN_PRESERVE, 0, "preserve-fds", "N", "the command gets descriptors 3 to 2+N, too" \
	}

/* What the command line says. */
struct call {
	const struct applet *self;
	struct options o; /* operands and their number */
	const char *root, *log;
	bool log_json, debug, strict;
	enum emulate emulate;
	const char *bundle, *pid_file, *console;
	int preserve;
	bool detach, force, all, quiet, tty, no_new_privs, rootless;
	const char *format, *process, *cwd, *user;
	const char *commit, *store; /* of an image */
	char **words, **caps;       /* owned arrays: --env, --cap; NULL at their ends */
	size_t word_count, cap_count;
	uint32_t groups[64];
	size_t group_count;
	struct ns_log steps;
	char *line; /* the command line as the system shows it, and its length */
	size_t line_len;
	int log_fd; /* of --log, -1: none */
};

/*
 * Reads the command line, with least to most operands (-1: any number, and the first operand ends
 * the options): -1: go on; else the exit status, after a message or --help.
 */
int call_read(
	struct call *c, const struct applet *self, int argc, char **argv, int least, int most);
void call_free(struct call *c);

/*
 * A message, on standard error and in the log; call_fail frees err and returns EXIT_SOME. A warning
 * goes to the log alone where there is one: standard error may be the container's.
 */
void call_warn(const struct call *c, const char *text);
int call_fail(const struct call *c, struct err *err);

/*
 * Opens the container that the first operand names, locked or only to be looked at; *all is the
 * directory of all, to be closed, also after an error (-1: there is none). 0 or negative errno with
 * err.
 */
int call_state(const struct call *c, bool locked, int *all, struct state *s, struct err *err);

/* Reads config.json of the bundle --bundle; *bundle is its absolute path, to be freed. */
int call_bundle(const struct call *c, struct run_config *config, char **bundle, struct err *err);

/*
 * What is to be run. state: NULL for a container that nobody else is to know of. The rest is filled
 * in from the command line.
 */
struct launch {
	const struct call *call;
	struct container container;
	struct state *state;
	const char *tree; /* where mount points are made: an absolute path, or NULL */
	bool waits;       /* to be started by another one */
	bool plain;       /* nothing of the state is to be written: exec */
};

/*
 * Says what of the configuration is skipped, makes the container, and waits for its end where it
 * is attached: the exit status.
 */
int launch(struct launch *l);

/*
 * A container can reach the program that it was started by, and write to it once that has ended
 * (/proc/PID/exe): where its file could be written to, this process becomes a copy of it that
 * cannot. Call it first of all; it goes on where there is no need, or no way.
 */
void run_seal(char **argv);

/* Runs the bundle --bundle, with this command where there is one, and removes the container. */
int run_bundle_once(struct call *c, char **command);

/* The verbs; run.c's table names each. */
extern const struct applet run_create, run_run, run_start, run_state, run_kill, run_delete,
	run_list, run_exec, run_ps, run_features, run_spec;

#endif
