// SPDX-License-Identifier: Apache-2.0
/* The image's configuration (image-spec, config.md), as stacker makes it of a recipe. */
#include "applets/build/making.h"

#include <stdio.h>

static int set_env(json_t *list, const char *name, const char *value, bool replace)
{
	cleanup_free char *text = NULL;
	size_t len = strlen(name), n;
	json_t *each;

	if (asprintf(&text, "%s=%s", name, value) < 0)
		return -ENOMEM;
	json_array_foreach(list, n, each)
	{
		const char *old = json_string_value(each);

		if (!old || strncmp(old, text, len + 1) != 0)
			continue;
		return replace && json_array_set_new(list, n, json_string(text)) ? -EILSEQ : 0;
	}
	return json_array_append_new(list, json_string(text)) ? -EILSEQ : 0;
}

static int set_environment(json_t *config, const struct pairs *p)
{
	json_t *list = doc_array(config, "Env");
	int r = list ? 0 : -ENOMEM;

	for (size_t n = 0; r == 0 && n < p->count; n++)
		r = set_env(list, p->at[n].name, p->at[n].value, true);
	return r == 0 ? set_env(list, "PATH", IMAGE_PATH, false) : r;
}

static int set_strings(json_t *config, const char *key, const struct strings *s, bool given)
{
	json_t *list;
	int r = 0;

	if (!given) {
		json_object_del(config, key);
		return 0;
	}
	list = json_array();
	for (size_t n = 0; list && n < s->count; n++)
		r |= json_array_append_new(list, json_string(s->at[n]));
	return json_object_set_new(config, key, list) || r ? -EILSEQ : 0;
}

/* Neither is inherited: a base's entrypoint would take the new cmd for its arguments. */
static int set_command(json_t *config, const struct recipe *r)
{
	bool full = r->has_full_command;
	int code = set_strings(config, "Cmd", &r->cmd, r->has_cmd && !full);

	if (code == 0)
		code = set_strings(config, "Entrypoint", full ? &r->full_command : &r->entrypoint,
			r->has_entrypoint || full);
	return code;
}

static int set_pairs(json_t *object, const struct pairs *p)
{
	int r = object ? 0 : -ENOMEM;

	for (size_t n = 0; r == 0 && n < p->count; n++)
		if (json_object_set_new(object, p->at[n].name, json_string(p->at[n].value)))
			r = -EILSEQ;
	return r;
}

static int set_labels(const struct making *m, json_t *config)
{
	bool any = json_object_size(m->labels) || m->r->labels.count;
	json_t *labels = any ? doc_object(config, "Labels") : NULL;

	if (!any)
		return 0;
	if (labels && m->labels && json_object_update(labels, m->labels))
		return -ENOMEM;
	return set_pairs(labels, &m->r->labels);
}

static int set_volumes(json_t *config, const struct strings *s)
{
	json_t *volumes = s->count ? doc_object(config, "Volumes") : NULL;
	int r = s->count && !volumes ? -ENOMEM : 0;

	for (size_t n = 0; r == 0 && n < s->count; n++)
		if (json_object_set_new(volumes, s->at[n], json_object()))
			r = -EILSEQ;
	return r;
}

static int set_config(const struct making *m)
{
	json_t *config = doc_object(m->image.config, "config");
	const struct recipe *r = m->r;
	int code = config ? set_environment(config, &r->environment) : -ENOMEM;

	if (code == 0)
		code = set_command(config, r);
	if (code == 0)
		code = set_labels(m, config);
	if (code == 0)
		code = set_volumes(config, &r->volumes);
	if (code == 0 && r->working_dir)
		code = doc_set_text(config, "WorkingDir", r->working_dir);
	if (code == 0 && r->runtime_user)
		code = doc_set_text(config, "User", r->runtime_user);
	return code;
}

static int set_annotations(const struct making *m)
{
	json_t *list = doc_object(m->image.manifest, "annotations");
	cleanup_free char *name = NULL;
	int r = set_pairs(list, &m->r->annotations);

	if (asprintf(&name, "%s.stacker.stacker_yaml", m->w->annotations) < 0) {
		name = NULL;
		return -ENOMEM;
	}
	if (r == 0 && json_object_set_new(list, name, json_string(m->file->text)))
		r = -EILSEQ;
	return r;
}

/* What it is for, and when it was made. */
static int set_facts(const struct making *m, const char *time)
{
	json_t *config = m->image.config;
	int r = doc_set_text(config, "created", time);

	if (r == 0 && m->r->os)
		r = doc_set_text(config, "os", m->r->os);
	if (r == 0 && m->r->arch)
		r = doc_set_text(config, "architecture", m->r->arch);
	return r;
}

/* What a base says may be of any type; null is as good as nothing. */
static bool is_kind(const json_t *object, const char *key, json_type type)
{
	const json_t *value = json_object_get(object, key);

	return !value || json_is_null(value) || json_typeof(value) == type;
}

static bool are_all(const json_t *list, json_type type)
{
	const json_t *each;
	size_t n;

	json_array_foreach(list, n, each)
	{
		if (json_typeof(each) != type)
			return false;
	}
	return true;
}

static int check_base(const struct making *m, struct err *err)
{
	static const struct {
		const char *key;
		json_type type;
	} outer[] = {{"os", JSON_STRING}, {"architecture", JSON_STRING}, {"config", JSON_OBJECT},
		{"history", JSON_ARRAY}},
	  inner[] = {{"Env", JSON_ARRAY}, {"Labels", JSON_OBJECT}, {"Volumes", JSON_OBJECT}};
	const json_t *all = m->image.config, *config = json_object_get(all, "config");
	bool good = are_all(json_object_get(config, "Env"), JSON_STRING) &&
		    are_all(json_object_get(all, "history"), JSON_OBJECT) &&
		    is_kind(m->image.manifest, "annotations", JSON_OBJECT);

	for (size_t n = 0; n < ARRAY_SIZE(outer); n++)
		good = good && is_kind(all, outer[n].key, outer[n].type);
	for (size_t n = 0; n < ARRAY_SIZE(inner); n++)
		good = good && is_kind(config, inner[n].key, inner[n].type);
	return good ? 0
		    : err_tell(err, -EBADMSG, "the base's configuration is malformed",
			      m->image.config_blob.digest);
}

int configure(struct making *m, struct err *err)
{
	cleanup_free char *by = NULL;
	char time[IMAGE_TIME_MAX];
	struct history h = {.created = time, .empty_layer = true};
	int r;

	image_time(image_now(), time);
	if (asprintf(&by, "rlc-build: config of %s", m->r->name) < 0)
		return err_set(err, -ENOMEM, NULL, by = NULL);
	h.created_by = by;
	r = check_base(m, err);
	if (r < 0)
		return r;
	r = image_set_docker(&m->image, false);
	if (r == 0)
		r = set_config(m);
	if (r == 0)
		r = set_facts(m, time);
	if (r == 0)
		r = set_annotations(m);
	if (r == 0)
		r = image_add_history(&m->image, &h);
	return r < 0 ? err_set(err, r, "cannot configure", m->r->name) : 0;
}
