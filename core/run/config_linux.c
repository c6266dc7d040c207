// SPDX-License-Identifier: Apache-2.0
#include "core/run/config_doc.h"

#include <sched.h>
#include <sys/sysmacros.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

static const struct kind {
	const char *name;
	int flag;
} kinds[] = {
	{"pid", CLONE_NEWPID},
	{"network", CLONE_NEWNET},
	{"mount", CLONE_NEWNS},
	{"ipc", CLONE_NEWIPC},
	{"uts", CLONE_NEWUTS},
	{"user", CLONE_NEWUSER},
	{"cgroup", CLONE_NEWCGROUP},
	{"time", CLONE_NEWTIME},
};

const char *config_namespace_name(size_t i)
{
	return i < ARRAY_SIZE(kinds) ? kinds[i].name : NULL;
}

int run_config_new(const struct run_config *c)
{
	int flags = 0;
	size_t i;

	for (i = 0; i < c->namespace_count; i++)
		if (!c->namespaces[i].path)
			flags |= c->namespaces[i].flag;
	return flags;
}

bool run_config_names(const struct run_config *c, int flag)
{
	size_t i;

	for (i = 0; i < c->namespace_count; i++)
		if (c->namespaces[i].flag == flag)
			return true;
	return false;
}

bool run_config_has_new(const struct run_config *c, int flag)
{
	return run_config_new(c) & flag;
}

static int read_namespace(const struct at *at, struct run_config *c)
{
	struct run_namespace *n = &c->namespaces[c->namespace_count];
	struct at type = at_key(at, "type");
	const char *name = json_string_value(type.value);
	size_t i;

	for (i = 0; name && i < ARRAY_SIZE(kinds) && strcmp(kinds[i].name, name) != 0; i++)
		;
	if (!name || i == ARRAY_SIZE(kinds))
		return at_fail(&type, -EBADMSG, "is no namespace");
	if (run_config_names(c, kinds[i].flag))
		return at_fail(at, -EBADMSG, "is there twice");
	n->flag = kinds[i].flag;
	c->namespace_count++;
	return at_path(at, "path", &n->path);
}

static int read_namespaces(const struct at *at, struct run_config *c)
{
	struct at list, one;
	size_t i;
	int r = at_member(at, "namespaces", JSON_ARRAY, &list);

	for (i = 0; r == 0 && i < json_array_size(list.value); i++) {
		one = at_index(&list, i);
		r = json_is_object(one.value) ? read_namespace(&one, c)
					      : at_fail(&one, -EBADMSG, "is no object");
	}
	return r;
}

static int read_map(const struct at *at, void *element)
{
	struct run_map *m = element;
	int r = at_u32(at, "containerID", &m->inside);

	if (r == 0)
		r = at_u32(at, "hostID", &m->outside);
	if (r == 0)
		r = at_u32(at, "size", &m->count);
	if (r == 0 && (m->count == 0 || m->count > UINT32_MAX - m->inside ||
			      m->count > UINT32_MAX - m->outside))
		return at_fail(at, -EBADMSG, "is no range of ids");
	return r;
}

static int read_device(const struct at *at, void *element)
{
	struct run_device *d = element;
	const char *type = NULL;
	int64_t major = 0, minor = 0, mode = 0666;
	int r = at_text(at, "type", &type);

	if (r == 0)
		r = at_path(at, "path", &d->path);
	if (r == 0)
		r = at_number(at, "major", 0, 0xfff, &major);
	if (r == 0)
		r = at_number(at, "minor", 0, 0xfffff, &minor);
	if (r == 0)
		r = at_number(at, "fileMode", 0, UINT32_MAX, &mode);
	if (r == 0)
		r = at_u32(at, "uid", &d->uid);
	if (r == 0)
		r = at_u32(at, "gid", &d->gid);
	if (r < 0)
		return r;
	if (!d->path)
		return at_fail(at, -EBADMSG, "has no path");
	if (!type || strlen(type) != 1 || !strchr("cubp", *type))
		return at_fail(at, -EBADMSG, "has no type that is c, u, b or p");
	d->mode = (mode_t)(mode & 07777) | (*type == 'b'          ? S_IFBLK
						   : *type == 'p' ? S_IFIFO
								  : S_IFCHR);
	d->number = *type == 'p' ? 0 : makedev((unsigned)major, (unsigned)minor);
	return 0;
}

/* Only names of sysctl(8): nothing that leads elsewhere under /proc. */
static bool is_sysctl(const char *name)
{
	return *name && *name != '.' && *name != '/' && !strstr(name, "..") &&
	       !strstr(name, "./") && !strstr(name, "//");
}

static int read_sysctls(const struct at *at, struct run_config *c)
{
	const char *key;
	json_t *value;
	struct at all, one;
	int r = at_member(at, "sysctl", JSON_OBJECT, &all);

	if (r < 0 || !all.value)
		return r;
	c->sysctls = calloc(json_object_size(all.value) + 1, sizeof(*c->sysctls));
	if (!c->sysctls)
		return at_fail(&all, -ENOMEM, "out of memory");
	json_object_foreach(all.value, key, value)
	{
		one = at_key(&all, key);
		if (!json_is_string(value) || !is_sysctl(key))
			return at_fail(&one, -EBADMSG, "is no sysctl with a text");
		c->sysctls[c->sysctl_count].name = key;
		c->sysctls[c->sysctl_count++].value = json_string_value(value);
	}
	return 0;
}

/* The last rule for all devices counts (config-linux.md, "Allowed Device List"). */
static void read_rules(const struct at *at, struct run_config *c)
{
	struct at resources = at_key(at, "resources");
	json_t *rule;
	size_t i;

	json_array_foreach(at_key(&resources, "devices").value, i, rule)
	{
		const char *type = json_string_value(json_object_get(rule, "type"));

		if (!json_object_get(rule, "major") && (!type || strcmp(type, "a") == 0))
			c->denies_devices = json_is_false(json_object_get(rule, "allow"));
	}
}

/* What refuses devices is no limit here: a user has none of them anyway, and root gets none. */
static void skip_resources(const struct at *at, struct run_config *c)
{
	const char *key;
	json_t *value, *resources = at_key(at, "resources").value;

	json_object_foreach(
		resources, key, value) if (strcmp(key, "devices") != 0 &&
					   (json_object_size(value) || json_array_size(value)))
		config_skip(c, "linux.resources");
}

static void skip_linux(const struct at *at, struct run_config *c)
{
	static const struct {
		const char *key, *what;
	} all[] = {
		{"seccomp", "linux.seccomp"},
		{"intelRdt", "linux.intelRdt"},
		{"personality", "linux.personality"},
		{"timeOffsets", "linux.timeOffsets"},
		{"memoryPolicy", "linux.memoryPolicy"},
		{"mountLabel", "linux.mountLabel"},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		json_t *value = at_key(at, all[i].key).value;

		if (json_object_size(value) || json_string_length(value))
			config_skip(c, all[i].what);
	}
	skip_resources(at, c);
}

static int read_paths(const struct at *at, struct run_config *c)
{
	struct at propagation = at_key(at, "rootfsPropagation");
	int r = at_texts(at, "maskedPaths", &c->masked);

	if (r == 0)
		r = at_texts(at, "readonlyPaths", &c->read_only_paths);
	if (r == 0)
		r = at_text(at, "cgroupsPath", &c->cgroups_path);
	if (r == 0)
		r = at_text(at, "rootfsPropagation", &c->rootfs_propagation);
	if (r == 0 && c->rootfs_propagation && *c->rootfs_propagation &&
		!config_propagation(c->rootfs_propagation))
		return at_fail(&propagation, -EBADMSG, "is no propagation of mounts");
	return r;
}

int config_linux(const struct at *at, struct run_config *c)
{
	int r = read_namespaces(at, c);

	if (r == 0)
		r = at_each(at, "uidMappings", read_map, sizeof(*c->uid_maps), &c->uid_maps,
			&c->uid_map_count);
	if (r == 0)
		r = at_each(at, "gidMappings", read_map, sizeof(*c->gid_maps), &c->gid_maps,
			&c->gid_map_count);
	if (r == 0)
		r = at_each(at, "devices", read_device, sizeof(*c->devices), &c->devices,
			&c->device_count);
	if (r == 0)
		r = read_sysctls(at, c);
	if (r == 0)
		r = read_paths(at, c);
	if (r == 0) {
		read_rules(at, c);
		skip_linux(at, c);
	}
	return r;
}
