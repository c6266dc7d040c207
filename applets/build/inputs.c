// SPDX-License-Identifier: Apache-2.0
/* What an image is made of. */
#include "applets/build/making.h"

#include <regex.h>
#include <stdio.h>

extern char **environ;

static const char *const default_passthrough[] = {"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY",
	"NO_PROXY", "http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "SOURCE_DATE_EPOCH"};

static int add_env(struct making *m, const char *name, const char *value)
{
	cleanup_free char *text = NULL;
	size_t len = strlen(name);

	if (asprintf(&text, "%s=%s", name, value) < 0)
		return -ENOMEM;
	for (size_t n = 0; n < m->env.count; n++)
		if (strncmp(m->env.at[n], text, len + 1) == 0) {
			free(m->env.at[n]);
			m->env.at[n] = text;
			text = NULL;
			return 0;
		}
	return strings_add(&m->env, text);
}

/* 1, 0; -EINVAL with err for what is no expression. */
static int fits(const struct making *m, const char *pattern, const char *name, struct err *err)
{
	char why[128];
	regex_t re;
	int r = regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB);

	if (r != 0) {
		regerror(r, &re, why, sizeof(why));
		return place_err(err, -EINVAL, m->file->path, &m->r->place,
			"build_env_passthrough: '%s': %s", pattern, why);
	}
	r = regexec(&re, name, 0, NULL, 0) == 0;
	regfree(&re);
	return r;
}

static int passes(const struct making *m, const char *name, struct err *err)
{
	int r = 0;

	for (size_t n = 0; !m->r->has_passthrough && n < ARRAY_SIZE(default_passthrough); n++)
		if (strcmp(name, default_passthrough[n]) == 0)
			return 1;
	for (size_t n = 0; r == 0 && n < m->r->passthrough.count; n++)
		r = fits(m, m->r->passthrough.at[n], name, err);
	return r;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int env_make(struct making *m, struct err *err)
{
	const struct pairs *own = &m->r->build_env;
	int r = add_env(m, "PATH", IMAGE_PATH);

	for (char **each = environ; r == 0 && *each; each++) {
		size_t len = strcspn(*each, "=");
		cleanup_free char *name = strndup(*each, len);

		r = name ? passes(m, name, err) : -ENOMEM;
		if (r > 0)
			r = (*each)[len] ? add_env(m, name, *each + len + 1) : 0;
	}
	for (size_t n = 0; r == 0 && n < own->count; n++)
		r = add_env(m, own->at[n].name, own->at[n].value);
	if (r == 0)
		r = add_env(m, "STACKER_LAYER_NAME", m->r->name);
	if (r == 0)
		qsort(m->env.at, m->env.count, sizeof(*m->env.at), by_text);
	return r < 0 ? err_set(err, r, "cannot make the environment", m->r->name) : 0;
}

/* "WHAT NAME" */
static int add_named(struct key *k, const char *what, const char *name, const char *value)
{
	cleanup_free char *text = NULL;

	return asprintf(&text, "%s %s", what, name) < 0 ? -ENOMEM : key_adds(k, text, value);
}

static int add_strings(struct key *k, const char *name, const struct strings *s, bool given)
{
	cleanup_buf struct buf all = BUF_NONE;

	for (size_t n = 0; n < s->count; n++)
		buf_add(&all, s->at[n], strlen(s->at[n]) + 1);
	if (all.failed)
		return -ENOMEM;
	return given ? key_add(k, name, all.len ? all.data : "", all.len) : key_adds(k, name, NULL);
}

static int add_pairs(struct key *k, const char *what, const struct pairs *p)
{
	int r = 0;

	for (size_t n = 0; r == 0 && n < p->count; n++)
		r = add_named(k, what, p->at[n].name, p->at[n].value);
	return r;
}

static int add_env_key(struct key *k, const struct strings *env)
{
	int r = 0;

	for (size_t n = 0; r == 0 && n < env->count; n++) {
		const char *value = strchr(env->at[n], '=');
		cleanup_free char *name = strndup(env->at[n], (size_t)(value - env->at[n]));

		r = name ? add_named(k, "environment of steps:", name, value + 1) : -ENOMEM;
	}
	return r;
}

/* Whether dir, which need not be there, lies in top or is it. */
static bool lies_in(const char *dir, const char *top)
{
	cleanup_free char *text = strdup(dir), *real = NULL;
	char *slash = text ? strrchr(text, '/') : NULL;
	size_t len = strcmp(top, "/") == 0 ? 0 : strlen(top);

	real = realpath(dir, NULL);
	if (!real && slash) {
		*slash = '\0';
		real = realpath(*text ? text : "/", NULL);
	}
	return real && strncmp(real, top, len) == 0 && (!real[len] || real[len] == '/');
}

/* A copy would have itself in it, and what steps write to would be the cache. */
static int check_place(const struct making *m, const char *path, const char *real, struct err *err)
{
	if (lies_in(m->w->b.stacker, real))
		return err_tell(err, -EINVAL,
			"the stacker directory is in it; --stacker-dir puts that elsewhere, "
			"--work-dir that and the layout",
			path);
	if (m->w->b.roots_dir && lies_in(m->w->b.roots, real))
		return err_tell(err, -EINVAL,
			"the directory for roots is in it; --roots-dir puts that elsewhere", path);
	if (lies_in(m->w->b.oci, real))
		return err_tell(err, -EINVAL,
			"the layout that images go to is in it; --oci-dir puts that elsewhere, "
			"--work-dir that and the stacker directory",
			path);
	return 0;
}

/* Steps write to what is bound: it is nothing of which builds know what is in it. */
static int check_bind(const struct making *m, const char *path, struct err *err)
{
	const struct build_options *b = &m->w->b;
	const char *const dirs[] = {b->stacker, b->oci, b->store};
	cleanup_free char *real = realpath(path, NULL);

	for (size_t n = 0; real && n < ARRAY_SIZE(dirs); n++) {
		cleanup_free char *dir = realpath(dirs[n], NULL);

		if (dir && lies_in(real, dir))
			return err_tell(err, -EINVAL,
				n == 1 ? "cannot be bound: it is in the layout that images go to"
				       : "cannot be bound: it is in the stacker directory, which is "
					 "rlc-build's own",
				path);
	}
	return 0;
}

/* As it is from the file's directory, which may have another name the next time. */
static const char *below_file(const struct making *m, const char *path)
{
	size_t len = strlen(m->file->dir);

	return strncmp(path, m->file->dir, len) == 0 && path[len] == '/' ? path + len + 1 : path;
}

/* What is at path, as "WHAT PATH". */
static int add_path(
	struct making *m, struct key *k, const char *what, const char *path, struct err *err)
{
	cleanup_free char *name = NULL, *real = realpath(path, NULL);

	if (!real)
		return err_set(err, -errno, "cannot read", path);
	if (check_place(m, path, real, err) < 0)
		return err->code;
	if (asprintf(&name, "%s %s", what, below_file(m, path)) < 0)
		return -ENOMEM;
	return key_add_path(k, name, real, m->sums, err);
}

/* What an earlier image has at a path: known by its layers once it was looked at. */
static int add_of_image(
	struct making *m, struct key *k, const char *what, const char *url, struct err *err)
{
	cleanup_free char *name = NULL;
	char hex[65];
	int r = grab_sum(m, url, hex, err);

	if (r == 0 && asprintf(&name, "%s %s", what, url) < 0)
		return -ENOMEM;
	return r < 0 ? r : key_adds(k, name, hex);
}

static int add_source(
	struct making *m, struct key *k, const char *what, const char *path, struct err *err)
{
	if (strncmp(path, "stacker://", 10) == 0)
		return add_of_image(m, k, what, path, err);
	return *path == '/' ? add_path(m, k, what, path, err) : 0;
}

static int add_import(struct making *m, struct key *k, const struct import *i, struct err *err)
{
	cleanup_free char *place = NULL, *to = NULL;
	int r;

	if (i->dest && asprintf(&to, "import to %s:", i->dest) < 0)
		return -ENOMEM;
	r = add_source(m, k, to ? to : "import", i->path, err);

	if (r < 0)
		return r;
	if (asprintf(&place, "%s %d %o %u:%u", i->dest ? i->dest : "", i->content,
		    (unsigned)i->mode, i->owner.uid, i->owner.gid) < 0)
		return -ENOMEM;
	r = add_named(k, "place, mode and owner of import", below_file(m, i->path), place);
	return r == 0 && i->hash ? add_named(k, "hash of import", below_file(m, i->path), i->hash)
				 : r;
}

static int add_files(struct making *m, struct key *k, struct err *err)
{
	const struct recipe *r = m->r;
	int code = 0;

	if (r->from.type == FROM_TAR)
		code = add_source(m, k, "from", r->from.url, err);
	for (size_t n = 0; code == 0 && n < r->import_count; n++)
		code = add_import(m, k, &r->imports[n], err);
	for (size_t n = 0; code == 0 && n < r->overlay_dir_count; n++) {
		code = add_path(m, k, "overlay_dir", r->overlay_dirs[n].source, err);
		if (code == 0)
			code = add_named(k, "place of overlay_dir",
				below_file(m, r->overlay_dirs[n].source), r->overlay_dirs[n].dest);
	}
	for (size_t n = 0; code == 0 && n < r->bind_count; n++) {
		code = check_bind(m, r->binds[n].source, err);
		if (code == 0)
			code = add_path(m, k, "bind", r->binds[n].source, err);
		if (code == 0)
			code = add_named(k, "place of bind", below_file(m, r->binds[n].source),
				r->binds[n].dest);
	}
	return code;
}

static int add_applied(struct making *m, struct key *k, struct err *err)
{
	int r = 0;

	for (size_t n = 0; r == 0 && n < m->r->apply_count; n++) {
		const char *name = m->r->apply[n].image;
		cleanup_image struct image i = IMAGE_NONE;
		char hex[65];

		r = base_named(m, name, &i, err);
		if (r == 0)
			r = image_chain(&i, hex);
		if (r == 0)
			r = add_named(k, "apply",
				below_file(m, name + 4 * (strncmp(name, "oci:", 4) == 0)), hex);
	}
	return r;
}

static int add_compression(const struct making *m, struct key *k)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)making_compression(m));
	return key_adds(k, "compression", text);
}

/* Another one whenever the same steps come to be other bytes: what is cached is none of these. */
#define LAYERS_FORM "3"

static int add_steps(struct making *m, struct key *k, struct err *err)
{
	const struct recipe *r = m->r;
	char chain[65];
	int code = image_chain(&m->image, chain);

	if (code == 0)
		code = key_adds(k, "form of layers", LAYERS_FORM);
	if (code == 0)
		code = key_adds(k, "base", chain);
	if (code == 0)
		code = key_adds(k, "name", r->name);
	if (code == 0)
		code = key_adds(k, "owners", m->w->real ? "real" : "records");
	if (code == 0)
		code = add_strings(k, "run", &r->run, true);
	if (code == 0)
		code = add_compression(m, k);
	if (code == 0)
		code = key_adds(k, "SOURCE_DATE_EPOCH", getenv("SOURCE_DATE_EPOCH"));
	if (code == 0)
		code = key_adds(k, "old imports", r->legacy_import ? "yes" : "no");
	if (code == 0 && r->run.count)
		code = add_env_key(k, &m->env);
	if (code == 0)
		code = add_files(m, k, err);
	return code == 0 ? add_applied(m, k, err) : code;
}

/* Besides the steps, over whose tree they are generated. */
static int add_labels(const struct making *m, struct key *k)
{
	const struct recipe *r = m->r;
	int code = add_strings(k, "generate_labels", &r->generate_labels, true);

	if (code == 0 && r->generate_labels.count && !r->run.count)
		code = add_env_key(k, &m->env);
	return code;
}

static int add_config(const struct making *m, struct key *k)
{
	const struct recipe *r = m->r;
	bool base = r->from.type != FROM_SCRATCH && r->from.type != FROM_TAR;
	int code = key_adds(k, "base's manifest", base ? m->image.top.digest : "");

	if (code == 0)
		code = add_pairs(k, "environment", &r->environment);
	if (code == 0)
		code = add_pairs(k, "label", &r->labels);
	if (code == 0)
		code = add_pairs(k, "annotation", &r->annotations);
	if (code == 0)
		code = add_strings(k, "cmd", &r->cmd, r->has_cmd);
	if (code == 0)
		code = add_strings(k, "entrypoint", &r->entrypoint, r->has_entrypoint);
	if (code == 0)
		code = add_strings(k, "full_command", &r->full_command, r->has_full_command);
	if (code == 0)
		code = add_strings(k, "volumes", &r->volumes, true);
	if (code == 0)
		code = key_adds(k, "working_dir", r->working_dir);
	if (code == 0)
		code = key_adds(k, "runtime_user", r->runtime_user);
	if (code == 0)
		code = key_adds(k, "os", r->os);
	if (code == 0)
		code = key_adds(k, "arch", r->arch);
	if (code == 0)
		code = key_adds(k, "annotations' namespace", m->w->annotations);
	return code == 0 ? key_adds(k, "the file's text", m->file->text) : code;
}

int inputs_key(struct making *m, struct err *err)
{
	int r = add_steps(m, &m->key, err);

	if (r == 0)
		r = key_hex(&m->key, m->steps);
	m->key_steps = m->key.text.len;
	if (r == 0)
		r = add_labels(m, &m->key);
	if (r == 0)
		r = key_hex(&m->key, m->generated);
	if (r == 0)
		r = add_config(m, &m->key);
	if (r == 0)
		r = key_hex(&m->key, m->whole);
	return r < 0 ? err_set(err, r, "cannot find out what it is made of", m->r->name) : 0;
}

int inputs_changed(struct making *m, struct err *err)
{
	cleanup_key struct key now = KEY_NONE;
	size_t added = m->image.layer_count - m->base_layers;
	int r;

	/* The base alone counts, not what the steps have put on it */
	m->image.layer_count = m->base_layers;
	r = add_steps(m, &now, err);
	m->image.layer_count += added;
	if (r == -EAGAIN || r == -ENOENT) {
		err_free(err);
		return 1;
	}
	if (r < 0)
		return err_set(err, r, "cannot find out what it is made of", m->r->name);
	return now.text.len != m->key_steps ||
	       memcmp(now.text.data, m->key.text.data, m->key_steps) != 0;
}
