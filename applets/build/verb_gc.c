// SPDX-License-Identifier: Apache-2.0
/* verb gc
Removes what no image needs that was built: blobs, unpacked layers, and what the cache says of them.
*/
#include "applets/build/making.h"

/* The chain ids of all layers of an image, as keys. */
static int add_chains(json_t *chains, const struct image *i)
{
	char hex[65];
	int r = 0;

	for (size_t n = 0; r == 0 && n < i->layer_count; n++) {
		r = chain_id(n ? hex : NULL, i->diff_ids[n], hex);
		if (r == 0 && json_object_set_new(chains, hex, json_true()))
			r = -ENOMEM;
	}
	return r;
}

static int find_chains(const struct layout *l, json_t *chains, struct err *err)
{
	cleanup_json json_t *index = NULL;
	json_t *each;
	size_t n;
	int r = layout_index(l, &index, err);

	json_array_foreach(json_object_get(index, "manifests"), n, each)
	{
		cleanup_image struct image i = IMAGE_NONE;
		const char *tag = descriptor_tag(each);

		if (r == 0 && tag)
			r = image_open(l, tag, NULL, &i, err);
		if (r == 0 && tag)
			r = add_chains(chains, &i);
	}
	return r;
}

static bool is_known(void *chains, const char *hex)
{
	return json_object_get(chains, hex);
}

/* An entry leads to what is there, or it is none. */
static bool is_sound(const struct layout *l, const json_t *doc)
{
	cleanup_err struct err err = ERR_NONE;
	cleanup_descriptor struct descriptor d = DESCRIPTOR_NONE;
	json_t *one, *layers = json_object_get(doc, "layers");
	json_t *top = json_object_get(doc, "manifest");
	size_t n;

	if (!layers)
		return descriptor_read(top ? top : (json_t *)doc, "cache", &d, &err) == 0 &&
		       blob_there(l, &d) == 0;
	json_array_foreach(layers, n, one)
	{
		cleanup_descriptor struct descriptor layer = DESCRIPTOR_NONE;

		if (descriptor_read(json_object_get(one, "layer"), "cache", &layer, &err) < 0 ||
			blob_there(l, &layer) < 0)
			return false;
	}
	return true;
}

static int sweep_cache(const struct work *w, const struct layout *l, struct err *err)
{
	cleanup_fd int dir = work_dir(w, "cache", err);
	cleanup_listing struct listing list = LISTING_NONE;
	int r = dir < 0 ? dir : listing_read(dir, false, &list);

	for (size_t n = 0; r == 0 && n < list.count; n++) {
		const char *name = listing_name(&list, n);
		cleanup_err struct err ignored = ERR_NONE;
		cleanup_buf struct buf text = BUF_NONE;
		cleanup_json json_t *doc = NULL;

		/* These need no blob, and cost next to nothing */
		if (strncmp(name, "grab-", 5) == 0 || strncmp(name, "labels-", 7) == 0 ||
			work_load(w, "cache", name, &text) < 0)
			continue;
		if (doc_parse(text.data, text.len, name, &doc, &ignored) < 0 || !is_sound(l, doc))
			unlinkat(dir, name, 0);
	}
	return r;
}

/* What somebody was writing who was killed. Nobody else builds now. */
static int sweep_aside(const struct work *w, const char *name, struct err *err)
{
	cleanup_fd int dir = work_dir(w, name, err);
	cleanup_listing struct listing list = LISTING_NONE;
	int r = dir < 0 ? dir : listing_read(dir, false, &list);

	for (size_t n = 0; r == 0 && n < list.count; n++)
		if (*listing_name(&list, n) == '.')
			unlinkat(dir, listing_name(&list, n), 0);
	return r;
}

static int collect(struct work *w, struct err *err)
{
	cleanup_store struct store store = STORE_NONE;
	cleanup_layout struct layout l = LAYOUT_NONE;
	cleanup_json json_t *chains = json_object();
	int r = work_layout(w, NULL, LAYOUT_SOLE, &l, err);

	if (r == 0)
		r = store_open(w->b.store, true, &store, err);
	if (r == 0)
		r = find_chains(&l, chains, err);
	if (r == 0)
		r = layout_collect(&l, err);
	if (r == 0)
		r = store_sweep(&store, is_known, chains, err);
	if (r >= 0) /* so many layers went */
		r = sweep_aside(w, "cache", err);
	if (r == 0)
		r = sweep_aside(w, "last", err);
	if (r == 0)
		r = sweep_aside(w, "sums", err);
	return r < 0 ? r : sweep_cache(w, &l, err);
}

static int gc_main(const struct applet *self, int argc, char **argv)
{
	cleanup_work struct work w = WORK_NONE;
	cleanup_err struct err err = ERR_NONE;
	int status;

	if (!build_start(&w.b, self, argc, argv, NULL, NULL, 0, 0, &status))
		return status;
	status = work_begin(&w);
	if (status == EXIT_DONE && collect(&w, &err) < 0)
		status = build_fail(&w.b, &err);
	return status;
}

static const struct option_row gc_options[] = {
	BUILD_ROWS,
	{0},
};

const struct applet build_gc = {
	.name = "build gc",
	.summary = "Remove what no image needs that was built.",
	.usage = "[OPTION]...",
	.options = gc_options,
	.main = gc_main,
};
