// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_MAKE_H
#define RLC_MAKE_H

#include "core/pack/level.h"

/* One entry on its way into the tree. */
struct job {
	struct extract *x;
	const struct entry *e;
	struct archive_in *data;
	const char *name; /* in the innermost directory */
	struct err *err;
};

static inline int job_dirfd(const struct job *j)
{
	return level_top(j->x)->dir.fd;
}

/* Fills err with the job's path; returns r. */
int job_fail(const struct job *j, int r, const char *what);

/* Whether what stands there is as new as the entry. */
bool job_is_not_newer(const struct job *j, const struct stat *st);

/* Makes the thing itself: a descriptor of it or 0, negative errno. */
typedef int make_fn(const struct job *j);

/*
 * Runs make, and once more where something stood in the way. *stays: what stands there is to stay,
 * and nothing was made. What make returned; negative errno with err, which begins with what.
 */
int make_new(const struct job *j, make_fn *make, const char *what, bool *stays);

/*
 * Something of that name stands there: it is removed, or *stays is set. 0 or negative errno with
 * err. A directory goes with all that is in it.
 */
int make_way(const struct job *j, bool *stays);

/* Each kind of entry. 0 or negative errno with err. */
int make_file(const struct job *j);
int make_special(const struct job *j);
int make_hardlink(const struct job *j);
int make_dir(const struct job *j);
int make_top(const struct job *j);

/* Says on the inode fd what type, permissions and device the entry has inside. */
int make_disguise(const struct job *j, int fd);

#endif
