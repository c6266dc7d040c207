// SPDX-License-Identifier: Apache-2.0
#include "core/pack/ring.h"

#include <signal.h>

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t came_back;
	struct block *free;
	size_t room;
	unsigned made, max;
	bool stopped;
};

int pool_new(size_t room, unsigned max, struct pool **out)
{
	struct pool *p = calloc(1, sizeof *p);

	if (!p)
		return -ENOMEM;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->came_back, NULL);
	p->room = room;
	p->max = max;
	*out = p;
	return 0;
}

/* A new block; called with the lock held. NULL where there is no memory. */
static struct block *pool_make(struct pool *p)
{
	struct block *b = malloc(sizeof *b + p->room);

	if (!b)
		return NULL;
	b->data = (unsigned char *)(b + 1);
	b->pool = p;
	p->made++;
	return b;
}

/* A block for pool_take if there is one now; called with the lock held. */
static struct block *pool_pick(struct pool *p)
{
	struct block *b = p->free;

	if (b)
		p->free = b->next;
	else if (p->made < p->max)
		b = pool_make(p);
	return b;
}

static int pool_get(struct pool *p, bool wait, struct block **out)
{
	struct block *b = NULL;
	int r = 0;

	pthread_mutex_lock(&p->lock);
	while (!p->stopped && !(b = pool_pick(p)) && p->made && wait)
		pthread_cond_wait(&p->came_back, &p->lock);
	if (p->stopped)
		r = -ECANCELED;
	else if (!b)
		r = p->made ? -EAGAIN : -ENOMEM; /* not one, and so none that could come back */
	pthread_mutex_unlock(&p->lock);
	if (r < 0)
		return r;
	atomic_init(&b->holders, 1);
	b->len = 0;
	*out = b;
	return 0;
}

int pool_take(struct pool *p, struct block **out)
{
	return pool_get(p, true, out);
}

int pool_try(struct pool *p, struct block **out)
{
	return pool_get(p, false, out);
}

void pool_stop(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	p->stopped = true;
	pthread_mutex_unlock(&p->lock);
	pthread_cond_broadcast(&p->came_back);
}

void pool_free(struct pool *p)
{
	if (!p)
		return;
	while (p->free) {
		struct block *b = p->free;

		p->free = b->next;
		free(b);
	}
	pthread_cond_destroy(&p->came_back);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

struct block *block_hold(struct block *b)
{
	atomic_fetch_add(&b->holders, 1);
	return b;
}

void block_drop(struct block *b)
{
	struct pool *p;

	if (!b || atomic_fetch_sub(&b->holders, 1) != 1)
		return;
	p = b->pool;
	pthread_mutex_lock(&p->lock);
	b->next = p->free;
	p->free = b;
	pthread_cond_signal(&p->came_back);
	pthread_mutex_unlock(&p->lock);
}

void queue_init(struct queue *q)
{
	*q = (struct queue){.first = 0};
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->moved, NULL);
}

int queue_push(struct queue *q, struct block *b)
{
	bool stopped;

	pthread_mutex_lock(&q->lock);
	while (!q->stopped && q->count == ARRAY_SIZE(q->blocks))
		pthread_cond_wait(&q->moved, &q->lock);
	stopped = q->stopped;
	if (!stopped)
		q->blocks[(q->first + q->count++) % ARRAY_SIZE(q->blocks)] = b;
	pthread_mutex_unlock(&q->lock);
	pthread_cond_signal(&q->moved);
	if (!stopped)
		return 0;
	block_drop(b);
	return -ECANCELED;
}

void queue_close(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->closed = true;
	pthread_mutex_unlock(&q->lock);
	pthread_cond_signal(&q->moved);
}

/* Takes the first block out; called with the lock held. */
static struct block *queue_shift(struct queue *q)
{
	struct block *b = q->blocks[q->first];

	q->first = (q->first + 1) % ARRAY_SIZE(q->blocks);
	q->count--;
	return b;
}

struct block *queue_pop(struct queue *q)
{
	struct block *b = NULL;

	pthread_mutex_lock(&q->lock);
	while (!q->count && !q->closed && !q->stopped)
		pthread_cond_wait(&q->moved, &q->lock);
	if (q->count)
		b = queue_shift(q);
	pthread_mutex_unlock(&q->lock);
	pthread_cond_signal(&q->moved);
	return b;
}

void queue_stop(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->stopped = true;
	while (q->count)
		block_drop(queue_shift(q));
	pthread_mutex_unlock(&q->lock);
	pthread_cond_broadcast(&q->moved);
}

void queue_destroy(struct queue *q)
{
	queue_stop(q);
	pthread_cond_destroy(&q->moved);
	pthread_mutex_destroy(&q->lock);
}

/* musl's own default is 131 KB, less than some libraries were tried with. */
#define THREAD_STACK (256 * 1024)

int thread_start(pthread_t *thread, void *(*run)(void *), void *arg)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int r;

	if (pthread_attr_init(&attr) != 0)
		return -ENOMEM;
	r = pthread_attr_setstacksize(&attr, THREAD_STACK);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (r == 0)
		r = pthread_create(thread, &attr, run, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return -r;
}
