// SPDX-License-Identifier: Apache-2.0
/*
 * calls [OPTION]... SEED COUNT: as root, makes COUNT random system calls below /scratch and prints
 * what each came to. The same seed makes the same calls, whatever they come to, so that the
 * emulation of root can be compared with root.
 *   --ids           some processes become other users, too
 *   --strict        what these read, search and execute is among the calls
 *   --without CALL  leaves a kind of call out (comma between several; see the tables); thread: no
 *                   calls by the second thread
 *   --from N, --to N  prints the segments from and to this one only (the others are not made)
 *   --caps HEX      the capabilities that are looked at
 *   -R DIR          changes the root first, as rlc-unshare does, so that no call leads out of it
 *   --show HEX      prints the ids that it has
 */
#include "testsuite/tools/calls/calls.h"

#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { SEGMENT = 100, MAIN = 0, THREAD = 1, CHILD = 2, ACTORS = 3 };

static const struct call *const tables[] = {
	calls_meta, calls_nodes, calls_open, calls_xattr, calls_ids, calls_process};

/* One call at a time, made by one of the three: in memory that they share. */
struct turn {
	sem_t go[ACTORS], done, ready;
	uint64_t number;
	bool end;
};

struct job {
	struct actor *a;
	struct turn *turn;
	unsigned which;
};

struct run {
	unsigned flags;
	const char *without, *root;
	uint64_t seed, count, from, to, caps;
	int self;
};

static bool left_out(const struct actor *a, const char *name)
{
	size_t len = strlen(name);
	const char *at = a->without;

	for (; at && *at; at += strcspn(at, ","), at += *at == ',')
		if (strncmp(at, name, len) == 0 && (at[len] == ',' || !at[len]))
			return true;
	return false;
}

static unsigned weight(const struct actor *a, const struct call *c)
{
	if (c->flags & IDS && !(a->flags & IDS))
		return 0;
	if (c->flags & STRICT && (a->flags & (IDS | STRICT)) == IDS)
		return 0;
	return left_out(a, c->name) ? 0 : c->weight;
}

static const struct call *choose(struct actor *a)
{
	unsigned sum = 0, luck, i;
	const struct call *c;

	for (i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		for (c = tables[i]; c->name; c++)
			sum += weight(a, c);
	luck = draw(a, sum ? sum : 1);
	for (i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		for (c = tables[i]; c->name; c++) {
			if (luck < weight(a, c))
				return c;
			luck -= weight(a, c);
		}
	_exit(2);
}

void make_call(struct actor *a, uint64_t number)
{
	uint64_t before = a->random;

	a->random = a->seed * 0x2545f4914f6cdd1d ^ number * 0x9e3779b97f4a7c15;
	draw(a, 2);
	say(a, "%llu %c ", (unsigned long long)number, a->name);
	choose(a)->make(a);
	flush(a);
	a->random = before;
}

static void work(struct job *j)
{
	for (;;) {
		while (sem_wait(&j->turn->go[j->which]) < 0)
			;
		if (j->turn->end)
			return;
		make_call(j->a, j->turn->number);
		sem_post(&j->turn->done);
	}
}

static void *work_in_thread(void *arg)
{
	struct job *j = arg;

	if (unshare(CLONE_FS) < 0)
		_exit(3);
	sem_post(&j->turn->ready);
	work(j);
	return NULL;
}

static void open_slots(struct actor *a)
{
	a->slots[0] = open("d", O_PATH | O_DIRECTORY | O_CLOEXEC);
	a->slots[1] = open("e", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	a->slots[2] = open("a", O_RDONLY | O_CLOEXEC);
	a->slots[3] = open("l", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	a->slots[4] = open("e/c", O_PATH | O_CLOEXEC);
	a->slots[5] = -1;
}

/* The process that a segment's calls are made in, with a thread and a child */
static void work_in_process(const struct actor *model, struct turn *turn, const char *top)
{
	struct actor a[ACTORS] = {*model, *model, *model};
	struct job jobs[ACTORS];
	int slots[SLOTS];
	pthread_t thread;
	unsigned i;
	pid_t pid;

	for (i = 0; i < ACTORS; i++) {
		a[i].name = "MTC"[i];
		a[i].slots = slots;
		jobs[i] = (struct job){&a[i], turn, i};
	}
	if (chdir(top) < 0 || (!*model->prefix && chroot(".") < 0))
		_exit(3);
	open_slots(&a[MAIN]);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		work(&jobs[CHILD]);
		_exit(0);
	}
	if (pthread_create(&thread, NULL, work_in_thread, &jobs[THREAD]))
		_exit(3);
	/* Until then the thread goes where the process goes. */
	while (sem_wait(&turn->ready) < 0)
		;
	work(&jobs[MAIN]);
	pthread_join(thread, NULL);
	waitpid(pid, NULL, 0);
	_exit(0);
}

static struct turn *turn_make(void)
{
	struct turn *t =
		mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned i;

	if (t == MAP_FAILED || sem_init(&t->done, 1, 0) < 0 || sem_init(&t->ready, 1, 0) < 0)
		return NULL;
	for (i = 0; i < ACTORS; i++)
		if (sem_init(&t->go[i], 1, 0) < 0)
			return NULL;
	return t;
}

/* A call that ends the process, or that does not come back, ends the run. */
static int wait_done(struct turn *t, pid_t pid)
{
	struct timespec limit;
	int status;

	for (;;) {
		clock_gettime(CLOCK_REALTIME, &limit);
		limit.tv_sec += 1;
		if (sem_timedwait(&t->done, &limit) == 0)
			return 0;
		if (errno == ETIMEDOUT && waitpid(pid, &status, WNOHANG) == pid)
			return -1;
	}
}

static int segment(const struct run *r, uint64_t index)
{
	struct actor a = {.seed = r->seed,
		.flags = r->flags,
		.without = r->without,
		.name = '=',
		.caps = r->caps};
	uint64_t first = index * SEGMENT, n;
	struct turn *turn = turn_make();
	unsigned i, which;
	int failed = 0;
	pid_t pid;

	a.prefix = index % 2 ? "" : "/scratch";
	if (!turn || scratch_make("/scratch", a.prefix, r->self) < 0 ||
		socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, a.mail) < 0)
		return -1;
	pid = fork();
	if (pid == 0)
		work_in_process(&a, turn, "/scratch");
	for (n = first; n < first + SEGMENT && n < r->count && !failed; n++) {
		a.random = r->seed + n;
		turn->number = n;
		which = draw(&a, 5) * ACTORS / 5;
		sem_post(&turn->go[which == THREAD && left_out(&a, "thread") ? MAIN : which]);
		failed = wait_done(turn, pid);
	}
	turn->end = true;
	for (i = 0; i < ACTORS; i++)
		sem_post(&turn->go[i]);
	if (!failed)
		waitpid(pid, NULL, 0);
	close(a.mail[0]);
	close(a.mail[1]);
	munmap(turn, sizeof(*turn));
	scratch_list(&a, "/scratch");
	return failed;
}

static int change_root(const char *root)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -1;
	if (mount(root, root, NULL, MS_BIND, NULL) < 0 || chdir(root) < 0)
		return -1;
	if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0)
		return -1;
	return chdir("/");
}

static int show(const char *caps)
{
	struct actor a = {.name = 'X', .caps = strtoull(caps, NULL, 16)};

	say(&a, "  shown:");
	say_ids(&a);
	flush(&a);
	return 0;
}

static int parse(struct run *r, int argc, char **argv)
{
	int i;

	for (i = 1; i + 1 < argc && argv[i][0] == '-'; i++)
		if (strcmp(argv[i], "--ids") == 0)
			r->flags |= IDS;
		else if (strcmp(argv[i], "--strict") == 0)
			r->flags |= STRICT;
		else if (strcmp(argv[i], "--without") == 0)
			r->without = argv[++i];
		else if (strcmp(argv[i], "--from") == 0)
			r->from = strtoull(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--to") == 0)
			r->to = strtoull(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--caps") == 0)
			r->caps = strtoull(argv[++i], NULL, 16);
		else if (strcmp(argv[i], "-R") == 0)
			r->root = argv[++i];
		else
			return -1;
	if (i + 2 != argc)
		return -1;
	r->seed = strtoull(argv[i], NULL, 10);
	r->count = strtoull(argv[i + 1], NULL, 10);
	return 0;
}

int main(int argc, char **argv)
{
	struct run r = {.to = UINT64_MAX, .caps = UINT64_MAX};
	uint64_t i;

	if (argc == 3 && strcmp(argv[1], "--show") == 0)
		return show(argv[2]);
	if (parse(&r, argc, argv) < 0)
		return 2;
	r.self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (r.self < 0)
		r.self = open(argv[0], O_RDONLY | O_CLOEXEC);
	if ((r.root && change_root(r.root) < 0) || chdir("/") < 0 || setgroups(0, NULL) < 0) {
		perror("calls");
		return 3;
	}
	for (i = r.from; i <= r.to && i * SEGMENT < r.count; i++)
		if (segment(&r, i) < 0) {
			fprintf(stderr, "calls: segment %llu broke\n", (unsigned long long)i);
			return 1;
		}
	return 0;
}
