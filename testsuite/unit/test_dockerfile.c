// SPDX-License-Identifier: Apache-2.0
/* Dockerfiles: lines, flags, here-documents, variables. */
#include "core/build/convert.h"
#include "core/build/dockerfile.h"
#include "testsuite/unit/test.h"

static int parse(const char *text, struct dockerfile *d)
{
	/* Memory of exactly that size: a read behind it is found */
	cleanup_free char *copy = strdup(text);

	return dockerfile_parse("f", copy, d, NULL);
}

static void check_lines(void)
{
	static const struct {
		const char *text, *word, *rest, *script;
		size_t line, count;
	} vectors[] = {
		{"run a", "RUN", "a", "a", 1, 1},
		{"\n\n  Run\ta  b \r\nRUN c", "RUN", "a  b", "a  b", 3, 2},
		{"# x\nRUN a \\\n  b", "RUN", "a   b", "a \\\n  b", 2, 1},
		{"RUN a \\  \n# no\n\n  # no \\\n b", "RUN", "a  b", "a \\\n b", 1, 1},
		{"RUN \\\n a", "RUN", "a", "a", 1, 1},
		{"RUN a\\\\\nb", "RUN", "a\\b", "a\\\\\nb", 1, 1},
		{"# escape=`\nRUN a\\\nRUN b`\nc", "RUN", "a\\", "a\\", 2, 2},
		{"# syntax=x\n#escape = `\nRUN a`\nb", "RUN", "ab", "a\\\nb", 3, 1},
		{"# x\n# escape=`\nRUN a`", "RUN", "a`", "a`", 3, 1},
		{"\n# escape=`\nRUN a`", "RUN", "a`", "a`", 3, 1},
		{"RUN a \\", "RUN", "a", "a ", 1, 1},
		{"RUN", "RUN", "", "", 1, 1},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		cleanup_dockerfile struct dockerfile d = DOCKERFILE_NONE;
		const struct docker_step *s;

		if (!CHECK(parse(vectors[i].text, &d) == 0 && d.count == vectors[i].count,
			    "%zu instructions in: %s", d.count, vectors[i].text))
			continue;
		s = d.steps;
		CHECK(strcmp(s->word, vectors[i].word) == 0 && s->place.line == vectors[i].line,
			"line %zu: %s", s->place.line, s->word);
		CHECK(strncmp(s->text, vectors[i].rest, strlen(vectors[i].rest)) == 0 &&
				!s->text[strlen(vectors[i].rest) +
					 strspn(s->text + strlen(vectors[i].rest), " ")],
			"text: '%s'", s->text);
		CHECK(strcmp(s->script, vectors[i].script) == 0, "script: '%s'", s->script);
	}
}

static void check_flags(void)
{
	cleanup_dockerfile struct dockerfile d = DOCKERFILE_NONE;

	CHECK(parse("COPY --from=a \\\n --link b --from=c /d\nCMD --help\nCMD [\"a\", \"\\u00e9\"]\n"
		    "CMD [\"a\", 1]\nCMD ['a']\nCMD []\n",
		      &d) == 0,
		"flags and JSON");
	CHECK(strcmp(docker_flag(&d.steps[0], "from"), "a") == 0 &&
			strcmp(docker_flag(&d.steps[0], "link"), "") == 0 &&
			!docker_flag(&d.steps[0], "fro") &&
			strcmp(d.steps[0].text, "b --from=c /d") == 0,
		"flags stand before all else");
	CHECK(!d.steps[1].flags.count && strcmp(d.steps[1].text, "--help") == 0,
		"CMD has no flags");
	CHECK(d.steps[2].json && d.steps[2].words.count == 2 &&
			strcmp(d.steps[2].words.at[1], "é") == 0,
		"an array of texts");
	CHECK(!d.steps[3].json && !d.steps[4].json, "no array of texts");
	CHECK(d.steps[5].json && !d.steps[5].words.count, "an empty one");
}

static void check_names(void)
{
	static const struct {
		const char *word, *name;
		bool tabs, expand;
	} vectors[] = {
		{"<<EOF", "EOF", false, true},
		{"3<<-E", "E", true, true},
		{"<<\"a b\"", "a b", false, false},
		{"<<-'E'F", "EF", true, false},
		{"<<E\\F", "EF", false, false},
		{"<<E>x", "E>x", false, true},
		{"<<", NULL, false, false},
		{"<<-", NULL, false, false},
		{"<<''", NULL, false, false},
		{"<<'E", NULL, false, false},
		{"<<<E", NULL, false, false},
		{"<<E<F", NULL, false, false},
		{"a<<E", NULL, false, false},
		{"'<<E'", NULL, false, false},
		{"\\<<E", NULL, false, false},
		{"$((1<<2))", NULL, false, false},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct heredoc doc;
		int n = heredoc_read('\\', vectors[i].word, &doc);

		if (!CHECK(n == (vectors[i].name ? 1 : 0), "%s: %d", vectors[i].word, n) || !n)
			continue;
		CHECK(strcmp(doc.name, vectors[i].name) == 0 && doc.tabs == vectors[i].tabs &&
				doc.expand == vectors[i].expand,
			"%s: %s", vectors[i].word, doc.name);
		free(doc.name);
	}
}

static void check_heredocs(void)
{
	cleanup_dockerfile struct dockerfile d = DOCKERFILE_NONE;
	cleanup_err struct err err = ERR_NONE;
	cleanup_buf struct buf text = BUF_NONE;
	const struct docker_step *s;

	CHECK(parse("RUN a <<A \\\n <<-'B' b\n# c \\\n \nA \nA\r\n\t\tb\r\n\tB\nLABEL x=<<E\n"
		    "COPY <<-E /\nE",
		      &d) == 0 &&
			d.count == 3,
		"instructions go on behind here-documents: %zu", d.count);
	s = d.steps;
	CHECK(s->doc_count == 2 && strcmp(s->docs[0].text, "# c \\\n \nA \n") == 0,
		"lines stand as they are: %s", s->docs[0].text);
	heredoc_text(&s->docs[1], &text);
	CHECK(strcmp(s->docs[1].text, "\t\tb\n") == 0 && strcmp(text.data, "b\n") == 0,
		"tabs are left out: %s", text.data);
	CHECK(s[1].place.line == 9 && !s[1].doc_count, "LABEL has none: %zu", s[1].place.line);
	CHECK(s[2].doc_count == 1 && !*s[2].docs[0].text, "an empty one");
	dockerfile_free(&d);
	CHECK(dockerfile_parse("f", "\nRUN <<A <<B\nB\nA\n", &d, &err) == -EINVAL &&
			strcmp(err.path,
				"f:2:1: the here-document has no end: a line 'B' is missing") == 0,
		"without end: %s", err.path);
	CHECK(!d.count, "nothing is left of it");
	CHECK(parse("\xef\xbb\xbf# escape=`\nRUN a`\nb", &d) == 0 && d.count == 1 &&
			strcmp(d.steps[0].word, "RUN") == 0 && strcmp(d.steps[0].text, "ab") == 0,
		"a byte order mark");
}

/* What the step has that writes the text. */
static void check_text(const char *text, const char *result)
{
	cleanup_converted struct converted made = CONVERTED_NONE;
	cleanup_free char *file = NULL, *line = NULL;

	if (asprintf(&file, "FROM x\nENV A=a\nCOPY <<E /f\n%s\nE\n", text) < 0 ||
		asprintf(&line, "\n    printf %%s %s\n    ' >/f\n", result) < 0)
		return;
	CHECK(dockerfile_convert("f", file, -1, &made, NULL) == 0 && strstr(made.yaml.data, line),
		"%s: %s", text, made.yaml.data);
}

static void check_texts(void)
{
	check_text("\"x\" 'y", "'\"x\" '\\''y");
	check_text("$A${A:-b}-'$A'", "\"${A}\"\"${A:-b}\"'-'\\'''\"${A}\"''\\''");
	check_text("${A:-\"b\"}", "\"${A}\"'");
	check_text("\\$A \\\\ \\n", "'$A \\ n");
}

/* What the label "l" becomes. */
static void check_expansion(const char *written, const char *result)
{
	cleanup_converted struct converted made = CONVERTED_NONE;
	cleanup_err struct err err = ERR_NONE;
	cleanup_free char *text = NULL, *line = NULL;

	if (asprintf(&text, "FROM scratch\nENV A=a E= Q=\"it's\"\nLABEL l=%s\n", written) < 0 ||
		asprintf(&line, "\n    'l': %s\n", result) < 0)
		return;
	if (dockerfile_convert("f", text, -1, &made, &err) < 0)
		CHECK(strcmp(err.path, result) == 0, "%s: %s", written, err.path);
	else
		CHECK(strstr(made.yaml.data, line), "%s: %s", written, made.yaml.data);
}

static void check_expansions(void)
{
	check_expansion("x$A'$A'\"$A\"\\$A", "'xa$Aa$A'");
	check_expansion("${A:-b}${E:-b}${N-b}${E-b}", "'abb'");
	check_expansion("${A:+b}${E:+c}${E+d}${N+e}", "'bd'");
	check_expansion("${N:-${A}x\"y z\"}", "'axy z'");
	check_expansion("$Q", "'it''s'");
	check_expansion("$|$", "'$|$'");
	check_expansion("\"a\\b\\\"\"", "'a\\b\"'");
	check_expansion("a\\ b", "'a b'");
	check_expansion("${A%x}", "f:3:1: '${A%x}' cannot be converted; '${A}', '${A:-...}', "
				  "'${A:+...}' can");
	check_expansion("${A", "f:3:1: '${' without its '}'");
	check_expansion("'a", "f:3:1: a quote does not end");
}

/* Variables that double each other come to an end. */
static void check_growth(void)
{
	cleanup_buf struct buf text = BUF_NONE;
	cleanup_converted struct converted made = CONVERTED_NONE;
	int i;

	buf_adds(&text, "FROM scratch\nENV A=xxxxxxxx\n");
	for (i = 0; i < 64; i++)
		buf_adds(&text, "ENV A=$A$A\n");
	CHECK(dockerfile_convert("f", text.data, -1, &made, NULL) == -E2BIG, "without end");
}

int main(void)
{
	check_lines();
	check_flags();
	check_names();
	check_heredocs();
	check_texts();
	check_expansions();
	check_growth();
	return test_done();
}
