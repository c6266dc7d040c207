// SPDX-License-Identifier: Apache-2.0
#include "core/run/config_doc.h"

#include <linux/capability.h>
#include <sys/resource.h>

static const struct limit {
	const char *name;
	int what;
} limits[] = {
	{"RLIMIT_AS", RLIMIT_AS},
	{"RLIMIT_CORE", RLIMIT_CORE},
	{"RLIMIT_CPU", RLIMIT_CPU},
	{"RLIMIT_DATA", RLIMIT_DATA},
	{"RLIMIT_FSIZE", RLIMIT_FSIZE},
	{"RLIMIT_LOCKS", RLIMIT_LOCKS},
	{"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
	{"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
	{"RLIMIT_NICE", RLIMIT_NICE},
	{"RLIMIT_NOFILE", RLIMIT_NOFILE},
	{"RLIMIT_NPROC", RLIMIT_NPROC},
	{"RLIMIT_RSS", RLIMIT_RSS},
	{"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
	{"RLIMIT_RTTIME", RLIMIT_RTTIME},
	{"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
	{"RLIMIT_STACK", RLIMIT_STACK},
};

static const char *const caps[] = {"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID",
	"KILL", "SETGID", "SETUID", "SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE",
	"NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO",
	"SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
	"SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE",
	"AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM",
	"BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE"};

const char *config_cap_name(unsigned int cap)
{
	return cap < ARRAY_SIZE(caps) ? caps[cap] : NULL;
}

/* What is beyond 63 bits, RLIM_INFINITY for one, run_config_parse has made INT64_MAX of. */
static int read_limit(const struct at *at, const char *key, uint64_t *out)
{
	struct at a = at_key(at, key);
	json_int_t n = json_integer_value(a.value);

	if (!json_is_integer(a.value))
		return at_fail(&a, -EBADMSG, "is no whole number");
	if (n < -1)
		return at_fail(&a, -EBADMSG, "is out of range");
	*out = n == -1 || n == INT64_MAX ? UINT64_MAX : (uint64_t)n;
	return 0;
}

static int read_rlimit(const struct at *at, void *element)
{
	struct run_rlimit *l = element;
	struct at type = at_key(at, "type");
	const char *name = json_string_value(type.value);
	size_t i;
	int r;

	for (i = 0; name && i < ARRAY_SIZE(limits) && strcmp(limits[i].name, name) != 0; i++)
		;
	if (!name || i == ARRAY_SIZE(limits))
		return at_fail(&type, -EBADMSG, "is no RLIMIT_...");
	l->what = limits[i].what;
	r = read_limit(at, "soft", &l->soft);
	if (r == 0)
		r = read_limit(at, "hard", &l->hard);
	if (r == 0 && l->soft > l->hard)
		return at_fail(at, -EBADMSG, "its soft limit is over the hard one");
	return r;
}

/* Those that this rlc does not know no kernel of today has: nothing is taken away by silence. */
static void add_cap(const char *name, uint64_t *set)
{
	size_t i;

	if (strncmp(name, "CAP_", 4) != 0)
		return;
	for (i = 0; i < ARRAY_SIZE(caps); i++)
		if (strcmp(name + 4, caps[i]) == 0)
			*set |= (uint64_t)1 << i;
}

static int read_cap_set(const struct at *at, const char *key, uint64_t *set)
{
	cleanup_free char **names = NULL;
	size_t i;
	int r = at_texts(at, key, &names);

	for (i = 0; r == 0 && names && names[i]; i++)
		add_cap(names[i], set);
	return r;
}

static int read_caps(const struct at *at, struct run_process *p)
{
	struct at a;
	int r = at_member(at, "capabilities", JSON_OBJECT, &a);

	if (r < 0 || !a.value)
		return r;
	p->has_caps = true;
	r = read_cap_set(&a, "bounding", &p->caps.bounding);
	if (r == 0)
		r = read_cap_set(&a, "effective", &p->caps.effective);
	if (r == 0)
		r = read_cap_set(&a, "permitted", &p->caps.permitted);
	if (r == 0)
		r = read_cap_set(&a, "inheritable", &p->caps.inheritable);
	return r < 0 ? r : read_cap_set(&a, "ambient", &p->caps.ambient);
}

static int read_groups(const struct at *at, struct run_process *p)
{
	enum { GROUPS_MAX = 65536 }; /* setgroups(2) */
	struct at list, one;
	size_t i, n;
	int r = at_member(at, "additionalGids", JSON_ARRAY, &list);

	n = json_array_size(list.value);
	if (r < 0 || !n)
		return r;
	if (n > GROUPS_MAX)
		return at_fail(&list, -EBADMSG, "has over 65,536 groups");
	p->groups = calloc(n, sizeof(*p->groups));
	if (!p->groups)
		return at_fail(&list, -ENOMEM, "out of memory");
	for (i = 0; i < n; i++) {
		json_int_t id;

		one = at_index(&list, i);
		id = json_is_integer(one.value) ? json_integer_value(one.value) : -1;
		if (id < 0 || id >= UINT32_MAX)
			return at_fail(&one, -EBADMSG, "is no group id");
		p->groups[p->group_count++] = (uint32_t)id;
	}
	return 0;
}

static int read_user(const struct at *at, struct run_process *p)
{
	int64_t mask = -1;
	struct at a;
	int r = at_member(at, "user", JSON_OBJECT, &a);

	p->umask = UINT32_MAX;
	if (r == 0)
		r = at_u32(&a, "uid", &p->uid);
	if (r == 0)
		r = at_u32(&a, "gid", &p->gid);
	if (r == 0 && (p->uid == UINT32_MAX || p->gid == UINT32_MAX))
		return at_fail(&a, -EBADMSG, "is nobody: 4294967295 is no id");
	if (r == 0)
		r = at_number(&a, "umask", 0, 0777, &mask);
	if (mask >= 0)
		p->umask = (uint32_t)mask;
	return r < 0 ? r : read_groups(&a, p);
}

static int read_console(const struct at *at, struct run_process *p)
{
	int64_t rows = 0, columns = 0;
	struct at a;
	int r = at_bool(at, "terminal", &p->terminal);

	if (r == 0)
		r = at_member(at, "consoleSize", JSON_OBJECT, &a);
	if (r == 0)
		r = at_number(&a, "height", 0, UINT16_MAX, &rows);
	if (r == 0)
		r = at_number(&a, "width", 0, UINT16_MAX, &columns);
	p->rows = (unsigned)rows;
	p->columns = (unsigned)columns;
	return r;
}

static int read_rest(const struct at *at, struct run_process *p)
{
	int64_t score = -1001;
	int r = at_bool(at, "noNewPrivileges", &p->no_new_privileges);

	if (r == 0)
		r = at_number(at, "oomScoreAdj", -1000, 1000, &score);
	p->has_oom_score_adj = score >= -1000;
	p->oom_score_adj = p->has_oom_score_adj ? (int)score : 0;
	if (r == 0)
		r = read_console(at, p);
	return r < 0 ? r
		     : at_each(at, "rlimits", read_rlimit, sizeof(*p->rlimits), &p->rlimits,
			       &p->rlimit_count);
}

int config_process(const struct at *at, struct run_process *p)
{
	int r = at_texts(at, "args", &p->args);

	if (r == 0 && (!p->args || !p->args[0]))
		return at_fail(at, -EBADMSG, "has no args");
	if (r == 0)
		r = at_texts(at, "env", &p->env);
	if (r == 0)
		r = at_path(at, "cwd", &p->cwd);
	if (r == 0 && !p->cwd)
		return at_fail(at, -EBADMSG, "has no cwd");
	if (r == 0)
		r = read_user(at, p);
	if (r == 0)
		r = read_caps(at, p);
	return r < 0 ? r : read_rest(at, p);
}

int run_process_read(json_t *doc, struct run_process *out, struct err *err)
{
	struct at top = {NULL, NULL, 0, doc, err};

	*out = (struct run_process){.umask = UINT32_MAX};
	if (!json_is_object(doc))
		return err_tell(err, -EBADMSG, "is no object", NULL);
	return config_process(&top, out);
}

void run_process_free(struct run_process *p)
{
	free(p->args);
	free(p->env);
	free(p->groups);
	free(p->rlimits);
	*p = (struct run_process){.umask = UINT32_MAX};
}
