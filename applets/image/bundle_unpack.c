// SPDX-License-Identifier: Apache-2.0
#include "applets/image/bundle.h"
#include "core/image/unpack.h"

static void filled(void *bundle, const struct stat *st, const char *hex)
{
	known_add(((struct bundle *)bundle)->known, st, hex);
}

static struct owner outside(void *bundle, struct owner inside)
{
	return bundle_outside(bundle, inside);
}

int bundle_unpack(struct bundle *b, const struct layout *l, const struct image *i, size_t first,
	size_t end, const struct tree *tree, struct err *err)
{
	const struct unpack_options o = {.owners = &b->context.owners,
		.whiteouts = b->overlay ? WHITEOUTS_OVERLAY : WHITEOUTS_APPLY,
		.keep_dirlinks = b->keep_dirlinks,
		.outside = outside,
		.fault = bundle_fault,
		.filled = b->known ? filled : NULL,
		.arg = b};

	return image_unpack(l, i, first, end, tree, &o, err);
}
