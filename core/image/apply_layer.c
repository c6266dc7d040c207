// SPDX-License-Identifier: Apache-2.0
#include "core/image/apply.h"

/* What the history says of layers below base is said already; of the rest it is taken over. */
static int add_history(struct image *ours, const struct image *theirs, size_t base)
{
	json_t *history = json_object_get(theirs->config, "history"), *each;
	json_t *mine = doc_array(ours->config, "history");
	size_t n, layer = 0;

	json_array_foreach(history, n, each)
	{
		bool below = layer < base;

		layer += !json_is_true(json_object_get(each, "empty_layer"));
		if (!below && layer > base &&
			json_array_append_new(mine, json_deep_copy(each)) != 0)
			return -ENOMEM;
	}
	return mine ? 0 : -ENOMEM;
}

int apply_add_layers(struct image *ours, const struct image *theirs, size_t base)
{
	int r = add_history(ours, theirs, base);

	for (size_t n = base; r == 0 && n < theirs->layer_count; n++)
		r = image_add_layer(ours, &theirs->layers[n], theirs->diff_ids[n], NULL);
	return r;
}

int apply_layer(struct apply *a, struct layout *l, enum compression how, struct descriptor *d,
	char diff_id[DIGEST_MAX], struct err *err)
{
	cleanup_layer_out struct layer_out layer = LAYER_OUT_NONE;
	struct archive_out *out = NULL;
	struct sink *sink;
	int r = layer_begin(l, how, 0, &layer, &sink, err);

	if (r == 0)
		r = archive_out_open(sink, FORMAT_PAX, true, &out);
	if (r == 0)
		r = apply_write(a, out, err);
	if (r == 0)
		r = archive_out_finish(out, err);
	if (r == 0)
		r = layer_commit(&layer, d, diff_id, err);
	archive_out_free(out);
	return r;
}
