// SPDX-License-Identifier: Apache-2.0
/*
 * A file of images: it becomes recipes that hold what file.h says, or an error that says where.
 */
#include "core/build/fields.h"
#include "testsuite/fuzz/fuzz.h"

static void check_import(const struct import *i)
{
	MUST(*i->path == '/' || url_scheme(i->path));
	MUST(!i->dest || *i->dest == '/');
	MUST(!i->hash || strlen(i->hash) == 64);
	MUST(i->mode >= -1 && i->mode <= 07777);
}

static void check_recipe(const struct recipe *r)
{
	size_t i;

	MUST(recipe_name_valid(r->name) && r->place.line && r->place.column);
	MUST(r->from.type == FROM_BUILT ? r->from.tag != NULL
					: r->from.type == FROM_SCRATCH || r->from.url);
	for (i = 0; i < r->import_count; i++)
		check_import(&r->imports[i]);
	for (i = 0; i < r->overlay_dir_count; i++)
		MUST(*r->overlay_dirs[i].source == '/' && *r->overlay_dirs[i].dest == '/');
	for (i = 0; i < r->bind_count; i++)
		MUST(*r->binds[i].source == '/' && *r->binds[i].dest == '/');
	for (i = 0; i < r->apply_count; i++)
		MUST(url_is(r->apply[i].image, "stacker") ||
			strncmp(r->apply[i].image, "oci:/", 5) == 0);
}

static void check_order(const struct recipes *r)
{
	cleanup_err struct err err = ERR_NONE;
	struct order o;
	size_t i, j;

	if (order_make(r, 1, &o, &err) < 0) {
		MUST(err.path && !o.at);
		return;
	}
	MUST(o.count == r->count);
	for (i = 0; i < o.count; i++)
		for (j = 0; j < o.at[i].need_count; j++)
			MUST(o.at[i].needs[j] < i);
	order_free(&o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct substitutions s = {0};
	cleanup_recipes struct recipes r = RECIPES_NONE;
	cleanup_err struct err err = ERR_NONE;
	size_t i;

	MUST(substitutions_add(&s, "A=1", NULL) == 0);
	MUST(substitutions_add(&s, "B=x: ${{A}}\n", NULL) == 0);
	MUST(substitutions_add(&s, "L=${{L}}${{L}}", NULL) == 0);
	if (recipes_parse("/d/f", (const char *)data, size, &s, size % 2, &r, &err) < 0) {
		MUST(err.code < 0 && err.path && strncmp(err.path, "/d/f:", 5) == 0);
	} else {
		for (i = 0; i < r.count; i++)
			check_recipe(&r.at[i]);
		check_order(&r);
	}
	substitutions_free(&s);
	return 0;
}
