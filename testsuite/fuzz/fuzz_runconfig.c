// SPDX-License-Identifier: Apache-2.0
/*
 * The configuration of a container, as it stands in a bundle. What is read of it is within its
 * bounds; what is refused names its place.
 */
#include "core/run/config.h"
#include "testsuite/fuzz/fuzz.h"

static void look_at_texts(char *const *texts)
{
	size_t n = 0;

	for (; texts && *texts; texts++)
		n += strlen(*texts);
	MUST(n <= DOC_MAX);
}

static void look_at(const struct run_config *c)
{
	size_t i;

	MUST(c->version && c->root && *c->root && c->skipped_count <= ARRAY_SIZE(c->skipped));
	MUST(c->namespace_count <= ARRAY_SIZE(c->namespaces));
	for (i = 0; i < c->mount_count; i++)
		MUST(*c->mounts[i].dest &&
			(c->mounts[i].bind ? c->mounts[i].source : c->mounts[i].type));
	for (i = 0; i < c->uid_map_count; i++)
		MUST(c->uid_maps[i].count &&
			c->uid_maps[i].inside + c->uid_maps[i].count > c->uid_maps[i].inside);
	for (i = 0; i < c->sysctl_count; i++)
		MUST(!strstr(c->sysctls[i].name, ".."));
	if (c->has_process)
		MUST(c->process.args[0] && *c->process.cwd == '/' && c->process.uid != UINT32_MAX);
	look_at_texts(c->process.args);
	look_at_texts(c->process.env);
	look_at_texts(c->masked);
	look_at_texts(c->read_only_paths);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *text = malloc(size + 1);
	cleanup_run_config struct run_config c = RUN_CONFIG_NONE;
	struct run_process p = {.cwd = NULL};
	cleanup_json json_t *doc = NULL;
	cleanup_err struct err err = ERR_NONE;
	int r;

	MUST(text);
	memcpy(text, data, size);
	text[size] = '\0';
	if (run_config_parse(text, size, "config.json", &doc, &err) < 0)
		return 0;
	r = run_config_read(doc, &c, &err);
	MUST(r <= 0 && r == err.code);
	if (r == 0)
		look_at(&c);
	run_process_read(doc, &p, NULL);
	run_process_free(&p);
	return 0;
}
