// SPDX-License-Identifier: Apache-2.0
/* RUN and what commands are given to; what the image's configuration says of them. */
#include "core/build/converting.h"

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
	struct stage *stage = stage_now(c);

	stage->has_cmd = stage->cmd_said = true;
	return set_command(c, s, &stage->cmd);
}

/* It takes away the command that the stage had from the one that it is based on. */
int convert_entrypoint(struct converting *c, const struct docker_step *s)
{
	struct stage *stage = stage_now(c);

	stage->has_entrypoint = true;
	stage->has_cmd = stage->cmd_said;
	return set_command(c, s, &stage->entrypoint);
}

static bool is_root(const char *user)
{
	return !user || strcmp(user, "root") == 0 || strcmp(user, "0") == 0 ||
	       strcmp(user, "0:0") == 0 || strcmp(user, "root:root") == 0;
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

/* What a shell is given: the words, the stage's own shell with the command, or just that. */
static void add_command(const struct stage *stage, struct buf *out, const struct strings *words,
	const char *command)
{
	if (words->count) {
		add_words(out, words);
		return;
	}
	add_words(out, &stage->shell);
	if (!stage->shell.count)
		buf_adds(out, "/bin/sh -c");
	buf_adds(out, " ");
	add_shell_word(out, command);
}

/* su knows users by name alone, and takes a text. */
static int add_su(
	struct converting *c, const struct strings *words, const char *command, const char *user)
{
	const struct stage *stage = stage_now(c);
	cleanup_buf struct buf text = BUF_NONE;
	cleanup_free char *name = strndup(user, strcspn(user, ":"));
	const char *group = strchr(user, ':');
	struct buf *out = &c->script;

	if (words->count || stage->shell.count)
		add_command(stage, &text, words, command);
	else
		buf_adds(&text, command);
	if (!name || text.failed)
		return convert_memory(c);
	buf_adds(out, "su -s /bin/sh");
	if (group) {
		buf_adds(out, " -g ");
		add_shell_word(out, group + 1);
	}
	buf_adds(out, " -c ");
	add_shell_word(out, text.data ? text.data : "");
	buf_adds(out, " ");
	add_shell_word(out, name);
	return 0;
}

/* A number may be no user's that has a name: then the group is 0. */
static void add_chroot(struct buf *out, const char *user)
{
	buf_adds(out, "chroot --skip-chdir --userspec=");
	add_shell_word(out, user);
	if (!strchr(user, ':')) {
		buf_adds(out, ":\"$(id -g ");
		add_shell_word(out, user);
		buf_adds(out, " 2>/dev/null || echo 0)\"");
	}
	buf_adds(out, " / ");
}

static int add_run(struct converting *c, const struct strings *words, const char *command)
{
	const struct stage *stage = stage_now(c);
	const char *user = stage->user ? convert_user_known(c, stage->user) : NULL;

	if (!is_root(user) && (*user < '0' || *user > '9') && strncmp(user, "root:", 5) != 0)
		return add_su(c, words, command, stage->user);
	if (!is_root(user))
		add_chroot(&c->script, stage->user);
	add_command(stage, &c->script, words, command);
	return 0;
}

/* Whether the text is the beginning of a here-document and no more, which is the command itself. */
static bool is_only_doc(const struct converting *c, const struct docker_step *s)
{
	cleanup_buf struct buf word = BUF_NONE;
	const char *p = s->text;

	return s->doc_count == 1 && docker_word(c->file->escape, &p, &word) && !p[strspn(p, " \t")];
}

/* The command, with the here-documents that the shell itself has to read. */
static void take_command(const struct converting *c, const struct docker_step *s, struct buf *out)
{
	size_t i;

	if (is_only_doc(c, s)) {
		heredoc_text(s->docs, out);
		return;
	}
	buf_adds(out, s->script);
	for (i = 0; i < s->doc_count; i++)
		buf_addf(out, "\n%s%s", s->docs[i].text, s->docs[i].name);
}

/* A script of its own kind: its first line says what runs it. */
static int run_script(struct converting *c, const char *text)
{
	char *words[] = {"/stacker/script"};

	buf_adds(&c->script, "printf %s ");
	add_shell_word(&c->script, text);
	buf_addf(&c->script, " >%s\nchmod 755 %s\n", *words, *words);
	return add_run(c, &(struct strings){words, 1}, NULL);
}

static int take_flags(struct converting *c, const struct docker_step *s)
{
	size_t i;
	int code = 0;

	for (i = 0; code == 0 && i < s->flags.count; i++) {
		const char *flag = s->flags.at[i];

		code = strncmp(flag, "--mount=", 8) == 0
			       ? convert_mount(c, s, flag)
			       : convert_note(c, s, "%s is left out", flag);
	}
	return code;
}

int convert_run(struct converting *c, const struct docker_step *s)
{
	cleanup_buf struct buf command = BUF_NONE;
	int code;

	if (!*s->text || (s->json && !s->words.count))
		return convert_err(c, s, "RUN needs a command");
	take_command(c, s, &command);
	if (command.failed)
		return convert_memory(c);
	stage_now(c)->ran = true;
	code = take_flags(c, s);
	if (code == 0)
		code = convert_ready(c);
	if (code == 0 && s->doc_count && strncmp(command.data, "#!", 2) == 0)
		code = run_script(c, command.data);
	else if (code == 0)
		code = add_run(c, &s->words, command.data);
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
	dir = docker_dest(c, s, flat.data);
	if (!dir)
		return -ENOMEM;
	if (dir[1] && dir[strlen(dir) - 1] == '/')
		dir[strlen(dir) - 1] = '\0';
	free(stage->dir);
	stage->dir = dir;
	stage->dir_step = s;
	c->dir_said = stage->dir_made = false;
	free(stage->dir_owner);
	stage->dir_owner = NULL;
	if (!is_root(stage->user)) {
		stage->dir_owner = convert_owner(c, stage->user);
		if (!stage->dir_owner)
			return convert_memory(c);
	}
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
