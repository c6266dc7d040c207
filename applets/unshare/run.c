// SPDX-License-Identifier: Apache-2.0
#include "applets/unshare/run.h"

#include "core/base/sys.h"
#include "core/base/io.h"
#include "core/ns/guard.h"
#include "core/owner/owners.h"
#include <sched.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static bool mounts_root(const struct job *j)
{
	return (j->root || j->overlay.lowers) && (j->flags & CLONE_NEWNS);
}

enum emulate job_emulation(const struct job *j)
{
	return guest_emulation(j->emulate, j->guest_is_root);
}

bool job_supervised(const struct job *j)
{
	return !j->chosen || mounts_root(j) || job_emulation(j) != EMULATE_OFF;
}

int job_failed(const struct job *j, struct err *err)
{
	report_err(j->self, err);
	return EXIT_OWN;
}

/* The reason of a refusal, a report a line. */
static int refused(const struct job *j, struct err *err)
{
	int code = err->code;
	cleanup_free char *why = code == -ENOPKG ? NULL : userns_why(code);
	char *rest = why, *line;

	if (code == -ENOPKG || code == -ENOSPC) /* "No space left on device" */
		err->code = 0;
	report_err(j->self, err);
	while (rest && (line = strsep(&rest, "\n")))
		report(j->self, "%s", line);
	if (code != -ENOPKG && !j->chosen && !j->root && !j->overlay.lowers)
		report(j->self, "--emulate=full runs the command without namespaces.");
	return EXIT_OWN;
}

static void tell_flags(const struct job *j, int flags)
{
	static const struct {
		int flag;
		const char *name, *why;
	} all[] = {
		{CLONE_NEWNS, "CLONE_NEWNS", "mounts of its own"},
		{CLONE_NEWPID, "CLONE_NEWPID",
			"process numbers of its own, and an end for all at once"},
		{CLONE_NEWIPC, "CLONE_NEWIPC", "System V IPC and message queues of its own"},
		{CLONE_NEWUTS, "CLONE_NEWUTS", "a host name of its own"},
		{CLONE_NEWNET, "CLONE_NEWNET", "a network of its own, without any way out"},
		{CLONE_NEWCGROUP, "CLONE_NEWCGROUP", "its cgroup is the top of those it sees"},
		{CLONE_NEWTIME, "CLONE_NEWTIME", "clocks of its own"},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all); i++)
		if (flags & all[i].flag)
			ns_tell(&j->log, all[i].why, "unshare(%s)", all[i].name);
}

/* Namespaces that need no user namespace, or come after it. */
static int unshare_others(const struct job *j, int flags)
{
	cleanup_err struct err err = ERR_NONE;

	if (!flags)
		return EXIT_DONE;
	tell_flags(j, flags);
	if (unshare(flags) == 0)
		return EXIT_DONE;
	err_set(&err, -errno,
		errno == EPERM && !(j->flags & CLONE_NEWUSER)
			? "cannot make namespaces; an ordinary user needs --user or --map-root-user too"
			: "cannot make namespaces",
		NULL);
	return job_failed(j, &err);
}

/* flags with CLONE_NEWUSER or without it. */
static int unshare_some(const struct job *j, int flags)
{
	cleanup_err struct err err = ERR_NONE;

	if (!(flags & CLONE_NEWUSER))
		return unshare_others(j, flags);
	return userns_enter(flags, &j->ids, &j->log, &err) < 0 ? refused(j, &err) : EXIT_DONE;
}

static void fail(void *arg, struct err *err)
{
	const struct supervised *s = arg;

	report_err(s->job->self, err);
}

static void tell_worse(void *arg, struct err *err)
{
	const struct supervised *s = arg;

	report(s->job->self, "%s: %s: %s ('rlc-unshare --rung' says more)",
		err->what ? err->what : "system calls cannot be answered", err_reason(err->code),
		"what the command does to owners is not kept");
}

static void tell_survivors(void *arg, const char *processes)
{
	const struct supervised *s = arg;

	report(s->job->self, "still running, since there is no pid namespace: %s", processes);
}

static void tell_counts(void *arg, const char *lines)
{
	const struct supervised *s = arg;

	if (s->job->explain)
		io_write(STDERR_FILENO, lines, strlen(lines));
}

static const struct guest_ops ops = {
	.become = job_become,
	.fail = fail,
	.worse = tell_worse,
	.left = tell_survivors,
	.counts = tell_counts,
};

static int inner(struct job *j, struct supervised *s, struct guard_life *life)
{
	struct root root = ROOT_NONE;
	int own = CLONE_NEWUSER | CLONE_NEWPID;

	guard_life_bind(life, j->kill_child && j->kill_child != SIGKILL ? GUARD_DEATH : SIGKILL);
	if (s->guest.alone)
		prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if (unshare_others(j, j->flags & ~own) != EXIT_DONE || job_clocks(j) != EXIT_DONE ||
		job_furnish(j, &root) != EXIT_DONE || (j->as && job_as(j, &s->as) != EXIT_DONE))
		return EXIT_OWN;
	return guest_run(&s->guest, &root);
}

/* The directory in which mount points are made, and a lock on what only one may use. */
struct place {
	struct tree top;
	int lock;
};

/* What a killed one left is removed first. */
static int open_place(struct job *j, struct place *p)
{
	const char *dir = j->overlay.lowers ? j->overlay.upper : j->root;
	cleanup_err struct err err = ERR_NONE;

	if (!mounts_root(j))
		return EXIT_DONE;
	j->aside = points_aside();
	if (tree_open(&p->top, dir, &err) < 0)
		return job_failed(j, &err);
	if (j->overlay.lowers) {
		p->lock = open(j->overlay.work, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (p->lock < 0 || flock(p->lock, LOCK_EX | LOCK_NB) < 0) {
			err_set(&err, -errno,
				errno == EWOULDBLOCK ? "in use by another rlc-unshare"
						     : "cannot open",
				j->overlay.work);
			return job_failed(j, &err);
		}
	}
	points_remove(&p->top, NULL);
	return EXIT_DONE;
}

static int wait_outside(const struct job *j, pid_t child, struct place *p, bool detached, int life)
{
	int keep[] = {p->top.fd, p->lock, life}, status;

	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	guest_shed(keep, ARRAY_SIZE(keep));
	status = guard_exit_status(guard_outer(child, detached));
	if (p->top.fd >= 0) {
		int r = points_remove(&p->top, j->aside);

		if (r < 0)
			report(j->self, "%s: cannot remove mount points that were made: %s",
				j->root ? j->root : j->overlay.upper, err_reason(r));
	}
	guard_terminal();
	return status;
}

/* Where no namespace is allowed, emulation does without. */
static void do_without(struct job *j)
{
	if (j->emulate != EMULATE_FULL || j->chosen || j->root || j->overlay.lowers ||
		j->extra_count || j->read_only || j->hostname || userns_try() == 0)
		return;
	ns_tell(&j->log, "refused here, so the command runs in this root as it is",
		"unshare(CLONE_NEWUSER)");
	j->flags = 0;
	j->proc = NULL;
}

static int start(struct job *j, struct supervised *s, struct place *p)
{
	struct guest *g = &s->guest;
	struct guard_life life;
	pid_t child;

	if (guard_life_start(&life) < 0)
		return EXIT_OWN;
	guard_block(&g->mask);
	ns_tell(&j->log,
		g->alone ? "the child looks after the command"
			 : "the child is the first process of the new pid namespace",
		"fork()");
	child = _Fork();
	if (child == 0)
		_exit(inner(j, s, &life));
	if (child < 0) {
		report(j->self, "cannot start a process: %s", strerror(errno));
		return EXIT_OWN;
	}
	return wait_outside(j, child, p, g->detached || g->foreground, life.ends[1]);
}

static int run_supervised(struct job *j)
{
	struct place place = {TREE_NONE, -1};
	struct supervised s = {.job = j, .as = {.ids = {OWNER_KEEP, OWNER_KEEP}}};
	bool own_root = j->root || j->overlay.lowers;

	s.guest = (struct guest){.ops = &ops,
		.arg = &s,
		.log = &j->log,
		.emulate = job_emulation(j),
		.strict = j->strict,
		.on_death = j->kill_child};
	do_without(j);
	s.guest.detached = own_root && !j->same_session && !isatty(STDIN_FILENO);
	s.guest.foreground = j->foreground && !s.guest.detached && guard_has_terminal();
	s.guest.alone = !(j->flags & CLONE_NEWPID);
	if (unshare_some(j, j->flags & (CLONE_NEWUSER | CLONE_NEWPID)) != EXIT_DONE)
		return EXIT_OWN;
	if (open_place(j, &place) != EXIT_DONE)
		return EXIT_OWN;
	return start(j, &s, &place);
}

/* Everything as unshare(1) does it: no process stands between, where --fork does not say so. */
static int run_plain(struct job *j)
{
	struct root root = ROOT_NONE;
	struct keeper keeper;
	bool foreground = j->foreground && guard_has_terminal();
	int status;
	pid_t child = 0;

	if (keeper_start(j, &keeper) != EXIT_DONE)
		return EXIT_OWN;
	if (unshare_some(j, j->flags) != EXIT_DONE || job_clocks(j) != EXIT_DONE)
		return EXIT_OWN;
	if (j->fork) {
		signal(SIGINT, SIG_IGN);
		signal(SIGTERM, SIG_IGN);
		child = _Fork();
	}
	if (child >= 0 && (child > 0 || !j->fork) && keeper_finish(j, &keeper) != EXIT_DONE)
		return EXIT_OWN;
	if (child > 0) {
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
		guard_terminal();
		return guard_exit_status(status);
	}
	if (child < 0) {
		report(j->self, "cannot start a process: %s", strerror(errno));
		return EXIT_OWN;
	}
	if (j->fork) {
		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		if (foreground)
			guard_foreground();
		if (j->kill_child)
			prctl(PR_SET_PDEATHSIG, j->kill_child, 0, 0, 0);
	}
	status = job_furnish(j, &root);
	status = status == EXIT_DONE ? job_exec(j) : status;
	if (j->fork)
		_exit(status);
	return status;
}

int job_run(struct job *j)
{
	if ((j->flags & CLONE_NEWUSER) && job_map(j) != EXIT_DONE)
		return EXIT_OWN;
	return job_supervised(j) ? run_supervised(j) : run_plain(j);
}
