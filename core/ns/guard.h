// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_GUARD_H
#define RLC_GUARD_H

#include "core/base/buf.h"

#include <signal.h>

/*
 * Two processes stand between the caller and the guest: the outer one, which passes signals on,
 * and the inner one, the first of the guest's pid namespace, which reaps. The guest stays in the
 * caller's process group (or has a session of its own), so what a terminal sends reaches it
 * without help, and what is sent to a whole group does too; only what was meant for the outer
 * process alone is passed on.
 */

/* Blocks what both wait for; the guest puts old back before it starts its program. */
void guard_block(sigset_t *old);

/* A descriptor of the outer process that is open as long as it lives. */
struct guard_life {
	int ends[2];
};

/* Before the fork. 0 or negative errno. */
int guard_life_start(struct guard_life *life);

/* In the child: it gets signal when its parent ends, also where it has ended already. */
void guard_life_bind(struct guard_life *life, int signal);

/*
 * The outer process: waits for inner, passes signals on to it. detached: the guest has a session of
 * its own, so what the terminal sends is passed on too. The status as wait(2) has it.
 */
int guard_outer(pid_t inner, bool detached);

/*
 * The inner process: reaps until the guest ends. Where on_death is not 0, the guest gets that
 * signal when GUARD_DEATH comes. foreground: it has called guard_foreground; where it is stopped it
 * goes on, for nobody else would tell it to. The guest's status as wait(2) has it.
 */
#define GUARD_DEATH SIGRTMAX
int guard_inner(pid_t guest, bool detached, bool foreground, int on_death);

/* The exit status for a status of wait(2): 128 and the number for a signal. */
int guard_exit_status(int status);

/* Adds "PID (NAME)", separated by ", ", for each child that this process still has. 0 or -ENOMEM.
 */
int guard_children(struct buf *out);

/* Whether this process group has the terminal, so that it may give it away. */
bool guard_has_terminal(void);

/*
 * In the guest: makes it a process group of its own, which has the terminal. Shells put back what
 * they found, and from another pid namespace the group of the caller cannot be named.
 */
void guard_foreground(void);

/* Gives the terminal back to this process group, where the guest has left it to another one. */
void guard_terminal(void);

#endif
