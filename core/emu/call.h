// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_CALL_H
#define RLC_CALL_H

#include "core/emu/emu.h"
#include "core/owner/node.h"
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdatomic.h>

/*
 * A system call of the guest that waits for its answer. A handler returns what the call returns (a
 * value, or negative errno), or this.
 */
#define CALL_CONTINUE (-100000L) /* the kernel does it, unchanged */

struct call;
typedef long (*call_handler)(struct call *c);

/* When a call is notified at all: always, or by one argument, the only thing a filter can see. */
enum call_when {
	WHEN_ALWAYS,
	WHEN_BITS,  /* the argument has one of the bits of value */
	WHEN_EQUAL, /* the argument is value */
	WHEN_DEVICE /* always; in lie mode, where the argument is the mode of a device */
};

/* A row of the table of calls; numbers are -1 where an architecture lacks the call. */
struct call_row {
	const char *name;
	call_handler handler; /* NULL: refused with error, or in lie mode only */
	int nr, nr_i386;
	enum call_when when;
	uint8_t arg;     /* which argument is looked at */
	uint32_t value;  /* the bits, or what it has to be */
	int error;       /* the filter's own answer where handler is NULL */
	bool lie;        /* answered with success by the filter alone, in lie mode */
	bool strict;     /* hooked in strict mode only */
	bool strict_all; /* in strict mode whatever the argument */
	bool ids16;      /* on i386, ids have 16 bits */
};

extern const struct call_row call_table[];
extern const size_t call_table_size;

enum { GUEST_SLOTS = 64, CALLS_MAX = 512, SEATS_MAX = 8 };

/* A thread that answers calls. Its working directory is the emulator's /proc. */
struct worker {
	struct emu *emu;
	struct {
		pid_t tid;
		int pidfd;
	} guests[GUEST_SLOTS]; /* by the last bits of tid */
	pthread_t thread;
	struct worker *next;
};

/* Who holds it answers calls. */
struct seat {
	_Atomic(struct worker *) holder;
	atomic_uint busy;    /* odd while the holder answers */
	unsigned int before; /* busy, as the watch saw it last */
};

struct emu {
	struct emu_options options;
	struct owners owners;
	int listener; /* owned */
	int proc;     /* owned: the /proc that knows this process and its guests */
	int root;     /* owned: our own root */
	struct stat proc_st;
	dev_t pipe_dev, socket_dev; /* where pipes and sockets are that have no name */
	uint64_t root_mount;        /* our root's mount id and inode number */
	uint64_t root_ino;
	struct tags *tags;
	struct threads *threads;
	atomic_bool roots_differ; /* a guest may have another root or mount namespace */
	atomic_bool dropped;      /* a guest may have another user than root */

	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t turn;
	struct worker *workers;
	unsigned int worker_count, idle;
	bool stop;
	struct seat seats[SEATS_MAX];
	unsigned int seat_count;
	atomic_bool dozing;  /* the watch sleeps until told */
	pthread_cond_t wake; /* of the watch */
	pthread_t watch;
	size_t notif_size, response_size;
	uint8_t rows[2][CALLS_MAX]; /* by architecture and number: a row of call_table and 1 */
	struct count {
		atomic_ullong calls, continued;
	} * counts; /* by row of call_table */
};

struct call {
	struct emu *emu;
	struct worker *worker;
	const struct call_row *row;
	uint64_t id;
	pid_t tid;
	bool i386;
	uint64_t args[6];
	const struct creds *as; /* whom paths are asked for; NULL: the caller */
	uint64_t resolve;       /* of openat2(2), below resolve_from */
	int resolve_from;
};

/* Whether the call still waits: after this, what was read of the guest was really its own. */
bool call_valid(const struct call *c);

/*
 * Puts a descriptor into the guest: its number there, which is the answer to be given once all of
 * ours is closed, or negative errno.
 */
long call_give_fd(const struct call *c, int fd, bool cloexec);

/* An id as a 32-bit argument has it. */
static inline uint32_t call_id(const struct call *c, int arg)
{
	return (uint32_t)c->args[arg];
}

/* The same of a call that may be i386's with 16 bits, whose -1 is ours too. */
static inline uint32_t call_id16(const struct call *c, int arg)
{
	uint32_t id = call_id(c, arg);

	if (!c->i386 || !c->row->ids16)
		return id;
	return (uint16_t)id == 0xffff ? UINT32_MAX : (uint16_t)id;
}

static inline int call_int(const struct call *c, int arg)
{
	return (int)(uint32_t)c->args[arg];
}

/* The guest's memory. 0, or -EFAULT, and for a path -ENAMETOOLONG. */
int guest_read(const struct call *c, uint64_t at, void *data, size_t n);
int guest_write(const struct call *c, uint64_t at, const void *data, size_t n);
int guest_string(const struct call *c, uint64_t at, char *text, size_t room);
int guest_path(const struct call *c, uint64_t at, char path[PATH_MAX]);

/* Whether the guest has our own root and mounts. */
bool guest_has_our_root(const struct call *c);

/* A copy of the guest's descriptor, or negative errno (-EBADF as the guest would get it). */
int guest_fd(const struct call *c, int fd);

/* The guest's root or working directory ("root", "cwd"), O_PATH. */
int guest_dir(const struct call *c, const char *which);

/* The guest's umask. */
mode_t guest_umask(const struct call *c);

/* Whether the guest has PR_SET_NO_NEW_PRIVS. */
bool guest_no_new_privs(const struct call *c);

/* The process of a thread, seen as our /proc numbers them; 0 where it is gone. */
pid_t guest_process(const struct call *c);

#endif
