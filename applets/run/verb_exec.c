// SPDX-License-Identifier: Apache-2.0
/* verb exec
Runs another command in a container, with what its configuration says of its process where nothing
else is said.
*/
#include "applets/run/run.h"

#include "core/base/io.h"
#include "core/owner/text.h"

/* What the command is to be, and what it is made of. */
struct made {
	struct run_process process;
	json_t *doc; /* --process: its strings */
	char **env;  /* owned where the command line adds to it */
	uint32_t *groups;
};

static int read_process(const char *path, struct made *m, struct err *err)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	cleanup_buf struct buf text = BUF_NONE;
	int r = fd < 0 ? -errno : io_read_all(fd, &text, DOC_MAX);

	if (r < 0)
		return err_set(err, r, "cannot read", path);
	r = run_config_parse(text.data ? text.data : (char[]){""}, text.len, path, &m->doc, err);
	return r < 0 ? r : run_process_read(m->doc, &m->process, err);
}

/* UID[:GID] */
static bool read_user(const char *word, struct run_process *p)
{
	struct text t = text_of(word, strlen(word));

	if (!text_u32(&t, &p->uid))
		return false;
	return text_end(&t) || (text_char(&t, ':') && text_u32(&t, &p->gid) && text_end(&t));
}

static int add_env(const struct call *c, struct made *m)
{
	size_t n = 0;

	while (m->process.env && m->process.env[n])
		n++;
	m->env = calloc(n + c->word_count + 1, sizeof(*m->env));
	if (!m->env)
		return -ENOMEM;
	if (n)
		memcpy(m->env, m->process.env, n * sizeof(*m->env));
	memcpy(m->env + n, c->words, c->word_count * sizeof(*m->env));
	m->process.env = m->env;
	return 0;
}

static int add_groups(const struct call *c, struct made *m)
{
	size_t n = m->process.group_count;

	m->groups = calloc(n + c->group_count + 1, sizeof(*m->groups));
	if (!m->groups)
		return -ENOMEM;
	if (n)
		memcpy(m->groups, m->process.groups, n * sizeof(*m->groups));
	memcpy(m->groups + n, c->groups, c->group_count * sizeof(*m->groups));
	m->process.groups = m->groups;
	m->process.group_count = n + c->group_count;
	return 0;
}

static int add_caps(const struct call *c, struct run_process *p, struct err *err)
{
	const char *name;
	unsigned int cap;
	size_t i;

	for (i = 0; i < c->cap_count; i++) {
		const char *word = c->caps[i] + (strncmp(c->caps[i], "CAP_", 4) == 0 ? 4 : 0);

		for (cap = 0; (name = config_cap_name(cap)) && strcmp(name, word) != 0; cap++)
			;
		if (!name)
			return err_tell(err, -EINVAL, "is no capability", c->caps[i]);
		p->caps.bounding |= (uint64_t)1 << cap;
		p->caps.effective |= (uint64_t)1 << cap;
		p->caps.permitted |= (uint64_t)1 << cap;
	}
	return 0;
}

/* What the command line says comes last. */
static int change(const struct call *c, struct made *m, struct err *err)
{
	struct run_process *p = &m->process;
	int r;

	p->cwd = c->cwd ? c->cwd : p->cwd;
	p->no_new_privileges |= c->no_new_privs;
	if (*p->cwd != '/')
		return err_tell(err, -EINVAL, "is no absolute path", p->cwd);
	if (c->user && !read_user(c->user, p))
		return err_tell(err, -EINVAL, "is not UID[:GID]", c->user);
	r = add_env(c, m);
	if (r == 0)
		r = add_groups(c, m);
	return r < 0 ? err_set(err, r, "cannot run a command", NULL) : add_caps(c, p, err);
}

static int make_process(struct call *c, const struct state *s, struct made *m, struct err *err)
{
	int r;

	if (c->process) {
		r = read_process(c->process, m, err);
		if (r < 0)
			return r;
	} else {
		m->process = s->config.process;
		m->process.args = c->o.operands + 1;
		m->process.terminal = false;
		m->process.rows = m->process.columns = 0;
	}
	m->process.terminal |= c->tty;
	return change(c, m, err);
}

static int run(struct call *c, struct state *s, struct err *err)
{
	struct made m = {.doc = NULL};
	int r = make_process(c, s, &m, err);
	struct launch l = {.call = c,
		.plain = true,
		.container = {.config = &s->config,
			.process = &m.process,
			.id = s->id,
			.bundle = s->bundle,
			.join = s->guest.pid,
			.join_start = s->guest.start}};

	if (r < 0)
		return r;
	base_close(&s->dir); /* others may look at it while the command runs */
	s->dir = -1;
	r = launch(&l);
	free(m.env);
	free(m.groups);
	json_decref(m.doc);
	return r;
}

static int execute(struct call *c, struct err *err)
{
	cleanup_state struct state s = STATE_NONE;
	cleanup_fd int all = -1;
	int r = call_state(c, true, &all, &s, err);

	if (r < 0)
		return r;
	if (strcmp(state_status(&s), "running") != 0 || !process_lives(&s.guest))
		return err_tell(err, -ESRCH, "the container is not running", s.id);
	return run(c, &s, err);
}

static int exec_main(const struct applet *self, int argc, char **argv)
{
	cleanup_err struct err err = ERR_NONE;
	struct call c;
	int status = call_read(&c, self, argc, argv, 1, -1);

	if (status < 0 && c.o.operand_count == 1 && !c.process)
		status = usage_error(self, "the command is missing");
	if (status < 0)
		status = execute(&c, &err);
	if (status < 0)
		status = (call_fail(&c, &err), GUEST_FAILED);
	call_free(&c);
	return status;
}

static const struct option_row exec_options[] = {
	{'p', 'p', "process", "FILE", "a process as config.json has it"},
	{RUN_CWD, 0, "cwd", "DIR", "start in DIR"},
	{'e', 'e', "env", "NAME=VALUE", "set a variable"},
	{'u', 'u', "user", "UID[:GID]", "be that user"},
	{'g', 'g', "additional-gids", "GID", "be in that group, too"},
	{'c', 'c', "cap", "NAME", "have that capability, too"},
	{RUN_NO_NEW_PRIVS, 0, "no-new-privs", NULL, "setuid files give nothing"},
	{'t', 't', "tty", NULL, "have a terminal"},
	{'d', 'd', "detach", NULL, "do not wait for its end"},
	RUN_ROWS_START,
	{RUN_IGNORED, 0, "process-label", "LABEL", NULL},
	{RUN_IGNORED, 0, "apparmor", "PROFILE", NULL},
	{RUN_IGNORED, 0, "cgroup", "PATH", NULL},
	{RUN_IGNORED, 0, "ignore-paused", NULL, NULL},
	RUN_ROWS_GUEST,
	RUN_ROWS_ALL,
	{0},
};

const struct applet run_exec = {
	.name = "run exec",
	.summary = "Run another command in a container.",
	.usage = "[OPTION]... ID COMMAND [ARGUMENT]...",
	.options = exec_options,
	.main = exec_main,
};
