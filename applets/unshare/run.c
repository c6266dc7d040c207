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
#ifdef CONFIG_EMU
	if (j->emulate == EMULATE_OFF || sys_is_guest())
		return EMULATE_OFF;
	return j->emulate == EMULATE_AUTO && !j->guest_is_root ? EMULATE_OFF : j->emulate;
#else
	(void)j;
	return EMULATE_OFF;
#endif
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

/* close_range(2), also before Linux 5.9. */
static void close_between(unsigned int from, unsigned int to)
{
	enum { MOST = 4096 };

	if (from > to || syscall(SYS_close_range, from, to, 0) == 0)
		return;
	for (; from <= to && from < MOST; from++)
		close((int)from);
}

/* All that is open but what is kept (sorted), standard error, and what stands in for the others:
 * a pipe's other end is to see its end when the guest has closed it. */
static void shed(int *keep, size_t count)
{
	unsigned int from = 3;
	size_t i, n;

	for (n = count; n > 1; n--)
		for (i = 1; i < n; i++)
			if (keep[i - 1] > keep[i]) {
				int swap = keep[i];

				keep[i] = keep[i - 1];
				keep[i - 1] = swap;
			}
	for (i = 0; i < count; i++) {
		if (keep[i] < 3)
			continue;
		close_between(from, (unsigned int)keep[i] - 1);
		from = (unsigned int)keep[i] + 1;
	}
	close_between(from, ~0U);
	dup2(STDERR_FILENO, STDIN_FILENO);
	dup2(STDERR_FILENO, STDOUT_FILENO);
}

#ifdef CONFIG_EMU
/* Serves what the guest has installed, and lets it go on. */
static int serve(const struct guest *g, const struct owners *owners, int down, struct emu **emu)
{
	cleanup_err struct err err = ERR_NONE;
	enum emulate what;
	int listener;
	int r = guest_hear(down, &what, &listener);

	if (r < 0) /* it has said why */
		return EXIT_OWN;
	if (listener >= 0) {
		ns_tell(&g->job->log, "from here on the guest's calls are answered",
			"ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV)");
		r = emu_start(&g->emu, owners, listener, emu, &err);
	}
	if (r < 0)
		return job_failed(g->job, &err);
	return io_write(down, "", 1) < 0 ? EXIT_OWN : EXIT_DONE;
}
#endif

#ifdef CONFIG_EMU
static void tell_counts(const struct job *j, const struct emu *emu)
{
	cleanup_buf struct buf counts = BUF_NONE;

	if (emu && j->explain && emu_counts(emu, &counts) == 0 && counts.len)
		io_write(STDERR_FILENO, counts.data, counts.len);
}
#endif

static void tell_survivors(const struct job *j)
{
	cleanup_buf struct buf left = BUF_NONE;

	if (guard_children(&left) == 0 && left.len)
		report(j->self, "still running, since there is no pid namespace: %s", left.data);
}

/* Waits for the guest while others answer its system calls. */
static int look_after(const struct guest *g, pid_t guest, const struct owners *owners, int down)
{
	int status = EXIT_DONE, death = g->job->kill_child;
#ifdef CONFIG_EMU
	struct emu *emu = NULL;

	if (down >= 0)
		status = serve(g, owners, down, &emu);
	base_close(&down);
#else
	(void)owners;
	(void)down;
#endif
	if (status != EXIT_DONE)
		kill(guest, SIGTERM);
	status = guard_exit_status(guard_inner(guest, g->detached, death));
#ifdef CONFIG_EMU
	tell_counts(g->job, emu);
#endif
	if (g->alone)
		tell_survivors(g->job);
	return status;
}

static int prepare(const struct job *j, struct guest *g, struct owners *owners, int ends[2])
{
	cleanup_err struct err err = ERR_NONE;
	int r;

	if (j->as && job_as(j, &g->as) != EXIT_DONE)
		return EXIT_OWN;
	if (g->emulate == EMULATE_OFF)
		return EXIT_DONE;
#ifdef CONFIG_EMU
	g->emu = (struct emu_options){EMU_FULL, j->strict};
#endif
	r = owners_init(owners, false, (struct owner){0, 0});
	if (r == 0 && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		r = -errno;
	if (r == 0)
		return EXIT_DONE;
	err_set(&err, r, "cannot prepare to answer system calls", NULL);
	return job_failed(j, &err);
}

/* The supervisor keeps nothing of the outside open, and nobody may look into it. */
static void withdraw(const struct root *root, int down)
{
	size_t n = root->points.count;
	int *keep = malloc((n + 2) * sizeof(*keep));

	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (!keep)
		return;
	memcpy(keep, root->points.held, n * sizeof(*keep));
	keep[n] = down;
	shed(keep, n + 1);
	free(keep);
}

static int supervise(struct guest *g, struct root *root)
{
	int ends[2] = {-1, -1};
	struct owners owners;
	pid_t guest;

	if (prepare(g->job, g, &owners, ends) != EXIT_DONE)
		return EXIT_OWN;
	ns_tell(&g->job->log, "the child becomes the command; this process reaps what it leaves",
		"fork()");
	guest = _Fork();
	if (guest == 0) {
		base_close(&ends[0]);
		g->up = ends[1];
		_exit(guest_main(g));
	}
	if (guest < 0) {
		report(g->job->self, "cannot start a process: %s", strerror(errno));
		return EXIT_OWN;
	}
	withdraw(root, ends[0]);
	return look_after(g, guest, &owners, ends[0]);
}

static int inner(struct job *j, struct guest *g, struct guard_life *life)
{
	struct root root = ROOT_NONE;
	int own = CLONE_NEWUSER | CLONE_NEWPID;

	guard_life_bind(life, j->kill_child && j->kill_child != SIGKILL ? GUARD_DEATH : SIGKILL);
	if (g->alone)
		prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if (unshare_others(j, j->flags & ~own) != EXIT_DONE || job_clocks(j) != EXIT_DONE ||
		job_furnish(j, &root) != EXIT_DONE)
		return EXIT_OWN;
	return supervise(g, &root);
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

static int wait_outside(const struct job *j, pid_t child, struct place *p, const struct guest *g)
{
	int keep[] = {p->top.fd, p->lock, g->up}, status;

	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	shed(keep, ARRAY_SIZE(keep));
	status = guard_exit_status(guard_outer(child, g->detached));
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

static int start(struct job *j, struct guest *g, struct place *p)
{
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
		_exit(inner(j, g, &life));
	if (child < 0) {
		report(j->self, "cannot start a process: %s", strerror(errno));
		return EXIT_OWN;
	}
	g->up = life.ends[1];
	return wait_outside(j, child, p, g);
}

int run_supervised(struct job *j)
{
	struct place place = {TREE_NONE, -1};
	struct guest g = {.job = j,
		.emulate = job_emulation(j),
		.up = -1,
		.as = {.ids = {OWNER_KEEP, OWNER_KEEP}}};
	bool own_root = j->root || j->overlay.lowers;

	do_without(j);
	g.detached = own_root && !j->same_session && !isatty(STDIN_FILENO);
	g.alone = !(j->flags & CLONE_NEWPID);
	if (unshare_some(j, j->flags & (CLONE_NEWUSER | CLONE_NEWPID)) != EXIT_DONE)
		return EXIT_OWN;
	if (open_place(j, &place) != EXIT_DONE)
		return EXIT_OWN;
	return start(j, &g, &place);
}

/* Everything as unshare(1) does it: no process stands between, where --fork does not say so. */
static int run_plain(struct job *j)
{
	struct root root = ROOT_NONE;
	struct keeper keeper;
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
