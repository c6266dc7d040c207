// SPDX-License-Identifier: Apache-2.0
#include "applets/lib/applet.h"
#include "applets/lib/text.h"
#include "core/base/io.h"

#include <stdarg.h>
#include <stdio.h>

/* On a terminal a line of progress may stand there, longer than the message. */
static void report_text(const struct applet *self, const char *text)
{
	cleanup_buf struct buf line = BUF_NONE;

	fflush(stdout);
	if (buf_addf(&line, "rlc%s%s: ", *self->name ? "-" : "", self->name) < 0 ||
		text_escape(&line, text, strlen(text), false) < 0 ||
		buf_adds(&line, isatty(STDERR_FILENO) ? "\033[K\n" : "\n") < 0)
		io_write(STDERR_FILENO, "rlc: out of memory\n", 19);
	else
		io_write(STDERR_FILENO, line.data, line.len);
}

static void report_va(const struct applet *self, const char *fmt, va_list ap)
{
	cleanup_free char *text = NULL;

	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	report_text(self, text ? text : "out of memory");
}

void report(const struct applet *self, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report_va(self, fmt, ap);
	va_end(ap);
}

void report_err(const struct applet *self, struct err *err)
{
	const char *reason = err->code && !err->told ? err_reason(err->code) : "";
	const char *what = err->what ? err->what : "";

	report(self, "%s%s%s%s%s", err->path ? err->path : "",
		err->path && (*what || *reason) ? ": " : "", what, *what && *reason ? ": " : "",
		reason);
	err_free(err);
}

int usage_error(const struct applet *self, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report_va(self, fmt, ap);
	va_end(ap);
	report(self, "Try 'rlc%s%s --help'.", *self->name ? "-" : "", self->name);
	return EXIT_USAGE;
}

/* A file system may tell only at close(2) that it had no room: close a copy. */
static int flush_output(void)
{
	int copy;

	if (fflush(stdout) != 0)
		return -errno;
	if (ferror(stdout))
		return -EIO;
	copy = dup(STDOUT_FILENO);
	return copy >= 0 && close(copy) != 0 ? -errno : 0;
}

int finish_output(const struct applet *self, int status)
{
	int r = flush_output();

	if (r == 0)
		return status;
	clearerr(stdout);
	report(self, "standard output: %s", err_reason(r));
	return status == EXIT_DONE ? EXIT_SOME : status;
}
