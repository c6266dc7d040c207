// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_BASE_H
#define RLC_BASE_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/*
 * Resources that clean themselves up, so that every early return is right.
 * Each helper leaves errno as it was.
 */
static inline void base_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

static inline void base_free(void *p)
{
	free(*(void **)p);
}

static inline void base_closedir(DIR **dir)
{
	int saved = errno;

	if (*dir)
		closedir(*dir);
	errno = saved;
}

#define cleanup(f) __attribute__((cleanup(f)))
#define cleanup_fd cleanup(base_close)
#define cleanup_free cleanup(base_free)
#define cleanup_dir cleanup(base_closedir)

/* Hands a descriptor over to the caller: the variable no longer owns it. */
static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

#endif
