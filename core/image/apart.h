// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_APART_H
#define RLC_APART_H

#include "core/image/known.h"
#include "core/tree/tree.h"

/*
 * Gives each further name of a file a file of its own, as overlayfs does once it is changed: where
 * a tree stands for an overlay, what is changed by one name is so by that alone, and the changes
 * are the same. aside is a directory of the same file system where a name "apart" is free; known
 * (may be NULL) learns of the copies. 0 or negative errno with err.
 */
int links_apart(const struct tree *tree, int aside, struct known *known, struct err *err);

#endif
