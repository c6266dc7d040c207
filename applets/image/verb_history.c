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

static int print(const struct image *i, bool json)
{
	return json ? print_json(i) : print_text(i);
}

static int history_main(const struct applet *self, int argc, char **argv)
{
	return show_image(self, argc, argv, print);
}

static const struct option_row history_options[] = {
	VERB_ROW_IMAGE,
	VERB_ROW_PLATFORM,
	VERB_ROW_JSON("print one JSON object a line"),
	{0},
};

const struct applet verb_past = {
	.name = "image history",
	.summary = "Show what an image's layers were made by.",
	.usage = "[OPTION]... --image DIR[:TAG]",
	.options = history_options,
	.main = history_main,
};
