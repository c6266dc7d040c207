// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_THREADS_H
#define RLC_THREADS_H

#include "core/emu/tags.h"

/*
 * Whose credentials a thread has. The kernel keeps them by thread, and a tag (tags.h) is its whole
 * process's: so a process whose threads differ bears TAGS_THREADS, and a table says the rest. Once
 * its threads agree again (a C library's setuid changes one after the other) it bears a tag like
 * any other, which its children inherit. Threads and processes that are made by one that differs
 * are who their maker was. Safe among threads.
 */
struct threads;

/* proc: a descriptor of /proc, not owned. -ENOMEM. */
int threads_new(int proc, struct threads **out);

/* NULL is fine. */
void threads_free(struct threads *t);

/*
 * The index of the thread's credentials. Costs one prlimit(2) where its process has a tag of its
 * own. -ESRCH where it is gone.
 */
int threads_index(struct threads *t, pid_t tid);

/* Whether the thread that asks is still there, so that its number is not yet another's. */
typedef bool threads_still_fn(const void *arg);

/*
 * Gives this one thread the credentials of index, which is pinned until this returns. 0; -EAGAIN
 * where the table is full, -ESRCH, -EPERM.
 */
int threads_put(
	struct threads *t, pid_t tid, unsigned int index, threads_still_fn *still, const void *arg);

/* Marks the indices of the table as used; see tags_in_use. */
void threads_mark(struct threads *t, uint8_t used[TAGS_INDICES / 8]);

#endif
