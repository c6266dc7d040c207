// SPDX-License-Identifier: Apache-2.0
/*
 * gzip written as members of one block each, made in several threads and put out in
 * order by the caller's thread. What a member holds depends on its block alone.
 */
#include "core/pack/gzip_member.h"
#include "core/pack/stage.h"

#ifdef CONFIG_GZIP

#define THREADS_MAX 16
#define JOBS_MAX (2 * THREADS_MAX)

struct job {
	struct block *in, *out;
	bool done;
};

struct worker {
	struct gzip_out *of;
	struct gzip_member *member;
	pthread_t thread;
};

/* Jobs are numbered; the job of number n is jobs[n % JOBS_MAX]. put <= begun <= given. */
struct gzip_out {
	struct sink stage;
	struct pool *pool; /* of blocks for what comes out */
	int level, threads;
	int running;             /* workers that are threads */
	bool any;                /* a member was made */
	struct gzip_member *own; /* where no thread could be had */
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	unsigned given, begun, put;
	bool stopped;
	struct job jobs[JOBS_MAX];
	struct worker workers[THREADS_MAX];
};

static void make_member(struct gzip_member *m, struct job *j, size_t room)
{
	j->out->len = gzip_member_write(m, j->in->data, j->in->len, j->out->data, room);
	block_drop(j->in);
	j->in = NULL;
}

/* The next job for a worker, NULL when there will be none. */
static struct job *begin_job(struct gzip_out *g)
{
	struct job *j = NULL;

	pthread_mutex_lock(&g->lock);
	while (!g->stopped && g->begun == g->given)
		pthread_cond_wait(&g->work, &g->lock);
	if (!g->stopped)
		j = &g->jobs[g->begun++ % JOBS_MAX];
	pthread_mutex_unlock(&g->lock);
	return j;
}

static void end_job(struct gzip_out *g, struct job *j)
{
	pthread_mutex_lock(&g->lock);
	j->done = true;
	pthread_mutex_unlock(&g->lock);
	pthread_cond_signal(&g->done);
}

static void *worker_run(void *arg)
{
	struct worker *w = arg;
	size_t room = gzip_member_bound(STREAM_BLOCK);
	struct job *j;

	while ((j = begin_job(w->of))) {
		make_member(w->member, j, room);
		end_job(w->of, j);
	}
	return NULL;
}

/* One more worker, while there is more to do than there are. Without memory: no more. */
static void add_worker(struct gzip_out *g)
{
	struct worker *w = &g->workers[g->running];

	w->of = g;
	w->member = gzip_member_new(g->level);
	if (w->member && thread_start(&w->thread, worker_run, w) == 0) {
		g->running++;
		return;
	}
	g->threads = g->running;
	gzip_member_free(w->member);
	w->member = NULL;
}

/* Is the oldest job done? Waits for it if told to. */
static bool oldest_done(struct gzip_out *g, bool wait)
{
	struct job *j = &g->jobs[g->put % JOBS_MAX];
	bool done;

	pthread_mutex_lock(&g->lock);
	while (wait && !j->done)
		pthread_cond_wait(&g->done, &g->lock);
	done = j->done;
	pthread_mutex_unlock(&g->lock);
	return done;
}

static int put_block(struct gzip_out *g, struct block *b)
{
	int r = b->len ? sink_push(g->stage.inner, b) : -EIO;

	block_drop(b);
	return r;
}

/* Puts out what is done, in order, until no more than `left` jobs are left. */
static int put_members(struct gzip_out *g, unsigned left)
{
	while (g->given != g->put && oldest_done(g, g->given - g->put > left)) {
		struct block *b = g->jobs[g->put++ % JOBS_MAX].out;
		int r = put_block(g, b);

		if (r < 0)
			return r;
	}
	return 0;
}

static void give_job(struct gzip_out *g, struct block *in, struct block *out)
{
	struct job *j = &g->jobs[g->given % JOBS_MAX];

	*j = (struct job){.in = block_hold(in), .out = out};
	pthread_mutex_lock(&g->lock);
	g->given++;
	pthread_mutex_unlock(&g->lock);
	pthread_cond_signal(&g->work);
}

/* No thread could be started: the same member, made here. */
static int make_here(struct gzip_out *g, struct block *in, struct block *out)
{
	struct job j = {.in = block_hold(in), .out = out};

	if (!g->own)
		g->own = gzip_member_new(g->level);
	if (g->own) {
		make_member(g->own, &j, gzip_member_bound(STREAM_BLOCK));
		return put_block(g, out);
	}
	block_drop(in);
	block_drop(out);
	return -ENOMEM;
}

/* A block for what comes out. The jobs may hold the only ones there is memory for. */
static int take_block(struct gzip_out *g, struct block **out)
{
	int r = pool_try(g->pool, out);

	if (r != -EAGAIN)
		return r;
	r = put_members(g, 0);
	return r < 0 ? r : pool_take(g->pool, out);
}

static int gzip_push(struct sink *s, struct block *in)
{
	struct gzip_out *g = (struct gzip_out *)s;
	struct block *out;
	int r = put_members(g, (unsigned)MAX(2 * g->threads - 1, 0));

	r = r < 0 ? r : take_block(g, &out);
	if (r < 0)
		return r;
	g->any = true;
	if (g->running < g->threads && g->given - g->put >= (unsigned)g->running)
		add_worker(g);
	if (!g->running)
		return make_here(g, in, out);
	give_job(g, in, out);
	return 0;
}

/* Nothing at all is one empty member. */
static int gzip_empty(struct gzip_out *g)
{
	struct block nothing = {.data = NULL};
	struct block *out;
	int r = take_block(g, &out);

	atomic_init(&nothing.holders, 1);
	return r < 0 ? r : make_here(g, &nothing, out);
}

static int gzip_finish(struct sink *s)
{
	struct gzip_out *g = (struct gzip_out *)s;

	return g->any ? put_members(g, 0) : gzip_empty(g);
}

static void gzip_stop(struct sink *s)
{
	struct gzip_out *g = (struct gzip_out *)s;

	pthread_mutex_lock(&g->lock);
	g->stopped = true;
	pthread_mutex_unlock(&g->lock);
	pthread_cond_broadcast(&g->work);
	for (int i = 0; i < g->running; i++) {
		pthread_join(g->workers[i].thread, NULL);
		gzip_member_free(g->workers[i].member);
	}
	for (; g->put != g->given; g->put++) {
		block_drop(g->jobs[g->put % JOBS_MAX].in);
		block_drop(g->jobs[g->put % JOBS_MAX].out);
	}
	gzip_member_free(g->own);
}

static void gzip_free(struct sink *s)
{
	struct gzip_out *g = (struct gzip_out *)s;

	pool_free(g->pool);
	pthread_cond_destroy(&g->done);
	pthread_cond_destroy(&g->work);
	pthread_mutex_destroy(&g->lock);
}

static const struct sink_ops gzip_ops = {
	.push = gzip_push, .finish = gzip_finish, .stop = gzip_stop, .free = gzip_free};

int sink_gzip(struct sink *inner, int level, int threads, struct sink **out)
{
	struct gzip_out *g;
	int r = sink_new(&gzip_ops, sizeof *g, inner, out);

	if (r < 0)
		return r;
	g = (struct gzip_out *)*out;
	g->level = level;
	g->threads = MIN(threads, MIN(gzip_member_threads(level), THREADS_MAX));
	pthread_mutex_init(&g->lock, NULL);
	pthread_cond_init(&g->work, NULL);
	pthread_cond_init(&g->done, NULL);
	r = pool_new(gzip_member_bound(STREAM_BLOCK), JOBS_MAX + 16, &g->pool);
	if (r < 0)
		sink_free(*out);
	return r;
}
#endif
