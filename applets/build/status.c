// SPDX-License-Identifier: Apache-2.0
#include "applets/build/status.h"

#include "core/base/io.h"
#include <sys/ioctl.h>
#include <time.h>

/* Milliseconds before the line is first drawn, and between one drawing and the next. */
enum { PATIENCE = 700, PACE = 1000, COLUMNS = 80 };

int64_t status_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A shell that is opened where steps failed has the terminal for itself. */
struct status status_begin(const struct work *w)
{
	const struct build_options *b = &w->b;
	bool wanted = b->progress || isatty(STDERR_FILENO);

	return (struct status){.wanted = wanted && !b->no_progress && !b->quiet && !w->on_failure,
		.next = status_now() + PATIENCE};
}

int status_wait(const struct status *s)
{
	return s->wanted ? (int)MAX(s->next - status_now(), 0) : -1;
}

void status_add(struct buf *line, const char *name, int64_t since)
{
	int64_t seconds = (status_now() - since) / 1000;

	buf_addf(line, "%s%s %lld:%02d", line->len ? ", " : "", name, (long long)seconds / 60,
		(int)(seconds % 60));
}

static int columns(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : COLUMNS;
}

/* No longer than a line: one that is continued on the next could not be taken away. */
void status_draw(struct status *s, const struct buf *line)
{
	cleanup_buf struct buf text = BUF_NONE;
	size_t room = (size_t)columns() - 1;

	if (!s->wanted || !line->len || (status_now() < s->next && !s->again))
		return;
	buf_add(&text, line->data, MIN(line->len, room));
	if (buf_adds(&text, "\033[K\r") < 0)
		return;
	io_write(STDERR_FILENO, text.data, text.len);
	s->drawn = true;
	s->again = false;
	s->next = status_now() + PACE;
}

void status_clear(struct status *s)
{
	if (s->drawn)
		io_write(STDERR_FILENO, "\033[K", 3);
	s->again |= s->drawn;
	s->drawn = false;
}
