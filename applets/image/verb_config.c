// SPDX-License-Identifier: Apache-2.0
/* verb config
What
.Fl -clear
names goes first; then all else is set, in one image and with one entry in the history.
What can be cleared:
.Li config.labels ,
.Li config.exposedports ,
.Li config.env ,
.Li config.volume ,
.Li config.cmd ,
.Li config.entrypoint ,
.Li manifest.annotations ,
.Li layer.annotations .
.Pp
To an entrypoint or a command of several words each comes by an option of its own; together they
replace what was there:
.Pp
.Dl rlc-image config --image my:image --config.cmd sleep --config.cmd 60
*/
#include "applets/image/image.h"

enum {
	CONFIG_USER = VERB_OWN,
	CONFIG_PORTS,
	CONFIG_ENV,
	CONFIG_ENTRYPOINT,
	CONFIG_CMD,
	CONFIG_VOLUME,
	CONFIG_LABEL,
	CONFIG_DIR,
	CONFIG_SIGNAL,
	CONFIG_CREATED,
	CONFIG_AUTHOR,
	CONFIG_OS,
	CONFIG_ARCH,
	CONFIG_VARIANT,
	CONFIG_ANNOTATION,
	CONFIG_LAYER,
	CONFIG_CLEAR,
};

/* What the command line asks for, in its order. */
struct setting {
	int id;
	const char *value;
};

struct job {
	struct verb v;
	struct setting *settings;
	size_t count;
	struct image image;
};

/* "KEY=VALUE" */
static bool is_pair(const char *text)
{
	return *text != '=' && strchr(text, '=');
}

/* "3:KEY=VALUE": the layer's number, from 1, and what follows the colon; NULL where it is none. */
static const char *layer_pair(const char *text, size_t *layer)
{
	char *end;
	unsigned long number;

	if (*text < '1' || *text > '9')
		return NULL;
	errno = 0;
	number = strtoul(text, &end, 10);
	*layer = number - 1;
	return !errno && *end == ':' && is_pair(end + 1) ? end + 1 : NULL;
}

static const char *const clearable[][2] = {
	{"config.labels", "Labels"},
	{"config.exposedports", "ExposedPorts"},
	{"config.env", "Env"},
	{"config.volume", "Volumes"},
	{"config.cmd", "Cmd"},
	{"config.entrypoint", "Entrypoint"},
	{"manifest.annotations", NULL},
	{"layer.annotations", NULL},
};

/* The number of what --clear names; ARRAY_SIZE(clearable) for what cannot be cleared. */
static size_t find_clearable(const char *word)
{
	size_t n;

	for (n = 0; n < ARRAY_SIZE(clearable); n++)
		if (strcmp(clearable[n][0], word) == 0)
			break;
	return n;
}

/* Refuses a value that cannot be: EXIT_DONE, or EXIT_USAGE after a message. */
static int check_value(const struct applet *self, int id, const char *value)
{
	struct timespec t;
	size_t layer;

	if ((id == CONFIG_ENV || id == CONFIG_LABEL || id == CONFIG_ANNOTATION) && !is_pair(value))
		return usage_error(self, "'%s' is not KEY=VALUE", value);
	if (id == CONFIG_LAYER && !layer_pair(value, &layer))
		return usage_error(self, "'%s' is not NUMBER:KEY=VALUE", value);
	if (id == CONFIG_CREATED && image_time_parse(value, &t) < 0)
		return usage_error(self, "--created: '%s' is no time (RFC 3339)", value);
	if (id == CONFIG_CLEAR && find_clearable(value) == ARRAY_SIZE(clearable))
		return usage_error(self, "--clear: '%s' is nothing that can be cleared", value);
	return EXIT_DONE;
}

static int take(void *arg, int id, const char *value)
{
	struct job *j = arg;

	j->settings[j->count++] = (struct setting){id, value};
	return check_value(j->v.self, id, value);
}

/* All that follow are 0, -ENOMEM, or -EBADMSG where something in the image has a wrong type. */

/* Sets KEY=VALUE's key in an object. */
static int set_pair(json_t *object, const char *pair)
{
	size_t len = strcspn(pair, "=");
	cleanup_free char *key = strndup(pair, len);

	if (!object)
		return -EBADMSG;
	return key ? doc_set_text(object, key, pair + len + 1) : -ENOMEM;
}

static int set_empty(json_t *object, const char *key)
{
	if (!object)
		return -EBADMSG;
	return json_object_set_new(object, key, json_object()) ? -ENOMEM : 0;
}

/* Replaces NAME=... where it stands, or adds it. */
static int set_env(json_t *list, const char *pair)
{
	size_t name = strcspn(pair, "=") + 1, n;
	const json_t *each;

	if (!list)
		return -EBADMSG;
	json_array_foreach(list, n, each)
	{
		const char *text = json_string_value(each);

		if (text && strncmp(text, pair, name) == 0)
			return json_array_set_new(list, n, json_string(pair)) ? -ENOMEM : 0;
	}
	return json_array_append_new(list, json_string(pair)) ? -ENOMEM : 0;
}

/* The first of several empties the list. */
static int add_word(const struct job *j, json_t *config, const struct setting *s, const char *key)
{
	const struct setting *before;
	json_t *list;

	for (before = j->settings; before < s && before->id != s->id; before++)
		;
	if (before == s)
		json_object_del(config, key);
	list = doc_array(config, key);
	if (!list)
		return -EBADMSG;
	return json_array_append_new(list, json_string(s->value)) ? -ENOMEM : 0;
}

static int annotate_layer(struct image *i, const char *value)
{
	size_t number = 0;
	const char *pair = layer_pair(value, &number);
	json_t *layer = json_array_get(json_object_get(i->manifest, "layers"), number);

	return layer ? set_pair(doc_object(layer, "annotations"), pair) : -ERANGE;
}

static void clear(struct image *i, json_t *config, const char *word)
{
	json_t *layer;
	size_t n = find_clearable(word);

	if (clearable[n][1])
		json_object_del(config, clearable[n][1]);
	else if (strcmp(word, "manifest.annotations") == 0)
		json_object_del(i->manifest, "annotations");
	else
		json_array_foreach(json_object_get(i->manifest, "layers"), n, layer)
			json_object_del(layer, "annotations");
}

/* Settings of single texts: in the document itself, or in its config. */
static const char *text_key(int id, bool *inner)
{
	*inner = id == CONFIG_USER || id == CONFIG_DIR || id == CONFIG_SIGNAL;
	switch (id) {
	case CONFIG_USER:
		return "User";
	case CONFIG_DIR:
		return "WorkingDir";
	case CONFIG_SIGNAL:
		return "StopSignal";
	case CONFIG_CREATED:
		return "created";
	case CONFIG_AUTHOR:
		return "author";
	case CONFIG_OS:
		return "os";
	case CONFIG_ARCH:
		return "architecture";
	case CONFIG_VARIANT:
		return "variant";
	default:
		return NULL;
	}
}

static int set(struct job *j, json_t *config, const struct setting *s)
{
	bool inner;
	const char *key = text_key(s->id, &inner);
	const char *text = *s->value ? s->value : NULL;

	if (key)
		return doc_set_text(inner ? config : j->image.config, key, text);
	switch (s->id) {
	case CONFIG_PORTS:
		return set_empty(doc_object(config, "ExposedPorts"), s->value);
	case CONFIG_VOLUME:
		return set_empty(doc_object(config, "Volumes"), s->value);
	case CONFIG_ENV:
		return set_env(doc_array(config, "Env"), s->value);
	case CONFIG_ENTRYPOINT:
		return add_word(j, config, s, "Entrypoint");
	case CONFIG_CMD:
		return add_word(j, config, s, "Cmd");
	case CONFIG_LABEL:
		return set_pair(doc_object(config, "Labels"), s->value);
	case CONFIG_ANNOTATION:
		return set_pair(doc_object(j->image.manifest, "annotations"), s->value);
	case CONFIG_LAYER:
		return annotate_layer(&j->image, s->value);
	default:
		return 0;
	}
}

static int apply(struct job *j, struct err *err)
{
	json_t *config = doc_object(j->image.config, "config");
	const struct setting *s, *end = j->settings + j->count;
	int r = config ? 0 : -EBADMSG;

	for (s = j->settings; s < end && r == 0; s++)
		if (s->id == CONFIG_CLEAR)
			clear(&j->image, config, s->value);
	for (s = j->settings; s < end && r == 0; s++)
		r = set(j, config, s);
	if (r == -ERANGE)
		return err_tell(err, r, "there is no layer of that number", s[-1].value);
	return r < 0 ? err_set(err, r, "cannot change the config", j->v.image.tag) : 0;
}

static int add_history(struct job *j, struct err *err)
{
	char time[IMAGE_TIME_MAX];
	struct history h;

	if (!verb_history(&j->v, &j->image, "rlc-image config", true, time, &h))
		return 0;
	return image_add_history(&j->image, &h) < 0 ? err_set(err, -ENOMEM, NULL, NULL) : 0;
}

static int run(struct job *j)
{
	cleanup_err struct err err = ERR_NONE;
	cleanup_layout struct layout l = LAYOUT_NONE;
	const struct verb *v = &j->v;
	int r = verb_open(v, LAYOUT_WRITE, &l, &j->image, &err);

	if (r == 0)
		r = apply(j, &err);
	if (r == 0)
		r = add_history(j, &err);
	if (r == 0)
		r = image_save(&l, verb_new_tag(v), &j->image, &err);
	return r < 0 ? verb_fail(v, &err) : EXIT_DONE;
}

static int config_main(const struct applet *self, int argc, char **argv)
{
	struct job j = {.v = VERB_NONE, .image = IMAGE_NONE};
	int status = EXIT_SOME;

	j.settings = calloc((size_t)argc + 1, sizeof(*j.settings));
	if (!j.settings)
		report(self, "out of memory");
	else if (verb_start(&j.v, self, argc, argv, take, &j, 0, 0, &status))
		status = run(&j);
	free(j.settings);
	image_done(&j.image);
	verb_end(&j.v);
	return status;
}

static const struct option_row config_options[] = {
	VERB_ROW_IMAGE,
	VERB_ROW_TAG,
	VERB_ROW_PLATFORM,
	{0, 0, NULL, NULL, "What a container of it starts with"},
	{CONFIG_USER, 0, "config.user", "USER[:GROUP]", "as whom"},
	{CONFIG_ENV, 0, "config.env", "NAME=VALUE", "add to the environment"},
	{CONFIG_ENTRYPOINT, 0, "config.entrypoint", "WORD", "the program and its first arguments"},
	{CONFIG_CMD, 0, "config.cmd", "WORD", "the arguments that may be replaced"},
	{CONFIG_DIR, 0, "config.workingdir", "DIR", "in which directory"},
	{CONFIG_VOLUME, 0, "config.volume", "DIR", "add a volume"},
	{CONFIG_PORTS, 0, "config.exposedports", "PORT[/PROTOCOL]", "add a port"},
	{CONFIG_LABEL, 0, "config.label", "KEY=VALUE", "add a label"},
	{CONFIG_SIGNAL, 0, "config.stopsignal", "SIGNAL", "what stops it"},
	{0, 0, NULL, NULL, "The image"},
	{CONFIG_CREATED, 0, "created", "TIME", "when it was made: as 2026-02-03T04:05:06Z"},
	{CONFIG_AUTHOR, 0, "author", "TEXT", "who made it"},
	{CONFIG_OS, 0, "platform.os", "OS", "the system it is for"},
	{CONFIG_OS, 0, "os", "OS", NULL},
	{CONFIG_ARCH, 0, "platform.arch", "ARCH", "the processor it is for"},
	{CONFIG_ARCH, 0, "architecture", "ARCH", NULL},
	{CONFIG_VARIANT, 0, "platform.variant", "VARIANT", "the kind of processor"},
	{CONFIG_ANNOTATION, 0, "manifest.annotation", "KEY=VALUE", "annotate the manifest"},
	{CONFIG_LAYER, 0, "layer.annotation", "NUMBER:KEY=VALUE",
		"annotate a layer; the lowest is number 1"},
	{CONFIG_CLEAR, 0, "clear", "WHAT", "empty something, before all else"},
	{0, 0, NULL, NULL, "The entry in the history"},
	VERB_ROWS_HISTORY,
	{0},
};

const struct applet verb_config = {
	.name = "image config",
	.summary = "Change the config of an image.",
	.usage = "[OPTION]... --image DIR[:TAG]",
	.options = config_options,
	.main = config_main,
};
