// SPDX-License-Identifier: Apache-2.0
#include "core/emu/call.h"

#include "core/base/sys.h"
#include "core/emu/tags.h"
#include "core/emu/threads.h"
#include "core/emu/who.h"
#include <linux/audit.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif
#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP 1UL
#endif

/*
 * There are as many seats as processors. Who has a seat waits for calls and answers them: a guest
 * is answered on the processor where it called, and one that found nobody waiting would be woken
 * on a processor that another guest is using. A worker that takes longer than WATCH_MS over a call
 * (a path on a hanging file system) loses its seat to another, so that nobody else waits; once it
 * is done it stands by. The watch sees to that, and sleeps when nothing has happened for
 * WATCH_IDLE rounds.
 */
enum { WATCH_MS = 15, WATCH_IDLE = 40, WORKERS_MAX = 256 };

static long handle(struct call *c)
{
	const struct call_row *row = c->row;

	return row && row->handler ? row->handler(c) : CALL_CONTINUE;
}

static const struct call_row *row_of(const struct emu *e, int nr, bool i386)
{
	unsigned int row = nr >= 0 && nr < CALLS_MAX ? e->rows[i386][nr] : 0;

	return row ? &call_table[row - 1] : NULL;
}

static void index_row(struct emu *e, size_t i, int nr, bool i386)
{
	if (nr >= 0 && nr < CALLS_MAX && call_table[i].handler)
		e->rows[i386][nr] = (uint8_t)(i + 1);
}

static void index_rows(struct emu *e)
{
	for (size_t i = 0; i < call_table_size; i++) {
		index_row(e, i, call_table[i].nr, false);
		index_row(e, i, call_table[i].nr_i386, true);
	}
}

static void count(struct emu *e, const struct call *c, long r)
{
	struct count *n = c->row ? &e->counts[c->row - call_table] : NULL;

	if (!n)
		return;
	atomic_fetch_add_explicit(&n->calls, 1, memory_order_relaxed);
	if (r == CALL_CONTINUE)
		atomic_fetch_add_explicit(&n->continued, 1, memory_order_relaxed);
}

/* The guest may be gone meanwhile, or interrupted: then nobody waits for the answer. */
static void answer(struct emu *e, struct seccomp_notif_resp *resp, const struct call *c, long r)
{
	memset(resp, 0, e->response_size);
	resp->id = c->id;
	if (r == CALL_CONTINUE)
		resp->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	else if (r < 0)
		resp->error = (int)r;
	else
		resp->val = r;
	ioctl(e->listener, SECCOMP_IOCTL_NOTIF_SEND, resp);
}

static void take_call(const struct seccomp_notif *n, struct worker *w, struct call *c)
{
	*c = (struct call){.emu = w->emu,
		.worker = w,
		.id = n->id,
		.tid = (pid_t)n->pid,
		.i386 = n->data.arch == AUDIT_ARCH_I386};
	c->row = row_of(w->emu, n->data.nr, c->i386);
	memcpy(c->args, n->data.args, sizeof(c->args));
}

/* 0, or -ENOENT where no guest is left. */
static int receive(struct emu *e, struct seccomp_notif *n)
{
	for (;;) {
		struct pollfd p = {.fd = e->listener, .events = POLLIN};

		memset(n, 0, e->notif_size);
		if (ioctl(e->listener, SECCOMP_IOCTL_NOTIF_RECV, n) == 0)
			return 0;
		/* The guest was killed meanwhile, or the last one is gone. */
		if (errno != EINTR &&
			(errno != ENOENT || (poll(&p, 1, 0) == 1 && p.revents & POLLHUP)))
			return -errno;
	}
}

static void wake_watch(struct emu *e)
{
	pthread_mutex_lock(&e->lock);
	atomic_store(&e->dozing, false);
	pthread_cond_signal(&e->wake);
	pthread_mutex_unlock(&e->lock);
}

/* Answers until another has the seat; false where there are no more calls. */
static bool serve(struct worker *w, struct seat *seat, struct seccomp_notif *n,
	struct seccomp_notif_resp *resp)
{
	struct emu *e = w->emu;

	while (atomic_load(&seat->holder) == w) {
		struct call c;
		long r;

		if (receive(e, n) < 0)
			return false;
		atomic_fetch_add(&seat->busy, 1);
		if (atomic_load_explicit(&e->dozing, memory_order_relaxed))
			wake_watch(e);
		take_call(n, w, &c);
		r = handle(&c);
		if (atomic_load(&seat->holder) == w)
			atomic_fetch_add(&seat->busy, 1);
		count(e, &c, r);
		answer(e, resp, &c, r);
	}
	return true;
}

static struct seat *free_seat(struct emu *e)
{
	for (unsigned int i = 0; i < e->seat_count; i++)
		if (!atomic_load(&e->seats[i].holder))
			return &e->seats[i];
	return NULL;
}

static unsigned int free_seats(struct emu *e)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < e->seat_count; i++)
		n += !atomic_load(&e->seats[i].holder);
	return n;
}

/* NULL: there are no more calls. */
static struct seat *wait_for_seat(struct worker *w)
{
	struct emu *e = w->emu;
	struct seat *seat;

	pthread_mutex_lock(&e->lock);
	e->idle++;
	while (!(seat = free_seat(e)) && !e->stop)
		pthread_cond_wait(&e->turn, &e->lock);
	e->idle--;
	if (e->stop)
		seat = NULL;
	if (seat) {
		atomic_store(&seat->busy, 0);
		atomic_store(&seat->holder, w);
	}
	pthread_mutex_unlock(&e->lock);
	return seat;
}

static void stop(struct emu *e)
{
	pthread_mutex_lock(&e->lock);
	e->stop = true;
	pthread_cond_broadcast(&e->turn);
	pthread_cond_broadcast(&e->wake);
	pthread_mutex_unlock(&e->lock);
}

static void close_guests(struct worker *w)
{
	for (size_t i = 0; i < GUEST_SLOTS; i++)
		base_close(&w->guests[i].pidfd);
}

/* Each thread has a working directory and a root of its own, to stand where a guest stands. */
static void *work(void *arg)
{
	struct worker *w = arg;
	cleanup_free struct seccomp_notif *n = calloc(1, w->emu->notif_size);
	cleanup_free struct seccomp_notif_resp *resp = calloc(1, w->emu->response_size);

	struct seat *seat;

	if (n && resp && unshare(CLONE_FS) == 0 && fchdir(w->emu->proc) == 0)
		while ((seat = wait_for_seat(w)))
			if (!serve(w, seat, n, resp))
				stop(w->emu);
	close_guests(w);
	return NULL;
}

/* With the lock held. */
static int start_worker(struct emu *e)
{
	struct worker *w = calloc(1, sizeof(*w));
	pthread_attr_t attr;
	int r;

	if (!w)
		return -ENOMEM;
	w->emu = e;
	for (size_t i = 0; i < GUEST_SLOTS; i++)
		w->guests[i].pidfd = -1;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256 * 1024);
	r = -pthread_create(&w->thread, &attr, work, w);
	pthread_attr_destroy(&attr);
	if (r < 0) {
		free(w);
		return r;
	}
	w->next = e->workers;
	e->workers = w;
	e->worker_count++;
	return 0;
}

static void take_seat_away(struct emu *e, struct seat *seat)
{
	if (e->idle <= free_seats(e) && (e->worker_count >= WORKERS_MAX || start_worker(e) < 0))
		return;
	atomic_store(&seat->holder, NULL);
	atomic_store(&seat->busy, 0);
	pthread_cond_signal(&e->turn);
}

/* Whether nothing has happened here since the last look. */
static bool look_at(struct emu *e, struct seat *seat)
{
	unsigned int busy = atomic_load(&seat->busy);
	bool still = busy == seat->before;

	seat->before = busy;
	if (still && busy % 2)
		take_seat_away(e, seat);
	return still && busy % 2 == 0;
}

static void *watch(void *arg)
{
	struct emu *e = arg;
	unsigned int still = 0;

	pthread_mutex_lock(&e->lock);
	while (!e->stop) {
		struct timespec until = sys_later(WATCH_MS);
		unsigned int quiet = 0;

		for (unsigned int i = 0; i < e->seat_count; i++)
			quiet += look_at(e, &e->seats[i]);
		still = quiet == e->seat_count ? still + 1 : 0;
		if (still <= WATCH_IDLE) {
			pthread_cond_timedwait(&e->wake, &e->lock, &until);
			continue;
		}
		atomic_store(&e->dozing, true);
		while (atomic_load(&e->dozing) && !e->stop)
			pthread_cond_wait(&e->wake, &e->lock);
		still = 0;
	}
	pthread_mutex_unlock(&e->lock);
	return NULL;
}

/* What has no name of its own is in file systems of its own. */
static void look_at_nameless(struct emu *e)
{
	cleanup_fd int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat st;
	int pipes[2];

	if (sock >= 0 && fstat(sock, &st) == 0)
		e->socket_dev = st.st_dev;
	if (pipe2(pipes, O_CLOEXEC) < 0)
		return;
	if (fstat(pipes[0], &st) == 0)
		e->pipe_dev = st.st_dev;
	close(pipes[0]);
	close(pipes[1]);
}

static int open_surroundings(struct emu *e, struct err *err)
{
	struct stat st;

	look_at_nameless(e);
	e->proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (e->proc < 0 || fstat(e->proc, &e->proc_st) < 0)
		return err_set(err, -errno, "cannot open", "/proc");
	e->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (e->root < 0 || fstat(e->root, &st) < 0)
		return err_set(err, -errno, "cannot open", "/");
	e->root_ino = st.st_ino;
	sys_mount_id(e->root, &e->root_mount);
	return 0;
}

/* The answer is waited for on the same processor: Linux 6.6. */
static void set_up_listener(struct emu *e)
{
	struct seccomp_notif_sizes sizes = {0};

	ioctl(e->listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
	syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes);
	e->notif_size = MAX(sizes.seccomp_notif, sizeof(struct seccomp_notif));
	e->response_size = MAX(sizes.seccomp_notif_resp, sizeof(struct seccomp_notif_resp));
}

/* Signals are the main thread's. */
static int start_threads(struct emu *e)
{
	sigset_t all, old;
	int r;

	e->seat_count = MIN(sys_processors(), SEATS_MAX);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_mutex_lock(&e->lock);
	r = start_worker(e);
	while (r == 0 && e->worker_count < e->seat_count && start_worker(e) == 0)
		;
	e->seat_count = e->worker_count;
	if (r == 0)
		r = -pthread_create(&e->watch, NULL, watch, e);
	pthread_mutex_unlock(&e->lock);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r;
}

/* Before the first thread has started. */
static void give_up(struct emu *e)
{
	base_close(&e->listener);
	base_close(&e->proc);
	base_close(&e->root);
	tags_free(e->tags);
	free(e->counts);
	free(e);
}

int emu_start(const struct emu_options *o, const struct owners *owners, int listener,
	struct emu **out, struct err *err)
{
	struct emu *e = calloc(1, sizeof(*e));
	struct creds root;
	int r;

	if (!e)
		return -ENOMEM;
	*e = (struct emu){
		.options = *o, .owners = *owners, .listener = listener, .proc = -1, .root = -1};
	pthread_mutex_init(&e->lock, NULL);
	pthread_cond_init(&e->turn, NULL);
	pthread_cond_init(&e->wake, NULL);
	e->counts = calloc(call_table_size, sizeof(*e->counts));
	index_rows(e);
	set_up_listener(e);
	creds_root(&root, CREDS_LAST_CAP);
	r = e->counts ? tags_new(o->initial ? o->initial : &root, &e->tags) : -ENOMEM;
	e->options.initial = NULL;
	if (r == 0)
		r = open_surroundings(e, err);
	if (r == 0)
		r = threads_new(e->proc, &e->threads);
	if (r == 0)
		r = start_threads(e);
	if (r < 0) {
		if (!e->workers)
			give_up(e);
		return err_set(err, r, "cannot start", NULL);
	}
	*out = e;
	return 0;
}

int emu_counts(const struct emu *e, struct buf *out)
{
	int r = 0;

	for (size_t i = 0; i < call_table_size && r == 0; i++)
		if (e->counts[i].calls)
			r = buf_addf(out, "%-20s %10llu notified %10llu continued\n",
				call_table[i].name, e->counts[i].calls, e->counts[i].continued);
	return r;
}
