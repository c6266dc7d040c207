// SPDX-License-Identifier: Apache-2.0
/* What a store calls layers. */
#include "core/image/store.h"

#include "core/pack/digest.h"
#include <stdio.h>

int chain_id(const char *below, const char *diff_id, char hex[65])
{
	char text[2 * DIGEST_MAX];
	int r = 0;

	if (below) {
		snprintf(text, sizeof text, "sha256:%s %s", below, diff_id);
		r = digest_bytes(text, strlen(text), hex);
	} else
		snprintf(hex, 65, "%s", diff_id + strlen("sha256:"));
	return r;
}

int image_chain(const struct image *i, char hex[65])
{
	int r = 0;

	*hex = '\0';
	for (size_t n = 0; r == 0 && n < i->layer_count; n++)
		r = chain_id(n ? hex : NULL, i->diff_ids[n], hex);
	return r;
}

int store_add_name(struct buf *lowers, const char *hex)
{
	cleanup_buf struct buf all = BUF_NONE;
	int r = buf_addf(&all, "layers/%s%s%s", hex, lowers->len ? ":" : "",
		lowers->len ? lowers->data : "");

	buf_cut(lowers, 0);
	return r < 0 ? r : buf_add(lowers, all.data, all.len);
}

int store_names(const struct image *i, struct buf *lowers)
{
	char hex[65];
	int r = 0;

	buf_cut(lowers, 0);
	for (size_t n = 0; r == 0 && n < i->layer_count; n++) {
		r = chain_id(n ? hex : NULL, i->diff_ids[n], hex);
		if (r == 0)
			r = store_add_name(lowers, hex);
	}
	return r;
}
