// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_SIDECAR_H
#define RLC_SIDECAR_H

#include "core/base/err.h"
#include "core/owner/dump.h"

/*
 * The sidecar: a file (a dump, see dump.h) that keeps records where no
 * attribute can, keyed by the path in the tree ("etc/shadow", "." for the top; one
 * leading "./" or "/" and trailing slashes do not matter).
 */
struct sidecar;

#ifdef CONFIG_SIDECAR

/*
 * Reads the file (none yet is an empty one; 256 MiB at the most). 0 or negative errno with
 * err: -EBADMSG names the line ("line 12 is malformed").
 */
int sidecar_open(const char *file, struct sidecar **out, struct err *err);

/* The line for path, or NULL. Valid until the next change. */
const struct dump_line *sidecar_get(const struct sidecar *s, const char *path);

/* Sets the line for path (line->path is ignored). 0 or -ENOMEM. */
int sidecar_set(struct sidecar *s, const char *path, const struct dump_line *line);

/* Removes the line for path, where there is one. */
void sidecar_remove(struct sidecar *s, const char *path);

/*
 * Writes the file anew, sorted, where anything changed: aside, synced and renamed. 0 or
 * negative errno with err.
 */
int sidecar_save(struct sidecar *s, struct err *err);

/* Frees without saving. NULL is fine. */
void sidecar_free(struct sidecar *s);

#else

static inline const struct dump_line *sidecar_get(const struct sidecar *s, const char *path)
{
	(void)s;
	(void)path;
	return NULL;
}

static inline int sidecar_set(struct sidecar *s, const char *path, const struct dump_line *line)
{
	(void)s;
	(void)path;
	(void)line;
	return -EOPNOTSUPP;
}

static inline void sidecar_remove(struct sidecar *s, const char *path)
{
	(void)s;
	(void)path;
}

static inline void sidecar_free(struct sidecar *s)
{
	(void)s;
}

#endif

#endif
