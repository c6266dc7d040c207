// SPDX-License-Identifier: Apache-2.0
#include "core/emu/threads.h"

#include "core/base/io.h"
#include <ctype.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>

/*
 * Threads and processes that are made later bear a mark: a thread's timer slack is handed on by
 * the kernel to all that it makes, and its last bits make no difference to anybody. In nanoseconds,
 * above the default of 50,000.
 */
enum {
	MEMBERS_MAX = 8192, /* of all processes whose threads differ */
	MARK = 65536        /* and the index */
};

/* A thread; its start tells it from another that later has the number. */
struct member {
	pid_t tid;
	unsigned int index;
	uint64_t start;
};

/* A process whose threads differ. All that there are when it begins to be one are members. */
struct group {
	struct group *next;
	pid_t process;
	uint64_t start;
	uint64_t tag; /* the process's, and its forked children's until they call */
	size_t count, room;
	struct member *members;
};

struct threads {
	atomic_uint puts;     /* odd while a process of its own gets another tag */
	pthread_mutex_t lock; /* of what follows */
	int proc;
	size_t count; /* members of all groups */
	struct group *groups;
};

/* What /proc tells of a thread. */
struct task {
	pid_t process;
	unsigned int threads;
};

int threads_new(int proc, struct threads **out)
{
	struct threads *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	pthread_mutex_init(&t->lock, NULL);
	t->proc = proc;
	*out = t;
	return 0;
}

static void group_free(struct threads *t, struct group *g)
{
	t->count -= g->count;
	free(g->members);
	free(g);
}

void threads_free(struct threads *t)
{
	struct group *g, *next;

	if (!t)
		return;
	for (g = t->groups; g; g = next) {
		next = g->next;
		group_free(t, g);
	}
	pthread_mutex_destroy(&t->lock);
	free(t);
}

static int read_tag(pid_t tid, uint64_t *tag)
{
	struct rlimit limit;

	if (prlimit(tid, RLIMIT_RTTIME, NULL, &limit) < 0)
		return -ESRCH;
	*tag = limit.rlim_max == RLIM_INFINITY ? UINT64_MAX : limit.rlim_max;
	return 0;
}

/* A lower tag with this index; *tag is then the new one, *was the index that it replaced. */
static int replace_tag(pid_t pid, unsigned int index, uint64_t *tag, unsigned int *was)
{
	struct rlimit limit, old;
	int r = read_tag(pid, tag);

	if (r == 0)
		r = tags_next(*tag, index, tag);
	if (r < 0)
		return r;
	limit.rlim_cur = limit.rlim_max = *tag;
	if (prlimit(pid, RLIMIT_RTTIME, &limit, &old) < 0)
		return -EPERM;
	*was = tags_index(old.rlim_max);
	return 0;
}

static int put_tag(pid_t pid, unsigned int index, uint64_t *tag)
{
	unsigned int was;

	return replace_tag(pid, index, tag, &was);
}

/*
 * A process is named by a number, which another may have before the kernel is asked: that one has
 * its own again then, before anybody is told of what it had.
 */
static int put_own(
	struct threads *t, pid_t pid, unsigned int index, threads_still_fn *still, const void *arg)
{
	unsigned int was;
	uint64_t tag;
	int r;

	atomic_fetch_add(&t->puts, 1);
	r = replace_tag(pid, index, &tag, &was);
	if (r == 0 && !still(arg)) {
		put_tag(pid, was, &tag);
		r = -ESRCH;
	}
	atomic_fetch_add(&t->puts, 1);
	return r;
}

static int read_proc(const struct threads *t, pid_t tid, const char *file, char *text, size_t room)
{
	cleanup_fd int fd = -1;
	char path[40];
	ssize_t n;

	snprintf(path, sizeof(path), "%d/%s", tid, file);
	fd = openat(t->proc, path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : io_read(fd, text, room - 1);
	if (n <= 0)
		return -ESRCH;
	text[n] = '\0';
	return 0;
}

/* When the thread began: the 22nd field, of which the second may hold anything. 0: gone. */
static uint64_t start_of(const struct threads *t, pid_t tid)
{
	char text[1024], *at;

	if (read_proc(t, tid, "stat", text, sizeof(text)) < 0 || !(at = strrchr(text, ')')))
		return 0;
	for (int field = 2; field < 22 && at; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at, NULL, 10) : 0;
}

static unsigned int number_after(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? (unsigned int)strtoul(at + strlen(name), NULL, 10) : 0;
}

static int read_task(const struct threads *t, pid_t tid, struct task *k)
{
	char text[4096];
	int r = read_proc(t, tid, "status", text, sizeof(text));

	if (r < 0)
		return r;
	k->process = (pid_t)number_after(text, "\nTgid:");
	k->threads = number_after(text, "\nThreads:");
	return k->process ? 0 : -ESRCH;
}

/* Without a user namespace there is no mark: it takes a capability to set. */
static void set_mark(const struct threads *t, pid_t tid, unsigned int index)
{
	cleanup_fd int fd = -1;
	char text[40];

	snprintf(text, sizeof(text), "%d/timerslack_ns", tid);
	fd = openat(t->proc, text, O_WRONLY | O_CLOEXEC);
	snprintf(text, sizeof(text), "%u", MARK + index);
	if (fd >= 0 && write(fd, text, strlen(text)) < 0)
		return;
}

/* The index that its maker had; -ENOENT. */
static int read_mark(const struct threads *t, pid_t tid)
{
	unsigned long value;
	char text[32];

	if (read_proc(t, tid, "timerslack_ns", text, sizeof(text)) < 0)
		return -ENOENT;
	value = strtoul(text, NULL, 10);
	return value >= MARK && value < MARK + TAGS_THREADS ? (int)(value - MARK) : -ENOENT;
}

static struct group *group_of(const struct threads *t, pid_t process)
{
	for (struct group *g = t->groups; g; g = g->next)
		if (g->process == process)
			return start_of(t, process) == g->start ? g : NULL;
	return NULL;
}

static struct member *member_of(const struct group *g, pid_t tid)
{
	for (size_t i = 0; i < g->count; i++)
		if (g->members[i].tid == tid)
			return &g->members[i];
	return NULL;
}

/* The thread that has the number now, in its group *g. */
static struct member *find_member(const struct threads *t, pid_t tid, struct group **g)
{
	uint64_t start = start_of(t, tid);

	for (*g = t->groups; *g; *g = (*g)->next) {
		struct member *m = member_of(*g, tid);

		if (m && m->start == start)
			return m;
	}
	return NULL;
}

static void group_remove(struct threads *t, struct group *g)
{
	struct group **link = &t->groups;

	while (*link != g)
		link = &(*link)->next;
	*link = g->next;
	group_free(t, g);
}

/* Groups whose process is gone make room. */
static void sweep(struct threads *t)
{
	struct group *g, *next;

	for (g = t->groups; g; g = next) {
		next = g->next;
		if (start_of(t, g->process) != g->start)
			group_remove(t, g);
	}
}

static int add_member(struct threads *t, struct group *g, pid_t tid, unsigned int index)
{
	struct member *m = member_of(g, tid);

	if (!m && t->count >= MEMBERS_MAX)
		return -EAGAIN;
	if (!m && g->count == g->room) {
		size_t room = g->room ? 2 * g->room : 8;

		m = realloc(g->members, room * sizeof(*m));
		if (!m)
			return -ENOMEM;
		g->members = m;
		g->room = room;
		m = NULL;
	}
	if (!m) {
		m = &g->members[g->count++];
		t->count++;
	}
	*m = (struct member){tid, index, start_of(t, tid)};
	set_mark(t, tid, index);
	return 0;
}

/*
 * Who a thread is that the table does not know, of the group or forked by it: its mark tells; or
 * else it is taken for the first thread's.
 */
static int index_of_newborn(const struct threads *t, const struct group *g, pid_t tid)
{
	const struct member *first = g ? member_of(g, g->process) : NULL;
	int index = read_mark(t, tid);

	if (index >= 0)
		return index;
	return first ? (int)first->index : 0;
}

/* Threads that are no members yet get this index; -1: each its maker's. */
static int add_newborn(struct threads *t, struct group *g, int index)
{
	cleanup_dir DIR *dir = NULL;
	const struct dirent *entry;
	char path[32];
	int fd, r = 0;

	snprintf(path, sizeof(path), "%d/task", g->process);
	fd = openat(t->proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return -ESRCH;
	while (r >= 0 && (entry = readdir(dir))) {
		pid_t tid = isdigit((unsigned char)*entry->d_name) ? atoi(entry->d_name) : 0;
		const struct member *m = tid ? member_of(g, tid) : NULL;

		if (!tid || (m && m->start == start_of(t, tid)))
			continue;
		r = index < 0 ? index_of_newborn(t, g, tid) : index;
		if (r >= 0)
			r = add_member(t, g, tid, (unsigned int)r);
	}
	return MIN(r, 0);
}

static const struct group *group_by_tag(const struct threads *t, uint64_t tag)
{
	for (const struct group *g = t->groups; g; g = g->next)
		if (g->tag == tag)
			return g;
	return NULL;
}

/* A thread that the table does not know yet, or a process that was forked. */
static int adopt(struct threads *t, pid_t tid, uint64_t tag)
{
	struct group *g;
	struct task k;
	int r = read_task(t, tid, &k), index;

	if (r < 0)
		return r;
	g = group_of(t, k.process);
	index = index_of_newborn(t, g ? g : group_by_tag(t, tag), tid);
	r = g ? add_member(t, g, tid, (unsigned int)index)
	      : put_tag(k.process, (unsigned int)index, &tag);
	return r < 0 ? r : index;
}

/*
 * Once another thread than the first has executed, it has the first one's number and start, and is
 * alone; but the mark is its own.
 */
static int take_over(struct threads *t, struct group *g, const struct member *first)
{
	int index = read_mark(t, first->tid), r;
	uint64_t tag;

	if (index < 0 || index == (int)first->index)
		return (int)first->index;
	r = put_tag(g->process, (unsigned int)index, &tag);
	group_remove(t, g);
	return r < 0 ? r : index;
}

/* The index of a thread whose process bears TAGS_THREADS. With the lock held. */
static int index_of(struct threads *t, pid_t tid, uint64_t tag)
{
	struct group *g;
	const struct member *m = find_member(t, tid, &g);

	if (!m)
		return adopt(t, tid, tag);
	return tid == g->process ? take_over(t, g, m) : (int)m->index;
}

int threads_index(struct threads *t, pid_t tid)
{
	unsigned int puts = atomic_load(&t->puts);
	uint64_t tag;
	int r = read_tag(tid, &tag);
	bool settled = puts % 2 == 0 && atomic_load(&t->puts) == puts;

	if (settled && (r < 0 || tags_index(tag) != TAGS_THREADS))
		return r < 0 ? r : (int)tags_index(tag);
	pthread_mutex_lock(&t->lock);
	r = settled ? 0 : read_tag(tid, &tag);
	if (r == 0)
		r = tags_index(tag) == TAGS_THREADS ? index_of(t, tid, tag) : (int)tags_index(tag);
	pthread_mutex_unlock(&t->lock);
	return r;
}

/* A process whose threads begin to differ: first all are who it was. */
static int split(
	struct threads *t, pid_t tid, const struct task *k, uint64_t tag, unsigned int index)
{
	struct group *g = calloc(1, sizeof(*g));
	int was = (int)tags_index(tag), r;

	if (!g)
		return -ENOMEM;
	*g = (struct group){
		.next = t->groups, .process = k->process, .start = start_of(t, k->process)};
	t->groups = g;
	r = add_newborn(t, g, was);
	if (r == -EAGAIN) {
		sweep(t);
		r = add_newborn(t, g, was);
	}
	if (r == 0)
		r = add_member(t, g, tid, index);
	if (r == 0)
		r = put_tag(k->process, TAGS_THREADS, &g->tag);
	if (r < 0)
		group_remove(t, g);
	return r;
}

static bool is_there(const struct threads *t, const struct member *m)
{
	return start_of(t, m->tid) == m->start;
}

static bool agree(struct threads *t, struct group *g, unsigned int index)
{
	for (size_t i = 0; i < g->count; i++)
		if (g->members[i].index != index && is_there(t, &g->members[i]))
			return false;
	if (add_newborn(t, g, -1) < 0)
		return false;
	for (size_t i = 0; i < g->count; i++)
		if (g->members[i].index != index && is_there(t, &g->members[i]))
			return false;
	return true;
}

/* Of a process whose threads differ. */
static int change(struct threads *t, pid_t tid, unsigned int index)
{
	struct group *g;
	struct member *m = find_member(t, tid, &g);
	uint64_t tag;

	if (!m)
		return -ESRCH;
	m->index = index;
	set_mark(t, tid, index);
	if (agree(t, g, index) && put_tag(g->process, index, &tag) == 0)
		group_remove(t, g);
	return 0;
}

static int put(
	struct threads *t, pid_t tid, unsigned int index, threads_still_fn *still, const void *arg)
{
	struct task k;
	uint64_t tag;
	int r = read_tag(tid, &tag);

	/* Whoever has to find out first who it is may then have a tag of its own. */
	if (r == 0 && tags_index(tag) == TAGS_THREADS) {
		r = index_of(t, tid, tag);
		if (r >= 0)
			r = read_tag(tid, &tag);
	}
	if (r < 0)
		return r;
	if (tags_index(tag) == TAGS_THREADS)
		return change(t, tid, index);
	r = read_task(t, tid, &k);
	if (r < 0)
		return r;
	if (k.threads > 1)
		return tags_index(tag) == index ? 0 : split(t, tid, &k, tag, index);
	return put_own(t, tid, index, still, arg);
}

int threads_put(
	struct threads *t, pid_t tid, unsigned int index, threads_still_fn *still, const void *arg)
{
	int r;

	pthread_mutex_lock(&t->lock);
	r = put(t, tid, index, still, arg);
	pthread_mutex_unlock(&t->lock);
	return r;
}

void threads_mark(struct threads *t, uint8_t used[TAGS_INDICES / 8])
{
	pthread_mutex_lock(&t->lock);
	for (const struct group *g = t->groups; g; g = g->next)
		for (size_t i = 0; i < g->count; i++)
			TAGS_USE(used, g->members[i].index);
	pthread_mutex_unlock(&t->lock);
}
