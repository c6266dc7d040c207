// SPDX-License-Identifier: Apache-2.0
#include "applets/lib/applet.h"
#include "core/base/buf.h"
#include "testsuite/unit/test.h"

#include <sys/mman.h>

enum { LONG_FROM = 256, LONG_COLOR, LONG_NO_RECURSION, LONG_NO_XATTRS };

static const struct option_row rows[] = {
	{'R', 'R', "recursive", NULL, "go down"},
	{'v', 'v', "verbose", NULL, "say more"},
	{'f', 'f', "file", "FILE", "the file"},
	{'b', 'b', NULL, "N", "a number"},
	{0, 0, NULL, NULL, "Which"},
	{LONG_FROM, 0, "from", "OWNER", "from whom"},
	{LONG_COLOR, 'c', "color", "[WHEN]", "when"},
	{LONG_COLOR, 0, "colour", "[WHEN]", NULL},
	{LONG_NO_RECURSION, 0, "no-recursion", NULL, "stay"},
	{LONG_NO_XATTRS, 0, "no-xattrs", NULL, "without"},
	{0},
};

static const struct applet applet = {
	.name = "try", .summary = "Try.", .usage = "FILE", .options = rows};

static const struct applet bare = {.name = "bare", .summary = "Bare.", .usage = "FILE"};

enum mode { PLAIN, IN_ORDER, STOP, OLD_STYLE };

static void start(struct options *o, const struct applet *a, enum mode mode, int argc, char **argv)
{
	options_start(o, a, argc, argv);
	o->in_order = mode == IN_ORDER;
	o->stop_at_operand = o->stop_at_operand || mode == STOP;
	o->tell = true;
	if (mode == OLD_STYLE)
		options_old_style(o);
}

static void note(struct buf *out, int id, const char *arg)
{
	static const char *const words[] = {"from", "color", "no-recursion", "no-xattrs"};

	if (id == OPTION_OPERAND)
		buf_adds(out, "operand");
	else if (id == OPTION_HELP || id == OPTION_VERSION)
		buf_adds(out, id == OPTION_HELP ? "help" : "version");
	else if (id >= LONG_FROM)
		buf_adds(out, words[id - LONG_FROM]);
	else
		buf_addf(out, "%c", id);
	buf_addf(out, arg ? "=%s " : " ", arg);
}

enum { ARGS_MAX = 16 };

/* Cuts line at its spaces. How many. */
static int split(char *line, char **argv)
{
	int argc = 0;
	char *word;

	for (word = strtok(line, " "); word && argc < ARGS_MAX; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	return argc;
}

/* What came out of a command line, as text: its options, "|", its operands. */
static void transcript(struct buf *out, const struct applet *a, enum mode mode, const char *line)
{
	cleanup_free char *copy = strdup(line);
	char *argv[ARGS_MAX + 1];
	struct options o;
	int id, i;

	start(&o, a, mode, split(copy, argv), argv);
	while ((id = options_next(&o)) != OPTION_END) {
		if (id == OPTION_BAD) {
			buf_adds(out, "bad");
			return;
		}
		note(out, id, o.arg);
	}
	buf_adds(out, "|");
	for (i = 0; i < o.operand_count; i++)
		buf_addf(out, " %s", o.operands[i]);
	if (o.operands[o.operand_count])
		buf_adds(out, " (no NULL at the end)");
}

static void expect(enum mode mode, const char *line, const char *want)
{
	cleanup_buf struct buf got = BUF_NONE;

	transcript(&got, &applet, mode, line);
	CHECK(strcmp(got.data, want) == 0, "%s -> %s", line, got.data);
}

static void understood(void)
{
	expect(PLAIN, "try", "|");
	expect(PLAIN, "try a b", "| a b");
	expect(PLAIN, "try -Rv a", "R v | a");
	expect(PLAIN, "try -fX -b 20 a", "f=X b=20 | a");
	expect(PLAIN, "try -Rf X a", "R f=X | a");
	expect(PLAIN, "try -RfvX", "R f=vX |");
	expect(PLAIN, "try -f -- a", "f=-- | a");
	expect(PLAIN, "try --from=a --from b --from=", "from=a from=b from= |");
	expect(PLAIN, "try --file -R", "f=-R |");
	expect(PLAIN, "try --color a --color=b -cR", "color color=b color R | a");
	expect(PLAIN, "try --colour=b --recursive", "color=b R |");
	expect(PLAIN, "try --rec --no-r --ver a", "R no-recursion bad");
	expect(PLAIN, "try --rec --no-r --verb a", "R no-recursion v | a");
	expect(PLAIN, "try --colo", "color |");
	expect(PLAIN, "try --help --version", "help version |");
	expect(PLAIN, "try - -R", "R | -");
}

static void order(void)
{
	expect(PLAIN, "try a -R b -f X c --from=y d", "R f=X from=y | a b c d");
	expect(PLAIN, "try a -R -- -v --", "R | a -v --");
	expect(PLAIN, "try a b c -Rv", "R v | a b c");
	expect(PLAIN, "try a --from x b", "from=x | a b");
	expect(PLAIN, "try --", "|");
	expect(STOP, "try -R a -v", "R | a -v");
	expect(STOP, "try -R -- -v", "R | -v");
	expect(IN_ORDER, "try a -R b -- -v", "operand=a R operand=b operand=-v |");
	setenv("POSIXLY_CORRECT", "1", 1);
	expect(PLAIN, "try -R a -v", "R | a -v");
	expect(IN_ORDER, "try a -R", "operand=a R |");
	unsetenv("POSIXLY_CORRECT");
}

static void old_style(void)
{
	expect(OLD_STYLE, "try Rfb X 20 -v a", "R f=X b=20 v | a");
	expect(OLD_STYLE, "try fRb X 20", "f=X R b=20 |");
	expect(OLD_STYLE, "try Rf -X -fvY", "R f=-X f=vY |");
	expect(OLD_STYLE, "try -fRv a", "f=Rv | a");
	expect(OLD_STYLE, "try", "|");
	expect(OLD_STYLE, "try fb X", "f=X bad");
	expect(OLD_STYLE, "try Rq X", "R bad");
}

/* What function says on descriptor fd, while it runs. */
static void capture(int fd, struct buf *said, void (*function)(void *), void *data)
{
	cleanup_fd int saved = dup(fd), memory = memfd_create("said", MFD_CLOEXEC);
	char text[4096];
	ssize_t n;

	fflush(stdout);
	dup2(memory, fd);
	function(data);
	fflush(stdout);
	dup2(saved, fd);
	n = pread(memory, text, sizeof(text), 0);
	buf_add(said, text, n > 0 ? (size_t)n : 0);
}

static void parse_quietly(void *line)
{
	cleanup_buf struct buf out = BUF_NONE;

	transcript(&out, &applet, PLAIN, line);
	if (strncmp(out.data, "bad", 3) != 0)
		dprintf(STDERR_FILENO, "understood");
}

static void refuse(const char *line, const char *want)
{
	cleanup_buf struct buf said = BUF_NONE, whole = BUF_NONE;

	capture(STDERR_FILENO, &said, parse_quietly, (void *)(uintptr_t)line);
	buf_addf(&whole, "rlc-try: %s\nrlc-try: Try 'rlc-try --help'.\n", want);
	if (!CHECK(strcmp(said.data, whole.data) == 0, "%s: %s", line, want))
		printf("# %s\n", said.data);
}

static void refused(void)
{
	refuse("try -q", "unknown option '-q'");
	refuse("try -\033", "unknown option '-\\033'");
	refuse("try -f", "option '-f' needs an argument");
	refuse("try --from", "option '--from' needs an argument");
	refuse("try --recursive=x", "option '--recursive' takes no argument");
	refuse("try --recursive=", "option '--recursive' takes no argument");
	refuse("try --no", "option '--no' may be '--no-recursion' or '--no-xattrs'");
	refuse("try --recusrive", "unknown option '--recusrive'; did you mean '--recursive'?");
	refuse("try --fron=x", "unknown option '--fron'; did you mean '--from'?");
	refuse("try --hepl", "unknown option '--hepl'; did you mean '--help'?");
	refuse("try --quite-else", "unknown option '--quite-else'");
	refuse("try --a\033[1m", "unknown option '--a\\033[1m'");
}

static void without_table(void)
{
	cleanup_buf struct buf got = BUF_NONE;

	transcript(&got, &bare, PLAIN, "bare a --help b");
	CHECK(strcmp(got.data, "help | a b") == 0, "a table is not needed: %s", got.data);
}

static void without_name(void)
{
	char *none[] = {NULL};
	struct options o;

	options_start(&o, &applet, 0, none);
	CHECK(options_next(&o) == OPTION_END && o.operand_count == 0, "not even argv[0]");
}

static void help_to_output(void *id)
{
	char *argv[] = {(char[]){"try"}, (char[]){"--help"}, (char[]){"a"}, NULL};
	struct options o;

	options_start(&o, &applet, 3, argv);
	*(int *)id = options_next(&o);
}

static void help(void)
{
	static const char want[] = "Usage: rlc-try FILE\n"
				   "\n"
				   "Try.\n"
				   "\n"
				   "  -R, --recursive            go down\n"
				   "  -v, --verbose              say more\n"
				   "  -f, --file=FILE            the file\n"
				   "  -b N                       a number\n"
				   "\n"
				   "Which:\n"
				   "      --from=OWNER           from whom\n"
				   "  -c, --color[=WHEN]         when\n"
				   "      --no-recursion         stay\n"
				   "      --no-xattrs            without\n"
				   "      --help                 show this and exit\n"
				   "      --version              show the version and exit\n";
	cleanup_buf struct buf said = BUF_NONE;
	int id = 0;

	capture(STDOUT_FILENO, &said, help_to_output, &id);
	CHECK(id == OPTION_DONE, "--help is all that is done");
	CHECK(strcmp(said.data, want) == 0, "--help shows the table that parses");
}

static void print_wrapped(void *text)
{
	print_help_text(printf("%s", "      --an-option-with-a-long-name"), text);
}

static void wrapping(void)
{
	static const char want[] =
		"      --an-option-with-a-long-name\n"
		"                             This is a line that has exactly as many as fifty-1\n"
		"                             ones,\n"
		"                             "
		"and_then_a_word_that_is_longer_than_any_line_of_help_may_ever_be\n"
		"                             end\n";
	char text[] = "This is a line that has exactly as many as fifty-1 ones, "
		      "and_then_a_word_that_is_longer_than_any_line_of_help_may_ever_be end";
	cleanup_buf struct buf said = BUF_NONE;

	capture(STDOUT_FILENO, &said, print_wrapped, text);
	CHECK(strcmp(said.data, want) == 0, "help is wrapped at column 80");
}

/* A word made of what options are made of, by a generator that is the same everywhere. */
static char *random_word(uint32_t *state)
{
	static const char *const parts[] = {"-", "--", "R", "f", "b", "=", "from", "no", "col",
		"\xff", "x", "--file", "-f", "help", "z"};
	struct buf word = BUF_NONE;
	uint32_t n;

	buf_adds(&word, "");
	for (n = (*state >> 8) % 5; n; n--) {
		*state = *state * 1664525 + 1013904223;
		buf_adds(&word, parts[(*state >> 8) % ARRAY_SIZE(parts)]);
	}
	*state = *state * 1664525 + 1013904223;
	return word.data;
}

/* Parses 0 to ARGS_MAX random words. True if it ends in time and loses no word. */
static bool random_line(uint32_t *state)
{
	int argc = (int)((*state >> 8) % (ARGS_MAX + 1)), i, id, calls = 0;
	char *argv[ARGS_MAX + 1], *kept[ARGS_MAX + 1];
	size_t most = 1;
	struct options o;

	for (i = 0; i < argc; i++)
		most += strlen(argv[i] = kept[i] = random_word(state)) + 1;
	argv[argc] = NULL;
	start(&o, &applet, (*state >> 8) % 4, argc, argv);
	while ((id = options_next(&o)) != OPTION_END && (size_t)calls <= most)
		calls++;
	for (i = 0; i < argc; i++) {
		int at = 0;

		while (at < argc && argv[at] != kept[i])
			at++;
		calls = at == argc ? INT_MAX : calls;
	}
	for (i = 0; i < argc; i++)
		free(kept[i]);
	return (size_t)calls <= most && o.operand_count <= argc;
}

static void random_lines(void *good)
{
	uint32_t state = 1;
	int i;

	for (i = 0; i < 20000 && *(bool *)good; i++)
		*(bool *)good = random_line(&state);
}

static void fuzz(void)
{
	cleanup_buf struct buf said = BUF_NONE;
	bool good = true;

	capture(STDERR_FILENO, &said, random_lines, &good);
	CHECK(good, "any command line is parsed to its end, and no word of it is lost");
}

int main(void)
{
	unsetenv("POSIXLY_CORRECT");
	understood();
	order();
	old_style();
	refused();
	without_table();
	without_name();
	help();
	wrapping();
	fuzz();
	return test_done();
}
