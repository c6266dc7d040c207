// SPDX-License-Identifier: Apache-2.0
#include "core/run/config_doc.h"

#include <sched.h>

static int read_hook(const struct at *at, void *element)
{
	struct run_hook *h = element;
	int64_t timeout = 0;
	struct at place = at_key(at, "timeout");
	int r = at_path(at, "path", &h->path);

	if (r == 0 && !h->path)
		return at_fail(at, -EBADMSG, "has no path");
	if (r == 0)
		r = at_texts(at, "args", &h->args);
	if (r == 0)
		r = at_texts(at, "env", &h->env);
	if (r == 0)
		r = at_number(at, "timeout", 1, INT32_MAX / 1000, &timeout);
	h->timeout = (int)timeout;
	return r == 0 && place.value && !timeout ? at_fail(&place, -EBADMSG, "is no time") : r;
}

static int read_hooks(const struct at *at, struct run_config *c)
{
	static const char *const names[HOOK_KINDS] = {"prestart", "createRuntime",
		"createContainer", "startContainer", "poststart", "poststop"};
	struct at hooks;
	int i, r = at_member(at, "hooks", JSON_OBJECT, &hooks);

	for (i = 0; r == 0 && i < HOOK_KINDS; i++)
		r = at_each(&hooks, names[i], read_hook, sizeof(*c->hooks[i]), &c->hooks[i],
			&c->hook_counts[i]);
	return r;
}

static int read_version(const struct at *at, struct run_config *c)
{
	struct at version = at_key(at, "ociVersion");
	int r = at_text(at, "ociVersion", &c->version);

	if (r < 0)
		return r;
	if (!c->version)
		return at_fail(&version, -EBADMSG, "is missing");
	if (strncmp(c->version, "1.", 2) != 0)
		return at_fail(&version, -ENOTSUP, "is none that begins with 1.");
	return 0;
}

static int read_root(const struct at *at, struct run_config *c)
{
	struct at root, path;
	int r = at_member(at, "root", JSON_OBJECT, &root);

	if (r < 0)
		return r;
	if (!root.value)
		return at_fail(&root, -EBADMSG, "is missing");
	path = at_key(&root, "path");
	r = at_text(&root, "path", &c->root);
	if (r == 0 && (!c->root || !*c->root))
		return at_fail(&path, -EBADMSG, "is missing");
	return r < 0 ? r : at_bool(&root, "readonly", &c->read_only);
}

static int read_process(const struct at *at, struct run_config *c)
{
	struct at process;
	int r = at_member(at, "process", JSON_OBJECT, &process);

	if (r < 0 || !process.value)
		return r;
	c->has_process = true;
	if (json_string_length(at_key(&process, "apparmorProfile").value))
		config_skip(c, "process.apparmorProfile");
	if (json_string_length(at_key(&process, "selinuxLabel").value))
		config_skip(c, "process.selinuxLabel");
	if (json_object_size(at_key(&process, "scheduler").value))
		config_skip(c, "process.scheduler");
	if (json_object_size(at_key(&process, "ioPriority").value))
		config_skip(c, "process.ioPriority");
	return config_process(&process, &c->process);
}

/* It would be the host's that is renamed. */
static int check_name(
	const struct at *at, const char *key, const char *name, const struct run_config *c)
{
	struct at place = at_key(at, key);

	return !name || !*name || run_config_names(c, CLONE_NEWUTS)
		       ? 0
		       : at_fail(&place, -EBADMSG, "needs a namespace \"uts\"");
}

static int read_rest(const struct at *at, struct run_config *c)
{
	struct at l = {.value = NULL};
	size_t i;
	int r = at_each(
		at, "mounts", config_mount, sizeof(*c->mounts), &c->mounts, &c->mount_count);

	for (i = 0; r == 0 && i < c->mount_count; i++)
		if (c->mounts[i].maps_ids)
			config_skip(c, "id mappings of a mount");
	if (r == 0)
		r = at_text(at, "hostname", &c->hostname);
	if (r == 0)
		r = at_text(at, "domainname", &c->domainname);
	if (r == 0)
		r = read_hooks(at, c);
	if (r == 0)
		r = at_member(at, "linux", JSON_OBJECT, &l);
	if (r == 0 && l.value)
		r = config_linux(&l, c);
	if (r == 0)
		r = check_name(at, "hostname", c->hostname, c);
	return r < 0 ? r : check_name(at, "domainname", c->domainname, c);
}

/* A run of digits beyond 63 bits becomes the largest number there is, with spaces before it. */
static void lower_number(char *digits, size_t n)
{
	static const char most[] = "9223372036854775807";
	size_t len = sizeof(most) - 1;

	if (n < len || (n == len && memcmp(digits, most, len) <= 0))
		return;
	memset(digits, ' ', n - len);
	memcpy(digits + n - len, most, len);
}

int run_config_parse(char *text, size_t n, const char *path, json_t **out, struct err *err)
{
	bool quoted = false;
	size_t i, digits;

	for (i = 0; i < n; i++) {
		digits = strspn(text + i, "0123456789");
		if (text[i] == '"')
			quoted = !quoted;
		else if (quoted && text[i] == '\\')
			i++;
		else if (!quoted && digits && text[i] != '0' && (i == 0 || text[i - 1] != '.')) {
			lower_number(text + i, digits);
			i += digits - 1;
		}
	}
	return doc_parse(text, n, path, out, err);
}

int run_config_read(json_t *doc, struct run_config *out, struct err *err)
{
	struct at top = {NULL, NULL, 0, doc, err};
	int r;

	*out = (struct run_config){.doc = json_incref(doc)};
	out->process.umask = UINT32_MAX;
	if (!json_is_object(doc))
		return err_tell(err, -EBADMSG, "is no object", NULL);
	r = read_version(&top, out);
	if (r == 0)
		r = read_root(&top, out);
	if (r == 0)
		r = read_process(&top, out);
	return r < 0 ? r : read_rest(&top, out);
}

static void free_hooks(struct run_config *c)
{
	size_t i;
	int kind;

	for (kind = 0; kind < HOOK_KINDS; kind++) {
		for (i = 0; i < c->hook_counts[kind]; i++) {
			free(c->hooks[kind][i].args);
			free(c->hooks[kind][i].env);
		}
		free(c->hooks[kind]);
	}
}

void run_config_free(struct run_config *c)
{
	size_t i;

	for (i = 0; i < c->mount_count; i++)
		free(c->mounts[i].data);
	free(c->mounts);
	free_hooks(c);
	run_process_free(&c->process);
	free(c->uid_maps);
	free(c->gid_maps);
	free(c->masked);
	free(c->read_only_paths);
	free(c->sysctls);
	free(c->devices);
	json_decref(c->doc);
	*c = (struct run_config)RUN_CONFIG_NONE;
}
