// SPDX-License-Identifier: Apache-2.0
/* What a Dockerfile comes to is written as a file of images. */
#include "core/build/converting.h"
#include "core/build/fields.h"

int convert_memory(const struct converting *c)
{
	return err_set(c->err, -ENOMEM, NULL, NULL);
}

static void add_list(struct buf *out, const char *key, const struct strings *s)
{
	size_t i;

	buf_addf(out, "  %s: [", key);
	for (i = 0; i < s->count; i++) {
		buf_adds(out, i ? ", " : "");
		add_yaml_text(out, s->at[i]);
	}
	buf_adds(out, "]\n");
}

static void add_pairs(struct buf *out, const char *key, const struct pairs *p)
{
	size_t i;

	if (p->count)
		buf_addf(out, "  %s:\n", key);
	for (i = 0; i < p->count; i++) {
		buf_adds(out, "    ");
		add_yaml_text(out, p->at[i].name);
		buf_adds(out, ": ");
		add_yaml_text(out, p->at[i].value);
		buf_adds(out, "\n");
	}
}

/* All that the image's build does. */
static void add_body(struct converting *c, const char *name)
{
	struct buf *out = &c->out->yaml;
	const char *line = c->script.data;

	buf_adds(out, out->len ? "\n" : "");
	add_yaml_text(out, name);
	buf_adds(out, ":\n  from:\n");
	buf_add(out, c->from.data, c->from.len);
	if (c->imports.len) {
		buf_adds(out, "  imports:\n");
		buf_add(out, c->imports.data, c->imports.len);
	}
	add_pairs(out, "build_env", &stage_now(c)->args);
	if (c->script.len)
		buf_adds(out, "  run: |\n");
	while (line && *line) {
		size_t len = strcspn(line, "\n");

		buf_adds(out, "    ");
		buf_add(out, line, len);
		buf_adds(out, "\n");
		line += len + (line[len] == '\n');
	}
}

/* What the stage says of its image, and no part of it. */
static void add_config(struct converting *c)
{
	const struct stage *stage = stage_now(c);
	struct buf *out = &c->out->yaml;

	add_pairs(out, "environment", &stage->env);
	add_pairs(out, "labels", &c->labels);
	add_pairs(out, "annotations", &c->annotations);
	if (c->has_entrypoint)
		add_list(out, "entrypoint", &c->entrypoint);
	if (c->has_cmd)
		add_list(out, "cmd", &c->cmd);
	if (c->volumes.count)
		add_list(out, "volumes", &c->volumes);
	if (stage->dir) {
		buf_adds(out, "  working_dir: ");
		add_yaml_text(out, stage->dir);
		buf_adds(out, "\n");
	}
	if (stage->user) {
		buf_adds(out, "  runtime_user: ");
		add_yaml_text(out, stage->user);
		buf_adds(out, "\n");
	}
}

/* A file of images that is larger would not be read. */
static int check_size(const struct converting *c)
{
	if (c->out->yaml.failed || c->from.failed || c->imports.failed || c->script.failed)
		return convert_memory(c);
	if (c->out->yaml.len <= DOCKERFILE_MAX)
		return 0;
	return place_err(c->err, -E2BIG, c->path, &(struct place){1, 1},
		"it comes to a file of more than %d bytes", DOCKERFILE_MAX);
}

static void start_image(struct converting *c)
{
	buf_cut(&c->imports, 0);
	buf_cut(&c->script, 0);
	c->exports_said = 0;
	c->dir_said = false;
}

int convert_split(struct converting *c)
{
	cleanup_buf struct buf name = BUF_NONE;

	buf_addf(&name, "%s.%zu", stage_now(c)->name, c->part++);
	if (name.failed)
		return convert_memory(c);
	add_body(c, name.data);
	buf_adds(&c->out->yaml, "  build_only: true\n");
	buf_cut(&c->from, 0);
	buf_adds(&c->from, "    type: built\n    tag: ");
	add_yaml_text(&c->from, name.data);
	buf_adds(&c->from, "\n");
	start_image(c);
	return check_size(c);
}

int convert_finish(struct converting *c)
{
	add_body(c, stage_now(c)->name);
	add_config(c);
	if (c->stage_count < c->stages_all)
		buf_adds(&c->out->yaml, "  build_only: true\n");
	start_image(c);
	c->part = 1;
	c->has_cmd = c->has_entrypoint = false;
	strings_free(&c->cmd);
	strings_free(&c->entrypoint);
	strings_free(&c->volumes);
	pairs_free(&c->labels);
	pairs_free(&c->annotations);
	return check_size(c);
}

int convert_ready(struct converting *c)
{
	const struct stage *stage = stage_now(c);
	struct buf *out = &c->script;

	for (; c->exports_said < stage->exports.count; c->exports_said++)
		buf_addf(out, "export%s\n", stage->exports.at[c->exports_said]);
	if (stage->dir && !c->dir_said) {
		cleanup_buf struct buf dir = BUF_NONE;

		add_shell_word(&dir, stage->dir);
		if (dir.failed)
			return convert_memory(c);
		buf_addf(out, "mkdir -p %s\ncd %s\n", dir.data, dir.data);
		c->dir_said = true;
	}
	return out->failed ? convert_memory(c) : 0;
}

char *docker_dest(const struct converting *c, const char *text)
{
	const struct stage *stage = stage_now(c);
	size_t len = strlen(text);
	char *clean = path_absolute(stage->dir ? stage->dir : "/", text), *path;
	bool dir = !len || text[len - 1] == '/' || (len == 1 && *text == '.') ||
		   (len > 1 && strcmp(text + len - 2, "/.") == 0);

	if (!clean || !dir || !clean[1])
		return clean;
	path = realloc(clean, strlen(clean) + 2);
	if (!path) {
		free(clean);
		return NULL;
	}
	return strcat(path, "/");
}
