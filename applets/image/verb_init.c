// SPDX-License-Identifier: Apache-2.0
/* verb init
The directory may exist if it is empty; its name cannot have a colon.
*/
#include "applets/image/image.h"

static int init_main(const struct applet *self, int argc, char **argv)
{
	cleanup_verb struct verb v = VERB_NONE;
	cleanup_err struct err err = ERR_NONE;
	int status;

	if (!verb_start(&v, self, argc, argv, NULL, NULL, 0, 0, &status))
		return status;
	return layout_create(v.image.dir, &err) < 0 ? verb_fail(&v, &err) : EXIT_DONE;
}

static const struct option_row init_options[] = {
	VERB_ROW_LAYOUT,
	{0},
};

const struct applet verb_init = {
	.name = "image init",
	.summary = "Make an empty layout.",
	.usage = "--layout DIR",
	.options = init_options,
	.main = init_main,
};
