// SPDX-License-Identifier: Apache-2.0
#include "core/image/spec.h"

#include <stdio.h>
#include <sys/statvfs.h>

static int out_of_memory(struct err *err)
{
	return err_set(err, -ENOMEM, "cannot make config.json", NULL);
}

static int damaged(const char *what, struct err *err)
{
	return err_set(err, -EBADMSG, what, "the image's config");
}

/*
 * What was made, unless anything about it failed: then it is gone, and so is what it was to be put
 * into.
 */
static json_t *whole(json_t *made, int r)
{
	if (r == 0)
		return made;
	json_decref(made);
	return NULL;
}

/* Ends with NULL. */
static int append_words(json_t *array, const char *const *text)
{
	int r = 0;

	for (; *text; text++)
		r |= json_array_append_new(array, json_string(*text));
	return r;
}

static json_t *words(const char *const *text)
{
	json_t *array = json_array();

	return whole(array, append_words(array, text));
}

/* What every container's process may do, whatever its ids are. */
static json_t *capabilities(void)
{
	static const char *const sets[] = {
		"bounding", "effective", "inheritable", "permitted", "ambient"};
	static const char *const kept[] = {
		"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE", NULL};
	json_t *all = json_object();
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(sets); i++)
		r |= json_object_set_new(all, sets[i], words(kept));
	return whole(all, r);
}

static int append_all(json_t *to, const json_t *from, struct err *err)
{
	size_t i;
	json_t *one;

	json_array_foreach(from, i, one)
	{
		if (!json_is_string(one))
			return damaged("Entrypoint or Cmd is no list of texts", err);
		if (json_array_append(to, one) != 0)
			return out_of_memory(err);
	}
	return 0;
}

static json_t *arguments(const json_t *config, struct err *err)
{
	static const char *const shell[] = {"sh", NULL};
	json_t *args = json_array();

	if (append_all(args, json_object_get(config, "Entrypoint"), err) < 0 ||
		append_all(args, json_object_get(config, "Cmd"), err) < 0)
		return whole(args, -1);
	if (json_array_size(args))
		return args;
	json_decref(args);
	return words(shell);
}

/* Sets NAME=VALUE among the variables, of which n characters are the name. */
static int set_variable(json_t *env, const char *text, size_t n, bool replace)
{
	json_t *one;
	size_t i;

	json_array_foreach(env, i, one)
	{
		const char *there = json_string_value(one);

		if (strncmp(there, text, n) != 0 || there[n] != '=')
			continue;
		return replace ? json_array_set_new(env, i, json_string(text)) : 0;
	}
	return json_array_append_new(env, json_string(text));
}

static json_t *environment(const json_t *config, const char *home, struct err *err)
{
	static const char *const first[] = {"PATH=" IMAGE_PATH, "TERM=xterm", NULL};
	cleanup_buf struct buf text = BUF_NONE;
	json_t *env = words(first), *one;
	size_t i;
	int r = 0;

	json_array_foreach(json_object_get(config, "Env"), i, one)
	{
		const char *variable = json_string_value(one);
		const char *equals = variable ? strchr(variable, '=') : NULL;

		if (!equals || equals == variable) {
			json_decref(env);
			damaged("Env has what is no NAME=VALUE", err);
			return NULL;
		}
		r |= set_variable(env, variable, (size_t)(equals - variable), true);
	}
	/* A home that is no UTF-8 has no place in a document */
	if (home && *home && buf_addf(&text, "HOME=%s", home) == 0)
		(void)set_variable(env, text.data, strlen("HOME"), false);
	return whole(env, r);
}

static json_t *user(const struct spec_user *u, bool rootless)
{
	json_t *object =
		json_pack("{s:I, s:I}", "uid", (json_int_t)u->uid, "gid", (json_int_t)u->gid);
	json_t *groups;
	int r = 0;

	if (rootless || !u->group_count)
		return object;
	groups = json_array();
	for (size_t i = 0; i < u->group_count; i++)
		r |= json_array_append_new(groups, json_integer(u->groups[i]));
	r |= json_object_set_new(object, "additionalGids", groups);
	return whole(object, r);
}

static json_t *process(const json_t *config, const struct spec_options *o, struct err *err)
{
	cleanup_spec_user struct spec_user u = SPEC_USER_NONE;
	const char *who = doc_text(config, "User"), *cwd = doc_text(config, "WorkingDir");
	json_t *args, *env = NULL;
	int r = spec_user_find(o->tree, who ? who : "", &u, err);

	/* Without the tree a name cannot be looked up: then it is root, as umoci has it. */
	if (r == -ENOENT && !o->tree) {
		err_free(err);
		u.uid = u.gid = 0;
	} else if (r < 0) {
		return NULL;
	}
	args = arguments(config, err);
	if (args)
		env = environment(config, u.home, err);
	return json_pack("{s:b, s:o, s:o, s:o, s:s, s:o, s:[{s:s, s:i, s:i}], s:b}", "terminal", 1,
		"user", user(&u, o->rootless), "args", args, "env", env, "cwd",
		cwd && *cwd ? cwd : "/", "capabilities", capabilities(), "rlimits", "type",
		"RLIMIT_NOFILE", "hard", 1024, "soft", 1024, "noNewPrivileges", 1);
}

static const struct mount {
	const char *target, *type, *source, *options[7];
} mounts[] = {
	{"/proc", "proc", "proc", {NULL}},
	{"/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}},
	{"/dev/pts", "devpts", "devpts",
		{"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
	{"/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}},
	{"/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}},
	{"/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}},
	{"/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "relatime", "ro"}},
};

static const struct mount sys_bind = {
	"/sys", "bind", "/sys", {"rbind", "nosuid", "noexec", "nodev", "ro"}};
static const struct mount resolv_bind = {
	"/etc/resolv.conf", "bind", "/etc/resolv.conf", {"rbind", "ro"}};

/* Ids that an ordinary user has not cannot be given to a mount. */
static json_t *mount_options(const struct mount *m, bool rootless)
{
	json_t *options = json_array();
	int r = 0;

	for (const char *const *o = m->options; *o; o++)
		if (!rootless || (strncmp(*o, "gid=", 4) != 0 && strncmp(*o, "uid=", 4) != 0))
			r |= json_array_append_new(options, json_string(*o));
	return whole(options, r);
}

static int add_mount(json_t *list, const struct mount *m, const char *target, json_t *options)
{
	json_t *one = json_pack(
		"{s:s, s:s, s:s}", "destination", target, "type", m->type, "source", m->source);
	int r = options ? 0 : -1;

	if (json_array_size(options))
		r |= json_object_set(one, "options", options);
	json_decref(options);
	return r | json_array_append_new(list, one);
}

/* With the flags of a mount that a user namespace must keep when it is bound again. */
static int add_resolv(json_t *list)
{
	static const struct {
		unsigned long flag;
		const char *word;
	} flags[] = {{ST_RDONLY, "ro"}, {ST_NODEV, "nodev"}, {ST_NOEXEC, "noexec"},
		{ST_NOSUID, "nosuid"}, {ST_NOATIME, "noatime"}, {ST_RELATIME, "relatime"},
		{ST_NODIRATIME, "nodiratime"}};
	json_t *options;
	struct statvfs st;
	int r = 0;

	if (statvfs(resolv_bind.source, &st) < 0)
		return 0;
	options = json_array();
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (st.f_flag & flags[i].flag)
			r |= json_array_append_new(options, json_string(flags[i].word));
	r |= append_words(options, resolv_bind.options);
	return r | add_mount(list, &resolv_bind, resolv_bind.target, options);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int add_volumes(json_t *list, const json_t *config)
{
	static const struct mount volume = {
		NULL, "tmpfs", "none", {"rw", "nosuid", "nodev", "noexec", "relatime"}};
	json_t *volumes = json_object_get(config, "Volumes"), *unused;
	size_t n = json_object_size(volumes), i = 0;
	cleanup_free const char **names = reallocarray(NULL, n + 1, sizeof(*names));
	const char *name;
	int r = 0;

	if (!names)
		return -1;
	json_object_foreach(volumes, name, unused) names[i++] = name;
	if (n > 1)
		qsort(names, n, sizeof(*names), by_text);
	for (i = 0; i < n; i++)
		r |= add_mount(list, &volume, names[i], mount_options(&volume, false));
	return r;
}

static json_t *all_mounts(const json_t *config, const struct spec_options *o)
{
	json_t *list = json_array();
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++)
		if (!o->rootless || strncmp(mounts[i].target, "/sys", 4) != 0)
			r |= add_mount(list, &mounts[i], mounts[i].target,
				mount_options(&mounts[i], o->rootless));
	r |= add_volumes(list, config);
	if (o->rootless) {
		r |= add_mount(list, &sys_bind, sys_bind.target, words(sys_bind.options));
		r |= add_resolv(list);
	}
	return whole(list, r);
}

static int annotate(json_t *to, const char *name, const char *value)
{
	char key[64];

	if (!value || !*value)
		return 0;
	snprintf(key, sizeof(key), "org.opencontainers.image.%s", name);
	return json_object_set_new(to, key, json_string(value));
}

static json_t *annotations(const struct image *i, const json_t *config)
{
	json_t *all = json_object(), *labels = json_object_get(config, "Labels"), *unused;
	cleanup_buf struct buf ports = BUF_NONE;
	const char *port;
	int r = 0;

	json_object_foreach(json_object_get(config, "ExposedPorts"), port, unused)
		buf_addf(&ports, "%s%s", ports.len ? "," : "", port);
	r |= ports.failed ? -1 : 0;
	r |= annotate(all, "architecture", doc_text(i->config, "architecture"));
	r |= annotate(all, "author", doc_text(i->config, "author"));
	r |= annotate(all, "created", doc_text(i->config, "created"));
	r |= annotate(all, "exposedPorts", ports.data);
	r |= annotate(all, "os", doc_text(i->config, "os"));
	r |= annotate(all, "stopSignal", doc_text(config, "StopSignal"));
	r |= annotate(all, "variant", doc_text(i->config, "variant"));
	if (json_is_object(labels))
		r |= json_object_update(all, labels);
	return whole(all, r);
}

static json_t *namespaces(bool rootless, bool mapped)
{
	static const char *const types[] = {"pid", "network", "ipc", "uts", "mount", "cgroup"};
	json_t *list = json_array();
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (!rootless || strcmp(types[i], "network") != 0)
			r |= json_array_append_new(list, json_pack("{s:s}", "type", types[i]));
	if (rootless || mapped)
		r |= json_array_append_new(list, json_pack("{s:s}", "type", "user"));
	return whole(list, r);
}

static json_t *linux_part(const struct spec_options *o)
{
	static const char *const masked[] = {"/proc/kcore", "/proc/latency_stats",
		"/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware",
		"/proc/scsi", NULL};
	static const char *const readonly[] = {"/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq",
		"/proc/sys", "/proc/sysrq-trigger", NULL};
	json_t *part = json_object();
	bool mapped = json_array_size(o->uid_maps) || json_array_size(o->gid_maps);
	int r = 0;

	if (json_array_size(o->uid_maps))
		r |= json_object_set(part, "uidMappings", o->uid_maps);
	if (json_array_size(o->gid_maps))
		r |= json_object_set(part, "gidMappings", o->gid_maps);
	if (!o->rootless)
		r |= json_object_set_new(part, "resources",
			json_pack("{s:[{s:b, s:s}]}", "devices", "allow", 0, "access", "rwm"));
	r |= json_object_set_new(part, "namespaces", namespaces(o->rootless, mapped));
	r |= json_object_set_new(part, "maskedPaths", words(masked));
	r |= json_object_set_new(part, "readonlyPaths", words(readonly));
	return whole(part, r);
}

int spec_make(const struct image *i, const struct spec_options *o, json_t **out, struct err *err)
{
	const json_t *config = json_object_get(i->config, "config");
	const char *os = doc_text(i->config, "os");
	json_t *run;

	if (!os || strcmp(os, "linux") != 0)
		return err_tell(err, -ENOTSUP, "no image for Linux", os);
	run = process(config, o, err);
	if (!run)
		return err->code ? err->code : out_of_memory(err);
	*out = json_pack("{s:s, s:o, s:{s:s}, s:s, s:o, s:o, s:o}", "ociVersion", "1.0.0",
		"process", run, "root", "path", o->root, "hostname", "umoci-default", "mounts",
		all_mounts(config, o), "annotations", annotations(i, config), "linux",
		linux_part(o));
	return *out ? 0 : out_of_memory(err);
}
