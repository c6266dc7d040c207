// SPDX-License-Identifier: Apache-2.0
#include "core/run/container.h"

#include "core/base/io.h"
#include "core/base/sys.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

static int set(json_t *doc, const char *key, json_t *value)
{
	return value && json_object_set_new(doc, key, value) == 0 ? 0 : -ENOMEM;
}

/* The configuration's, and what is skipped of it, so that it can be found out later, too. */
static json_t *annotations(const struct run_config *config)
{
	json_t *given = json_object_get(config->doc, "annotations");
	json_t *all = json_is_object(given) ? json_copy(given) : json_object();
	cleanup_buf struct buf text = BUF_NONE;
	size_t i;

	for (i = 0; i < config->skipped_count; i++)
		buf_addf(&text, "%s%s", i ? ", " : "", config->skipped[i]);
	if (text.len && !text.failed)
		doc_set_text(all, "rlc.skipped", text.data);
	return all;
}

int container_state(const struct run_config *config, const char *id, const char *bundle,
	const char *status, pid_t pid, struct buf *out)
{
	cleanup_json json_t *doc = json_object();
	json_t *notes = annotations(config);
	int r = doc && notes ? 0 : -ENOMEM;

	if (r == 0)
		r = doc_set_text(doc, "ociVersion", config->version);
	if (r == 0)
		r = doc_set_text(doc, "id", id);
	if (r == 0)
		r = doc_set_text(doc, "status", status);
	if (r == 0 && pid)
		r = set(doc, "pid", json_integer(pid));
	if (r == 0)
		r = doc_set_text(doc, "bundle", bundle);
	if (r == 0 && json_object_size(notes))
		r = set(doc, "annotations", json_incref(notes));
	json_decref(notes);
	return r < 0 ? r : doc_write(doc, out);
}

/* The state, to be read as a file, so that nobody waits for a hook that does not read. */
static int state_file(const struct buf *state)
{
	cleanup_fd int fd = memfd_create("state", MFD_CLOEXEC);

	if (fd < 0 || io_write(fd, state->data, state->len) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	return take_fd(&fd);
}

static _Noreturn void become_hook(const struct run_hook *h, int in)
{
	static char *const none[] = {NULL};
	char *name[] = {(char *)(uintptr_t)h->path, NULL};
	sigset_t set;

	guest_shed(&in, 1);
	dup2(in, STDIN_FILENO);
	close(in);
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	execve(h->path, h->args && h->args[0] ? h->args : name, h->env ? h->env : none);
	_exit(GUEST_NOT_FOUND);
}

/* Waits for the hook, no longer than it may take: its status as wait(2) has it, or -errno. */
static int wait_for(pid_t pid, int timeout)
{
	cleanup_fd int fd = sys_pidfd_open(pid, 0);
	int status, r = fd < 0 ? 0 : message_await(fd, timeout ? timeout * 1000 : -1);

	if (r < 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return r < 0 ? r : status;
}

static int run(const struct run_hook *h, const struct buf *state, struct err *err)
{
	cleanup_fd int in = state_file(state);
	pid_t pid = in < 0 ? -1 : _Fork();
	int r;

	if (pid < 0)
		return err_set(err, -errno, "cannot run the hook", h->path);
	if (pid == 0)
		become_hook(h, in);
	r = wait_for(pid, h->timeout);
	if (r < 0)
		return err_set(err, r, "the hook does not end", h->path);
	return r ? err_tell(err, -ECANCELED, "the hook failed", h->path) : 0;
}

int container_hooks(const struct run_config *config, enum run_hook_kind kind,
	const struct buf *state, struct err *err)
{
	bool all = kind == HOOK_POSTSTART || kind == HOOK_POSTSTOP;
	int r = 0, one;
	size_t i;

	for (i = 0; (r == 0 || all) && i < config->hook_counts[kind]; i++) {
		one = run(&config->hooks[kind][i], state, err);
		r = r < 0 ? r : one;
	}
	return r;
}
