// SPDX-License-Identifier: Apache-2.0
#include "applets/lib/progress.h"
#include "core/base/sys.h"

#include <signal.h>
#include <stdio.h>

/* Milliseconds before the line is first drawn, and between one drawing and the next. */
enum { PATIENCE = 700, PACE = 200, LINE_MAX_LEN = 160 };

static uint64_t ms_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)((now.tv_sec - start->tv_sec) * 1000 +
			  (now.tv_nsec - start->tv_nsec) / 1000000);
}

/* "3:07 left", in minutes and seconds */
static void add_rest(char *text, size_t room, uint64_t seconds)
{
	if (seconds < 100 * 3600)
		snprintf(text, room, ", %llu:%02llu left", (unsigned long long)seconds / 60,
			(unsigned long long)seconds % 60);
	else
		*text = '\0';
}

int progress_text(const struct progress *p, uint64_t done, uint64_t ms, char *text, size_t room)
{
	unsigned long long rate = ms ? (uint64_t)((double)done * 1000 / (double)ms) : 0;
	unsigned long long mib = done >> 20;
	char rest[40] = "";

	if (p->total < done || p->total == 0)
		return snprintf(text, room, "rlc-%s: %s: %llu MiB, %llu MiB/s", p->self->name,
			p->what, mib, rate >> 20);
	if (rate)
		add_rest(rest, sizeof(rest), (p->total - done) / rate);
	return snprintf(text, room, "rlc-%s: %s: %u%%, %llu of %llu MiB, %llu MiB/s%s",
		p->self->name, p->what, (unsigned int)(done * 100.0 / (double)p->total), mib,
		(unsigned long long)p->total >> 20, rate >> 20, rest);
}

static void draw(const struct progress *p)
{
	char text[LINE_MAX_LEN];

	progress_text(p, atomic_load(&p->done), ms_since(&p->start), text, sizeof(text));
	fprintf(stderr, "%s\033[K\r", text);
}

static void *run(void *arg)
{
	struct progress *p = arg;
	struct timespec until = sys_later(PATIENCE);
	bool drawn = false;

	pthread_mutex_lock(&p->lock);
	while (!p->ended) {
		if (pthread_cond_timedwait(&p->end, &p->lock, &until) != ETIMEDOUT)
			continue;
		draw(p);
		drawn = true;
		until = sys_later(PACE);
	}
	pthread_mutex_unlock(&p->lock);
	if (drawn)
		fputs("\033[K", stderr);
	return NULL;
}

void progress_start(struct progress *p, const struct applet *self, const char *what, uint64_t total)
{
	sigset_t all, old;

	if (!isatty(STDERR_FILENO))
		return;
	p->self = self;
	p->what = what;
	p->total = total;
	clock_gettime(CLOCK_MONOTONIC, &p->start);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->end, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	p->running = pthread_create(&p->thread, NULL, run, p) == 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void progress_end(struct progress *p)
{
	if (!p->running)
		return;
	pthread_mutex_lock(&p->lock);
	p->ended = true;
	pthread_cond_signal(&p->end);
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->thread, NULL);
	p->running = false;
}
