// SPDX-License-Identifier: Apache-2.0
/* A process for each image; side by side where they do not need each other. */
#include "applets/build/making.h"
#include "applets/build/status.h"
#include "applets/lib/text.h"
#include "core/base/io.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

enum state { WAITING, RUNNING, DONE, FAILED, LEFT };

/* What comes out of a pipe, until a line is whole. */
struct lines {
	int fd;
	struct buf part;
};

struct worker {
	enum state state;
	pid_t pid;
	int64_t since;         /* in milliseconds of status_now() */
	struct lines out, say; /* of the step; of the process itself */
	int log;
	bool wrote; /* the steps, something */
};

struct pool {
	struct work *w;
	struct worker *at; /* one for each of the order */
	struct status status;
	size_t running;
	bool failed;
};

static void stamp(const struct work *w, struct buf *text)
{
	char now[32];
	time_t t = time(NULL);
	struct tm tm;

	if (w->b.timestamp && localtime_r(&t, &tm) && strftime(now, sizeof(now), "%F %T ", &tm))
		buf_adds(text, now);
}

/* What a step writes does nothing to a terminal: of what is overwritten the last is shown. */
static void add_shown(struct buf *text, const char *line, size_t n)
{
	const char *last, *tab;

	while (n && (line[n - 1] == '\n' || line[n - 1] == '\r'))
		n--;
	last = memrchr(line, '\r', n);
	if (last) {
		n -= (size_t)(last + 1 - line);
		line = last + 1;
	}
	for (; (tab = memchr(line, '\t', n)); n -= (size_t)(tab + 1 - line), line = tab + 1) {
		text_escape(text, line, (size_t)(tab - line), false);
		buf_adds(text, "\t");
	}
	text_escape(text, line, n, false);
	buf_adds(text, "\n");
}

static void add_line(
	const struct work *w, struct buf *text, const char *name, const char *line, size_t n)
{
	stamp(w, text);
	if (name) {
		buf_adds(text, name);
		buf_adds(text, "| ");
		add_shown(text, line, n);
		return;
	}
	buf_add(text, line, n);
	if (!n || line[n - 1] != '\n')
		buf_adds(text, "\n");
}

void work_line(const struct work *w, const char *name, const char *line, size_t n)
{
	cleanup_buf struct buf text = BUF_NONE;

	add_line(w, &text, name, line, n);
	if (!text.failed)
		io_write(w->b.log, text.data, text.len);
}

/* A line without an end, however long, is one when it is over 64 KiB. */
static void write_lines(struct pool *p, const char *name, struct lines *l, bool all)
{
	cleanup_buf struct buf text = BUF_NONE;
	size_t done = 0;

	while (done < l->part.len) {
		const char *from = l->part.data + done;
		const char *end = memchr(from, '\n', l->part.len - done);
		size_t n = end ? (size_t)(end - from) + 1 : l->part.len - done;

		if (!end && !all && n < 64 << 10)
			break;
		if (!name || !p->w->b.quiet)
			add_line(p->w, &text, name, from, n);
		done += n;
	}
	if (text.len && !text.failed) {
		status_clear(&p->status);
		io_write(p->w->b.log, text.data, text.len);
	}
	memmove(l->part.data, l->part.data + done, l->part.len - done);
	buf_cut(&l->part, l->part.len - done);
}

/* What there is now, but no more than leaves time for the others. False at the end. */
static bool read_lines(struct pool *p, int log, struct lines *l, const char *name)
{
	char block[16 << 10];
	ssize_t n = 0;

	if (l->fd < 0)
		return false;
	for (int i = 0; i < 64 && (n = read(l->fd, block, sizeof(block))) > 0; i++) {
		if (log >= 0)
			io_write(log, block, (size_t)n);
		buf_add(&l->part, block, (size_t)n);
		if (l->part.data)
			write_lines(p, name, l, false);
	}
	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return true;
	if (l->part.len)
		write_lines(p, name, l, true);
	buf_free(&l->part);
	base_close(&l->fd);
	l->fd = -1;
	return false;
}

static const char *name_of(const struct pool *p, size_t n)
{
	return p->w->order.at[n].recipe->name;
}

static bool can_start(const struct pool *p, size_t n)
{
	const struct order_item *i = &p->w->order.at[n];

	if (p->at[n].state != WAITING || p->failed)
		return false;
	for (size_t k = 0; k < i->need_count; k++)
		if (p->at[i->needs[k]].state != DONE)
			return false;
	return true;
}

/* What it says goes one way, what its steps write another. */
static _Noreturn void child(struct pool *p, size_t n, int out, int say)
{
	int terminal = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(say, STDERR_FILENO) < 0)
		_exit(EXIT_SOME);
	_exit(making_run(p->w, &p->w->order.at[n], out, terminal));
}

static int open_log(const struct pool *p, const char *name, struct err *err)
{
	cleanup_fd int dir = work_dir(p->w, "logs", err);
	int fd;

	if (dir < 0)
		return dir;
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0644);
	return fd < 0 ? err_set_at(err, -errno, "cannot write", "logs", name) : fd;
}

static int start(struct pool *p, size_t n, struct err *err)
{
	struct worker *k = &p->at[n];
	int out[2], say[2];

	k->log = open_log(p, name_of(p, n), err);
	if (k->log < 0)
		return k->log;
	if (pipe2(out, O_CLOEXEC) < 0)
		return err_set(err, -errno, "cannot start", name_of(p, n));
	if (pipe2(say, O_CLOEXEC) < 0) {
		close(out[0]);
		close(out[1]);
		return err_set(err, -errno, "cannot start", name_of(p, n));
	}
	k->pid = fork();
	if (k->pid == 0)
		child(p, n, out[1], say[1]);
	close(out[1]);
	close(say[1]);
	k->out.fd = out[0];
	k->say.fd = say[0];
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	fcntl(say[0], F_SETFL, O_NONBLOCK);
	if (k->pid < 0)
		return err_set(err, -errno, "cannot start", name_of(p, n));
	k->state = RUNNING;
	k->since = status_now();
	p->running++;
	return 0;
}

/* Its output has ended. */
static void finish(struct pool *p, size_t n)
{
	struct worker *k = &p->at[n];
	int status = 0;

	while (waitpid(k->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status)) {
		status_clear(&p->status);
		report(p->w->b.self, "%s: was ended by signal %d", name_of(p, n), WTERMSIG(status));
	}
	k->state = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_DONE ? DONE : FAILED;
	p->failed |= k->state == FAILED;
	p->running--;
	k->wrote = lseek(k->log, 0, SEEK_CUR) > 0; /* what is appended to is opened at 0 */
	base_close(&k->log);
	k->log = -1;
}

/* Of each worker first what its steps wrote: that was before it said that they failed. */
static void hear(struct pool *p)
{
	struct pollfd *polls = calloc(2 * p->w->order.count, sizeof(*polls));
	nfds_t count = 0;

	for (size_t n = 0; polls && n < p->w->order.count; n++)
		if (p->at[n].state == RUNNING) {
			polls[count++] = (struct pollfd){p->at[n].out.fd, POLLIN, 0};
			polls[count++] = (struct pollfd){p->at[n].say.fd, POLLIN, 0};
		}
	poll(polls, count, polls ? status_wait(&p->status) : 10);
	free(polls);
	for (size_t n = 0; n < p->w->order.count; n++) {
		struct worker *k = &p->at[n];
		bool more;

		if (k->state != RUNNING)
			continue;
		more = read_lines(p, k->log, &k->out, name_of(p, n));
		if (!read_lines(p, -1, &k->say, NULL) && !more)
			finish(p, n);
	}
}

static void start_all(struct pool *p)
{
	for (size_t n = 0; n < p->w->order.count && p->running < p->w->jobs; n++) {
		cleanup_err struct err err = ERR_NONE;

		if (!can_start(p, n) || start(p, n, &err) == 0)
			continue;
		p->at[n].state = FAILED;
		p->failed = true;
		status_clear(&p->status);
		build_fail(&p->w->b, &err);
	}
}

/* "NAME M:SS, NAME M:SS; N of M done" */
static void draw(struct pool *p)
{
	cleanup_buf struct buf line = BUF_NONE;
	size_t done = 0;

	for (size_t n = 0; n < p->w->order.count; n++) {
		done += p->at[n].state == DONE;
		if (p->at[n].state == RUNNING)
			status_add(&line, name_of(p, n), p->at[n].since);
	}
	if (line.len && buf_addf(&line, "; %zu of %zu done", done, p->w->order.count) == 0)
		status_draw(&p->status, &line);
}

static int tell_end(const struct pool *p)
{
	cleanup_buf struct buf bad = BUF_NONE, left = BUF_NONE;
	bool wrote = false;

	for (size_t n = 0; n < p->w->order.count; n++) {
		struct buf *list = p->at[n].state == FAILED    ? &bad
				   : p->at[n].state == WAITING ? &left
							       : NULL;

		if (list)
			buf_addf(list, "%s%s", list->len ? ", " : "", name_of(p, n));
		wrote = wrote || (list == &bad && p->at[n].wrote);
	}
	if (!p->failed)
		return EXIT_DONE;
	report(p->w->b.self, "failed: %s%s%s%s%s%s", bad.len ? bad.data : "",
		left.len ? "; not built: " : "", left.len ? left.data : "",
		wrote ? "; what steps wrote is in " : "", wrote ? p->w->b.stacker : "",
		wrote ? "/logs" : "");
	return EXIT_SOME;
}

int work_build(struct work *w)
{
	struct pool p = {
		.w = w, .at = calloc(w->order.count + 1, sizeof(*p.at)), .status = status_begin(w)};
	int status = EXIT_SOME;

	if (!p.at) {
		report(w->b.self, "out of memory");
		return EXIT_SOME;
	}
	for (size_t n = 0; n < w->order.count; n++)
		p.at[n].out.fd = p.at[n].say.fd = p.at[n].log = -1;
	fflush(stdout);
	start_all(&p);
	while (p.running) {
		hear(&p);
		start_all(&p);
		draw(&p);
	}
	status_clear(&p.status);
	status = tell_end(&p);
	for (size_t n = 0; n < w->order.count; n++) {
		base_close(&p.at[n].out.fd);
		base_close(&p.at[n].say.fd);
		base_close(&p.at[n].log);
	}
	free(p.at);
	return status;
}
