// SPDX-License-Identifier: Apache-2.0
#ifndef ATTACK_H
#define ATTACK_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

struct attack {
	const char *name;
	int (*run)(char **argv); /* 0 where the defence held; argv from the name on */
};

extern const struct attack attacks_supervisor[], attacks_view[], attacks_numbers[],
	attacks_memory[], attacks_races[], attacks_users[], attacks_crowd[];

/* Says what went wrong where it is not held; 0 or 1. */
__attribute__((format(printf, 2, 3))) int broken(bool held, const char *format, ...);

/* 0 where a change of owner is kept and shown here and now; a file of that name is made. */
int not_kept(const char *name);

/* Makes a file of the text, with mode and owner. */
int make_file(const char *name, mode_t mode, unsigned uid, unsigned gid);

/* lstat says that it is so. */
bool looks(const char *name, mode_t mode, unsigned uid, unsigned gid);

/* Drops to an ordinary user, for this process. */
void become(unsigned id);

/* Waits for a child; its exit status, or 128 and the signal. */
int status_of(pid_t pid);

long long now_ns(void);

#endif
