// SPDX-License-Identifier: Apache-2.0
#ifndef CALLS_H
#define CALLS_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* Numbers that a C library may not know yet */
enum {
	CALL_OPENAT2 = 437,
	CALL_FACCESSAT2 = 439,
	CALL_FCHMODAT2 = 452,
	CALL_SETXATTRAT = 463,
	CALL_GETXATTRAT = 464,
	CALL_LISTXATTRAT = 465,
	CALL_REMOVEXATTRAT = 466
};

enum {
	IDS = 1,    /* some actors become other users */
	STRICT = 2, /* what those may read, search and execute is asked, too */
	SLOTS = 6,  /* descriptors that a process keeps */
	SCRATCH_MAX = 600
};

/* Who makes the calls, and what is drawn from the seed. */
struct actor {
	uint64_t seed, random;
	uint64_t caps; /* those that are looked at */
	unsigned flags;
	char name;          /* M the process, T its thread, C its child, F a child of one call */
	const char *prefix; /* what makes an absolute path lead into the scratch directory */
	const char *without;
	int *slots;  /* open descriptors or -1; a thread shares its process's */
	int mail[2]; /* a socket pair that carries descriptors between all */
	char line[2048];
	size_t len;
};

struct call {
	const char *name;
	unsigned weight;
	unsigned
		flags; /* IDS: only in such a run. STRICT: in a run with IDS only with STRICT too */
	void (*make)(struct actor *a);
};

extern const struct call calls_meta[], calls_nodes[], calls_open[], calls_xattr[], calls_ids[],
	calls_process[];

/* A place that a call names: a directory descriptor and a path. */
struct place {
	int dir;
	char path[SCRATCH_MAX];
};

/* Makes the call with this number: what it is depends on the seed and the number alone. */
void make_call(struct actor *a, uint64_t number);

unsigned draw(struct actor *a, unsigned bound);
unsigned draw_of(struct actor *a, const unsigned *from, unsigned count);
#define DRAW(a, list) draw_of(a, list, sizeof(list) / sizeof((list)[0]))
void draw_path(struct actor *a, char path[SCRATCH_MAX]);
void draw_place(struct actor *a, struct place *p);   /* for *at calls; says it */
void draw_name(struct actor *a, struct place *p);    /* for calls with a path alone; says it */
unsigned draw_slot(struct actor *a);                 /* says it */
unsigned draw_mode(struct actor *a, bool directory); /* says it */
unsigned draw_id(struct actor *a);                   /* says it */
unsigned draw_dev(struct actor *a);                  /* says it */
unsigned draw_flags(struct actor *a, const unsigned *from, unsigned count); /* says it */
#define DRAW_FLAGS(a, list) draw_flags(a, list, sizeof(list) / sizeof((list)[0]))

__attribute__((format(printf, 2, 3))) void say(struct actor *a, const char *format, ...);
void say_path(struct actor *a, const char *path);
bool say_result(struct actor *a, long result); /* whether it is no error */
void say_stat(struct actor *a, const struct stat *st);
void say_place(struct actor *a, const struct place *p); /* what lstat says there */

/*
 * Limits that core/emu/THREATS.md states: such a call is not made, and said so. What an inode of
 * that kind cannot bear attributes for (follow: through a symlink); a second name of a symlink.
 */
bool limit_attribute(struct actor *a, const char *attribute, const struct stat *st);
bool limit_link(struct actor *a, const struct place *p, bool follow);
bool stat_place(const struct place *p, bool follow, struct stat *st);

void say_slot(struct actor *a, unsigned slot); /* what fstat says of it */
void say_ids(struct actor *a);
void flush(struct actor *a);
const char *error_name(int error);

/* The scratch directory as each segment of the run starts, and a list of it as it ends */
int scratch_make(const char *top, const char *prefix, int self);
void scratch_list(struct actor *a, const char *top);

#endif
