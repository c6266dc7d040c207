// SPDX-License-Identifier: Apache-2.0
/* Dockerfiles: lines that go on, comments, directives, flags, the form of JSON, here-documents. */
#include "core/build/dockerfile.h"
#include "core/image/doc.h"

static const char blanks[] = " \t\r";

struct lines {
	const char *next; /* the line to be read; NULL after the last */
	size_t number;    /* of the one just read */
	bool directives;  /* so far there was nothing else */
};

/* The next line as it stands, but for its end: its length, or false. */
static bool next_raw(struct lines *l, const char **line, size_t *len)
{
	if (!l->next || !*l->next)
		return false;
	*line = l->next;
	*len = strcspn(*line, "\n");
	l->next = (*line)[*len] ? *line + *len + 1 : NULL;
	l->number++;
	*len -= *len && (*line)[*len - 1] == '\r';
	return true;
}

/* The same without the blanks at its end. */
static bool next_line(struct lines *l, const char **line, size_t *len)
{
	if (!next_raw(l, line, len))
		return false;
	while (*len && strchr(blanks, (*line)[*len - 1]))
		--*len;
	return true;
}

static size_t count_blanks(const char *line, size_t len)
{
	size_t n = 0;

	while (n < len && strchr(blanks, line[n]))
		n++;
	return n;
}

/* "# escape=`" counts at the top of the file. */
static void read_directive(struct lines *l, struct dockerfile *d, const char *line, size_t len)
{
	size_t n = 1 + count_blanks(line + 1, len - 1);
	size_t word = strspn(line + n, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
	const char *equals = line + n + word;

	equals += count_blanks(equals, (size_t)(line + len - equals));
	if (!l->directives || equals >= line + len || *equals != '=') {
		l->directives = false;
		return;
	}
	equals++;
	equals += count_blanks(equals, (size_t)(line + len - equals));
	if (word == 6 && strncasecmp(line + n, "escape", 6) == 0 && equals + 1 == line + len &&
		(*equals == '\\' || *equals == '`'))
		d->escape = *equals;
}

/* The lines of an instruction. False: there are no more. */
static bool join_lines(
	struct lines *l, struct dockerfile *d, struct buf *text, struct buf *script, size_t *number)
{
	const char *line;
	size_t len, start;
	bool more = true;

	while (more && next_line(l, &line, &len)) {
		start = count_blanks(line, len);
		if (start < len && line[start] == '#') {
			if (!text->len)
				read_directive(l, d, line + start, len - start);
			continue;
		}
		if (start == len) {
			l->directives = false;
			continue;
		}
		l->directives = false;
		if (!text->len) {
			*number = l->number;
			line += start;
			len -= start;
		}
		more = line[len - 1] == d->escape;
		len -= more;
		buf_add(text, line, len);
		if (script->len)
			buf_adds(script, "\\\n");
		buf_add(script, line, len);
		/* A line of nothing but the escape has begun one, too */
		if (more && !text->len) {
			buf_adds(text, " ");
			buf_adds(script, " ");
		}
	}
	return text->len != 0;
}

static int take_word(struct docker_step *s, const char **p)
{
	size_t i, len = strcspn(*p, blanks);

	s->word = strndup(*p, len);
	if (!s->word)
		return -ENOMEM;
	for (i = 0; i < len; i++)
		if (s->word[i] >= 'a' && s->word[i] <= 'z')
			s->word[i] += 'A' - 'a';
	*p += len;
	return 0;
}

static int take_flags(struct docker_step *s, const char **p)
{
	for (;;) {
		cleanup_free char *flag = NULL;
		size_t len;

		*p += strspn(*p, blanks);
		len = strcspn(*p, blanks);
		if (len < 3 || strncmp(*p, "--", 2) != 0)
			return 0;
		flag = strndup(*p, len);
		if (!flag || strings_add(&s->flags, flag) < 0)
			return -ENOMEM;
		*p += len;
	}
}

/* The text as JSON, if it is an array of texts. */
static int take_json(struct docker_step *s)
{
	cleanup_json json_t *doc = NULL;
	size_t i;

	if (*s->text != '[' || doc_parse(s->text, strlen(s->text), "", &doc, NULL) < 0)
		return 0;
	for (i = 0; i < json_array_size(doc); i++)
		if (!json_is_string(json_array_get(doc, i)))
			return 0;
	for (i = 0; i < json_array_size(doc); i++)
		if (strings_add(&s->words, json_string_value(json_array_get(doc, i))) < 0)
			return -ENOMEM;
	s->json = true;
	return 0;
}

/* script without what text does not have at its start: the word and the flags. */
static char *cut_script(const char *script, const char *text, const char *rest)
{
	const char *p = script;
	size_t skip = (size_t)(rest - text);

	while (skip && *p) {
		if (p[0] == '\\' && p[1] == '\n') {
			p += 2;
		} else {
			p++;
			skip--;
		}
	}
	while (p[0] == '\\' && p[1] == '\n')
		p += 2 + strspn(p + 2, blanks);
	return strdup(p);
}

static bool has_flags(const char *word)
{
	static const char *const words[] = {"FROM", "RUN", "COPY", "ADD", "HEALTHCHECK"};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

static int read_step(struct docker_step *s, const char *text, const char *script)
{
	const char *p = text + strspn(text, blanks);

	if (take_word(s, &p) < 0 || (has_flags(s->word) && take_flags(s, &p) < 0))
		return -ENOMEM;
	p += strspn(p, blanks);
	s->text = strdup(p);
	s->script = cut_script(script, text, p);
	return s->text && s->script ? take_json(s) : -ENOMEM;
}

static int add_step(struct dockerfile *d, const struct buf *text, const struct buf *script,
	size_t line, const char *path, struct err *err)
{
	const struct place at = {line, 1};
	struct docker_step *s;

	if (text->failed || script->failed)
		return err_set(err, -ENOMEM, NULL, NULL);
	if (d->count == DOCKERFILE_STEPS_MAX)
		return place_err(
			err, -E2BIG, path, &at, "more than %d instructions", DOCKERFILE_STEPS_MAX);
	s = reallocarray(d->steps, d->count + 1, sizeof(*s));
	if (!s)
		return err_set(err, -ENOMEM, NULL, NULL);
	d->steps = s;
	s += d->count++;
	*s = (struct docker_step){.place = at};
	return read_step(s, text->data, script->data) < 0 ? err_set(err, -ENOMEM, NULL, NULL) : 0;
}

bool docker_word(char escape, const char **p, struct buf *word)
{
	char quote = '\0';

	*p += strspn(*p, " \t");
	if (!**p)
		return false;
	for (; **p && (quote || (**p != ' ' && **p != '\t')); ++*p) {
		if (**p == escape && quote != '\'' && (*p)[1])
			buf_add(word, (*p)++, 1);
		else if (quote && **p == quote)
			quote = '\0';
		else if (!quote && (**p == '\'' || **p == '"'))
			quote = **p;
		buf_add(word, *p, 1);
	}
	return true;
}

int heredoc_read(char escape, const char *word, struct heredoc *out)
{
	cleanup_buf struct buf name = BUF_NONE;
	char quote = '\0';

	word += strspn(word, "0123456789");
	*out = (struct heredoc){.tabs = strncmp(word, "<<-", 3) == 0, .expand = true};
	if (strncmp(word, "<<", 2) != 0 || strchr(word + 2, '<'))
		return 0;
	for (word += 2 + out->tabs; *word; word++) {
		if (quote ? *word == quote : *word == '\'' || *word == '"')
			quote = quote ? '\0' : *word;
		else
			buf_add(&name, *word == escape && word[1] ? ++word : word, 1);
		out->expand = out->expand && !quote && word[-1] != escape;
	}
	if (name.failed)
		return -ENOMEM;
	if (!name.len || quote)
		return 0;
	out->name = name.data;
	name = (struct buf)BUF_NONE;
	return 1;
}

/* The lines up to the name. 0, -EINVAL where it does not come, -ENOMEM. */
static int read_doc(struct lines *l, struct heredoc *doc)
{
	cleanup_buf struct buf text = BUF_NONE;
	const char *line;
	size_t len, tabs;

	buf_adds(&text, "");
	while (next_raw(l, &line, &len)) {
		tabs = doc->tabs ? strspn(line, "\t") : 0;
		if (tabs <= len && strlen(doc->name) == len - tabs &&
			memcmp(line + tabs, doc->name, len - tabs) == 0) {
			doc->text = text.data;
			text = (struct buf)BUF_NONE;
			return doc->text ? 0 : -ENOMEM;
		}
		buf_add(&text, line, len);
		buf_adds(&text, "\n");
	}
	return text.failed ? -ENOMEM : -EINVAL;
}

static int add_doc(struct docker_step *s, const struct heredoc *doc)
{
	struct heredoc *docs = reallocarray(s->docs, s->doc_count + 1, sizeof(*docs));

	if (!docs) {
		free(doc->name);
		return -ENOMEM;
	}
	s->docs = docs;
	docs[s->doc_count++] = *doc;
	return 0;
}

/* Reads the here-documents of the last instruction, whose lines follow it. */
static int take_docs(struct lines *l, struct dockerfile *d, const char *path, struct err *err)
{
	struct docker_step *s = &d->steps[d->count - 1];
	const char *p = s->text;
	size_t count = 0;
	int code = 0;

	if (strcmp(s->word, "RUN") != 0 && strcmp(s->word, "COPY") != 0 &&
		strcmp(s->word, "ADD") != 0)
		return 0;
	while (code == 0) {
		cleanup_buf struct buf word = BUF_NONE;
		struct heredoc doc;

		if (!docker_word(d->escape, &p, &word))
			return 0;
		code = word.failed ? -ENOMEM : heredoc_read(d->escape, word.data, &doc);
		if (code > 0)
			code = add_doc(s, &doc);
		if (code == 0 && s->doc_count > count)
			code = read_doc(l, &s->docs[count++]);
	}
	if (code == -EINVAL)
		return place_err(err, code, path, &s->place,
			"the here-document has no end: a line '%s' is missing",
			s->docs[count - 1].name);
	return err_set(err, code, NULL, NULL);
}

int dockerfile_parse(const char *path, const char *text, struct dockerfile *out, struct err *err)
{
	struct lines l = {.next = text, .directives = true};
	int code = 0;

	if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
		l.next += 3;
	for (;;) {
		cleanup_buf struct buf joined = BUF_NONE, script = BUF_NONE;
		size_t line = 0;

		if (!join_lines(&l, out, &joined, &script, &line))
			break;
		code = add_step(out, &joined, &script, line, path, err);
		if (code == 0)
			code = take_docs(&l, out, path, err);
		if (code < 0)
			break;
	}
	if (code < 0)
		dockerfile_free(out);
	return code;
}

int heredoc_text(const struct heredoc *doc, struct buf *out)
{
	const char *line = doc->text;

	while (*line) {
		size_t len;

		line += doc->tabs ? strspn(line, "\t") : 0;
		len = strcspn(line, "\n") + 1;
		buf_add(out, line, len);
		line += len;
	}
	return buf_adds(out, "");
}

void dockerfile_free(struct dockerfile *d)
{
	while (d->count) {
		struct docker_step *s = &d->steps[--d->count];

		free(s->word);
		free(s->text);
		free(s->script);
		strings_free(&s->flags);
		strings_free(&s->words);
		while (s->doc_count) {
			free(s->docs[--s->doc_count].name);
			free(s->docs[s->doc_count].text);
		}
		free(s->docs);
	}
	free(d->steps);
	*d = (struct dockerfile)DOCKERFILE_NONE;
}

const char *docker_flag(const struct docker_step *s, const char *name)
{
	size_t i, len = strlen(name);

	for (i = 0; i < s->flags.count; i++) {
		const char *flag = s->flags.at[i] + 2;

		if (strncmp(flag, name, len) == 0 && (!flag[len] || flag[len] == '='))
			return flag + len + (flag[len] == '=');
	}
	return NULL;
}
