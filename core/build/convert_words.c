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

/*
 * How many bytes the character has, with its number, where YAML does not let it stand, or takes it
 * for the end of a line; 0: it can stand there.
 */
static size_t special(const char *text, unsigned *code)
{
	const unsigned char *p = (const void *)text;

	*code = *p;
	if (*p < ' ' || *p == 0x7f)
		return *p != '\t';
	if ((p[1] & 0xc0) != 0x80)
		return 0;
	*code = p[1];
	if (*p == 0xc2 && p[1] < 0xa0)
		return 2;
	if ((*p & 0xf0) != 0xe0 || (p[2] & 0xc0) != 0x80)
		return 0;
	*code = (*p & 15U) << 12 | (p[1] & 63U) << 6 | (p[2] & 63U);
	return *code == 0x2028 || *code == 0x2029 || *code == 0xfeff || *code >= 0xfffe ? 3 : 0;
}

bool yaml_plain(const char *text, bool newlines)
{
	unsigned code;

	for (; *text; text++)
		if (special(text, &code) && !(newlines && code == '\n'))
			return false;
	return true;
}

int add_yaml_text(struct buf *out, const char *text)
{
	const char *quote = yaml_plain(text, false) ? "'" : "\"";
	unsigned code;
	size_t n;

	for (buf_adds(out, quote); *text; text += n) {
		n = special(text, &code);
		if (n)
			buf_addf(out, code < 256 ? "\\x%02x" : "\\u%04x", code);
		else if (*text == *quote || (*text == '\\' && *quote == '"'))
			buf_addf(out, "%c%c", *quote == '"' ? '\\' : '\'', *text);
		else
			buf_add(out, text, 1);
		n += !n;
	}
	return buf_adds(out, quote);
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

/* What would be something else to a shell is not left to it. */
static bool same_in_shell(const char *modifier)
{
	return !modifier[strspn(modifier, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					  "0123456789_./:=@%+,-")];
}

/* What a variable comes to; modifier is what follows its name in the braces. */
static int expand_variable(struct expanding *x, const char *name, const char *modifier)
{
	const char *value = find_variable(x->c, name), *word = modifier + (*modifier == ':');
	bool takes_word = *word == '+' ? value != NULL && (*value || *modifier != ':')
				       : *word == '-' && (!value || (!*value && *modifier == ':'));
	bool same = same_in_shell(modifier);
	struct buf *shell = x->shell;
	int code = 0;

	if (*modifier && !strchr("-+", *word))
		return convert_err(x->c, x->s,
			"'${%s%s}' cannot be converted; '${%s}', '${%s:-...}', '${%s:+...}' can",
			name, modifier, name, name, name);
	if (shell && (same || (!takes_word && *word != '+')))
		buf_addf(shell, "\"${%s%s}\"", name, same ? modifier : "");
	x->shell = takes_word && !same ? shell : NULL;
	if (takes_word)
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
	if (code == 0 && !x->raw && strstr(x->flat->data, "${{") &&
		!yaml_plain(x->flat->data, false))
		return convert_err(
			x->c, x->s, "a control character beside what ARG says cannot be converted");
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
