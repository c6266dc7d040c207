// SPDX-License-Identifier: Apache-2.0
/* Random sequences of calls, done by the kernel and by the model: nothing may differ. */
#include "testsuite/unit/kernel.h"

enum { SEQUENCES = 1200, CALLS = 50 };

/* Before Linux 6.4 a setresuid that changed nothing still set the file system id. */
static bool told_apart(const struct creds *c)
{
	return kernel_is(6, 4) || (c->fsuid == c->euid && c->fsgid == c->egid);
}

static void sequence(uint64_t seed, struct report *r, void *arg)
{
	struct creds model, kernel, before;
	struct change done;
	char why[200];

	(void)arg;
	kernel_creds(&model);
	for (int i = 0; i < CALLS && told_apart(&model); i++) {
		before = model;
		random_change(&seed, &model, &done);
		kernel_creds(&kernel);
		if (done.kernel != done.model)
			snprintf(
				why, sizeof(why), "model %ld, kernel %ld", done.model, done.kernel);
		else if (same_creds(&model, &kernel, why, sizeof(why)))
			continue;
		tell_failure(r,
			"call %d: %s: %s\n#   before: uid %u %u %u %u, gid %u %u %u %u, "
			"e=%#lx p=%#lx i=%#lx b=%#lx a=%#lx bits %#x",
			i, done.text, why, before.uid, before.euid, before.suid, before.fsuid,
			before.gid, before.egid, before.sgid, before.fsgid, before.effective,
			before.permitted, before.inheritable, before.bounding, before.ambient,
			before.securebits);
		return;
	}
}

int main(void)
{
	if (is_real_root())
		CHECK(run_children(SEQUENCES, sequence, NULL) == 0, "%d sequences of random calls",
			SEQUENCES);
	else
		CHECK(true, "random calls # skip needs real root");
	return test_done();
}
