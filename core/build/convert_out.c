// SPDX-License-Identifier: Apache-2.0
/* What a Dockerfile comes to is written as a file of images. */
#include "core/build/converting.h"
#include "core/build/fields.h"

#include <stdio.h>

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
	bool block = !line || yaml_plain(line, true);

	buf_adds(out, out->len ? "\n" : "");
	add_yaml_text(out, name);
	buf_adds(out, ":\n  from:\n");
	buf_add(out, c->from.data, c->from.len);
	if (c->imports.len) {
		buf_adds(out, "  imports:\n");
		buf_add(out, c->imports.data, c->imports.len);
	}
	if (c->binds.len) {
		buf_adds(out, "  binds:\n");
		buf_add(out, c->binds.data, c->binds.len);
	}
	add_pairs(out, "build_env", &stage_now(c)->args);
	if (c->script.len)
		buf_adds(out, block ? "  run: |\n" : "  run: ");
	if (!block) {
		add_yaml_text(out, line);
		buf_adds(out, "\n");
	}
	while (block && line && *line) {
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
	if (stage->has_entrypoint)
		add_list(out, "entrypoint", &stage->entrypoint);
	if (stage->has_cmd)
		add_list(out, "cmd", &stage->cmd);
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
	if (c->out->yaml.failed || c->from.failed || c->imports.failed || c->binds.failed ||
		c->script.failed)
		return convert_memory(c);
	if (c->out->yaml.len <= DOCKERFILE_MAX)
		return 0;
	return place_err(c->err, -E2BIG, c->path, &(struct place){1, 1},
		"it comes to a file of more than %d bytes", DOCKERFILE_MAX);
}

static void start_image(struct converting *c)
{
	buf_cut(&c->imports, 0);
	buf_cut(&c->binds, 0);
	buf_cut(&c->script, 0);
	c->exports_said = 0;
	c->home_said = c->dir_said = false;
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

/* The directory that WORKDIR named, where no command came behind it. */
static int finish_dir(struct converting *c)
{
	const struct stage *stage = stage_now(c);

	if (!stage->dir || !stage->dir_step || stage->dir_made || !stage->dir[1])
		return 0;
	if (stage->ran || c->script.len)
		return convert_ready(c);
	if (c->imports.len && strstr(c->imports.data, stage->dir))
		return 0;
	return convert_note(c, stage->dir_step,
		"%s is not made, as nothing runs in this image; who runs it makes it", stage->dir);
}

/* What a base says of its command is not the image's. */
static int note_command(struct converting *c)
{
	const struct stage *stage = stage_now(c), *first = stage;

	while (first->base)
		first = first->base;
	if (stage->has_entrypoint || first->from_scratch || c->stage_count < c->stages_all)
		return 0;
	return convert_note(c, stage->from,
		"%s of the base, where it has any, does not come along; write it here",
		stage->has_cmd ? "ENTRYPOINT" : "ENTRYPOINT or CMD");
}

int convert_finish(struct converting *c)
{
	int code = finish_dir(c);

	if (code == 0)
		code = note_command(c);
	if (code < 0)
		return code;
	add_body(c, stage_now(c)->name);
	add_config(c);
	if (c->stage_count < c->stages_all)
		buf_adds(&c->out->yaml, "  build_only: true\n");
	start_image(c);
	c->part = 1;
	strings_free(&c->volumes);
	pairs_free(&c->labels);
	pairs_free(&c->annotations);
	return check_size(c);
}

int convert_ready(struct converting *c)
{
	struct stage *stage = stage_now(c);
	struct buf *out = &c->script;

	if (!c->home_said)
		buf_adds(out, "export HOME=\"${HOME:-/root}\"\n");
	c->home_said = true;
	for (; c->exports_said < stage->exports.count; c->exports_said++)
		buf_addf(out, "export%s\n", stage->exports.at[c->exports_said]);
	if (stage->dir && !c->dir_said) {
		cleanup_buf struct buf dir = BUF_NONE;

		add_shell_word(&dir, stage->dir);
		if (dir.failed)
			return convert_memory(c);
		if (stage->dir_owner)
			add_made_dir(out, stage->dir, stage->dir_owner);
		else
			buf_addf(out, "mkdir -p %s\n", dir.data);
		buf_addf(out, "cd %s\n", dir.data);
		c->dir_said = stage->dir_made = true;
	}
	return out->failed ? convert_memory(c) : 0;
}

/* Where there was no WORKDIR it is the base's, if it has one. */
static const char *base_dir(struct converting *c, const struct docker_step *s, const char *text)
{
	const struct stage *stage = stage_now(c);

	if (stage->dir)
		return stage->dir;
	if (*text == '/' || stage->scratch)
		return "/";
	return convert_note(c, s,
		       "'%s' is taken from / on; what the base image says of WORKDIR is not known",
		       text) < 0
		       ? NULL
		       : "/";
}

char *docker_dest(struct converting *c, const struct docker_step *s, const char *text)
{
	const char *base = base_dir(c, s, text);
	size_t len = strlen(text);
	cleanup_free char *clean = base ? path_absolute(base, text) : NULL;
	char *path = NULL;
	bool dir = !len || text[len - 1] == '/' || (len == 1 && *text == '.') ||
		   (len > 1 && strcmp(text + len - 2, "/.") == 0);

	if (clean && asprintf(&path, "%s%s", clean, dir && clean[1] ? "/" : "") < 0)
		path = NULL;
	if (!path)
		convert_memory(c);
	return path;
}
