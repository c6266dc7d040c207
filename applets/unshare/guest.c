// SPDX-License-Identifier: Apache-2.0
#include "applets/unshare/run.h"

#include "core/base/io.h"
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
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

/* What was installed goes up as a byte, with the listener where there is one. */
static int send_up(int up, enum emulate what, int listener)
{
	char byte = (char)what;
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.room = {0}};
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *c;

	if (listener >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control.room);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &listener, sizeof(int));
	}
	return sendmsg(up, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int guest_hear(int down, enum emulate *what, int *listener)
{
	char byte = 0;
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.room = {0}};
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.room)};
	struct cmsghdr *c;
	ssize_t n;

	*listener = -1;
	while ((n = recvmsg(down, &msg, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
		;
	if (n <= 0)
		return n < 0 ? -errno : -EPIPE;
	*what = (enum emulate)byte;
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(listener, CMSG_DATA(c), sizeof(int));
	return 0;
}

#ifdef CONFIG_EMU
/* One kind of emulation: the listener, -1 where it needs none; *r says whether it is there. */
static int try_emulation(const struct guest *g, enum emu_mode mode, int *r, struct err *err)
{
	struct emu_options o = g->emu;

	o.mode = mode;
	ns_tell(&g->job->log,
		mode == EMU_FULL ? "system calls that have to do with owners wait for an answer"
				 : "changes of owner succeed and do nothing",
		"seccomp(SECCOMP_SET_MODE_FILTER, %s, ...)",
		mode == EMU_FULL ? "SECCOMP_FILTER_FLAG_NEW_LISTENER" : "0");
	*r = emu_install(&o, err);
	return *r >= 0 && mode == EMU_FULL ? *r : -1;
}

static void tell_worse(const struct guest *g, struct err *err, const char *what)
{
	report(g->job->self, "%s: %s: %s ('rlc-unshare --rung' says more)",
		err->what ? err->what : "system calls cannot be answered", err_reason(err->code),
		what);
	err_free(err);
}

/* auto goes down the ladder, and says so. */
static int emulate(const struct guest *g, enum emulate *what, int *listener)
{
	cleanup_err struct err err = ERR_NONE;
	int r;

	*listener = -1;
	if (*what != EMULATE_LIE) {
		*listener = try_emulation(g, EMU_FULL, &r, &err);
		if (r < 0 && *what == EMULATE_FULL)
			return job_failed(g->job, &err);
		*what = r < 0 ? EMULATE_LIE : EMULATE_FULL;
		if (r >= 0)
			return EXIT_DONE;
		tell_worse(g, &err, "what the command does to owners is not kept");
	}
	try_emulation(g, EMU_LIE, &r, &err);
	return r < 0 ? job_failed(g->job, &err) : EXIT_DONE;
}
#endif

/* Waits until the supervisor serves. */
static int start_emulation(const struct guest *g)
{
#ifdef CONFIG_EMU
	enum emulate what = g->emulate;
	cleanup_fd int listener = -1;
	char byte;
	int status = emulate(g, &what, &listener);

	if (status != EXIT_DONE)
		return status;
	if (send_up(g->up, what, listener) < 0)
		return EXIT_OWN;
	base_close(&listener);
	listener = -1;
	return read(g->up, &byte, 1) == 1 ? EXIT_DONE : EXIT_OWN;
#else
	return g->up < 0 ? EXIT_DONE : send_up(g->up, EMULATE_OFF, -1);
#endif
}

/* As any program that drops privileges does it: whoever answers its calls keeps what it says. */
static int become(const struct guest *g)
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

int guest_main(const struct guest *g)
{
	int status = EXIT_DONE;

	if (g->alone)
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (g->detached) {
		ns_tell(&g->job->log,
			"no terminal is its standard input, so it gets none to type into",
			"setsid()");
		setsid();
	}
	if (g->emulate != EMULATE_OFF)
		status = start_emulation(g);
	if (status == EXIT_DONE)
		status = become(g);
	if (status != EXIT_DONE)
		return status;
	sigprocmask(SIG_SETMASK, &g->mask, NULL);
	return job_exec(g->job);
}
