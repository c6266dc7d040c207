// SPDX-License-Identifier: Apache-2.0
#include "applets/unshare/run.h"

#include <stdio.h>
#include <sys/syscall.h>

static bool has_own_root(const struct job *j)
{
	return j->root || j->overlay.lowers;
}

static int set(char **text, const char *name, const char *value)
{
	return asprintf(text, "%s=%s", name, value) < 0 || putenv(*text) != 0 ? -ENOMEM : 0;
}

/* What the caller's own environment says of a root file system that is not the caller's. */
static int adapt_environment(void)
{
	const char *path = getenv("PATH");
	cleanup_free char *longer = NULL;
	char *text;

	unsetenv("TMPDIR");
	if (!path || strstr(path, "/usr/sbin"))
		return set(&text, "HOME", "/root");
	if (asprintf(&longer, "%s:/usr/local/sbin:/usr/sbin:/sbin", path) < 0)
		return -ENOMEM;
	return set(&text, "PATH", longer) < 0 ? -ENOMEM : set(&text, "HOME", "/root");
}

static int set_environment(const struct job *j)
{
	size_t i;
	int r = 0;

	if (j->clear_environment)
		clearenv();
	else if (has_own_root(j))
		r = adapt_environment();
	for (i = 0; r == 0 && i < j->environment_count; i++)
		r = putenv(j->environment[i]) ? -ENOMEM : 0;
	return r;
}

/*
 * The system calls themselves: the C library's functions see to all threads, of which there are
 * none here. gid OWNER_KEEP: groups stay; uid: the user stays.
 */
static int set_real_ids(struct owner ids, const gid_t *groups, size_t count)
{
	if (ids.gid != OWNER_KEEP &&
		(syscall(SYS_setgroups, count, groups) < 0 || syscall(SYS_setgid, ids.gid) < 0))
		return -errno;
	return ids.uid != OWNER_KEEP && syscall(SYS_setuid, ids.uid) < 0 ? -errno : 0;
}

/* --setuid and --setgid, as unshare(1) has them: groups go where the group is set. */
static int set_ids(const struct job *j)
{
	if (j->gid != OWNER_KEEP)
		ns_tell(&j->log, "as the command line says", "setgroups(0, NULL); setgid(%u)",
			j->gid);
	if (j->uid != OWNER_KEEP)
		ns_tell(&j->log, "as the command line says", "setuid(%u)", j->uid);
	return set_real_ids((struct owner){j->uid, j->gid}, NULL, 0);
}

int job_exec(const struct job *j)
{
	const char *shell = has_own_root(j) ? NULL : getenv("SHELL");
	char *fallback[] = {(char *)(uintptr_t)(shell ? shell : "/bin/sh"), NULL};
	char **argv = *j->command ? j->command : fallback;
	int r = set_ids(j);

	if (r < 0) {
		report(j->self, "cannot set the ids of the command: %s", strerror(-r));
		return EXIT_OWN;
	}
	if (set_environment(j) < 0) {
		report(j->self, "out of memory");
		return EXIT_OWN;
	}
	ns_tell(&j->log, "the command", "execvp(\"%s\", ...)", argv[0]);
	execvp(argv[0], argv);
	r = errno;
	report(j->self, "%s: cannot run: %s", argv[0], strerror(r));
	return r == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
}

/* As any program that drops privileges does it: whoever answers its calls keeps what it says. */
static int become(const struct supervised *g)
{
	const struct as *as = &g->as;
	int r;

	if (as->ids.uid == OWNER_KEEP)
		return EXIT_DONE;
	ns_tell(&g->job->log, "as the command line says", "setgroups(...); setgid(%u); setuid(%u)",
		as->ids.gid, as->ids.uid);
	r = set_real_ids(as->ids, as->groups, as->count);
	if (r == 0)
		return EXIT_DONE;
	report(g->job->self, "cannot become %s: %s", g->job->as, strerror(-r));
	return EXIT_OWN;
}

int job_become(void *arg)
{
	const struct supervised *s = arg;
	int status = become(s);

	return status == EXIT_DONE ? job_exec(s->job) : status;
}
