// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_ERR_H
#define RLC_ERR_H

#include "core/base/base.h"

/*
 * What went wrong, for a person: the path that failed, what could not be done,
 * and the reason. A struct err starts as ERR_NONE; whoever declares it frees it.
 */
struct err {
	int code;         /* negative errno; 0 while nothing failed */
	const char *what; /* a string that lives for ever: "cannot open", or NULL */
	char *path;       /* owned; NULL where no path is to blame */
	bool told;        /* what says all; code's reason would only confuse */
};

#define ERR_NONE                                                                                   \
	{                                                                                          \
		0, NULL, NULL, false                                                               \
	}
#define cleanup_err cleanup(err_free)

/*
 * Fills err (which may be NULL) and returns code, so that a failing function
 * ends with `return err_set(err, -errno, "cannot open", path);`. The first
 * failure stays: a later one does not hide it. path is copied and may be NULL.
 */
int err_set(struct err *err, int code, const char *what, const char *path);

/* The same for a path made of a directory ("" and "." for none) and a name in it, or NULL. */
int err_set_at(struct err *err, int code, const char *what, const char *dir, const char *name);

/* The same for what says all: "there is no such tag". Nobody is told the reason besides. */
int err_tell(struct err *err, int code, const char *what, const char *path);
int err_tell_at(struct err *err, int code, const char *what, const char *dir, const char *name);

/* The reason in words; knows the codes that rlc uses with a meaning of its own. */
const char *err_reason(int code);

/* Forgets what err holds and frees it; err can be used again. */
void err_free(struct err *err);

#endif
