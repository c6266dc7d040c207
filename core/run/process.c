// SPDX-License-Identifier: Apache-2.0
#include "core/run/container.h"

#include "core/base/io.h"
#include "core/image/spec.h"
#include <linux/capability.h>
#include <linux/magic.h>
#include <linux/securebits.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <termios.h>

static int fail(const struct container_guest *g, int code, const char *what, const char *path)
{
	cleanup_err struct err err = ERR_NONE;

	err_set(&err, code, what, path);
	g->c->fail(g->c->arg, &err);
	return GUEST_FAILED;
}

static bool drop_bounding(uint64_t keep)
{
	unsigned int cap;

	for (cap = 0; cap < 64 && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (!(keep >> cap & 1) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return false;
	return true;
}

/* The sets, as far as they are among the permitted ones. */
static bool set_caps(const struct run_caps *caps)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];
	int i;

	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	for (i = 0; i < 2; i++) {
		data[i].permitted &= (uint32_t)(caps->permitted >> 32 * i);
		data[i].effective = (uint32_t)(caps->effective >> 32 * i) & data[i].permitted;
		data[i].inheritable = (uint32_t)(caps->inheritable >> 32 * i) &
				      (uint32_t)(caps->bounding >> 32 * i);
	}
	return syscall(SYS_capset, &header, data) == 0;
}

static void set_ambient(uint64_t caps)
{
	unsigned long cap;

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (cap = 0; cap < 64; cap++)
		if (caps >> cap & 1)
			prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0);
}

/* What cannot be had: an exit status where nothing may lack. */
static int skip(const struct container_guest *g, const char *what)
{
	cleanup_err struct err err = ERR_NONE;

	if (!g->c->strict) {
		g->c->note(g->c->arg, what);
		return 0;
	}
	err_tell(&err, -ENOTSUP, "cannot be had here", what);
	g->c->fail(g->c->arg, &err);
	return GUEST_FAILED;
}

static int set_limits(const struct container_guest *g)
{
	const struct run_process *p = g->c->process;
	int status = 0;
	size_t i;

	for (i = 0; !status && i < p->rlimit_count; i++) {
		struct rlimit limit = {p->rlimits[i].soft, p->rlimits[i].hard};

		if (setrlimit(p->rlimits[i].what, &limit) < 0)
			status = skip(g, "process.rlimits: one over that of the caller");
	}
	return status;
}

static int set_oom(const struct container_guest *g)
{
	cleanup_buf struct buf text = BUF_NONE;
	cleanup_fd int fd = -1;
	struct statfs fs;
	char old[16] = "";

	if (!g->c->process->has_oom_score_adj)
		return 0;
	/* The root's /proc may be anything: one that is none has nothing to set, and may wait. */
	fd = open("/proc/self/oom_score_adj", O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstatfs(fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return skip(g, "process.oomScoreAdj");
	if (io_read(fd, old, sizeof(old) - 1) > 0 && atoi(old) == g->c->process->oom_score_adj)
		return 0;
	if (buf_addf(&text, "%d", g->c->process->oom_score_adj) == 0 &&
		io_write(fd, text.data, text.len) == 0)
		return 0;
	return skip(g, "process.oomScoreAdj");
}

static bool has_variable(char **env, const char *name)
{
	size_t len = strlen(name);

	for (; env && *env; env++)
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
			return true;
	return false;
}

/* By the root's own list. */
static void find_home(struct container_guest *g)
{
	cleanup_spec_user struct spec_user user = SPEC_USER_NONE;
	cleanup_tree struct tree tree = TREE_NONE;
	cleanup_err struct err err = ERR_NONE;
	char number[12];

	if (has_variable(g->c->process->env, "HOME"))
		return;
	snprintf(number, sizeof(number), "%u", g->c->process->uid);
	if (tree_open(&tree, "/", &err) == 0)
		spec_user_find(&tree, number, &user, &err);
	g->home = user.home ? user.home : strdup(g->c->process->uid ? "/" : "/root");
	user.home = NULL;
}

static bool take_terminal(const struct container_guest *g)
{
	int i;

	if (g->pty < 0)
		return true;
	for (i = 0; i < 3; i++)
		if (dup2(g->pty, i) < 0)
			return false;
	return ioctl(STDIN_FILENO, TIOCSCTTY, 0) == 0;
}

/*
 * What is real of the capabilities where calls are answered: no more than is to be had. root gets
 * what its bounding set allows when it executes something, but not behind a filter.
 */
static int limit_caps(const struct container_guest *g)
{
	const struct run_process *p = g->c->process;
	struct run_caps caps = p->caps;

	if (p->uid == 0 && !p->no_new_privileges)
		caps.permitted |= caps.bounding;
	caps.permitted |= caps.ambient;
	caps.effective |= caps.permitted;
	if (!drop_bounding(caps.bounding) || !set_caps(&caps))
		return fail(g, -errno, "cannot give up capabilities", NULL);
	return 0;
}

int container_prepare(void *guest)
{
	struct container_guest *g = guest;
	int status;

	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* who answers its calls has to read its memory */
	if (!take_terminal(g))
		return fail(g, -errno, "cannot use the terminal", NULL);
	status = set_oom(g);
	if (!status)
		status = set_limits(g);
	find_home(g);
	/* Nobody in the container takes what is open here before the command has replaced it. */
	if (g->c->join && !g->emulated)
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return status || !g->emulated ? status : limit_caps(g);
}

/* Where groups cannot be set and there are none to set, those of the caller stay. */
static bool set_groups(const struct run_process *p)
{
	return syscall(SYS_setgroups, p->group_count, p->groups) == 0 ||
	       (errno == EPERM && p->group_count == 0);
}

/* Where calls are answered, the guest has begun with its bounding set, and perhaps as a whole. */
static bool is_user(const struct container_guest *g)
{
	return g->emulated && g->begun_as;
}

/* By the system calls themselves: there are no other threads, which the C library's would tell. */
static int become_user(const struct container_guest *g)
{
	const struct run_process *p = g->c->process;

	umask(p->umask == UINT32_MAX ? 022 : (mode_t)p->umask);
	if (is_user(g))
		return 0;
	prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (!g->emulated && !drop_bounding(p->caps.bounding))
		return fail(g, -errno, "cannot give up capabilities", NULL);
	if (!set_groups(p))
		return fail(g, -errno, "cannot set the groups of the command", NULL);
	if (syscall(SYS_setresgid, p->gid, p->gid, p->gid) < 0 ||
		syscall(SYS_setresuid, p->uid, p->uid, p->uid) < 0)
		return fail(g, -errno, "cannot become the user of the command", NULL);
	prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
	if (!set_caps(&p->caps))
		return fail(g, -errno, "cannot set the capabilities of the command", NULL);
	set_ambient(p->caps.ambient);
	return 0;
}

/*
 * Somewhere that is no part of this root has no name, or one in brackets. there: root has gone
 * there already, which others perhaps may not.
 */
static int go_there(const struct container_guest *g, bool there)
{
	const char *cwd = g->c->process->cwd;
	cleanup_free char *here = NULL;

	if (!there && chdir(cwd) < 0)
		return fail(g, -errno, "cannot go there", cwd);
	here = getcwd(NULL, 0);
	return here && *here == '/' ? 0 : fail(g, -EXDEV, "is outside of the root", cwd);
}

static int set_environment(const struct container_guest *g)
{
	char **env = g->c->process->env;
	char *home;
	int r = clearenv();

	for (; r == 0 && env && *env; env++)
		if (**env != '=' && strchr(*env, '='))
			r = putenv(*env);
	if (r == 0 && g->home)
		r = asprintf(&home, "HOME=%s", g->home) < 0 ? -1 : putenv(home);
	return r == 0 ? 0 : fail(g, -ENOMEM, "cannot set the environment", NULL);
}

static bool is_program(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return false;
	if (!S_ISREG(st.st_mode))
		errno = EACCES;
	return S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* The program of that name, in the PATH of the command: to be freed; NULL with errno. */
static char *find_program(const char *name)
{
	const char *set = getenv("PATH");
	cleanup_free char *dirs = strdup(set ? set : IMAGE_PATH);
	char *rest = dirs, *dir, *path = NULL;
	int why = ENOENT;

	if (strchr(name, '/'))
		return is_program(name) ? strdup(name) : NULL;
	while (*name && rest && (dir = strsep(&rest, ":"))) {
		if (asprintf(&path, "%s/%s", *dir ? dir : ".", name) < 0)
			return NULL;
		if (is_program(path))
			return path;
		why = errno == EACCES ? EACCES : why;
		free(path);
	}
	errno = why;
	return NULL;
}

/* Nothing of the caller's is open in the container but what it gets on purpose. */
static void close_others(const struct container_guest *g)
{
	int keep[] = {g->up, g->c->fifo, g->c->keep};

	guest_close(STDERR_FILENO + 1 + (unsigned int)g->c->preserve, keep, ARRAY_SIZE(keep));
}

static int run_start_hooks(const struct container_guest *g)
{
	const struct container *c = g->c;
	cleanup_buf struct buf state = BUF_NONE;
	cleanup_err struct err err = ERR_NONE;

	if (c->join || !c->config->hook_counts[HOOK_START_CONTAINER])
		return 0;
	if (container_state(c->config, c->id, c->bundle, "created", getpid(), &state) == 0 &&
		container_hooks(c->config, HOOK_START_CONTAINER, &state, &err) == 0)
		return 0;
	c->fail(c->arg, &err);
	return GUEST_FAILED;
}

/* Tells the caller that all is well, and waits until it says so. */
static int wait_for_start(const struct container_guest *g)
{
	char byte;
	ssize_t n = 1;

	if (message_send(g->up, READY, 0, -1) < 0)
		return GUEST_FAILED;
	if (g->c->fifo >= 0)
		while ((n = read(g->c->fifo, &byte, 1)) < 0 && errno == EINTR)
			;
	return n == 1 ? 0 : GUEST_FAILED;
}

static int cannot_run(const struct container_guest *g, const char *name, int code)
{
	fail(g, -code, "cannot run", name);
	return code == ENOENT || code == ENOTDIR ? GUEST_NOT_FOUND : GUEST_CANNOT_RUN;
}

static int execute(const struct container_guest *g)
{
	char **args = g->c->process->args;
	cleanup_free char *program = find_program(args[0]);
	int status;

	if (!program)
		return cannot_run(g, args[0], errno);
	status = wait_for_start(g);
	if (!status)
		status = run_start_hooks(g);
	if (status)
		return status;
	execv(program, args);
	return cannot_run(g, args[0], errno);
}

int container_become(void *guest)
{
	struct container_guest *g = guest;
	int status, signal = 0;
	bool there;

	close_others(g);
	there = chdir(g->c->process->cwd) == 0;
	prctl(PR_GET_PDEATHSIG, &signal, 0, 0, 0);
	status = become_user(g);
	prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); /* another user has lost it */
	if (!status)
		status = go_there(g, there);
	if (!status)
		status = set_environment(g);
	if (!status && g->c->process->no_new_privileges &&
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		status = fail(g, -errno, "cannot give up new privileges", NULL);
	return status ? status : execute(g);
}
