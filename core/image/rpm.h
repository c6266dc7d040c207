// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_RPM_H
#define RLC_RPM_H

#include "core/base/base.h"

/*
 * One package as rpmdb --exportdb writes it, at the start of left bytes: a header structure, as
 * rpm's documentation of its file format has it. Sets how long it is; its key: name and
 * architecture; and its version: epoch, version, release. These are the caller's to free. Of keys
 * that sign packages there may be many of one name: their version is part of their key. 0, -EBADMSG
 * for what is none or is cut off, or -ENOMEM; then nothing is set.
 */
int rpm_header(const char *text, size_t left, size_t *len, char **key, char **version);

#endif
