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

static void check_heredocs(void)
{
	static const char *const are[] = {"<<EOF", "cat <<-EOF", "cat 3<<E", "a; <<'E' b"};
	static const char *const are_not[] = {"a<<E", "echo '<<E'", "\"x <<E\"", "$((1<<2))",
		"a <<< b", "a \\<<E", "a << b", "", "<<"};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(are); i++)
		CHECK(docker_heredoc(are[i]), "begins a here-document: %s", are[i]);
	for (i = 0; i < ARRAY_SIZE(are_not); i++)
		CHECK(!docker_heredoc(are_not[i]), "begins none: %s", are_not[i]);
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
	check_heredocs();
	check_expansions();
	check_growth();
	return test_done();
}
