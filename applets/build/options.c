// SPDX-License-Identifier: Apache-2.0
#include "applets/build/build.h"

#include <stdio.h>

static const char **text_of(struct build_options *b, int id)
{
	switch (id) {
	case BUILD_WORK_DIR:
		return &b->work_dir;
	case BUILD_STACKER_DIR:
		return &b->stacker_dir;
	case BUILD_OCI_DIR:
		return &b->oci_dir;
	case BUILD_ROOTS_DIR:
		return &b->roots_dir;
	case BUILD_CONFIG:
		return &b->config;
	case BUILD_LOG_FILE:
		return &b->log_file;
	case BUILD_FILE:
		return &b->file;
	case BUILD_SUBSTITUTE_FILE:
		return &b->substitute_file;
	default:
		return NULL;
	}
}

static bool *flag_of(struct build_options *b, int id)
{
	switch (id) {
	case BUILD_DEBUG:
		return &b->debug;
	case 'q':
		return &b->quiet;
	case BUILD_LOG_TIMESTAMP:
		return &b->timestamp;
	case BUILD_PROGRESS:
		return &b->progress;
	case BUILD_NO_PROGRESS:
		return &b->no_progress;
	default:
		return NULL;
	}
}

static int add_substitute(struct build_options *b, const char *text)
{
	cleanup_err struct err err = ERR_NONE;
	void *at;

	if (!strchr(text, '='))
		return usage_error(b->self, "--substitute: '%s' is not NAME=VALUE", text);
	at = reallocarray(b->substitute, b->substitute_count + 1, sizeof(*b->substitute));
	if (!at) {
		err_set(&err, -ENOMEM, NULL, NULL);
		return build_fail(b, &err);
	}
	b->substitute = at;
	b->substitute[b->substitute_count++] = text;
	return EXIT_DONE;
}

/* EXIT_DONE, an exit status after a message, or -1 where it is the verb's own. */
static int take_common(void *options, int id, const char *value)
{
	struct build_options *b = options;
	const char **text = text_of(b, id);
	bool *flag = flag_of(b, id);

	if (text)
		*text = value;
	else if (flag)
		*flag = true;
	else if (id == BUILD_SUBSTITUTE)
		return add_substitute(b, value);
	else if (id == BUILD_STORAGE_TYPE && strcmp(value, "overlay") != 0)
		return usage_error(b->self, "--storage-type: there is overlay alone");
	else if (id != BUILD_STORAGE_TYPE)
		return -1;
	return EXIT_DONE;
}

/* The directory of that name, absolute: beneath the one for work where it is not named itself. */
static char *directory(const struct build_options *b, const char *given, const char *usual)
{
	cleanup_free char *here = getcwd(NULL, 0);
	const char *above = given || !b->work_dir ? "" : b->work_dir, *name = given ? given : usual;
	bool whole = *(*above ? above : name) == '/';
	char *path;

	if (!here || asprintf(&path, "%s%s%s%s%s", whole ? "" : here, whole ? "" : "/", above,
			     *above ? "/" : "", name) < 0)
		return NULL;
	return path;
}

/* What the configuration says of a directory, unless an option does. */
static void take_configured(struct build_options *b, const struct pair *p)
{
	static const char *const names[] = {"work_dir", "stacker_dir", "oci_dir", "rootfs_dir"};
	const char **const places[] = {&b->work_dir, &b->stacker_dir, &b->oci_dir, &b->roots_dir};

	for (size_t n = 0; n < ARRAY_SIZE(names); n++)
		if (strcmp(p->name, names[n]) == 0 && !*places[n])
			*places[n] = p->value;
}

/* Where stacker looks. NULL: nowhere. */
static char *usual_config(void)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	bool has = config && *config;
	char *path;

	if (!has && (!home || !*home))
		return NULL;
	return asprintf(&path, "%s%s/conf.yaml", has ? config : home,
		       has ? "" : "/.config/stacker") < 0
		       ? NULL
		       : path;
}

static int read_config(struct build_options *b)
{
	cleanup_err struct err err = ERR_NONE;
	cleanup_free char *usual = b->config ? NULL : usual_config();

	/* That of who became somebody else may not be for him */
	if (!b->config && (!usual || access(usual, R_OK) < 0))
		return EXIT_DONE;
	if (substitutions_read(&b->configured, b->config ? b->config : usual, &err) < 0)
		return build_fail(b, &err);
	for (size_t n = 0; n < b->configured.pairs.count; n++)
		take_configured(b, &b->configured.pairs.at[n]);
	return EXIT_DONE;
}

static int open_log(struct build_options *b)
{
	cleanup_err struct err err = ERR_NONE;
	int fd;

	if (!b->log_file)
		return EXIT_DONE;
	fd = open(b->log_file, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY | O_CLOEXEC, 0666);
	if (fd < 0) {
		err_set(&err, -errno, "cannot write", b->log_file);
		return build_fail(b, &err);
	}
	b->log = fd;
	return EXIT_DONE;
}

static void say_places(const struct build_options *b)
{
	if (b->debug)
		report(b->self, "stacker directory: %s; layout: %s%s%s", b->stacker, b->oci,
			b->roots_dir ? "; roots: " : "", b->roots_dir ? b->roots : "");
}

static int check(struct build_options *b)
{
	cleanup_err struct err err = ERR_NONE;

	if (b->debug && b->quiet)
		return usage_error(b->self, "--debug and --quiet do not go together");
	if (read_config(b) != EXIT_DONE)
		return EXIT_SOME;
	b->stacker = directory(b, b->stacker_dir, ".stacker");
	b->oci = directory(b, b->oci_dir, "oci");
	b->roots = directory(b, b->roots_dir, "roots");
	if (!b->stacker || !b->roots ||
		asprintf(&b->store, "%s/store", b->roots_dir ? b->roots : b->stacker) < 0)
		b->store = NULL;
	if (b->oci && b->store) {
		say_places(b);
		return open_log(b);
	}
	err_set(&err, -errno, "cannot find out where this is", NULL);
	return build_fail(b, &err);
}

bool build_start(struct build_options *b, const struct applet *self, int argc, char **argv,
	verb_option_fn *take, void *arg, int least, int most, int *status)
{
	const struct verb_takers takers = {take_common, b, take, arg};

	b->self = self;
	options_start(&b->o, self, argc, argv);
	b->o.stop_at_operand = b->stop_at_operand;
	*status = verb_options(&b->o, &takers, least, most);
	if (*status >= 0)
		return false;
	*status = check(b);
	return *status == EXIT_DONE;
}

void build_end(struct build_options *b)
{
	free(b->substitute);
	substitutions_free(&b->configured);
	free(b->stacker);
	free(b->oci);
	free(b->roots);
	free(b->store);
	if (b->log != STDERR_FILENO)
		close(b->log);
}

int build_layer_type(const struct build_options *b, const char *value)
{
	if (strcmp(value, "tar") == 0)
		return EXIT_DONE;
	return usage_error(b->self, "--layer-type: '%s': rlc-build makes tar layers alone", value);
}

int build_told(struct err *err)
{
	return err_set(err, -ECANCELED, NULL, NULL);
}

int build_fail(const struct build_options *b, struct err *err)
{
	if (err->code != -ECANCELED)
		report_err(b->self, err);
	return EXIT_SOME;
}
