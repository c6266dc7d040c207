// SPDX-License-Identifier: Apache-2.0
/* RUN and what commands are given to; what the image's configuration says of them. */
#include "core/build/converting.h"
#include "core/build/fields.h"

static int set_words(const struct converting *c, struct strings *out, const struct strings *words)
{
	size_t i;

	strings_free(out);
	for (i = 0; i < words->count; i++)
		if (strings_add(out, words->at[i]) < 0)
			return convert_memory(c);
	return 0;
}

/* The words of JSON; else the shell's and the text. */
static int set_command(const struct converting *c, const struct docker_step *s, struct strings *out)
{
	char *words[] = {"/bin/sh", "-c"};
	const struct strings usual = {words, ARRAY_SIZE(words)};
	const struct strings *shell = &stage_now(c)->shell;
	int code = set_words(c, out, s->json ? &s->words : shell->count ? shell : &usual);

	if (code == 0 && !s->json && strings_add(out, s->text) < 0)
		return convert_memory(c);
	return code;
}

int convert_cmd(struct converting *c, const struct docker_step *s)
{
	c->has_cmd = true;
	return set_command(c, s, &c->cmd);
}

int convert_entrypoint(struct converting *c, const struct docker_step *s)
{
	c->has_entrypoint = true;
	return set_command(c, s, &c->entrypoint);
}

static bool is_root(const char *user)
{
	size_t len = user ? strcspn(user, ":") : 0;

	return !user || (len == 4 && strncmp(user, "root", 4) == 0) || (len == 1 && *user == '0');
}

/* A command of several words, as a shell writes it. */
static void add_words(struct buf *out, const struct strings *words)
{
	size_t i;

	for (i = 0; i < words->count; i++) {
		buf_adds(out, i ? " " : "");
		add_shell_word(out, words->at[i]);
	}
}

/* su knows users by name alone, and takes a text. */
static int add_su(struct converting *c, const struct docker_step *s, const char *user)
{
	cleanup_buf struct buf command = BUF_NONE;
	cleanup_free char *name = strndup(user, strcspn(user, ":"));
	const char *group = strchr(user, ':');
	struct buf *out = &c->script;

	if (s->json)
		add_words(&command, &s->words);
	else
		buf_adds(&command, s->script);
	if (!name || command.failed)
		return convert_memory(c);
	buf_adds(out, "su -s /bin/sh");
	if (group) {
		buf_adds(out, " -g ");
		add_shell_word(out, group + 1);
	}
	buf_adds(out, " -c ");
	add_shell_word(out, command.data ? command.data : "");
	buf_adds(out, " ");
	add_shell_word(out, name);
	return 0;
}

static int add_run(struct converting *c, const struct docker_step *s)
{
	const struct stage *stage = stage_now(c);
	struct buf *out = &c->script;

	if (!is_root(stage->user) && (*stage->user < '0' || *stage->user > '9'))
		return add_su(c, s, stage->user);
	if (!is_root(stage->user)) {
		buf_adds(out, "chroot --skip-chdir --userspec=");
		add_shell_word(out, stage->user);
		buf_adds(out, " / ");
	}
	if (s->json) {
		add_words(out, &s->words);
		return 0;
	}
	if (stage->shell.count)
		add_words(out, &stage->shell);
	else
		buf_adds(out, "/bin/sh -c");
	buf_adds(out, " ");
	return add_shell_word(out, s->script);
}

/* What a mount would bring is not there; a cache is not needed. */
static int check_flags(struct converting *c, const struct docker_step *s)
{
	size_t i;
	int code = 0;

	for (i = 0; code == 0 && i < s->flags.count; i++) {
		const char *flag = s->flags.at[i];

		if (strncmp(flag, "--mount=", 8) == 0 && !strstr(flag, "type=cache") &&
			!strstr(flag, "type=tmpfs"))
			return convert_err(c, s,
				"%s cannot be converted; 'binds' and 'imports' bring in what is "
				"needed",
				flag);
		code = convert_note(c, s, "%s is left out", flag);
	}
	return code;
}

int convert_run(struct converting *c, const struct docker_step *s)
{
	int code;

	if (!*s->text || (s->json && !s->words.count))
		return convert_err(c, s, "RUN needs a command");
	if (!s->json && docker_heredoc(s->text))
		return convert_err(c, s,
			"a here-document cannot be converted; join its commands by '&&', or copy a "
			"script");
	code = check_flags(c, s);
	if (code == 0)
		code = convert_ready(c);
	if (code == 0)
		code = add_run(c, s);
	if (code < 0)
		return code;
	return buf_adds(&c->script, "\n") < 0 || c->script.failed ? convert_memory(c) : 0;
}

/* All of the text, expanded. */
static int expand_text(struct converting *c, const struct docker_step *s, struct buf *out)
{
	int code = docker_expand(c, s, s->text, out, NULL);

	if (code == 0 && !out->len)
		return convert_err(c, s, "%s needs a value", s->word);
	return code;
}

int convert_workdir(struct converting *c, const struct docker_step *s)
{
	cleanup_buf struct buf flat = BUF_NONE;
	struct stage *stage = stage_now(c);
	char *dir;
	int code = expand_text(c, s, &flat);

	if (code < 0)
		return code;
	dir = path_absolute(stage->dir ? stage->dir : "/", flat.data);
	if (!dir)
		return convert_memory(c);
	free(stage->dir);
	stage->dir = dir;
	c->dir_said = false;
	return strings_add(&stage->dirs, dir) < 0 ? convert_memory(c) : 0;
}

int convert_user(struct converting *c, const struct docker_step *s)
{
	cleanup_buf struct buf flat = BUF_NONE;
	struct stage *stage = stage_now(c);
	int code = expand_text(c, s, &flat);

	if (code < 0)
		return code;
	free(stage->user);
	stage->user = strdup(flat.data);
	return stage->user ? 0 : convert_memory(c);
}

int convert_volume(struct converting *c, const struct docker_step *s)
{
	return docker_words(c, s, &c->volumes);
}

int convert_shell(struct converting *c, const struct docker_step *s)
{
	struct strings *shell = &stage_now(c)->shell;

	if (!s->json || !s->words.count)
		return convert_err(c, s, "SHELL needs a JSON array, as [\"/bin/sh\", \"-c\"]");
	return set_words(c, shell, &s->words);
}
