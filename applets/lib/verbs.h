// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_VERBS_H
#define RLC_VERBS_H

#include "applets/lib/applet.h"

/*
 * An applet of verbs has a table of them, as --help shows them. A verb is an applet of its own,
 * named "APPLET VERB" or "APPLET VERB VERB".
 */
struct verb_row {
	const struct applet *verb;
	const char *alias; /* another word for it; NULL for none */
};

struct verbs {
	const struct verb_row *rows;
	size_t count;
};

/*
 * Runs the verb that the first words of argv name, with its arguments behind it: its exit status,
 * or EXIT_USAGE after a message that has the nearest verb.
 */
int verbs_run(const struct applet *self, const struct verbs *verbs, int argc, char **argv);

/*
 * Reads what stands before the verb into o: -1 where there is more to do, or an exit status after
 * --help (with a line a verb), --version or a message.
 */
int verbs_look(const struct applet *self, const struct verbs *verbs, struct options *o, int argc,
	char **argv);

/* Takes an option: EXIT_DONE, an exit status after a message, or -1: it is somebody else's. */
typedef int verb_option_fn(void *arg, int id, const char *value);

/* Who knows options: of all verbs, and of this one (may be NULL). */
struct verb_takers {
	verb_option_fn *common;
	void *common_arg;
	verb_option_fn *own;
	void *own_arg;
};

/*
 * Reads a verb's command line; o was started. There are as many operands as that. -1: go on; or an
 * exit status after --help, --version or a message.
 */
int verb_options(struct options *o, const struct verb_takers *t, int least, int most);

#endif
