// SPDX-License-Identifier: Apache-2.0
/* verb history
The oldest entry comes first.
With
.Fl -json
each is an object on a line of its own, as
.Cm stat
.Fl -json
has them.
*/
#include "applets/image/image.h"
#include "applets/image/show.h"

#include <stdio.h>

enum { HISTORY_JSON = VERB_OWN };

static int take(void *arg, int id, const char *value)
{
	(void)id, (void)value;
	*(bool *)arg = true;
	return EXIT_DONE;
}

static int print_text(const struct image *i)
{
	cleanup_buf struct buf out = BUF_NONE;

	show_history(&out, i);
	if (out.failed)
		return -ENOMEM;
	fwrite(out.data, 1, out.len, stdout);
	return 0;
}

static int print_json(const struct image *i)
{
	cleanup_json json_t *list = history_json(i);
	const json_t *each;
	size_t n;

	json_array_foreach(list, n, each)
	{
		cleanup_buf struct buf line = BUF_NONE;

		if (doc_write(each, &line) < 0)
			return -ENOMEM;
		puts(line.data);
	}
	return list ? 0 : -ENOMEM;
}

static int history_main(const struct applet *self, int argc, char **argv)
{
	cleanup_verb struct verb v = VERB_NONE;
	cleanup_err struct err err = ERR_NONE;
	cleanup_layout struct layout l = LAYOUT_NONE;
	cleanup_image struct image image = IMAGE_NONE;
	bool json = false;
	int status, r;

	if (!verb_start(&v, self, argc, argv, take, &json, 0, 0, &status))
		return status;
	r = layout_open(&l, v.image.dir, LAYOUT_READ, &err);
	if (r == 0)
		r = image_open(&l, v.image.tag, verb_platform(&v), &image, &err);
	if (r < 0)
		return verb_fail(&v, &err);
	r = json ? print_json(&image) : print_text(&image);
	if (r < 0)
		err_set(&err, r, "cannot print", NULL);
	return r < 0 ? verb_fail(&v, &err) : EXIT_DONE;
}

static const struct option_row history_options[] = {
	VERB_ROW_IMAGE,
	VERB_ROW_PLATFORM,
	{HISTORY_JSON, 0, "json", NULL, "print one JSON object a line"},
	{0},
};

const struct applet verb_past = {
	.name = "image history",
	.summary = "Show what an image's layers were made by.",
	.usage = "[OPTION]... --image DIR[:TAG]",
	.options = history_options,
	.main = history_main,
};
