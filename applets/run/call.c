// SPDX-License-Identifier: Apache-2.0
#include "applets/run/run.h"

#include "core/base/io.h"
#include "core/owner/text.h"
#include <stdio.h>
#include <time.h>

/* One more line of the log, as the one who reads it wants it. */
static void add_log(const struct call *c, const char *level, const char *text)
{
	cleanup_buf struct buf line = BUF_NONE;
	time_t now = time(NULL);
	struct tm tm;
	char when[32];

	if (c->log_fd < 0)
		return;
	if (!gmtime_r(&now, &tm) || !strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm))
		return;
	if (c->log_json)
		buf_addf(&line, "{\"level\":\"%s\",\"msg\":", level);
	else
		buf_addf(&line, "time=\"%s\" level=%s msg=", when, level);
	json_quote(&line, text, strlen(text));
	if (c->log_json)
		buf_addf(&line, ",\"time\":\"%s\"}", when);
	buf_adds(&line, "\n");
	if (!line.failed)
		io_write(c->log_fd, line.data, line.len);
}

void call_warn(const struct call *c, const char *text)
{
	if (!c->log)
		report(c->self, "%s", text);
	add_log(c, "warning", text);
}

int call_fail(const struct call *c, struct err *err)
{
	const char *reason = err->code && !err->told ? err_reason(err->code) : "";
	const char *what = err->what ? err->what : "";
	cleanup_free char *text = NULL;

	if (asprintf(&text, "%s%s%s%s%s", err->path ? err->path : "",
		    err->path && (*what || *reason) ? ": " : "", what, *what && *reason ? ": " : "",
		    reason) < 0)
		text = NULL;
	report(c->self, "%s", text ? text : "out of memory");
	add_log(c, "error", text ? text : "out of memory");
	err_free(err);
	return EXIT_SOME;
}

/* --debug: what is done, and below it why. */
static void tell(void *arg, const char *call, const char *why)
{
	cleanup_buf struct buf line = BUF_NONE;

	(void)arg;
	if (show_path(&line, call, strlen(call)) == 0 && buf_addf(&line, "\n    %s\n", why) == 0)
		io_write(STDERR_FILENO, line.data, line.len);
}

static bool read_number(const char *text, uint32_t *out)
{
	struct text t = text_of(text, strlen(text));

	return text_u32(&t, out) && text_end(&t);
}

static bool read_emulate(struct call *c, const char *word)
{
	static const char *const words[] = {"auto", "full", "lie", "off"};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i], word) == 0) {
			c->emulate = (enum emulate)i;
			return true;
		}
	usage_error(c->self, "--emulate: '%s' is none of auto, full, lie and off", word);
	return false;
}

static bool read_preserve(struct call *c, const char *word)
{
	uint32_t n = 0;

	if (!read_number(word, &n) || n > 1024)
		return usage_error(c->self, "--preserve-fds: '%s' is no number of files", word),
		       false;
	c->preserve = (int)n;
	return true;
}

static bool read_group(struct call *c, const char *word)
{
	if (c->group_count == ARRAY_SIZE(c->groups) ||
		!read_number(word, &c->groups[c->group_count]))
		return usage_error(c->self, "'%s' is no group id", word), false;
	c->group_count++;
	return true;
}

static bool read_log_format(struct call *c, const char *word)
{
	c->log_json = strcmp(word, "json") == 0;
	if (c->log_json || strcmp(word, "text") == 0)
		return true;
	return usage_error(c->self, "--log-format: '%s' is neither text nor json", word), false;
}

static const char **text_of_option(struct call *c, int id)
{
	switch (id) {
	case RUN_ROOT:
		return &c->root;
	case RUN_LOG:
		return &c->log;
	case 'b':
		return &c->bundle;
	case RUN_PID_FILE:
		return &c->pid_file;
	case RUN_CONSOLE:
		return &c->console;
	case RUN_FORMAT:
		return &c->format;
	case RUN_CWD:
		return &c->cwd;
	case 'p':
		return &c->process;
	case 'u':
		return &c->user;
	case RUN_COMMIT:
		return &c->commit;
	case RUN_STORE:
		return &c->store;
	default:
		return NULL;
	}
}

static bool *flag_of(struct call *c, int id)
{
	switch (id) {
	case RUN_DEBUG:
		return &c->debug;
	case RUN_STRICT:
		return &c->strict;
	case 'd':
		return &c->detach;
	case 'f':
		return &c->force;
	case 'a':
		return &c->all;
	case 'q':
		return &c->quiet;
	case 't':
		return &c->tty;
	case RUN_ROOTLESS:
		return &c->rootless;
	case RUN_NO_NEW_PRIVS:
		return &c->no_new_privs;
	default:
		return NULL;
	}
}

static bool take(struct call *c, int id, char *arg)
{
	const char **text = text_of_option(c, id);
	bool *flag = flag_of(c, id);

	if (text)
		*text = arg;
	if (flag)
		*flag = true;
	switch (id) {
	case RUN_LOG_FORMAT:
		return read_log_format(c, arg);
	case RUN_EMULATE:
		return read_emulate(c, arg);
	case RUN_PRESERVE:
		return read_preserve(c, arg);
	case 'g':
		return read_group(c, arg);
	case 'e':
		c->words[c->word_count++] = arg;
		return true;
	case 'c':
		c->caps[c->cap_count++] = arg;
		return true;
	default:
		return true;
	}
}

/* Here and now: in the container its name means something else. */
static int open_log(struct call *c)
{
	if (!c->log)
		return 0;
	c->log_fd = open(c->log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (c->log_fd >= 0)
		return 0;
	report(c->self, "%s: cannot open: %s", c->log, strerror(errno));
	return -1;
}

/* Where the words lie: side by side, in whatever order they are called. */
static void find_line(struct call *c, int argc, char **argv)
{
	char *start = argv[argc - 1], *end = start;
	int i;

	for (i = 1; i < argc; i++) {
		start = argv[i] < start ? argv[i] : start;
		end = argv[i] + strlen(argv[i]) > end ? argv[i] + strlen(argv[i]) : end;
	}
	c->line = start;
	c->line_len = argc > 1 ? (size_t)(end - start) : 0;
}

static int check(const struct call *c, int least, int most)
{
	if (c->self == &run_run && c->o.operand_count && strchr(c->o.operands[0], ':'))
		return usage_error(c->self,
			"%s: is no id, but an image's name? It runs without the word 'run'",
			c->o.operands[0]);
	if (c->o.operand_count < least)
		return usage_error(c->self, "an operand is missing");
	if (most >= 0 && c->o.operand_count > most)
		return usage_error(c->self, "%s: one operand too many", c->o.operands[most]);
	return -1;
}

int call_read(struct call *c, const struct applet *self, int argc, char **argv, int least, int most)
{
	int id;

	*c = (struct call){.self = self, .log_fd = -1};
	c->words = calloc((size_t)argc + 1, sizeof(*c->words));
	c->caps = calloc((size_t)argc + 1, sizeof(*c->caps));
	if (!c->words || !c->caps)
		return report(self, "out of memory"), EXIT_SOME;
	find_line(c, argc, argv);
	options_start(&c->o, self, argc, argv);
	c->o.stop_at_operand = most < 0;
	while ((id = options_next(&c->o)) != OPTION_END)
		if (id == OPTION_DONE)
			return EXIT_DONE;
		else if (id == OPTION_BAD || !take(c, id, c->o.arg))
			return EXIT_USAGE;
	if (c->debug)
		c->steps.tell = tell;
	return open_log(c) < 0 ? EXIT_SOME : check(c, least, most);
}

void call_free(struct call *c)
{
	free(c->words);
	free(c->caps);
	base_close(&c->log_fd);
}

int call_state(const struct call *c, bool locked, int *all, struct state *s, struct err *err)
{
	const char *id = c->o.operands[0];

	*all = states_open(c->root, false, err);
	if (*all == -ENOENT && state_id_valid(id)) {
		err_free(err);
		return err_tell(err, -ENOENT, "there is no such container", id);
	}
	return *all < 0 ? *all : state_open(*all, id, locked, s, err);
}

int call_bundle(const struct call *c, struct run_config *config, char **bundle, struct err *err)
{
	const char *dir = c->bundle ? c->bundle : ".";
	cleanup_fd int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), file = -1;
	cleanup_buf struct buf text = BUF_NONE;
	cleanup_json json_t *doc = NULL;
	int r;

	*bundle = realpath(dir, NULL);
	if (fd < 0 || !*bundle)
		return err_set(err, -errno, "cannot open the bundle", dir);
	file = openat(fd, "config.json", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	r = file < 0 ? -errno : io_read_all(file, &text, DOC_MAX);
	if (r < 0)
		return err_set_at(err, r, "cannot read", dir, "config.json");
	r = run_config_parse(
		text.data ? text.data : (char[]){""}, text.len, "config.json", &doc, err);
	return r < 0 ? r : run_config_read(doc, config, err);
}
