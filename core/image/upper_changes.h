// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_UPPER_CHANGES_H
#define RLC_UPPER_CHANGES_H

#include "core/image/changes.h"

/*
 * What an overlay's upper directory changes in the layers below (as below_open has them), told as
 * mtree_compare tells it of a whole tree: what overlayfs copied up and nobody changed is no
 * change, and what a directory hides that was made anew is told name by name. Sorted. 0 or
 * negative errno with err. trusted: nobody but who had the overlay mounted changed upper, and its
 * directories' maps speak of what is there.
 */
int upper_changes(const struct tree *upper, const struct owners *owners, const char *lowers,
	int lowers_at, bool trusted, struct changes *out, struct err *err);

#endif
