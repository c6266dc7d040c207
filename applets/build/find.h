// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_BUILD_FIND_H
#define RLC_BUILD_FIND_H

#include "core/build/file.h"

#define FIND_PATTERN "/stacker\\.ya?ml$"

/*
 * Adds the files beneath dir whose paths fit the expression (extended POSIX), in order of their
 * names; what is in the directory but is not looked at. 0 or negative errno with err.
 */
int find_files(const char *dir, const char *pattern, const char *but, struct strings *out,
	struct err *err);

#endif
