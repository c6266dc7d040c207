// SPDX-License-Identifier: Apache-2.0
/* verb state
Prints the state of a container as a JSON object (runtime-spec, runtime.md).
*/
/* verb kill
Sends
.Ar SIGNAL
(TERM; a name or a number) to the command of a container; with
.Fl -all
to all its processes.
*/
/* verb delete
Removes what is kept of a container that has stopped; with
.Fl -force
stops it first, and one that is not there is no error.
*/
#include "applets/run/run.h"

#include "core/base/io.h"
#include "core/owner/text.h"
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <stdio.h>
#include <time.h>

static int show_state(struct call *c, struct err *err)
{
	cleanup_state struct state s = STATE_NONE;
	cleanup_buf struct buf out = BUF_NONE;
	cleanup_fd int all = -1;
	const char *status;
	int r = call_state(c, false, &all, &s, err);

	if (r < 0)
		return r;
	status = state_status(&s);
	r = container_state(&s.config, s.id, s.bundle, status,
		strcmp(status, "stopped") == 0 ? 0 : s.first.pid, &out);
	if (r < 0)
		return err_set(err, r, "cannot show the state", s.id);
	printf("%s\n", out.data);
	return 0;
}

static const struct {
	const char *name;
	int number;
} signals[] = {{"HUP", SIGHUP}, {"INT", SIGINT}, {"QUIT", SIGQUIT}, {"ILL", SIGILL},
	{"TRAP", SIGTRAP}, {"ABRT", SIGABRT}, {"BUS", SIGBUS}, {"FPE", SIGFPE}, {"KILL", SIGKILL},
	{"USR1", SIGUSR1}, {"SEGV", SIGSEGV}, {"USR2", SIGUSR2}, {"PIPE", SIGPIPE},
	{"ALRM", SIGALRM}, {"TERM", SIGTERM}, {"CHLD", SIGCHLD}, {"CONT", SIGCONT},
	{"STOP", SIGSTOP}, {"TSTP", SIGTSTP}, {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU}, {"URG", SIGURG},
	{"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ}, {"VTALRM", SIGVTALRM}, {"PROF", SIGPROF},
	{"WINCH", SIGWINCH}, {"IO", SIGIO}, {"PWR", SIGPWR}, {"SYS", SIGSYS}};

/* A number, or a name with SIG or without; -1: neither. */
static int signal_of(const char *word)
{
	struct text t = text_of(word, strlen(word));
	uint32_t number = 0;
	size_t i;

	if (text_u32(&t, &number) && text_end(&t))
		return number <= 64 ? (int)number : -1;
	word += strncasecmp(word, "SIG", 3) == 0 ? 3 : 0;
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		if (strcasecmp(signals[i].name, word) == 0)
			return signals[i].number;
	return -1;
}

static int reap(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EPERM;
}

/* Whether that process is in another pid namespace than this one. */
static bool differs_in_pid(pid_t pid)
{
	char path[64];
	struct stat own, other;

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)pid);
	return stat("/proc/self/ns/pid", &own) == 0 && stat(path, &other) == 0 &&
	       (own.st_dev != other.st_dev || own.st_ino != other.st_ino);
}

/* From within its own pid namespace, where "all" are the container's; in another they are not. */
static int kill_all(const struct state *s, int signal)
{
	static const char *const kinds[] = {"user", "pid"};
	char path[64];
	pid_t pid;
	size_t i;

	if (!run_config_has_new(&s->config, CLONE_NEWPID))
		return process_kill_below(&s->first, signal);
	pid = _Fork();
	if (pid > 0)
		return reap(pid);
	if (pid < 0)
		return -errno;
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		cleanup_fd int fd = -1;

		snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)s->guest.pid, kinds[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || (setns(fd, 0) < 0 && i))
			_exit(1);
	}
	/* The number may be somebody else's by now, whose "all" are others. */
	if (!process_lives(&s->guest) || !differs_in_pid(s->guest.pid))
		_exit(1);
	pid = _Fork();
	if (pid == 0)
		_exit(kill(-1, signal) < 0 && errno != ESRCH);
	_exit(pid < 0 || reap(pid) < 0);
}

/* That of the first process ends all; another one is meant for the command. */
static int send_signal(const struct state *s, int signal, bool all)
{
	const char *status = state_status(s);

	if (strcmp(status, "stopped") == 0)
		return -ESRCH;
	if (signal == SIGKILL)
		return state_kill(s);
	if (!process_lives(&s->guest))
		return process_kill(&s->first, signal);
	return all ? kill_all(s, signal) : process_kill(&s->guest, signal);
}

static int kill_one(struct call *c, struct err *err)
{
	const char *word = c->o.operand_count > 1 ? c->o.operands[1] : "TERM";
	cleanup_state struct state s = STATE_NONE;
	cleanup_fd int all = -1;
	int signal = signal_of(word), r;

	if (signal < 0)
		return err_tell(err, -EINVAL, "is no signal", word);
	r = call_state(c, true, &all, &s, err);
	if (r < 0)
		return r;
	r = send_signal(&s, signal, c->all);
	if (r == -ESRCH)
		return c->all ? 0 : err_tell(err, r, "the container is not running", s.id);
	return r < 0 ? err_set(err, r, "cannot send the signal", s.id) : 0;
}

/* A process that has got SIGKILL needs its time. */
static int wait_for_end(const struct state *s, struct err *err)
{
	const struct timespec pause = {0, 2000000};
	int i;

	for (i = 0; i < 5000 && process_lives(&s->first); i++)
		nanosleep(&pause, NULL);
	return process_lives(&s->first) ? err_tell(err, -EBUSY, "does not end", s->id) : 0;
}

static void run_last_hooks(const struct call *c, const struct state *s)
{
	cleanup_buf struct buf state = BUF_NONE;
	cleanup_err struct err err = ERR_NONE;

	if (!s->config.hook_counts[HOOK_POSTSTOP])
		return;
	if (container_state(&s->config, s->id, s->bundle, "stopped", 0, &state) < 0 ||
		container_hooks(&s->config, HOOK_POSTSTOP, &state, &err) < 0)
		call_fail(c, &err);
}

static int delete_open(struct call *c, int all, struct state *s, struct err *err)
{
	const char *status = state_status(s);
	int r = 0;

	if (strcmp(status, "stopped") != 0 && strcmp(status, "created") != 0 && !c->force)
		return err_tell(err, -EBUSY, "the container is not stopped", s->id);
	if (strcmp(status, "stopped") != 0) {
		state_kill(s);
		r = wait_for_end(s, err);
	}
	if (r < 0)
		return r;
	run_last_hooks(c, s);
	return state_remove(all, s, err);
}

static int delete_one(struct call *c, struct err *err)
{
	cleanup_state struct state s = STATE_NONE;
	cleanup_fd int all = -1;
	int r = call_state(c, true, &all, &s, err);

	if (r == 0)
		return delete_open(c, all, &s, err);
	if (!c->force || r == -EINVAL || r == -EPERM)
		return r;
	err_free(err);
	return all < 0 || r == -ENOENT ? 0 : state_discard(all, c->o.operands[0], err);
}

static int do_call(const struct applet *self, int argc, char **argv, int most,
	int (*work)(struct call *c, struct err *err))
{
	cleanup_err struct err err = ERR_NONE;
	struct call c;
	int status = call_read(&c, self, argc, argv, 1, most);

	if (status < 0)
		status = work(&c, &err) < 0 ? call_fail(&c, &err) : EXIT_DONE;
	call_free(&c);
	return status;
}

static int state_main(const struct applet *self, int argc, char **argv)
{
	return do_call(self, argc, argv, 1, show_state);
}

static int kill_main(const struct applet *self, int argc, char **argv)
{
	return do_call(self, argc, argv, 2, kill_one);
}

static int delete_main(const struct applet *self, int argc, char **argv)
{
	return do_call(self, argc, argv, 1, delete_one);
}

static const struct option_row state_options[] = {RUN_ROWS_ALL, {0}};

static const struct option_row kill_options[] = {
	{'a', 'a', "all", NULL, "all processes of the container"},
	RUN_ROWS_ALL,
	{0},
};

static const struct option_row delete_options[] = {
	{'f', 'f', "force", NULL, "stop it first"},
	RUN_ROWS_ALL,
	{0},
};

const struct applet run_state = {
	.name = "run state",
	.summary = "Show the state of a container.",
	.usage = "[OPTION]... ID",
	.options = state_options,
	.main = state_main,
};

const struct applet run_kill = {
	.name = "run kill",
	.summary = "Send a signal to a container.",
	.usage = "[OPTION]... ID [SIGNAL]",
	.options = kill_options,
	.main = kill_main,
};

const struct applet run_delete = {
	.name = "run delete",
	.summary = "Remove a container.",
	.usage = "[OPTION]... ID",
	.options = delete_options,
	.main = delete_main,
};
