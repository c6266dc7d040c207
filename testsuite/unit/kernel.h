// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_TEST_KERNEL_H
#define RLC_TEST_KERNEL_H

#include "core/emu/creds.h"
#include "testsuite/unit/test.h"

/* What a model is compared with: this process as the kernel sees it, and random changes to it. */

/* Whether this process may become anybody: root of the first user namespace. */
bool is_real_root(void);

/* Whether the kernel is at least this old. */
bool kernel_is(int major, int minor);

/* The credentials that the kernel has for this process. */
void kernel_creds(struct creds *c);

/* Numbers from a seed. */
uint32_t random_next(uint64_t *seed);
uint32_t random_below(uint64_t *seed, uint32_t n);

/* One of the few ids that the tests use, or of the last two: odd ones. */
uint32_t random_id(uint64_t *seed);

/* What a child reports: its first failure. */
struct report {
	bool failed;
	char text[1000];
};
__attribute__((format(printf, 2, 3))) void tell_failure(struct report *r, const char *fmt, ...);

/*
 * Runs one(seed, r, arg) for seeds 1 to count, each in a child of its own, since it cannot come
 * back from what it gives up. How many failed; the first failures are shown.
 */
typedef void (*one_run)(uint64_t seed, struct report *r, void *arg);
int run_children(int count, one_run one, void *arg);

/*
 * One random call that changes credentials, done by the kernel and by the model. It is named in
 * text. Returns what the kernel said; *said: what the model said.
 */
struct change {
	char text[200];
	long kernel, model;
};
void random_change(uint64_t *seed, struct creds *model, struct change *done);

/* Whether two credentials are the same; else why says where they differ. */
bool same_creds(const struct creds *model, const struct creds *kernel, char *why, size_t room);

#endif
