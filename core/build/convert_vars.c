// SPDX-License-Identifier: Apache-2.0
/* ENV, ARG, LABEL, MAINTAINER: names and values. */
#include "core/build/converting.h"
#include "core/image/image.h"

#include <stdio.h>

static bool name_valid(const char *name)
{
	return *name && (*name < '0' || *name > '9') &&
	       !name[strspn(
		       name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")];
}

/* NAME=VALUE..., or NAME and all that follows; not yet expanded. */
static int read_pairs(struct converting *c, const struct docker_step *s, struct pairs *out)
{
	const char *p = s->text;
	cleanup_buf struct buf first = BUF_NONE;

	docker_word(c->file->escape, &p, &first);
	if (!first.data || !strchr(first.data, '=')) {
		p += strspn(p, " \t");
		if (!*p)
			return convert_err(c, s, "%s needs NAME=VALUE", s->word);
		return !first.data || pairs_add(out, first.data, p) < 0 ? convert_memory(c) : 0;
	}
	p = s->text;
	for (;;) {
		cleanup_buf struct buf word = BUF_NONE;
		char *equals;

		if (!docker_word(c->file->escape, &p, &word))
			return 0;
		if (word.failed)
			return convert_memory(c);
		equals = strchr(word.data, '=');
		if (!equals || equals == word.data)
			return convert_err(c, s, "'%s': NAME=VALUE is expected", word.data);
		*equals = '\0';
		if (pairs_add(out, word.data, equals + 1) < 0)
			return convert_memory(c);
	}
}

/* Replaces each value by what it comes to, and adds " NAME=VALUE" of each to shell. */
static int expand_env(
	struct converting *c, const struct docker_step *s, struct pairs *p, struct buf *shell)
{
	size_t i;

	for (i = 0; i < p->count; i++) {
		cleanup_buf struct buf flat = BUF_NONE;
		int code;

		if (!name_valid(p->at[i].name))
			return convert_err(c, s, "'%s' is no name of a variable", p->at[i].name);
		buf_addf(shell, " %s=", p->at[i].name);
		code = docker_expand(c, s, p->at[i].value, &flat, shell);
		if (code < 0)
			return code;
		free(p->at[i].value);
		p->at[i].value = flat.data;
		flat = (struct buf)BUF_NONE;
	}
	return 0;
}

/* The variables of one ENV see what was before it: they are set together, here and in the shell. */
int convert_env(struct converting *c, const struct docker_step *s)
{
	struct stage *stage = stage_now(c);
	struct pairs pairs = {0};
	cleanup_buf struct buf shell = BUF_NONE;
	size_t i;
	int code = read_pairs(c, s, &pairs);

	if (code == 0)
		code = expand_env(c, s, &pairs, &shell);
	for (i = 0; code == 0 && i < pairs.count; i++)
		if (pairs_set(&stage->env, pairs.at[i].name, pairs.at[i].value) < 0)
			code = convert_memory(c);
	if (code == 0 && pairs.count && strings_add(&stage->exports, shell.data) < 0)
		code = convert_memory(c);
	pairs_free(&pairs);
	return code;
}

int convert_label(struct converting *c, const struct docker_step *s)
{
	struct pairs pairs = {0};
	size_t i;
	int code = read_pairs(c, s, &pairs);

	for (i = 0; code == 0 && i < pairs.count; i++) {
		cleanup_buf struct buf name = BUF_NONE, value = BUF_NONE;

		code = docker_expand(c, s, pairs.at[i].name, &name, NULL);
		if (code == 0)
			code = docker_expand(c, s, pairs.at[i].value, &value, NULL);
		if (code == 0 && !name.len)
			code = convert_err(c, s, "a label's name is empty");
		if (code == 0 && pairs_set(&c->labels, name.data, value.data) < 0)
			code = convert_memory(c);
	}
	pairs_free(&pairs);
	return code;
}

int convert_maintainer(struct converting *c, const struct docker_step *s)
{
	return pairs_set(&c->annotations, "org.opencontainers.image.authors", s->text) < 0
		       ? convert_memory(c)
		       : 0;
}

/* What the builder itself says of this machine. */
static const char *given_arg(const char *name, struct buf *text)
{
	cleanup_platform struct platform p = PLATFORM_NONE;
	bool known = strncmp(name, "TARGET", 6) == 0 || strncmp(name, "BUILD", 5) == 0;
	const char *what = known ? name + (*name == 'T' ? 6 : 5) : "";

	if (!known || platform_here(&p) < 0)
		return NULL;
	if (strcmp(what, "OS") == 0)
		buf_adds(text, p.os);
	else if (strcmp(what, "ARCH") == 0)
		buf_adds(text, p.arch);
	else if (strcmp(what, "PLATFORM") == 0)
		buf_addf(text, "%s/%s", p.os, p.arch);
	return text->data;
}

/* A placeholder stands between single quotes of YAML, where a quote is two. */
int convert_substitution(struct converting *c, const char *name, const char *value)
{
	cleanup_buf struct buf text = BUF_NONE;

	for (buf_adds(&text, ""); *value; value++)
		buf_adds(&text, (char[]){*value, *value == '\'' ? '\'' : '\0', '\0'});
	return text.failed || pairs_set(&c->substitutions, name, text.data) < 0 ? convert_memory(c)
										: 0;
}

/*
 * The substitution that holds an argument's value: ARG_NAME, or another where that one has another
 * value already. value is NULL where the instruction gives none.
 */
static int name_substitution(struct converting *c, const char *name, const char *value, char **out)
{
	unsigned number;

	if (asprintf(out, "ARG_%s", name) < 0)
		return *out = NULL, convert_memory(c);
	for (number = 2; value; number++) {
		const char *there = pairs_find(&c->substitutions, *out);

		if (!there || strcmp(there, value) == 0)
			break;
		free(*out);
		if (asprintf(out, "ARG_%s_%u", name, number) < 0)
			return *out = NULL, convert_memory(c);
	}
	return 0;
}

static int set_arg(struct converting *c, const char *name, const char *key)
{
	cleanup_free char *holder = NULL;

	if (asprintf(&holder, "${{%s}}", key) < 0)
		holder = NULL;
	if (!holder ||
		pairs_set(c->stage_count ? &stage_now(c)->args : &c->global_args, name, holder) < 0)
		return convert_memory(c);
	return 0;
}

/* ARG NAME becomes ${{ARG_NAME}}: $NAME is left to the shell, which has it from build_env. */
static int take_arg(
	struct converting *c, const struct docker_step *s, const char *name, const char *value)
{
	cleanup_buf struct buf flat = BUF_NONE, given = BUF_NONE;
	cleanup_free char *key = NULL;
	int code;

	if (!name_valid(name))
		return convert_err(c, s, "'%s' is no name of an argument", name);
	code = value ? docker_expand(c, s, value, &flat, NULL) : 0;
	if (code == 0 && value && !yaml_plain(flat.data, false))
		code = convert_err(c, s, "the value of %s has a control character", name);
	if (code == 0)
		code = name_substitution(c, name, flat.data, &key);
	if (code == 0)
		code = set_arg(c, name, key);
	if (code < 0 || (!value && pairs_find(&c->substitutions, key)))
		return code;
	if (!value && !given_arg(name, &given))
		code = convert_note(
			c, s, "%s has no value; the substitution %s is empty", name, key);
	if (code < 0)
		return code;
	return convert_substitution(c, key, value ? flat.data : given.data ? given.data : "");
}

int convert_arg(struct converting *c, const struct docker_step *s)
{
	const char *p = s->text;
	int code = 0;

	if (!*p)
		return convert_err(c, s, "ARG needs a name");
	while (code == 0) {
		cleanup_buf struct buf word = BUF_NONE;
		char *equals;

		if (!docker_word(c->file->escape, &p, &word))
			break;
		if (word.failed)
			return convert_memory(c);
		equals = strchr(word.data, '=');
		if (equals)
			*equals = '\0';
		code = take_arg(c, s, word.data, equals ? equals + 1 : NULL);
	}
	return code;
}
