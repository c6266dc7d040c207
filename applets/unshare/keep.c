// SPDX-License-Identifier: Apache-2.0
#include "applets/unshare/unshare.h"

#include "core/base/io.h"
#include <stdio.h>
#include <sys/mount.h>
#include <sys/wait.h>

static int bind_all(const struct job *j, pid_t pid)
{
	const struct kept *k = j->kept;
	char path[64];
	size_t i;

	for (i = 0; i < j->kept_count; i++, k++) {
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, k->kind);
		ns_tell(&j->log, "the namespace stays as long as something holds it",
			"mount(\"%s\", \"%s\", NULL, MS_BIND, NULL)", path, k->file);
		if (mount(path, k->file, NULL, MS_BIND, NULL) == 0)
			continue;
		report(j->self, "%s: cannot keep a namespace there: %s%s", k->file, strerror(errno),
			errno == EINVAL ? " (a mount namespace needs a private mount there, a pid "
					  "namespace --fork)"
					: "");
		return EXIT_OWN;
	}
	return EXIT_DONE;
}

int keeper_start(const struct job *j, struct keeper *k)
{
	pid_t parent = getpid();
	int ends[2];
	char byte;

	k->pid = 0;
	if (!j->kept_count)
		return EXIT_DONE;
	if (pipe2(ends, O_CLOEXEC) < 0 || (k->pid = _Fork()) < 0) {
		report(j->self, "cannot start a process: %s", strerror(errno));
		return EXIT_OWN;
	}
	if (k->pid == 0) {
		close(ends[1]);
		_exit(read(ends[0], &byte, 1) == 1 ? bind_all(j, parent) : EXIT_OWN);
	}
	close(ends[0]);
	k->go = ends[1];
	return EXIT_DONE;
}

int keeper_finish(const struct job *j, struct keeper *k)
{
	int status = 0;

	(void)j;
	if (k->pid == 0)
		return EXIT_DONE;
	if (io_write(k->go, "", 1) < 0)
		return EXIT_OWN;
	close(k->go);
	while (waitpid(k->pid, &status, 0) < 0 && errno == EINTR)
		;
	return status == 0 ? EXIT_DONE : EXIT_OWN;
}
