// SPDX-License-Identifier: Apache-2.0
/* verb gc
Waits until nobody else writes to the layout.
Where a document is damaged, nothing is removed.
*/
#include "applets/image/image.h"

static int gc_main(const struct applet *self, int argc, char **argv)
{
	cleanup_verb struct verb v = VERB_NONE;
	cleanup_err struct err err = ERR_NONE;
	cleanup_layout struct layout l = LAYOUT_NONE;
	int status, r;

	if (!verb_start(&v, self, argc, argv, NULL, NULL, 0, 0, &status))
		return status;
	r = layout_open(&l, v.image.dir, LAYOUT_SOLE, &err);
	if (r == 0)
		r = layout_collect(&l, &err);
	return r < 0 ? verb_fail(&v, &err) : EXIT_DONE;
}

static const struct option_row gc_options[] = {
	VERB_ROW_LAYOUT,
	{0},
};

const struct applet verb_gc = {
	.name = "image gc",
	.summary = "Remove blobs that no tag leads to.",
	.usage = "--layout DIR",
	.options = gc_options,
	.main = gc_main,
};
