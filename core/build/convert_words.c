// SPDX-License-Identifier: Apache-2.0
/* Words of a Dockerfile: quotes and variables; and words as a shell and YAML write them. */
#include "core/build/converting.h"

#include "core/image/image.h"

int pairs_set(struct pairs *p, const char *name, const char *value)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		if (strcmp(p->at[i].name, name) == 0) {
			char *copy = strdup(value);

			if (!copy)
				return -ENOMEM;
			free(p->at[i].value);
			p->at[i].value = copy;
			return 0;
		}
	return pairs_add(p, name, value);
}

const char *pairs_find(const struct pairs *p, const char *name)
{
	size_t i;

	for (i = 0; p && i < p->count; i++)
		if (strcmp(p->at[i].name, name) == 0)
			return p->at[i].value;
	return NULL;
}

int add_shell_word(struct buf *out, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_./:=@%+,-";

	if (*text && !text[strspn(text, plain)])
		return buf_adds(out, text);
	buf_adds(out, "'");
	for (; *text; text++)
		if (*text == '\'')
			buf_adds(out, "'\\''");
		else
			buf_add(out, text, 1);
	return buf_adds(out, "'");
}

int add_yaml_text(struct buf *out, const char *text)
{
	const char *p;
	bool control = false;

	for (p = text; *p; p++)
		control = control || (unsigned char)*p < ' ' || *p == 0x7f;
	buf_adds(out, control ? "\"" : "'");
	for (p = text; *p; p++)
		if (control && ((unsigned char)*p < ' ' || *p == 0x7f || *p == '"' || *p == '\\'))
			buf_addf(out, "\\x%02x", (unsigned char)*p);
		else
			buf_addf(out, !control && *p == '\'' ? "'%c" : "%c", *p);
	return buf_adds(out, control ? "\"" : "'");
}

struct expanding {
	struct converting *c;
	const struct docker_step *s;
	struct buf *flat, *shell;
	struct buf literal; /* not yet in shell */
	bool raw;           /* quotes are nothing but themselves */
	char escape;
	int depth;
};

static int add_literal(struct expanding *x, const char *text, size_t len)
{
	if (x->c->expanded + len > EXPANDED_MAX)
		return place_err(x->c->err, -E2BIG, x->c->path, &x->s->place,
			"variables come to more than %d bytes", EXPANDED_MAX);
	x->c->expanded += len;
	buf_add(x->flat, text, len);
	if (x->shell)
		buf_add(&x->literal, text, len);
	return 0;
}

static void flush_literal(struct expanding *x)
{
	if (x->shell && x->literal.len) {
		add_shell_word(x->shell, x->literal.data);
		buf_cut(&x->literal, 0);
	}
}

static const char *find_variable(const struct converting *c, const char *name)
{
	const char *value;

	if (!c->stage_count)
		return pairs_find(&c->global_args, name);
	value = pairs_find(&stage_now(c)->env, name);
	return value ? value : pairs_find(&stage_now(c)->args, name);
}

static int unknown_variable(struct expanding *x, const char *name)
{
	bool path = strcmp(name, "PATH") == 0;
	int code = path ? add_literal(x, IMAGE_PATH, strlen(IMAGE_PATH)) : 0;

	if (code < 0)
		return code;
	return convert_note(x->c, x->s,
		"$%s is not set in this file, so it is %s; what the base image says of it is "
		"not known",
		name, path ? IMAGE_PATH : "empty");
}

static int expand(struct expanding *x, const char *word);

/* What a variable comes to; modifier is what follows its name in the braces. */
static int expand_variable(struct expanding *x, const char *name, const char *modifier)
{
	const char *value = find_variable(x->c, name), *word = modifier + (*modifier == ':');
	struct buf *shell = x->shell;
	int code = 0;

	if (*modifier && !strchr("-+", *word))
		return convert_err(x->c, x->s,
			"'${%s%s}' cannot be converted; '${%s}', '${%s:-...}', '${%s:+...}' can",
			name, modifier, name, name, name);
	x->shell = NULL;
	if (*word == '+' ? value != NULL && (*value || *modifier != ':')
			 : *word == '-' && (!value || (!*value && *modifier == ':')))
		code = expand(x, word + 1);
	else if (*word != '+')
		code = value ? add_literal(x, value, strlen(value)) : unknown_variable(x, name);
	x->shell = shell;
	return code;
}

/* The variable at *p, which is behind its "$"; *p moves behind it. */
static int take_variable(struct expanding *x, const char **p)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
	bool braced = **p == '{';
	const char *start = *p + braced, *end = start + strspn(start, letters);
	cleanup_free char *name = strndup(start, (size_t)(end - start)), *modifier = NULL;
	int nested = 1;

	if (end == start)
		return add_literal(x, "$", 1);
	for (start = end; braced && *end && nested; end++)
		nested += (*end == '{') - (*end == '}');
	if (braced && nested)
		return convert_err(x->c, x->s, "'${' without its '}'");
	modifier = strndup(start, (size_t)(end - start) - (braced ? 1 : 0));
	if (!name || !modifier)
		return convert_memory(x->c);
	flush_literal(x);
	if (x->shell)
		buf_addf(x->shell, "\"${%s%s}\"", name, modifier);
	*p = end;
	return expand_variable(x, name, modifier);
}

static int expand(struct expanding *x, const char *word)
{
	char quote = '\0', escape = x->escape;
	int code = 0;

	if (++x->depth > 16)
		return convert_err(x->c, x->s, "variables are nested too deep");
	while (*word && code == 0) {
		if (*word == escape && quote != '\'' && word[1]) {
			if (quote && word[1] != '"' && word[1] != '$' && word[1] != escape)
				code = add_literal(x, word, 1);
			if (code == 0)
				code = add_literal(x, word + 1, 1);
			word += 2;
		} else if (!x->raw && (quote ? *word == quote : *word == '\'' || *word == '"')) {
			quote = quote ? '\0' : *word;
			word++;
		} else if (*word == '$' && quote != '\'') {
			word++;
			code = take_variable(x, &word);
		} else {
			code = add_literal(x, word++, 1);
		}
	}
	x->depth--;
	return code == 0 && quote ? convert_err(x->c, x->s, "a quote does not end") : code;
}

static int expand_all(struct expanding *x, const char *text)
{
	int code = expand(x, text);

	buf_adds(x->flat, "");
	flush_literal(x);
	buf_free(&x->literal);
	if (code == 0 && (x->flat->failed || (x->shell && x->shell->failed)))
		return convert_memory(x->c);
	return code;
}

int docker_expand(struct converting *c, const struct docker_step *s, const char *word,
	struct buf *flat, struct buf *shell)
{
	struct expanding x = {
		.c = c, .s = s, .flat = flat, .shell = shell, .escape = c->file->escape};

	return expand_all(&x, word);
}

int docker_expand_text(struct converting *c, const struct docker_step *s, const char *text,
	struct buf *flat, struct buf *shell)
{
	struct expanding x = {
		.c = c, .s = s, .flat = flat, .shell = shell, .raw = true, .escape = '\\'};

	return expand_all(&x, text);
}

int docker_words(struct converting *c, const struct docker_step *s, struct strings *out)
{
	const char *p = s->text;
	size_t i = 0;

	for (;;) {
		cleanup_buf struct buf word = BUF_NONE, flat = BUF_NONE;
		int code;

		if (s->json ? i == s->words.count : !docker_word(c->file->escape, &p, &word))
			return 0;
		code = docker_expand(c, s, s->json ? s->words.at[i++] : word.data, &flat, NULL);
		if (code < 0)
			return code;
		if (strings_add(out, flat.data) < 0)
			return convert_memory(c);
	}
}
