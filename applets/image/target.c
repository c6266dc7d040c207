// SPDX-License-Identifier: Apache-2.0
#include "applets/image/target.h"

#include <stdio.h>

static int open_straight(struct target *t)
{
	t->fd = strcmp(t->path, "-") == 0
			? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
			: open(t->path, O_WRONLY | O_TRUNC | O_NOCTTY | O_CLOEXEC);
	return t->fd < 0 ? -errno : 0;
}

int target_open(struct target *t)
{
	struct stat st;

	/* A symlink, /dev/stdout for one, stays one */
	if (strcmp(t->path, "-") == 0 || (lstat(t->path, &st) == 0 && !S_ISREG(st.st_mode)))
		return open_straight(t);
	if (asprintf(&t->aside, "%s.XXXXXX", t->path) < 0) {
		t->aside = NULL;
		return -ENOMEM;
	}
	t->fd = mkostemp(t->aside, O_CLOEXEC);
	if (t->fd < 0) {
		int r = -errno;

		free(t->aside);
		t->aside = NULL;
		return r;
	}
	return 0;
}

/* mkostemp(3) made it for its user alone. */
int target_settle(struct target *t)
{
	mode_t mask = umask(0);

	umask(mask);
	if (!t->aside)
		return 0;
	if (fchmod(t->fd, 0666 & ~mask) < 0 || fsync(t->fd) < 0 || rename(t->aside, t->path) < 0)
		return -errno;
	free(t->aside);
	t->aside = NULL;
	return 0;
}

void target_close(struct target *t)
{
	if (t->aside)
		unlink(t->aside);
	free(t->aside);
	base_close(&t->fd);
}
