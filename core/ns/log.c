// SPDX-License-Identifier: Apache-2.0
#include "core/ns/log.h"

#include <stdarg.h>
#include <stdio.h>

void ns_tell(const struct ns_log *log, const char *why, const char *fmt, ...)
{
	cleanup_free char *call = NULL;
	va_list ap;

	if (!log || !log->tell)
		return;
	va_start(ap, fmt);
	if (vasprintf(&call, fmt, ap) < 0)
		call = NULL;
	va_end(ap);
	log->tell(log->arg, call ? call : fmt, why);
}
