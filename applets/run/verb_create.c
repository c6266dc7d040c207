// SPDX-License-Identifier: Apache-2.0
/* verb create
Makes a container of a bundle: all but its command, which waits for
.Cm start .
*/
/* verb run
Makes a container of a bundle, starts it, and waits for its end; it is then removed.
Without
.Ar ID
it has one of its own.
*/
/* verb start
Lets the command of a container that was made by
.Cm create
begin.
*/
#include "applets/run/run.h"

#include <stdio.h>

/* The tree of the bundle, as an absolute path. */
static char *tree_of(const char *bundle, const char *root)
{
	char *path;

	if (*root == '/')
		return strdup(root);
	return asprintf(&path, "%s/%s", bundle, root) < 0 ? NULL : path;
}

/* What was made of a container that did not come to be. */
static void take_back(const struct call *c, int all, struct state *s)
{
	cleanup_err struct err err = ERR_NONE;

	state_kill(s);
	if (state_remove(all, s, &err) < 0)
		call_fail(c, &err);
}

static int run_bundle(struct call *c, const char *id, bool waits, char **command, struct err *err)
{
	cleanup_run_config struct run_config config = RUN_CONFIG_NONE;
	cleanup_state struct state state = STATE_NONE;
	cleanup_free char *bundle = NULL, *tree = NULL;
	cleanup_fd int all = -1;
	struct launch l = {.call = c, .waits = waits};
	int r = call_bundle(c, &config, &bundle, err), status;

	if (r == 0 && !config.has_process)
		r = err_tell(err, -EBADMSG, "has no process", "config.json");
	if (r == 0)
		r = all = states_open(c->root, true, err);
	if (r >= 0)
		r = state_make(all, id, &state, err);
	if (r < 0)
		return r;
	if (command && *command) {
		free(config.process.args);
		config.process.args = command;
	}
	if (command && !isatty(STDIN_FILENO))
		config.process.terminal = false;
	tree = tree_of(bundle, config.root);
	l.state = &state;
	l.tree = tree;
	l.container = (struct container){.config = &config,
		.process = &config.process,
		.id = id,
		.bundle = bundle,
		.root = tree,
		.aside = state_points(&state, true)};
	status = launch(&l);
	if (command && *command)
		config.process.args = NULL;
	if (status || l.container.attached)
		take_back(c, all, &state);
	return status;
}

/* For a container that nobody has named. */
static const char *own_id(char id[32])
{
	snprintf(id, 32, "run-%d", (int)getpid());
	return id;
}

int run_bundle_once(struct call *c, char **command)
{
	cleanup_err struct err err = ERR_NONE;
	char id[32];
	int r = run_bundle(c, own_id(id), false, command, &err);

	return r < 0 ? (call_fail(c, &err), GUEST_FAILED) : r;
}

static int create_main(const struct applet *self, int argc, char **argv)
{
	cleanup_err struct err err = ERR_NONE;
	struct call c;
	int status = call_read(&c, self, argc, argv, 1, 1);

	if (status < 0)
		status = run_bundle(&c, c.o.operands[0], true, NULL, &err);
	if (status < 0)
		status = call_fail(&c, &err);
	call_free(&c);
	return status;
}

static int run_main(const struct applet *self, int argc, char **argv)
{
	cleanup_err struct err err = ERR_NONE;
	struct call c;
	char id[32];
	int status = call_read(&c, self, argc, argv, 0, 1);

	if (status < 0 && c.o.operand_count)
		status = run_bundle(&c, c.o.operands[0], false, NULL, &err);
	else if (status < 0)
		status = run_bundle(&c, own_id(id), false, NULL, &err);
	if (status < 0)
		status = (call_fail(&c, &err), GUEST_FAILED);
	call_free(&c);
	return status;
}

static int start(const struct call *c, struct err *err)
{
	cleanup_state struct state s = STATE_NONE;
	cleanup_buf struct buf state = BUF_NONE;
	cleanup_fd int all = -1;
	int r = call_state(c, true, &all, &s, err);

	if (r == 0)
		r = state_start(&s, err);
	if (r < 0 || !s.config.hook_counts[HOOK_POSTSTART])
		return r;
	r = container_state(&s.config, s.id, s.bundle, "running", s.first.pid, &state);
	return r < 0 ? err_set(err, r, "cannot run hooks", s.id)
		     : container_hooks(&s.config, HOOK_POSTSTART, &state, err);
}

static int start_main(const struct applet *self, int argc, char **argv)
{
	cleanup_err struct err err = ERR_NONE;
	struct call c;
	int status = call_read(&c, self, argc, argv, 1, 1);

	if (status < 0)
		status = start(&c, &err) < 0 ? call_fail(&c, &err) : EXIT_DONE;
	call_free(&c);
	return status;
}

static const struct option_row create_options[] = {
	RUN_ROW_BUNDLE,
	RUN_ROWS_START,
	{RUN_IGNORED, 0, "no-pivot", NULL, NULL},
	{RUN_IGNORED, 0, "no-new-keyring", NULL, NULL},
	RUN_ROWS_GUEST,
	RUN_ROWS_ALL,
	{0},
};

static const struct option_row run_options[] = {
	RUN_ROW_BUNDLE,
	{'d', 'd', "detach", NULL, "do not wait for its end"},
	RUN_ROWS_START,
	{RUN_IGNORED, 0, "no-pivot", NULL, NULL},
	{RUN_IGNORED, 0, "no-new-keyring", NULL, NULL},
	{RUN_IGNORED, 0, "no-subreaper", NULL, NULL},
	RUN_ROWS_GUEST,
	RUN_ROWS_ALL,
	{0},
};

static const struct option_row start_options[] = {RUN_ROWS_ALL, {0}};

const struct applet run_create = {
	.name = "run create",
	.summary = "Make a container whose command waits to be started.",
	.usage = "[OPTION]... ID",
	.options = create_options,
	.main = create_main,
};

const struct applet run_run = {
	.name = "run run",
	.summary = "Run a container.",
	.usage = "[OPTION]... [ID]",
	.options = run_options,
	.main = run_main,
};

const struct applet run_start = {
	.name = "run start",
	.summary = "Start the command of a container that was made.",
	.usage = "[OPTION]... ID",
	.options = start_options,
	.main = start_main,
};
