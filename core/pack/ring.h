// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_RING_H
#define RLC_RING_H

#include "core/base/base.h"
#include <pthread.h>
#include <stdatomic.h>

/*
 * How blocks of bytes go between threads without being copied: a pool hands
 * out a bounded number of blocks, holders share them by count, and a block
 * whose last holder drops it goes back to its pool. Nothing here spins.
 */

struct pool;

struct block {
	unsigned char *data;
	size_t len;
	struct pool *pool;
	struct block *next; /* in the pool's list */
	atomic_uint holders;
};

/*
 * A pool of at most max blocks of room bytes, each allocated when it is first needed. With room 0
 * the blocks have no memory of their own: data is set by who takes them. 0 or -ENOMEM.
 */
int pool_new(size_t room, unsigned max, struct pool **out);

/*
 * A block, of which the caller is the only holder; waits for one. The one that came back last is
 * preferred, since the processor's cache may still know it. 0, -ENOMEM, or -ECANCELED
 * after pool_stop.
 */
int pool_take(struct pool *p, struct block **out);

/* The same without waiting: -EAGAIN where all are out, or there is no memory for one more. */
int pool_try(struct pool *p, struct block **out);

/* Who waits in pool_take, now or later, gets -ECANCELED. */
void pool_stop(struct pool *p);

/* Frees the pool, to which every block must have come back. NULL is fine. */
void pool_free(struct pool *p);

/* One more holder. */
struct block *block_hold(struct block *b);

/* One holder less. NULL is fine. */
void block_drop(struct block *b);

/* Blocks from one thread to one other, in order, a bounded number of them. */
struct queue {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	struct block *blocks[16];
	unsigned first, count;
	bool closed, stopped;
};

void queue_init(struct queue *q);

/* Adds a block, which the queue holds from here on; waits for room. 0 or -ECANCELED. */
int queue_push(struct queue *q, struct block *b);

/* The writer has no more. */
void queue_close(struct queue *q);

/* The next block, which the caller holds from here on; waits for it. NULL at the end. */
struct block *queue_pop(struct queue *q);

/* The reader wants no more: what is inside is dropped, and the writer gets -ECANCELED. */
void queue_stop(struct queue *q);

/* Call it when the other thread has ended. */
void queue_destroy(struct queue *q);

/*
 * Starts a thread with a stack of a known size, which leaves signals to the
 * thread that called. 0 or negative errno (often -EAGAIN: do the work yourself then).
 */
int thread_start(pthread_t *thread, void *(*run)(void *), void *arg);

#endif
