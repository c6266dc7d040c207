// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_CONTAINER_H
#define RLC_CONTAINER_H

#include "core/run/config.h"
#include "core/run/guest.h"

/*
 * A container is made by three processes in a row. The stage joins and makes the namespaces, and
 * ends. Its child is the first of the new pid namespace: it mounts, and then looks after the guest
 * (core/run/guest.h); when it ends, the container has ended, with its exit status. The guest
 * becomes the command. The caller stays outside.
 */
struct container {
	const struct run_config *config;
	const struct run_process *process; /* of the config, or another one */
	const char *id, *bundle;           /* absolute */
	const char *root;                  /* the tree; NULL: the overlay */
	struct root_overlay overlay;       /* lowers NULL: the tree */
	struct points_aside *aside;        /* where mount points are listed; NULL: nobody asks */
	enum emulate emulate;
	bool strict;   /* what cannot be had is an error */
	bool attached; /* ends with this process */
	int preserve;  /* descriptors from 3 on that the guest gets, too */
	int keep;      /* what fail and note write to, beside standard error; -1 */
	int fifo;      /* the guest goes on when a byte comes; -1: at once */
	pid_t join;    /* a process whose namespaces are joined, nothing is mounted; 0: none */
	uint64_t join_start; /* when it was started, as struct process has it */
	const struct ns_log *log;

	/* These are called in several of the processes. */
	void *arg;
	void (*fail)(void *arg, struct err *err);  /* tells, frees err */
	void (*note)(void *arg, const char *text); /* what is not as it was asked for */
	/* In the first process, which nobody calls by the caller's words any more. */
	void (*withdrawn)(void *arg);
	/* In the caller, when the first process is there: hooks are yet to come. 0 or -errno. */
	int (*begun)(void *arg, pid_t pid, struct err *err);
};

/* One that was made. */
struct running {
	pid_t pid;   /* the first process, whose end is the container's end; a child of this one */
	pid_t guest; /* 0: it could not be told */
	int pty;     /* -1: none */
	int life;    /* as long as it is open an attached container lives; -1 */
	sigset_t mask; /* signals that are blocked since then, as they were */
};

/*
 * Makes a container: 0 when the guest is ready and waits for its FIFO, or becomes the command. What
 * goes wrong inside was told by c->fail: then the exit status (GUEST_FAILED, ...); -errno with err
 * for what goes wrong here.
 */
int container_make(const struct container *c, struct running *out, struct err *err);

/* Waits for an attached container, relays its terminal and signals: its exit status. */
int container_wait(struct running *r);

/* State, as hooks and `state` show it (runtime-spec, runtime.md). status: "running", ... */
int container_state(const struct run_config *config, const char *id, const char *bundle,
	const char *status, pid_t pid, struct buf *out);

/*
 * Runs the hooks of a kind, the state on their standard input; the first that fails ends it, but
 * for those of poststart and poststop, all of which are run. 0 or -errno with err.
 */
int container_hooks(const struct run_config *config, enum run_hook_kind kind,
	const struct buf *state, struct err *err);

/* Within core/run: */

/*
 * Mounts all, up to what the root becomes, and goes there; pid is the first process as the caller
 * sees it. pty: the two ends of the guest's terminal where it is to have one; [1] is the guest's.
 */
int container_mount(
	const struct container *c, struct root *r, pid_t pid, int pty[2], struct err *err);

/*
 * Whether the configuration denies devices, and nothing but what is given away here keeps the
 * container from those of the host: it has no user namespace, and there is no cgroup for it.
 */
bool container_reaches_devices(const struct container *c);

/* The guest's callbacks; the argument is this. */
struct container_guest {
	const struct container *c;
	int up;  /* the caller listens */
	int pty; /* the terminal, -1: none */
	bool emulated;
	bool begun_as; /* it is who it is to be from the start */
	char *home;    /* what the root's own list says; owned by nobody: the process ends */
};
int container_prepare(void *guest);
int container_become(void *guest);

/* What the processes tell each other, with a number, perhaps with a descriptor. */
enum {
	GO = 'g',    /* to the first process: the one before it is done; the hooks have run */
	PID = 'p',   /* from the stage: the first process */
	BEGUN = 'n', /* from the first process: the namespaces are there */
	PTY = 't',   /* the end of the terminal that the caller reads */
	READY = 'r', /* from the guest: only its program is missing */
};
struct message {
	char what;
	int number;
	int fd;       /* -1: none */
	pid_t sender; /* who sent it, where that is known; 0 */
};
int message_send(int to, char what, int number, int fd);
int message_receive(int from, struct message *m); /* -EPIPE: the other one is gone */

/*
 * Until there is something to be read: 0; -ETIMEDOUT after that many milliseconds (-1: never);
 * -EINTR where a signal that ends this process, but is blocked, came before.
 */
int message_await(int from, int timeout);

#endif
