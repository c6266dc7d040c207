// SPDX-License-Identifier: Apache-2.0
#include "core/run/state.h"

#include "core/base/io.h"
#include <signal.h>
#include <stdio.h>

/* Processes, and whether each is known to be below the first one. */
struct family {
	struct member {
		pid_t pid, parent;
		bool below;
	} * all;
	size_t count, room;
};

static pid_t parent_of(pid_t pid)
{
	char path[32], line[1024];
	const char *at;
	cleanup_fd int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : io_read(fd, line, sizeof(line) - 1);
	if (n <= 0)
		return 0;
	line[n] = '\0';
	at = strrchr(line, ')');
	return at && strlen(at) > 4 ? atoi(at + 4) : 0;
}

static int add(struct family *f, pid_t pid)
{
	struct member *all = f->all;

	if (f->count == f->room) {
		f->room = f->room ? 2 * f->room : 64;
		all = realloc(f->all, f->room * sizeof(*all));
		if (!all)
			return -ENOMEM;
		f->all = all;
	}
	f->all[f->count++] = (struct member){pid, parent_of(pid), false};
	return 0;
}

static int look_around(struct family *f)
{
	cleanup_dir DIR *proc = opendir("/proc");
	struct dirent *d;
	int r = proc ? 0 : -errno;

	while (r == 0 && (d = readdir(proc)))
		if (d->d_name[0] >= '1' && d->d_name[0] <= '9')
			r = add(f, atoi(d->d_name));
	return r;
}

static bool is_below(const struct family *f, pid_t parent, pid_t first)
{
	size_t i;

	for (i = 0; i < f->count && parent != first; i++)
		if (f->all[i].pid == parent && f->all[i].below)
			return true;
	return parent == first;
}

static void mark(struct family *f, pid_t first)
{
	bool more = true;
	size_t i;

	while (more)
		for (more = false, i = 0; i < f->count; i++)
			if (!f->all[i].below && is_below(f, f->all[i].parent, first))
				f->all[i].below = more = true;
}

int process_each_below(pid_t first, bool (*visit)(void *arg, pid_t pid), void *arg)
{
	struct family f = {.all = NULL};
	int r = look_around(&f), count = 0;
	size_t i;

	mark(&f, first);
	for (i = 0; r == 0 && i < f.count; i++)
		count += f.all[i].below && visit(arg, f.all[i].pid);
	free(f.all);
	return r < 0 ? r : count;
}

static bool kill_visited(void *signal, pid_t pid)
{
	struct process p = process_now(pid);

	return process_kill(&p, *(const int *)signal) == 0;
}

/* One signal for each process below the first: how many got it. */
static int kill_once(pid_t first, int signal)
{
	return process_each_below(first, kill_visited, &signal);
}

int process_kill_below(const struct process *first, int signal)
{
	enum { ROUNDS = 1000 };
	int i, r;

	if (signal != SIGKILL) {
		r = process_lives(first) ? kill_once(first->pid, signal) : -ESRCH;
		return r < 0 ? r : 0;
	}
	/* While it stands still it does not end, and all that lose their parent become its own. */
	r = process_kill(first, SIGSTOP);
	for (i = 0; r == 0 && i < ROUNDS && (r = kill_once(first->pid, SIGKILL)) > 0; i++)
		r = 0;
	i = process_kill(first, SIGKILL);
	return r < 0 ? r : i;
}
