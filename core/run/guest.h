// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_GUEST_H
#define RLC_GUEST_H

#include "core/ns/root.h"

#include <signal.h>

/*
 * A guest: the process that becomes the command, and the one beside it that started it, which
 * answers its system calls, passes signals on, and reaps what it leaves behind.
 */
enum emulate { EMULATE_AUTO, EMULATE_FULL, EMULATE_LIE, EMULATE_OFF };

/* Exit statuses as env(1) and chroot(1) have them. */
enum { GUEST_FAILED = 125, GUEST_CANNOT_RUN = 126, GUEST_NOT_FOUND = 127 };

/* What is different from one caller to the other; arg comes with each call. */
struct guest_ops {
	/* In the guest before its calls are answered: 0, or an exit status. NULL: nothing to do. */
	int (*prepare)(void *arg);
	/* In the guest once they are: becomes the command; the exit status where it does not. */
	int (*become)(void *arg);
	/* In the process beside it, which keeps nothing of the outside any more. NULL: nothing. */
	void (*withdrawn)(void *arg);
	/* A failure, to be told. Frees err. */
	void (*fail)(void *arg, struct err *err);
	/* EMULATE_AUTO came to EMULATE_LIE, because of err. Frees err. */
	void (*worse)(void *arg, struct err *err);
	/* Processes that outlive the guest, "PID (NAME), ..."; NULL: nobody wants to know. */
	void (*left)(void *arg, const char *processes);
	/* Lines about the system calls that were answered; NULL: nobody wants them. */
	void (*counts)(void *arg, const char *lines);
};

struct creds;
struct guest {
	const struct guest_ops *ops;
	void *arg;
	const struct ns_log *log;
	enum emulate emulate;
	bool strict;                 /* what a dropped user may read is asked, too */
	const struct creds *initial; /* what it begins as where it is emulated (emu.h), or NULL */
	bool no_new_privs;           /* setuid files give it nothing where it is emulated */
	bool detached;               /* a session of its own */
	bool foreground;             /* a process group of its own, which has the terminal */
	bool alone;                  /* no pid namespace ends what it leaves */
	int on_death;                /* the signal that it gets on GUARD_DEATH, or 0 */
	sigset_t mask;               /* as the caller had it: before guard_block */
};

/* What the wish comes to here; root: the guest is root in a user namespace with one id. */
enum emulate guest_emulation(enum emulate wish, bool root);

/*
 * In the process beside the guest (guard_block was called): starts it, and looks after it. Of what
 * is open here it keeps the locks of root, and standard error. The guest's exit status, or
 * GUEST_FAILED after ops->fail.
 */
int guest_run(const struct guest *g, const struct root *root);

/* Closes all descriptors from `from` on but keep (count of them, sorted here; negative: none). */
void guest_close(unsigned int from, int *keep, size_t count);

/*
 * The same for all but standard error, which stands in for standard input and output: a pipe's
 * other end is to see its end when the guest has closed it.
 */
void guest_shed(int *keep, size_t count);

/*
 * Within core/run: the guest's side. up: where the other one listens, -1: it does not. The exit
 * status where it does not become the command.
 */
int guest_main(const struct guest *g, int up);

/* On the other side: what the guest has installed, and its listener (-1: none). 0 or -errno. */
int guest_hear(int down, enum emulate *what, int *listener);

#endif
