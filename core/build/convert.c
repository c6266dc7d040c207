// SPDX-License-Identifier: Apache-2.0
/* A Dockerfile becomes a file of images, instruction by instruction. */
#include "core/build/converting.h"
#include "core/base/nearest.h"
#include "core/base/sys.h"
#include "core/build/fields.h"

#include <stdarg.h>
#include <stdio.h>

int convert_note(struct converting *c, const struct docker_step *s, const char *fmt, ...)
{
	cleanup_free char *text = NULL;
	cleanup_buf struct buf note = BUF_NONE;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	if (!text ||
		buf_addf(&note, "%s:%zu:%zu: %s", c->path, s->place.line, s->place.column, text) <
			0 ||
		strings_add(&c->out->notes, note.data) < 0)
		return convert_memory(c);
	return 0;
}

int convert_inside(struct converting *c, const struct docker_step *s, const char *path)
{
	cleanup_fd int fd = sys_openat2(c->context, path, O_PATH, 0, SYS_RESOLVE_BENEATH);

	if (fd != -EXDEV)
		return 0;
	return convert_err(c, s, "'%s' leads out of the directory that this file is in", path);
}

static int on_left_out(struct converting *c, const struct docker_step *s)
{
	return convert_note(c, s, "%s is left out; a file of images has no word for it", s->word);
}

/* What a file of images has no word for can be said of what it made. */
static int on_config(struct converting *c, const struct docker_step *s)
{
	bool expose = *s->word == 'E';
	cleanup_buf struct buf options = BUF_NONE;
	struct strings words = {0};
	int code = docker_words(c, s, &words);
	size_t i;

	for (i = 0; i < words.count; i++)
		buf_addf(&options, " --config.%s %s%s", expose ? "exposedports" : "stopsignal",
			words.at[i], expose && !strchr(words.at[i], '/') ? "/tcp" : "");
	strings_free(&words);
	if (code < 0)
		return code;
	return convert_note(c, s,
		"%s is left out; after the build: rlc-image config --image oci:TAG%s", s->word,
		options.data ? options.data : "");
}

static bool copy_strings(struct strings *to, const struct strings *from)
{
	size_t i;

	for (i = 0; i < from->count; i++)
		if (strings_add(to, from->at[i]) < 0)
			return false;
	return true;
}

/* What the stage has from the one that it is based on. */
static int inherit(struct converting *c, struct stage *to, const struct stage *from)
{
	size_t i;
	bool good = true;

	for (i = 0; good && i < from->env.count; i++)
		good = pairs_add(&to->env, from->env.at[i].name, from->env.at[i].value) == 0;
	good = good && copy_strings(&to->exports, &from->exports) &&
	       copy_strings(&to->shell, &from->shell) && copy_strings(&to->cmd, &from->cmd) &&
	       copy_strings(&to->entrypoint, &from->entrypoint);
	to->has_cmd = from->has_cmd;
	to->has_entrypoint = from->has_entrypoint;
	to->base = from;
	to->scratch = from->scratch;
	to->ran = from->ran;
	to->dir = from->dir ? strdup(from->dir) : NULL;
	to->user = from->user ? strdup(from->user) : NULL;
	if (!good || (from->dir && !to->dir) || (from->user && !to->user))
		return convert_memory(c);
	return 0;
}

/* Whether the instruction has the text, in a here-document or before it. */
static bool has_text(const struct docker_step *s, const char *text)
{
	bool has = strstr(s->text, text);
	size_t i;

	for (i = 0; i < s->doc_count; i++)
		has = has || strstr(s->docs[i].text, text);
	return has;
}

/* Whether some command has a variable IMAGE of its own, which a substitution may not hide. */
static bool uses_image(const struct converting *c)
{
	const struct docker_step *s = c->file->steps, *end = s + c->file->count;

	for (; s < end; s++)
		if (has_text(s, "$IMAGE") || has_text(s, "${IMAGE"))
			return true;
	return false;
}

/* The image that a stage makes: "AS" names it, the last is IMAGE. */
static int name_stage(
	struct converting *c, const struct docker_step *s, struct stage *stage, const char *word)
{
	const char *placeholder;

	if (word && !recipe_name_valid(word))
		return convert_err(c, s, "'%s' cannot be an image's name", word);
	if (word) {
		stage->word = strdup(word);
		stage->name = strdup(word);
		return stage->word && stage->name ? 0 : convert_memory(c);
	}
	if (c->stage_count < c->stages_all)
		return asprintf(&stage->name, "stage%zu", c->stage_count - 1) < 0
			       ? convert_memory(c)
			       : 0;
	placeholder = uses_image(c) ? "IMAGE_NAME" : "IMAGE";
	if (asprintf(&stage->name, "${{%s}}", placeholder) < 0)
		return stage->name = NULL, convert_memory(c);
	return convert_substitution(c, placeholder, "app");
}

int convert_from(struct converting *c, struct buf *out, const char *image)
{
	cleanup_free char *name = NULL, *url = NULL;
	const char *there = "";
	size_t n;

	if (asprintf(&url, "docker://%s", image) < 0)
		return url = NULL, convert_memory(c);
	for (n = 1; there && strcmp(there, url) != 0; n++) {
		free(name);
		if (asprintf(&name, "FROM_%zu", n) < 0)
			return name = NULL, convert_memory(c);
		there = pairs_find(&c->substitutions, name);
	}
	buf_addf(out, "    type: docker\n    url: '${{%s}}'\n", name);
	if (there)
		return 0;
	if (strings_add(&c->out->froms, name) < 0)
		return convert_memory(c);
	return convert_substitution(c, name, url);
}

static int set_base(struct converting *c, struct stage *stage, const char *image)
{
	size_t i, earlier = c->stage_count - 1;

	for (i = earlier;
		i && (!c->stages[i - 1].word || strcasecmp(c->stages[i - 1].word, image) != 0); i--)
		;
	buf_cut(&c->from, 0);
	if (i) {
		buf_adds(&c->from, "    type: built\n    tag: ");
		add_yaml_text(&c->from, c->stages[i - 1].name);
	} else if (strcmp(image, "scratch") == 0) {
		buf_adds(&c->from, "    type: scratch");
		stage->scratch = stage->from_scratch = true;
	} else {
		return convert_from(c, &c->from, image);
	}
	buf_adds(&c->from, "\n");
	return i ? inherit(c, stage, &c->stages[i - 1]) : 0;
}

static int on_from(struct converting *c, const struct docker_step *s)
{
	struct strings words = {0};
	size_t before = c->stage_count;
	struct stage *stage;
	int code = before ? convert_finish(c) : 0;

	/* Only what ARG said before the first FROM counts in one */
	c->stage_count = 0;
	if (code == 0)
		code = docker_words(c, s, &words);
	c->stage_count = before;
	if (code == 0 && docker_flag(s, "platform"))
		code = convert_note(c, s, "--platform is left out");
	if (code == 0 && words.count != 1 &&
		(words.count != 3 || strcasecmp(words.at[1], "AS") != 0))
		code = convert_err(c, s, "FROM IMAGE, or FROM IMAGE AS NAME, is expected");
	if (code == 0) {
		stage = &c->stages[c->stage_count++];
		stage->from = s;
		c->part = 1;
		code = name_stage(c, s, stage, words.count == 3 ? words.at[2] : NULL);
		if (code == 0)
			code = set_base(c, stage, words.at[0]);
	}
	strings_free(&words);
	return code;
}

static const struct instruction {
	const char *word;
	instruction_fn *take;
} instructions[] = {
	{"FROM", on_from},
	{"ARG", convert_arg},
	{"RUN", convert_run},
	{"COPY", convert_copy},
	{"ADD", convert_copy},
	{"ENV", convert_env},
	{"LABEL", convert_label},
	{"MAINTAINER", convert_maintainer},
	{"WORKDIR", convert_workdir},
	{"USER", convert_user},
	{"VOLUME", convert_volume},
	{"CMD", convert_cmd},
	{"ENTRYPOINT", convert_entrypoint},
	{"SHELL", convert_shell},
	{"EXPOSE", on_config},
	{"HEALTHCHECK", on_left_out},
	{"STOPSIGNAL", on_config},
	{"ONBUILD", on_left_out},
};

static int convert_step(struct converting *c, const struct docker_step *s)
{
	struct nearest near = {.word = s->word, .len = strlen(s->word)};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(instructions); i++) {
		if (strcmp(instructions[i].word, s->word) == 0)
			break;
		nearest_try(&near, instructions[i].word);
	}
	if (i == ARRAY_SIZE(instructions) && near.best)
		return convert_err(
			c, s, "there is no instruction %s; did you mean %s?", s->word, near.best);
	if (i == ARRAY_SIZE(instructions))
		return convert_err(c, s, "there is no instruction %s", s->word);
	if (!c->stage_count && i > 1)
		return convert_err(c, s, "%s stands before FROM", s->word);
	if (has_text(s, "${{"))
		return convert_err(
			c, s, "'${{' cannot be converted; a file of images has it replaced");
	return instructions[i].take(c, s);
}

/* Reads what was made, as a build would. */
static int check_output(struct converting *c)
{
	struct substitutions s = {c->substitutions};
	cleanup_recipes struct recipes r = RECIPES_NONE;
	cleanup_err struct err err = ERR_NONE;
	const struct buf *yaml = &c->out->yaml;
	int code = recipes_parse("the result", yaml->data, yaml->len, &s, false, &r, &err);

	if (code == 0)
		return 0;
	return place_err(c->err, code, c->path, &(struct place){1, 1},
		"it cannot be written as a file of images: %s", err.path ? err.path : "no memory");
}

static int add_substitutions(struct converting *c)
{
	struct buf *out = &c->out->substitutions;
	size_t i;

	for (i = 0; i < c->substitutions.count; i++) {
		buf_addf(out, "%s: ", c->substitutions.at[i].name);
		add_yaml_text(out, c->substitutions.at[i].value);
		buf_adds(out, "\n");
	}
	return out->failed ? convert_memory(c) : 0;
}

static int convert_steps(struct converting *c)
{
	size_t i;
	int code = 0;

	for (i = 0; i < c->file->count; i++)
		c->stages_all += strcmp(c->file->steps[i].word, "FROM") == 0;
	c->stages = calloc(c->stages_all + 1, sizeof(*c->stages));
	if (!c->stages)
		return convert_memory(c);
	for (i = 0; code == 0 && i < c->file->count; i++)
		code = convert_step(c, &c->file->steps[i]);
	if (code == 0 && !c->stage_count)
		return place_err(c->err, -EINVAL, c->path, &(struct place){1, 1},
			"there is no FROM, so no image");
	if (code == 0)
		code = convert_finish(c);
	if (code == 0)
		code = check_output(c);
	return code < 0 ? code : add_substitutions(c);
}

static void free_converting(struct converting *c)
{
	size_t i;

	for (i = 0; i < c->stages_all && c->stages; i++) {
		struct stage *stage = &c->stages[i];

		free(stage->name);
		free(stage->word);
		free(stage->dir);
		free(stage->dir_owner);
		free(stage->user);
		pairs_free(&stage->env);
		pairs_free(&stage->args);
		strings_free(&stage->exports);
		strings_free(&stage->shell);
		strings_free(&stage->dirs);
		strings_free(&stage->filled);
		strings_free(&stage->cmd);
		strings_free(&stage->entrypoint);
	}
	free(c->stages);
	pairs_free(&c->global_args);
	pairs_free(&c->substitutions);
	pairs_free(&c->images);
	pairs_free(&c->labels);
	pairs_free(&c->annotations);
	strings_free(&c->volumes);
	buf_free(&c->from);
	buf_free(&c->imports);
	buf_free(&c->binds);
	buf_free(&c->script);
}

int dockerfile_convert(
	const char *path, const char *text, int context, struct converted *out, struct err *err)
{
	cleanup_dockerfile struct dockerfile file = DOCKERFILE_NONE;
	struct converting c = {
		.path = path, .context = context, .file = &file, .out = out, .err = err};
	int code = dockerfile_parse(path, text, &file, err);

	if (code == 0)
		code = convert_steps(&c);
	free_converting(&c);
	if (code < 0)
		converted_free(out);
	return code;
}

void converted_free(struct converted *c)
{
	buf_free(&c->yaml);
	buf_free(&c->substitutions);
	strings_free(&c->notes);
	strings_free(&c->froms);
}
