// SPDX-License-Identifier: Apache-2.0
/* Recipes as they were read: finding them, what they need, freeing them. */
#include "core/build/fields.h"

static void free_texts(struct recipe *r)
{
	free(r->name);
	free(r->from.url);
	free(r->from.tag);
	free(r->working_dir);
	free(r->runtime_user);
	free(r->os);
	free(r->arch);
	strings_free(&r->run);
	strings_free(&r->generate_labels);
	strings_free(&r->cmd);
	strings_free(&r->entrypoint);
	strings_free(&r->full_command);
	strings_free(&r->passthrough);
	strings_free(&r->volumes);
	pairs_free(&r->build_env);
	pairs_free(&r->environment);
	pairs_free(&r->labels);
	pairs_free(&r->annotations);
}

static void free_recipe(struct recipe *r)
{
	size_t i;

	for (i = 0; i < r->import_count; i++) {
		free(r->imports[i].path);
		free(r->imports[i].hash);
		free(r->imports[i].dest);
	}
	for (i = 0; i < r->overlay_dir_count; i++) {
		free(r->overlay_dirs[i].source);
		free(r->overlay_dirs[i].dest);
	}
	for (i = 0; i < r->bind_count; i++) {
		free(r->binds[i].source);
		free(r->binds[i].dest);
	}
	for (i = 0; i < r->apply_count; i++)
		free(r->apply[i].image);
	free(r->imports);
	free(r->overlay_dirs);
	free(r->binds);
	free(r->apply);
	free_texts(r);
}

void recipes_free(struct recipes *r)
{
	while (r->count)
		free_recipe(&r->at[--r->count]);
	free(r->at);
	strings_free(&r->prerequisites);
	free(r->prerequisite_places);
	free(r->path);
	free(r->shown);
	free(r->dir);
	free(r->text);
	*r = (struct recipes)RECIPES_NONE;
}

const struct recipe *recipes_find(const struct recipes *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->count; i++)
		if (strcmp(r->at[i].name, name) == 0)
			return &r->at[i];
	return NULL;
}

static int need(struct strings *out, const char *name)
{
	return name ? strings_add(out, name) : 0;
}

static int need_url(struct strings *out, const char *url)
{
	cleanup_free char *image = url_image(url);

	return url_is(url, "stacker") && !image ? -ENOMEM : need(out, image);
}

/* By text, then by place in the list. */
static int compare_texts(const void *a, const void *b)
{
	char **x = *(char ***)a, **y = *(char ***)b;
	int order = strcmp(*x, *y);

	return order ? order : (x > y) - (x < y);
}

/* Of what stands there more than once the first stays. */
static int drop_repeated(struct strings *s)
{
	cleanup_free char ***sorted = calloc(s->count + 1, sizeof(*sorted));
	size_t i, kept = 0;

	if (!sorted)
		return -ENOMEM;
	for (i = 0; i < s->count; i++)
		sorted[i] = &s->at[i];
	qsort(sorted, s->count, sizeof(*sorted), compare_texts);
	for (i = 1; i < s->count; i++) {
		if (strcmp(*sorted[kept], *sorted[i]) != 0) {
			kept = i;
			continue;
		}
		free(*sorted[i]);
		*sorted[i] = NULL;
	}
	for (i = kept = 0; i < s->count; i++)
		if (s->at[i])
			s->at[kept++] = s->at[i];
	s->count = kept;
	return 0;
}

int recipe_needs(const struct recipe *r, struct strings *out)
{
	size_t i;
	int code = 0;

	if (r->from.type == FROM_BUILT)
		code = need(out, r->from.tag);
	else if (r->from.type == FROM_TAR)
		code = need_url(out, r->from.url);
	for (i = 0; code == 0 && i < r->import_count; i++)
		code = need_url(out, r->imports[i].path);
	for (i = 0; code == 0 && i < r->apply_count; i++)
		code = need_url(out, r->apply[i].image);
	return code < 0 ? code : drop_repeated(out);
}
