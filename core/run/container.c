// SPDX-License-Identifier: Apache-2.0
#include "core/run/state.h"

#include "core/base/io.h"
#include "core/base/sys.h"
#ifdef CONFIG_EMU
#include "core/emu/creds.h"
#endif
#include "core/ns/guard.h"
#include "core/ns/userns.h"
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

/* What the processes have in common, and each has for itself. */
struct making {
	const struct container *c;
	struct container less; /* what c is where something is withheld */
	struct run_process process;
	struct guard_life life;
	int ends[2]; /* the caller's, the others' */
	int flags;   /* namespaces that are made */
	sigset_t mask;
};

static int fail(const struct container *c, struct err *err)
{
	c->fail(c->arg, err);
	return GUEST_FAILED;
}

/* Whether this process needs a user namespace for its containers: it cannot mount. */
static bool is_ordinary(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {{0, 0, 0}, {0, 0, 0}};

	if (syscall(SYS_capget, &header, data) < 0)
		return true;
	return !(data[0].effective & (1u << CAP_SYS_ADMIN));
}

/* How many ids this user namespace maps, where they are in one line; 1: all others are in records.
 */
static unsigned int mapped_ids(void)
{
	cleanup_fd int fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
	char text[256];
	unsigned int inside, outside, count;
	ssize_t n = fd < 0 ? -1 : io_read(fd, text, sizeof(text) - 1);

	if (n <= 0)
		return 0;
	text[n] = '\0';
	return sscanf(text, "%u %u %u", &inside, &outside, &count) == 3 &&
			       !strchr(strchr(text, '\n') + 1, '\n')
		       ? count
		       : 0;
}

bool container_reaches_devices(const struct container *c)
{
	return c->config->denies_devices && !run_config_names(c->config, CLONE_NEWUSER) &&
	       mapped_ids() == UINT32_MAX;
}

/* An ordinary user may map one id, the own one, whatever the configuration calls it. */
static void add_maps(struct userns_map *map, const struct run_map *maps, size_t count, uint32_t own)
{
	bool other = count == 1 && maps[0].count == 1 && is_ordinary();
	size_t i;

	for (i = 0; i < count; i++)
		userns_map_add(map, (struct userns_line){maps[i].inside,
					    other ? own : maps[i].outside, maps[i].count});
	if (!count)
		userns_map_add(map, (struct userns_line){0, own, 1});
}

static int enter_user(const struct container *c, int flags, struct err *err)
{
	const struct run_config *config = c->config;
	struct userns_ids ids = {.setgroups = SETGROUPS_KEEP};
	bool ordinary = is_ordinary();
	int r;

	add_maps(&ids.uids, config->uid_maps, config->uid_map_count, geteuid());
	add_maps(&ids.gids, config->gid_maps, config->gid_map_count, getegid());
	if (ids.gids.count == 1 && ids.gids.lines[0].count == 1)
		ids.setgroups = SETGROUPS_DENY;
	r = userns_enter(flags, &ids, c->log, err);
	/* Real root is nobody there until it becomes the root of the container. */
	if (r == 0 && !ordinary && setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0)
		prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	return r;
}

/* The namespaces of files: that of users first, whose privileges the others need. */
static int join_files(const struct run_config *config, bool users, struct err *err)
{
	const struct run_namespace *n = config->namespaces;
	size_t i;

	for (i = 0; i < config->namespace_count; i++, n++) {
		cleanup_fd int fd = -1;

		if (!n->path || (n->flag == CLONE_NEWUSER) != users)
			continue;
		fd = open(n->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0 || setns(fd, n->flag) < 0)
			return err_set(err, -errno, "cannot join the namespace", n->path);
	}
	return 0;
}

/* Whether the process is in another namespace of this kind. */
static bool differs(pid_t pid, const char *kind)
{
	char own[32], other[48];
	struct stat a, b;

	snprintf(own, sizeof(own), "/proc/self/ns/%s", kind);
	snprintf(other, sizeof(other), "/proc/%d/ns/%s", (int)pid, kind);
	return stat(own, &a) == 0 && stat(other, &b) == 0 && a.st_ino != b.st_ino;
}

/* All namespaces of a process that are not this one's already. */
static int join_process(const struct container *c, struct err *err)
{
	static const struct {
		const char *kind;
		int flag;
	} kinds[] = {{"user", CLONE_NEWUSER}, {"mnt", CLONE_NEWNS}, {"pid", CLONE_NEWPID},
		{"net", CLONE_NEWNET}, {"ipc", CLONE_NEWIPC}, {"uts", CLONE_NEWUTS},
		{"cgroup", CLONE_NEWCGROUP}, {"time", CLONE_NEWTIME}};
	const struct process other = {c->join, c->join_start};
	cleanup_fd int fd = sys_pidfd_open(c->join, 0);
	int flags = 0;
	size_t i;

	/* The number may be somebody else's by now. */
	if (fd >= 0 && !process_lives(&other))
		return err_set(err, -ESRCH, "cannot join the container", c->id);
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		flags |= differs(c->join, kinds[i].kind) ? kinds[i].flag : 0;
	if (fd < 0 || setns(fd, flags) < 0)
		return err_set(err, fd < 0 ? fd : -errno, "cannot join the container", c->id);
	return 0;
}

/* Whether others are in some of the namespaces already, who might look at this process. */
static bool has_company(const struct container *c)
{
	size_t i;

	for (i = 0; i < c->config->namespace_count; i++)
		if (c->config->namespaces[i].path)
			return true;
	return c->join;
}

/* What a stranger in the container could reach by /proc is closed, but for what is needed. */
static void close_inherited(struct making *m)
{
	const struct container *c = m->c;
	int keep[] = {m->ends[1], m->life.ends[0], m->life.ends[1], c->fifo, c->keep};

	guest_close(STDERR_FILENO + 1 + (unsigned int)c->preserve, keep, ARRAY_SIZE(keep));
}

static int enter_namespaces(struct making *m, struct err *err)
{
	const struct container *c = m->c;
	int r;

	if (c->join) {
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		return join_process(c, err);
	}
	/* An ordinary user cannot do without one for users. */
	m->flags = run_config_new(c->config) | CLONE_NEWNS;
	if (is_ordinary() && !run_config_names(c->config, CLONE_NEWUSER))
		m->flags |= CLONE_NEWUSER;
	r = join_files(c->config, true, err);
	if (r == 0 && m->flags & CLONE_NEWUSER)
		r = enter_user(c, m->flags, err);
	else if (r == 0 && unshare(m->flags) < 0)
		r = err_set(err, -errno, "cannot make namespaces", NULL);
	if (has_company(c))
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return r < 0 ? r : join_files(c->config, false, err);
}

/* Until the caller lets it go on: what it says, or -EPIPE. */
static int wait_for_go(const struct making *m)
{
	struct message got;
	int r = message_receive(m->ends[1], &got);

	return r < 0 || got.what != GO ? -EPIPE : got.number;
}

static int set_names(const struct run_config *config, struct err *err)
{
	if (config->hostname && *config->hostname &&
		sethostname(config->hostname, strlen(config->hostname)) < 0)
		return err_set(err, -errno, "cannot set the host's name", config->hostname);
	if (config->domainname && *config->domainname &&
		setdomainname(config->domainname, strlen(config->domainname)) < 0)
		return err_set(err, -errno, "cannot set the domain's name", config->domainname);
	return 0;
}

static void guest_fail(void *arg, struct err *err)
{
	const struct container_guest *g = arg;

	g->c->fail(g->c->arg, err);
}

static void guest_worse(void *arg, struct err *err)
{
	const struct container_guest *g = arg;

	(void)err;
	g->c->note(g->c->arg, "system calls cannot be answered here: what the command does to "
			      "owners is not kept");
}

static void guest_withdrawn(void *arg)
{
	const struct container_guest *g = arg;

	g->c->withdrawn(g->c->arg);
}

static const struct guest_ops ops = {
	.withdrawn = guest_withdrawn,
	.prepare = container_prepare,
	.become = container_become,
	.fail = guest_fail,
	.worse = guest_worse,
};

#ifdef CONFIG_EMU
/*
 * What the guest begins as. root who may do to files what root does is left as it begins: whoever
 * changes is asked about everything from then on. The bounding set is that of all in any case.
 */
static const struct creds *begin_as(const struct run_process *p, struct creds *c, bool *done)
{
	const uint64_t files = 1u << CAP_CHOWN | 1u << CAP_DAC_OVERRIDE | 1u << CAP_FOWNER |
			       1u << CAP_FSETID | 1u << CAP_SETGID | 1u << CAP_SETUID;
	const struct run_caps *caps = &p->caps;

	creds_root(c, CREDS_LAST_CAP);
	c->bounding &= caps->bounding;
	*done = p->uid == 0 && p->gid == 0 && p->group_count == 0 && !caps->ambient &&
		!caps->inheritable && caps->permitted == caps->bounding &&
		caps->effective == caps->bounding && (files & ~caps->bounding) == 0;
	if (*done) {
		c->permitted = c->effective = c->bounding;
		c->group_count = 0;
	}
	return c;
}
#endif

/* Whether the first process is that of its pid namespace, and its end that of all others. */
static bool rules_pids(const struct container *c)
{
	return !c->join && run_config_has_new(c->config, CLONE_NEWPID);
}

static int start_guest(const struct making *m, const struct root *root, int pty)
{
	struct container_guest cg = {.c = m->c, .up = m->ends[1], .pty = pty};
	struct guest g = {.ops = &ops,
		.arg = &cg,
		.log = m->c->log,
		.emulate = guest_emulation(m->c->emulate, mapped_ids() == 1),
		.no_new_privs = m->c->process->no_new_privileges,
		.detached = true,
		.alone = !rules_pids(m->c),
		.mask = m->mask};

#ifdef CONFIG_EMU
	struct creds creds;

	g.initial = begin_as(m->c->process, &creds, &cg.begun_as);
#endif
	cg.emulated = g.emulate != EMULATE_OFF;
	/* Who made one that stays may wait until nobody has its standard error any more. */
	if (pty >= 0 && !m->c->attached)
		dup2(pty, STDERR_FILENO);
	/* A filter of one who may do little takes the power of setuid files; the guest has not. */
	if (g.emulate != EMULATE_OFF && !m->c->process->no_new_privileges)
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return guest_run(&g, root);
}

/* The first process of the container. */
static int first(struct making *m)
{
	const struct container *c = m->c;
	struct root root = ROOT_NONE;
	cleanup_err struct err err = ERR_NONE;
	int pty[2] = {-1, -1}, r = 0, pid = wait_for_go(m);

	if (pid < 0)
		return GUEST_FAILED;
	if (c->attached)
		guard_life_bind(&m->life, SIGKILL);
	if (!rules_pids(c))
		prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if (message_send(m->ends[1], BEGUN, 0, -1) < 0 || wait_for_go(m) < 0)
		return GUEST_FAILED;
	if (!c->join)
		r = set_names(c->config, &err);
	root.log = c->log;
	root.in_userns = m->flags & CLONE_NEWUSER;
	if (r == 0)
		r = container_mount(c, &root, pid, pty, &err);
	if (r < 0)
		return fail(c, &err);
	if (pty[0] >= 0 && message_send(m->ends[1], PTY, 0, pty[0]) < 0)
		return GUEST_FAILED;
	base_close(&pty[0]);
	return start_guest(m, &root, pty[1]);
}

/* What makes devices is taken away where those of the host could be made. */
static void withhold(struct run_caps *caps)
{
	const uint64_t others = ~((uint64_t)1 << CAP_MKNOD);

	caps->bounding &= others;
	caps->effective &= others;
	caps->permitted &= others;
	caps->inheritable &= others;
	caps->ambient &= others;
}

static int stage(struct making *m)
{
	cleanup_err struct err err = ERR_NONE;
	pid_t pid;

	if (container_reaches_devices(m->c)) {
		m->less = *m->c;
		m->process = *m->c->process;
		withhold(&m->process.caps);
		m->less.process = &m->process;
		m->c = &m->less;
	}
	base_close(&m->ends[0]);
	close_inherited(m);
	if (enter_namespaces(m, &err) < 0)
		return fail(m->c, &err);
	pid = _Fork();
	if (pid == 0)
		_exit(first(m));
	if (pid < 0) {
		err_set(&err, -errno, "cannot start a process", NULL);
		return fail(m->c, &err);
	}
	return message_send(m->ends[1], PID, pid, -1) < 0 ? GUEST_FAILED : 0;
}

/* The status of a process that is to end now. */
static int reap(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return GUEST_FAILED;
	return guard_exit_status(status);
}

static int run_early_hooks(const struct container *c, pid_t pid, struct err *err)
{
	cleanup_buf struct buf state = BUF_NONE;
	int r;

	if (!c->config->hook_counts[HOOK_PRESTART] && !c->config->hook_counts[HOOK_CREATE_RUNTIME])
		return 0;
	r = container_state(c->config, c->id, c->bundle, "creating", pid, &state);
	if (r < 0)
		return err_set(err, r, "cannot run hooks", NULL);
	r = container_hooks(c->config, HOOK_PRESTART, &state, err);
	return r < 0 ? r : container_hooks(c->config, HOOK_CREATE_RUNTIME, &state, err);
}

/* The namespaces are there: hooks run in the caller's own. */
static int begun(const struct making *m, const struct running *out, struct err *err)
{
	const struct container *c = m->c;
	int r = c->begun ? c->begun(c->arg, out->pid, err) : 0;

	if (r == 0 && !c->join)
		r = run_early_hooks(c, out->pid, err);
	if (r == 0)
		r = message_send(m->ends[0], GO, 0, -1);
	return r < 0 ? err_set(err, r, "the container ended early", c->id) : 0;
}

/* 1: ready; 0: go on; -EPIPE: it ended, and has said why. */
static int hear(const struct making *m, struct running *out, struct err *err)
{
	struct message got;
	int r = message_await(m->ends[0], -1);

	if (r < 0)
		return err_set(err, r, "was not made", m->c->id);
	r = message_receive(m->ends[0], &got);
	if (r < 0)
		return r;
	if (got.what == BEGUN)
		return begun(m, out, err);
	if (got.what == PTY)
		out->pty = got.fd;
	else
		base_close(&got.fd);
	if (got.what == READY)
		out->guest = got.sender;
	return got.what == READY;
}

static int accompany(const struct making *m, struct running *out, struct err *err)
{
	int r, status;

	while ((r = hear(m, out, err)) == 0)
		;
	if (r == 1)
		return 0;
	if (r != -EPIPE)
		kill(out->pid, SIGKILL);
	status = reap(out->pid);
	return r == -EPIPE ? MAX(status, 1) : r;
}

/* The first process is this one's child once the stage is gone. */
static int adopt(const struct making *m, pid_t child, struct running *out)
{
	struct message got;
	int status = message_receive(m->ends[0], &got) < 0 || got.what != PID ? GUEST_FAILED : 0;

	out->pid = status ? 0 : got.number;
	if (reap(child) || status)
		return GUEST_FAILED;
	return message_send(m->ends[0], GO, out->pid, -1) < 0 ? GUEST_FAILED : 0;
}

int container_make(const struct container *c, struct running *out, struct err *err)
{
	struct making m = {.c = c, .life = {{-1, -1}}};
	cleanup_fd int up = -1;
	int on = 1, status;
	pid_t child;

	*out = (struct running){.pty = -1, .life = -1};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, m.ends) < 0 ||
		(c->attached && guard_life_start(&m.life) < 0))
		return err_set(err, -errno, "cannot make a container", NULL);
	up = m.ends[0];
	setsockopt(up, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	guard_block(&m.mask);
	child = _Fork();
	if (child == 0)
		_exit(stage(&m));
	close(m.ends[1]);
	base_close(&m.life.ends[0]);
	out->life = m.life.ends[1];
	out->mask = m.mask;
	if (child < 0)
		return err_set(err, -errno, "cannot start a process", NULL);
	status = adopt(&m, child, out);
	return status ? status : accompany(&m, out, err);
}
