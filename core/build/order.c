// SPDX-License-Identifier: Apache-2.0
/* In which order images are built. */
#include "core/base/nearest.h"
#include "core/build/fields.h"

struct entry {
	const struct recipes *file;
	const struct recipe *recipe;
	struct strings needs;
	size_t next;   /* of needs: the one to look at next */
	size_t number; /* in the order, once it is done */
	enum { ENTRY_NEW, ENTRY_OPEN, ENTRY_DONE } state;
};

struct ordering {
	struct entry *images; /* as the files have them */
	struct entry **by_name;
	struct entry **open; /* each needs the one behind it */
	size_t count, open_count;
	struct order *out;
	struct err *err;
};

/* By name, then as the files have them. */
static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = *(struct entry *const *)a, *y = *(struct entry *const *)b;
	int order = strcmp(x->recipe->name, y->recipe->name);

	return order ? order : (x > y) - (x < y);
}

static int compare_name(const void *name, const void *image)
{
	return strcmp(name, (*(struct entry *const *)image)->recipe->name);
}

static struct entry *find_image(const struct ordering *o, const char *name)
{
	struct entry **found =
		bsearch(name, o->by_name, o->count, sizeof(*o->by_name), compare_name);

	return found ? *found : NULL;
}

static int list_images(struct ordering *o, const struct recipes *files, size_t count)
{
	size_t i, j, n = 0;

	for (i = 0; i < count; i++)
		n += files[i].count;
	o->images = calloc(n + 1, sizeof(*o->images));
	o->by_name = calloc(n + 1, sizeof(struct entry *));
	o->open = calloc(n + 1, sizeof(struct entry *));
	o->out->at = calloc(n + 1, sizeof(*o->out->at));
	if (!o->images || !o->by_name || !o->open || !o->out->at)
		return err_set(o->err, -ENOMEM, NULL, NULL);
	for (i = 0; i < count; i++)
		for (j = 0; j < files[i].count; j++) {
			struct entry *image = &o->images[o->count];

			o->by_name[o->count++] = image;
			image->file = &files[i];
			image->recipe = &files[i].at[j];
			if (recipe_needs(image->recipe, &image->needs) < 0)
				return err_set(o->err, -ENOMEM, NULL, NULL);
		}
	qsort(o->by_name, n, sizeof(struct entry *), compare_entries);
	return 0;
}

static int no_name_twice(const struct ordering *o)
{
	size_t i;

	for (i = 1; i < o->count; i++) {
		const struct entry *a = o->by_name[i - 1], *b = o->by_name[i];

		if (strcmp(a->recipe->name, b->recipe->name) == 0)
			return place_err(o->err, -EEXIST, b->file->shown, &b->recipe->place,
				"there is another image '%s' in %s, line %zu", b->recipe->name,
				a->file->shown, a->recipe->place.line);
	}
	return 0;
}

static bool url_names(const char *url, const char *name)
{
	cleanup_free char *image = url ? url_image(url) : NULL;

	return image && strcmp(image, name) == 0;
}

/* Where the recipe says that it needs name. */
static const struct place *need_place(const struct recipe *r, const char *name)
{
	size_t i;

	if (r->from.type == FROM_BUILT ? strcmp(r->from.tag, name) == 0
				       : url_names(r->from.url, name))
		return &r->from.place;
	for (i = 0; i < r->import_count; i++)
		if (url_names(r->imports[i].path, name))
			return &r->imports[i].place;
	for (i = 0; i < r->apply_count; i++)
		if (url_names(r->apply[i].image, name))
			return &r->apply[i].place;
	return &r->place;
}

static int no_image(const struct ordering *o, const struct entry *image, const char *name)
{
	const struct place *at = need_place(image->recipe, name);
	struct nearest near = {.word = name, .len = strlen(name)};
	size_t i;

	for (i = 0; i < o->count; i++)
		nearest_try(&near, o->images[i].recipe->name);
	if (near.best)
		return place_err(o->err, -ENOENT, image->file->shown, at,
			"'%s' needs an image '%s'; did you mean '%s'?", image->recipe->name, name,
			near.best);
	return place_err(o->err, -ENOENT, image->file->shown, at,
		"'%s' needs an image '%s', which no file has; config.prerequisites names other "
		"files",
		image->recipe->name, name);
}

/* The last that is open needs name, which is open as well. */
static int loop_err(const struct ordering *o, const char *name)
{
	const struct entry *last = o->open[o->open_count - 1];
	cleanup_buf struct buf way = BUF_NONE;
	size_t i = o->open_count;

	while (strcmp(o->open[i - 1]->recipe->name, name) != 0)
		i--;
	for (; i < o->open_count; i++)
		buf_addf(&way, ", which needs '%s'", o->open[i]->recipe->name);
	return place_err(o->err, -ELOOP, last->file->shown, need_place(last->recipe, name),
		"'%s' needs '%s'%s; images cannot need each other", last->recipe->name, name,
		way.data && !way.failed ? way.data : "");
}

/* All that image needs is in the order: so can it be. */
static int append(struct ordering *o, struct entry *image)
{
	struct order_item *item = &o->out->at[o->out->count];
	size_t i;

	item->file = image->file;
	item->recipe = image->recipe;
	item->needs = calloc(image->needs.count + 1, sizeof(*item->needs));
	if (!item->needs)
		return err_set(o->err, -ENOMEM, NULL, NULL);
	for (i = 0; i < image->needs.count; i++)
		item->needs[item->need_count++] = find_image(o, image->needs.at[i])->number;
	image->number = o->out->count++;
	image->state = ENTRY_DONE;
	o->open_count--;
	return 0;
}

static void open_image(struct ordering *o, struct entry *image)
{
	image->state = ENTRY_OPEN;
	o->open[o->open_count++] = image;
}

/* Puts image into the order behind what it needs. No recursion: a chain may be very long. */
static int visit(struct ordering *o, struct entry *image)
{
	int code = 0;

	if (image->state == ENTRY_NEW)
		open_image(o, image);
	while (o->open_count && code == 0) {
		struct entry *last = o->open[o->open_count - 1], *needed;
		const char *name;

		if (last->next == last->needs.count) {
			code = append(o, last);
			continue;
		}
		name = last->needs.at[last->next++];
		needed = find_image(o, name);
		if (!needed)
			code = no_image(o, last, name);
		else if (needed->state == ENTRY_OPEN)
			code = loop_err(o, name);
		else if (needed->state == ENTRY_NEW)
			open_image(o, needed);
	}
	return code;
}

int order_make(const struct recipes *files, size_t count, struct order *out, struct err *err)
{
	struct ordering o = {.out = out, .err = err};
	size_t i;
	int code;

	*out = (struct order){NULL, 0};
	code = list_images(&o, files, count);
	if (code == 0)
		code = no_name_twice(&o);
	for (i = 0; code == 0 && i < o.count; i++)
		code = visit(&o, &o.images[i]);
	for (i = 0; i < o.count; i++)
		strings_free(&o.images[i].needs);
	free(o.images);
	free(o.by_name);
	free(o.open);
	if (code < 0)
		order_free(out);
	return code;
}

void order_free(struct order *o)
{
	while (o->count)
		free(o->at[--o->count].needs);
	free(o->at);
	o->at = NULL;
}
