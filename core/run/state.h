// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_RUN_STATE_H
#define RLC_RUN_STATE_H

#include "core/run/container.h"

/*
 * What a runtime knows of its containers: a directory for each (0700), named by its id, in one for
 * all. It holds state.json, written aside and renamed, points (state_points), and exec.fifo as long
 * as the container waits to be started.
 */
#define STATE_FIFO "exec.fifo"
#define STATE_ID_MAX 1024

/* A process, told from others that get its number later by when it was started. */
struct process {
	pid_t pid;
	uint64_t start; /* as /proc/PID/stat has it */
};

struct state {
	char *id; /* owned */
	int dir;  /* of the container */
	json_t *doc;
	struct process first, guest;
	const char *bundle, *created,
		*tree; /* of the document; tree: where mount points were made */
	struct run_config config;
};

#define STATE_NONE                                                                                 \
	{                                                                                          \
		.dir = -1                                                                          \
	}
#define cleanup_state cleanup(state_close)

/* Whether it is one: letters, digits and _ + - . but not "." and "..". */
bool state_id_valid(const char *id);

/*
 * Opens the directory of all; NULL: $XDG_RUNTIME_DIR/rlc-run, or /tmp/rlc-run-UID, which must be
 * this user's alone. It is made with its parents where make is set. The descriptor or negative
 * errno with err.
 */
int states_open(const char *dir, bool make, struct err *err);

/* Makes a new one and its FIFO, locked. -EEXIST where there is one. */
int state_make(int all, const char *id, struct state *out, struct err *err);

/* Saves what is known: the processes, bundle, tree and configuration. */
int state_save(struct state *s, const char *bundle, const char *tree,
	const struct run_config *config, struct err *err);

/*
 * Opens one that is there: -ENOENT, -EBADMSG where its state is none. Who only looks need not lock
 * it: a hook does so while the container is being made.
 */
int state_open(int all, const char *id, bool locked, struct state *out, struct err *err);

/* "creating", "created", "running" or "stopped". */
const char *state_status(const struct state *s);

/* Starts one that is created: 0 or -errno with err. */
int state_start(struct state *s, struct err *err);

/*
 * Where mount points are listed that the tree's own list has no room for: memory that is a file of
 * the state, so that it is there whoever removes it. NULL: there is none.
 */
struct points_aside *state_points(const struct state *s, bool make);

/* Lets others look at it while it runs. */
void state_unlock(const struct state *s);

/* Removes it, and what was made in its tree; what others have removed is done. */
int state_remove(int all, struct state *s, struct err *err);
/* The same of one that was never whole. */
int state_discard(int all, const char *id, struct err *err);

void state_close(struct state *s);

/* What is known of a process of that number now. */
struct process process_now(pid_t pid);
bool process_lives(const struct process *p);

/* Sends it a signal: -ESRCH where it is gone. */
int process_kill(const struct process *p, int signal);

/*
 * Sends it to all that first has started and they have, wherever they are: for containers that have
 * no pid namespace of their own, whose end would be that of all. SIGKILL also ends first. As above.
 */
int process_kill_below(const struct process *first, int signal);

/* Visits all processes below first, in the order of their numbers: of how many visit was true. */
int process_each_below(pid_t first, bool (*visit)(void *arg, pid_t pid), void *arg);

/* Ends a container with all of its processes. -ESRCH: it has ended. */
int state_kill(const struct state *s);

#endif
