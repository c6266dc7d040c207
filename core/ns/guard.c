// SPDX-License-Identifier: Apache-2.0
#include "core/ns/guard.h"

#include "core/base/io.h"
#include <poll.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

static void waited_for(sigset_t *set)
{
	static const unsigned char passed[] = {SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM,
		SIGTERM, SIGCONT, SIGWINCH, SIGCHLD};
	size_t i;

	sigemptyset(set);
	for (i = 0; i < sizeof(passed); i++)
		sigaddset(set, passed[i]);
	sigaddset(set, GUARD_DEATH);
}

void guard_block(sigset_t *old)
{
	sigset_t set;

	waited_for(&set);
	sigprocmask(SIG_BLOCK, &set, old);
}

int guard_life_start(struct guard_life *life)
{
	return pipe2(life->ends, O_CLOEXEC) < 0 ? -errno : 0;
}

void guard_life_bind(struct guard_life *life, int signal)
{
	struct pollfd p = {.fd = life->ends[0]};

	close(life->ends[1]);
	prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0);
	if (poll(&p, 1, 0) > 0)
		raise(SIGKILL), _exit(128 + SIGKILL);
	close(life->ends[0]);
}

/* Some signal that was waited for. */
static int next_signal(siginfo_t *info)
{
	sigset_t set;
	int n;

	waited_for(&set);
	while ((n = sigwaitinfo(&set, info)) < 0)
		;
	return n;
}

static bool has_ended(pid_t pid, bool goes_on, int *status)
{
	pid_t found;

	while ((found = waitpid(-1, status, WNOHANG | (goes_on ? WUNTRACED : 0))) > 0)
		if (found == pid && !WIFSTOPPED(*status))
			return true;
		else if (found == pid)
			kill(-pid, SIGCONT);
	return found < 0 && errno == ECHILD;
}

int guard_outer(pid_t inner, bool detached)
{
	siginfo_t info;
	int status = 0, n;

	while (!has_ended(inner, false, &status)) {
		n = next_signal(&info);
		if (n != SIGCHLD && (info.si_code <= 0 || detached))
			sigqueue(inner, n, (union sigval){.sival_int = info.si_code > 0});
	}
	return status;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* What is known of a signal when it came to this process: to the whole group, or passed on. */
struct seen {
	int64_t direct[NSIG]; /* when it last came to the group */
};

static bool is_passed_on(struct seen *s, const siginfo_t *info, bool detached)
{
	enum { SOON = 100 }; /* ms; the outer process is the group's last to get it */

	if (info->si_code == SI_QUEUE && info->si_pid == getppid())
		return now_ms() - s->direct[info->si_signo] > SOON;
	if (info->si_code != SI_USER)
		return false;
	s->direct[info->si_signo] = now_ms();
	/*
	 * A guest in a session of its own is not of the group and has not got it yet; one that is
	 * still pending takes the outer process's in. Nobody's number is 0 but one outside.
	 */
	return detached && (getpid() != 1 || info->si_pid == 0);
}

int guard_inner(pid_t guest, bool detached, bool foreground, int on_death)
{
	struct seen seen = {{0}};
	siginfo_t info;
	int status = 0, n;

	while (!has_ended(guest, foreground, &status)) {
		n = next_signal(&info);
		if (n == GUARD_DEATH && on_death)
			kill(guest, on_death);
		else if (n != SIGCHLD && is_passed_on(&seen, &info, detached))
			kill(detached && info.si_value.sival_int ? -guest : guest, n);
	}
	return status;
}

int guard_exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* "PID (NAME) STATE PPID": the name may have any bytes, so the last bracket ends it. proc(5) */
static int add_child(struct buf *out, const char *pid)
{
	char path[NAME_MAX + 16], text[512], *name, *end;
	cleanup_fd int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : io_read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	name = strchr(text, '(');
	end = strrchr(text, ')');
	if (!name || !end || strlen(end) < 4 || end[2] == 'Z' || atoi(end + 4) != getpid())
		return 0;
	end[1] = '\0';
	return buf_addf(out, "%s%s %s", out->len ? ", " : "", pid, name);
}

int guard_children(struct buf *out)
{
	cleanup_dir DIR *proc = opendir("/proc");
	struct dirent *d;
	int r = 0;

	while (r == 0 && proc && (d = readdir(proc)))
		if (d->d_name[0] >= '1' && d->d_name[0] <= '9')
			r = add_child(out, d->d_name);
	return r;
}

/* From a group that has not got it the call would stop this process. */
static void give_terminal(pid_t group)
{
	sigset_t set, old;

	sigemptyset(&set);
	sigaddset(&set, SIGTTOU);
	sigprocmask(SIG_BLOCK, &set, &old);
	tcsetpgrp(STDERR_FILENO, group);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

bool guard_has_terminal(void)
{
	return tcgetpgrp(STDERR_FILENO) == getpgrp();
}

void guard_foreground(void)
{
	setpgid(0, 0);
	give_terminal(getpgrp());
}

void guard_terminal(void)
{
	pid_t now = tcgetpgrp(STDERR_FILENO);

	if (now >= 0 && now != getpgrp())
		give_terminal(getpgrp());
}
