// SPDX-License-Identifier: Apache-2.0
#include "applets/unshare/options.h"

#include "applets/unshare/unshare.h"
#include "core/owner/text.h"
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>

/* A word of a list, by its number in it; -1 after a message. */
static int choose(
	const struct job *j, const char *option, const char *word, const char *const *list)
{
	int i;

	for (i = 0; list[i]; i++)
		if (strcmp(word, list[i]) == 0)
			return i;
	usage_error(j->self, "--%s: '%s' is none of its words", option, word);
	return -1;
}

static bool read_emulate(struct job *j, const char *word)
{
	static const char *const words[] = {"auto", "full", "lie", "off", NULL};
	int n = choose(j, "emulate", word, words);

	j->emulate = (enum emulate)MAX(n, 0);
	return n >= 0;
}

static bool read_propagation(struct job *j, const char *word)
{
	static const char *const words[] = {"private", "shared", "slave", "unchanged", NULL};
	static const unsigned long types[] = {MS_PRIVATE, MS_SHARED, MS_SLAVE, 0};
	int n = choose(j, "propagation", word, words);

	j->propagation = types[MAX(n, 0)];
	return n >= 0;
}

static bool read_setgroups(struct job *j, const char *word)
{
	static const char *const words[] = {"allow", "deny", NULL};
	int n = choose(j, "setgroups", word, words);

	j->setgroups = n == 0 ? SETGROUPS_ALLOW : SETGROUPS_DENY;
	return n >= 0;
}

static bool read_signal(struct job *j, const char *word)
{
	static const char *const words[] = {
		"HUP", "INT", "QUIT", "KILL", "USR1", "USR2", "TERM", "CONT", "STOP", NULL};
	static const unsigned char numbers[] = {
		SIGHUP, SIGINT, SIGQUIT, SIGKILL, SIGUSR1, SIGUSR2, SIGTERM, SIGCONT, SIGSTOP};
	struct text t;
	uint32_t number = 0;
	int n;

	j->kill_child = SIGKILL;
	if (!word)
		return true;
	t = text_of(word, strlen(word));
	if (text_u32(&t, &number) && text_end(&t) && number > 0 && number < 32) {
		j->kill_child = (int)number;
		return true;
	}
	n = choose(j, "kill-child", word + (strncmp(word, "SIG", 3) == 0 ? 3 : 0), words);
	j->kill_child = numbers[MAX(n, 0)];
	return n >= 0;
}

/* SRC[:DST][:ro] */
static bool add_bind(struct job *j, char *text)
{
	struct extra *e = &j->extras[j->extra_count++];
	size_t len = strlen(text);
	char *colon;

	e->read_only = len > 3 && strcmp(text + len - 3, ":ro") == 0;
	if (e->read_only)
		text[len - 3] = '\0';
	colon = strchr(text, ':');
	if (colon)
		*colon = '\0';
	e->src = text;
	e->dst = colon ? colon + 1 : text;
	if (*e->src && *e->dst == '/')
		return true;
	usage_error(j->self, "--bind: '%s' is no absolute path", e->dst);
	return false;
}

static bool add_tmpfs(struct job *j, const char *dst)
{
	j->extras[j->extra_count++].dst = dst;
	if (*dst == '/')
		return true;
	usage_error(j->self, "--tmpfs: '%s' is no absolute path", dst);
	return false;
}

static bool add_environment(struct job *j, char *text)
{
	j->environment[j->environment_count++] = text;
	if (strchr(text, '=') && *text != '=')
		return true;
	usage_error(j->self, "--env: '%s' is not NAME=VALUE", text);
	return false;
}

/* Options that name a namespace, or imply one. */
static int namespace_of(int id)
{
	switch (id) {
	case 'U':
	case 'r':
	case 'c':
	case OPT_MAP_USER:
	case OPT_MAP_GROUP:
	case OPT_MAP_USERS:
	case OPT_MAP_GROUPS:
	case OPT_MAP_AUTO:
		return CLONE_NEWUSER;
	case 'm':
	case OPT_MOUNT_PROC:
		return CLONE_NEWNS;
	case 'p':
		return CLONE_NEWPID;
	case 'n':
		return CLONE_NEWNET;
	case 'i':
		return CLONE_NEWIPC;
	case 'u':
		return CLONE_NEWUTS;
	case 'C':
		return CLONE_NEWCGROUP;
	case 'T':
		return CLONE_NEWTIME;
	default:
		return 0;
	}
}

/* Options that do no more than to be remembered. */
static bool *flag_of(struct job *j, int id)
{
	switch (id) {
	case 'f':
		return &j->fork;
	case 'r':
		return &j->map_root;
	case 'c':
		return &j->map_current;
	case OPT_READ_ONLY:
		return &j->read_only;
	case OPT_CLEARENV:
		return &j->clear_environment;
	case OPT_FOREGROUND:
		return &j->foreground;
	case OPT_NO_NEW_SESSION:
		return &j->same_session;
	case OPT_STRICT:
		return &j->strict;
	case OPT_RUNG:
		return &j->rung;
	case OPT_EXPLAIN:
		return &j->explain;
	default:
		return NULL;
	}
}

static const char **text_of_option(struct job *j, int id)
{
	switch (id) {
	case 'R':
		return &j->root;
	case 'w':
		return &j->wd;
	case OPT_MAP_USER:
		return &j->map_user;
	case OPT_MAP_GROUP:
		return &j->map_group;
	case OPT_MAP_USERS:
		return &j->map_users;
	case OPT_MAP_GROUPS:
		return &j->map_groups;
	case OPT_OVERLAY:
		return &j->overlay.lowers;
	case OPT_UPPER:
		return &j->overlay.upper;
	case OPT_WORK:
		return &j->overlay.work;
	case OPT_HOSTNAME:
		return &j->hostname;
	case OPT_AS:
		return &j->as;
	case OPT_MONOTONIC:
		return &j->monotonic;
	case OPT_BOOTTIME:
		return &j->boottime;
	default:
		return NULL;
	}
}

static bool take_other(struct job *j, int id, char *arg)
{
	switch (id) {
	case OPT_EMULATE:
		return read_emulate(j, arg);
	case OPT_PROPAGATION:
		return read_propagation(j, arg);
	case OPT_SETGROUPS:
		return read_setgroups(j, arg);
	case OPT_KILL_CHILD:
		j->fork = true;
		return read_signal(j, arg);
	case OPT_MOUNT_PROC:
		j->proc = arg ? arg : "/proc";
		return true;
	case OPT_MAP_AUTO:
		j->map_users = j->map_groups = "auto";
		return true;
	case OPT_BIND:
		return add_bind(j, arg);
	case OPT_TMPFS:
		return add_tmpfs(j, arg);
	case OPT_ENV:
		return add_environment(j, arg);
	case 'S':
		return job_user(j, arg, &j->uid);
	case 'G':
		return job_group(j, arg, &j->gid);
	default:
		return true;
	}
}

/* --uts=FILE */
static void keep(struct job *j, int id, const char *file)
{
	static const struct {
		char letter;
		const char *kind;
	} kinds[] = {{'U', "user"}, {'m', "mnt"}, {'p', "pid_for_children"}, {'n', "net"},
		{'i', "ipc"}, {'u', "uts"}, {'C', "cgroup"}, {'T', "time_for_children"}};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].letter == id && j->kept_count < ARRAY_SIZE(j->kept))
			j->kept[j->kept_count++] = (struct kept){file, kinds[i].kind};
}

static bool take_option(struct job *j, int id, char *arg)
{
	bool *flag = flag_of(j, id);
	const char **text = text_of_option(j, id);

	if (namespace_of(id)) {
		j->flags |= namespace_of(id);
		j->chosen = true;
		if (arg)
			keep(j, id, arg);
	}
	if (flag)
		*flag = true;
	if (text)
		*text = arg;
	return flag || text || take_other(j, id, arg);
}

static const char *contradiction(const struct job *j)
{
	const struct root_overlay *o = &j->overlay;

	if (o->lowers && j->root)
		return "--overlay makes the root; --root cannot name another one";
	if (!o->lowers != !o->upper || !o->upper != !o->work)
		return "--overlay, --upper and --work need each other";
	if (j->kept_count && (j->emulate == EMULATE_FULL || j->emulate == EMULATE_LIE || j->as))
		return "a namespace that stays has nobody who answers its system calls: --emulate=off";
	if (j->kept_count && (j->root || o->lowers))
		return "--root and --overlay end with the command; no namespace of theirs can stay";
	if (j->map_root && j->map_current)
		return "--map-root-user and --map-current-user exclude each other";
	if (j->setgroups == SETGROUPS_ALLOW && (j->map_root || j->map_current || j->map_group))
		return "--setgroups=allow cannot be had with one's own group alone mapped";
	if ((j->monotonic || j->boottime) && !(j->flags & CLONE_NEWTIME))
		return "--monotonic and --boottime need --time";
	if ((j->as || j->strict) && j->emulate != EMULATE_AUTO && j->emulate != EMULATE_FULL)
		return "--as and --strict need --emulate=full";
	return NULL;
}

/* What was not said follows from what was. */
static void complete(struct job *j)
{
	if (!j->chosen) {
		j->flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
		j->map_root = true;
		j->fork = true;
		j->proc = j->proc ? j->proc : "/proc";
	}
	if (j->kept_count)
		j->emulate = EMULATE_OFF;
	if (j->hostname)
		j->flags |= CLONE_NEWUTS;
	if (j->extra_count || j->read_only || j->overlay.lowers)
		j->flags |= CLONE_NEWNS;
}

int job_read(struct job *j, const struct applet *self, int argc, char **argv)
{
	const char *wrong;
	struct options o;
	int id;

	*j = (struct job){
		.self = self, .propagation = MS_PRIVATE, .uid = OWNER_KEEP, .gid = OWNER_KEEP};
	j->extras = calloc((size_t)argc + 1, sizeof(*j->extras));
	j->environment = calloc((size_t)argc + 1, sizeof(*j->environment));
	if (!j->extras || !j->environment) {
		report(self, "out of memory");
		return EXIT_OWN;
	}
	options_start(&o, self, argc, argv);
	o.stop_at_operand = true;
	while ((id = options_next(&o)) != OPTION_END)
		if (id == OPTION_DONE)
			return EXIT_DONE;
		else if (id == OPTION_BAD || !take_option(j, id, o.arg))
			return EXIT_OWN;
	wrong = contradiction(j);
	if (wrong) {
		usage_error(self, "%s", wrong);
		return EXIT_OWN;
	}
	complete(j);
	j->command = o.operands;
	return -1;
}

void job_free(struct job *j)
{
	free(j->extras);
	free(j->environment);
}
