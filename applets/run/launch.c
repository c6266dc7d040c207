// SPDX-License-Identifier: Apache-2.0
#include "applets/run/run.h"

#include "core/base/io.h"
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

static void fail(void *arg, struct err *err)
{
	const struct launch *l = arg;

	call_fail(l->call, err);
}

static void note(void *arg, const char *what)
{
	const struct launch *l = arg;
	cleanup_free char *text = NULL;

	if (asprintf(&text, "skipped, since it cannot be had here: %s", what) >= 0)
		call_warn(l->call, text);
}

/* The container sees the line of the process that looks after it: no paths of the host in it. */
static void withdrawn(void *arg)
{
	struct launch *l = arg;

	memset(l->call->line, 0, l->call->line_len);
}

static int save(struct launch *l, struct err *err)
{
	const struct container *c = &l->container;

	return l->state && !l->plain ? state_save(l->state, c->bundle, l->tree, c->config, err) : 0;
}

/* From here on somebody else can end it, should this process not come to it. */
static int begun(void *arg, pid_t pid, struct err *err)
{
	struct launch *l = arg;

	if (l->state && !l->plain)
		l->state->first = process_now(pid);
	return save(l, err);
}

/* What was asked for that nobody can have: one message for all of it. */
static int tell_skipped(struct launch *l)
{
	const struct run_config *config = l->container.config;
	cleanup_buf struct buf all = BUF_NONE;
	cleanup_err struct err err = ERR_NONE;
	size_t i;

	for (i = 0; i < config->skipped_count; i++)
		buf_addf(&all, "%s%s", i ? ", " : "", config->skipped[i]);
	if (!all.len || all.failed)
		return EXIT_DONE;
	if (!l->call->strict) {
		/* Standard error of one that others watch over is its own: `state` shows it */
		if (!l->waits || l->call->log || isatty(STDERR_FILENO))
			note(l, all.data);
		return EXIT_DONE;
	}
	err_tell(&err, -ENOTSUP, "cannot be had here", all.data);
	call_fail(l->call, &err);
	return l->waits ? EXIT_SOME : GUEST_FAILED;
}

static int connect_console(const char *path, struct err *err)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(to.sun_path))
		return err_set(err, -ENAMETOOLONG, "cannot connect", path);
	memcpy(to.sun_path, path, strlen(path));
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return err_set(err, -errno, "cannot connect", path);
	return take_fd(&fd);
}

/* The name of what is sent along, as whoever reads it shows it. */
static int send_console(int socket, int pty, struct err *err)
{
	char name[] = "/dev/pts/ptmx";
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.room = {0}};
	struct iovec iov = {name, strlen(name)};
	struct msghdr msg = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.room)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &pty, sizeof(int));
	return sendmsg(socket, &msg, MSG_NOSIGNAL) < 0
		       ? err_set(err, -errno, "cannot send the terminal", NULL)
		       : 0;
}

/* Written aside, so that whoever waits for it never reads a part. */
static int write_pid(const char *path, pid_t pid, struct err *err)
{
	cleanup_free char *aside = NULL;
	cleanup_buf struct buf text = BUF_NONE;
	cleanup_fd int fd = -1;
	int r = asprintf(&aside, "%s.new", path) < 0 ? -ENOMEM : buf_addf(&text, "%d", (int)pid);

	if (r == 0 && unlink(aside) < 0 && errno != ENOENT)
		r = -errno;
	if (r == 0)
		fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (r == 0)
		r = fd < 0 ? -errno : io_write(fd, text.data, text.len);
	if (r == 0 && rename(aside, path) < 0)
		r = -errno;
	return r < 0 ? err_set(err, r, "cannot write", path) : 0;
}

/* What is left to do once the container is there. */
static int settle(struct launch *l, struct running *made, int console, struct err *err)
{
	int r = 0;

	if (l->state && !l->plain) {
		l->state->guest = process_now(made->guest);
		r = save(l, err);
	}
	if (r == 0 && console >= 0 && made->pty >= 0) {
		r = send_console(console, made->pty, err);
		base_close(&made->pty);
		made->pty = -1;
	}
	if (r == 0 && l->call->pid_file)
		r = write_pid(l->call->pid_file, made->pid, err);
	if (r == 0 && l->state && !l->plain && !l->waits)
		r = state_start(l->state, err);
	return r;
}

static void run_hooks(
	const struct launch *l, enum run_hook_kind kind, const char *status, pid_t pid)
{
	const struct container *c = &l->container;
	cleanup_buf struct buf state = BUF_NONE;
	cleanup_err struct err err = ERR_NONE;

	if (l->plain || !c->config->hook_counts[kind])
		return;
	if (container_state(c->config, c->id, c->bundle, status, pid, &state) < 0 ||
		container_hooks(c->config, kind, &state, &err) < 0)
		call_fail(l->call, &err);
}

static int open_fifo(const struct launch *l, struct err *err)
{
	int fd;

	if (!l->state || l->plain)
		return -1;
	fd = openat(l->state->dir, STATE_FIFO, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_set(err, -errno, "cannot open", STATE_FIFO) : fd;
}

static int run(struct launch *l, struct err *err)
{
	struct container *c = &l->container;
	cleanup_fd int console = -1, fifo = open_fifo(l, err);
	struct running made;
	int status;

	if (c->process->terminal && !c->attached && !l->call->console)
		return err_tell(err, -EINVAL,
			"config.json asks for a terminal, which needs --console-socket; without one say "
			"'\"terminal\": false'",
			c->id);
	c->fifo = fifo;
	if (err->code == 0 && l->call->console)
		console = connect_console(l->call->console, err);
	if (err->code)
		return err->code;
	status = container_make(c, &made, err);
	if (status)
		return status;
	status = settle(l, &made, console, err);
	if (status < 0) {
		kill(made.pid, SIGKILL);
		return status;
	}
	if (!l->waits)
		run_hooks(l, HOOK_POSTSTART, "running", made.pid);
	if (!c->attached)
		return 0;
	if (l->state)
		state_unlock(l->state);
	status = container_wait(&made);
	run_hooks(l, HOOK_POSTSTOP, "stopped", 0);
	return status;
}

int launch(struct launch *l)
{
	cleanup_err struct err err = ERR_NONE;
	struct container *c = &l->container;
	int status;

	c->emulate = l->call->emulate;
	c->strict = l->call->strict;
	c->preserve = l->call->preserve;
	c->keep = l->call->log_fd;
	c->attached = !l->call->detach && !l->waits;
	c->log = &l->call->steps;
	c->arg = l;
	c->fail = fail;
	c->note = note;
	c->withdrawn = withdrawn;
	c->begun = begun;
	status = l->plain ? EXIT_DONE : tell_skipped(l);
	if (status != EXIT_DONE)
		return status;
	status = run(l, &err);
	if (status >= 0)
		return status;
	call_fail(l->call, &err);
	return l->waits ? EXIT_SOME : GUEST_FAILED;
}
