// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_NS_LOG_H
#define RLC_NS_LOG_H

#include "core/base/err.h"

/*
 * Whoever wants to know each step before it is taken: call is the system call as a person would
 * write it, why its reason. tell may be NULL: nobody does.
 */
struct ns_log {
	void (*tell)(void *arg, const char *call, const char *why);
	void *arg;
};

/* Tells a step; the call as printf makes it. log may be NULL. */
void ns_tell(const struct ns_log *log, const char *why, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
