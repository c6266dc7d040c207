// SPDX-License-Identifier: Apache-2.0
/* What an image's command runs with. */
#include "applets/run/image.h"

#include "core/image/spec.h"

int image_spec(const struct run_image *r, const struct tree *tree, json_t **out, struct err *err)
{
	const struct spec_options o = {
		.tree = tree, .root = "rootfs", .rootless = r->context.owners.records};

	return spec_make(&r->image, &o, out, err);
}

/*
 * What root of a container may do that others started, so that what packages install can be
 * installed here, too: runtimes of bundles are stricter.
 */
static int set_process(json_t *process)
{
	static const char *const sets[] = {"bounding", "effective", "permitted"};
	static const char *const kept[] = {"CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE",
		"CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_MKNOD", "CAP_NET_BIND_SERVICE",
		"CAP_NET_RAW", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID",
		"CAP_SYS_CHROOT"};
	json_t *all = json_object(), *list = json_array();
	int r = all && list ? 0 : -1;

	for (size_t n = 0; r == 0 && n < ARRAY_SIZE(kept); n++)
		r = json_array_append_new(list, json_string(kept[n]));
	for (size_t n = 0; r == 0 && n < ARRAY_SIZE(sets); n++)
		r = json_object_set(all, sets[n], list);
	json_decref(list);
	if (r == 0)
		r = json_object_set(process, "capabilities", all);
	json_decref(all);
	if (r == 0)
		r = json_object_set_new(process, "noNewPrivileges", json_false());
	if (r == 0)
		r = json_object_set_new(process, "terminal",
			json_boolean(isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)));
	return r;
}

/* The words of the command line are bytes: they take the place of what a document can hold. */
static int set_command(struct run_image *r)
{
	const json_t *config = json_object_get(r->image.config, "config");
	const json_t *entry = json_object_get(config, "Entrypoint");
	size_t first = json_array_size(entry), count = 0;
	char **args;

	if (!*r->command)
		return 0;
	while (r->command[count])
		count++;
	args = calloc(first + count + 1, sizeof(*args));
	if (!args)
		return -ENOMEM;
	for (size_t n = 0; n < first; n++) /* spec_make has seen that they are texts */
		args[n] = (char *)json_string_value(json_array_get(entry, n));
	memcpy(args + first, r->command, count * sizeof(*args));
	free(r->config.process.args);
	r->config.process.args = args;
	return 0;
}

int image_configure(struct run_image *r, struct err *err)
{
	cleanup_json json_t *spec = NULL;
	int done = image_spec(r, &r->tree, &spec, err);

	/* The specification's default is named after bundles that others make */
	if (done == 0 && (set_process(json_object_get(spec, "process")) < 0 ||
				 json_object_set_new(spec, "hostname", json_string("rlc-run"))))
		done = err_set(err, -ENOMEM, NULL, NULL);
	if (done == 0)
		done = run_config_read(spec, &r->config, err);
	if (done == 0 && set_command(r) < 0)
		done = err_set(err, -ENOMEM, NULL, NULL);
	return done;
}
