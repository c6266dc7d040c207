// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_IMAGE_DIFFING_H
#define RLC_IMAGE_DIFFING_H

#include "applets/image/bundle.h"
#include "core/image/diff.h"

/*
 * What is in one side of the comparison, as the command line names it. The first tree begins b,
 * which the caller ends after both sides. *faults: entries were told that no tree could hold. 0 or
 * negative errno with err.
 */
int diff_side(struct verb *v, struct bundle *b, const char *name, struct facts **out, bool *faults,
	struct err *err);

/* A difference as a line, for people and for scripts. 0 or -ENOMEM. */
int diff_text(struct buf *out, const char *path, const struct fact *of, const struct fact *to,
	unsigned differs);
int diff_json(struct buf *out, const char *path, const struct fact *of, const struct fact *to,
	unsigned differs);

#endif
