// SPDX-License-Identifier: Apache-2.0
#include "applets/image/merging.h"

int merging_open(struct merging *m, enum layout_use use, struct err *err)
{
	return verb_open(&m->v, use, &m->layout, &m->image, err);
}

void merging_end(struct merging *m)
{
	image_done(&m->image);
	layout_close(&m->layout);
	verb_end(&m->v);
}

void merging_fault(void *merging, struct err *err)
{
	struct merging *m = merging;

	m->status = EXIT_SOME;
	report_err(m->v.self, err);
}

static int open_layer(void *merging, size_t i, struct source **out, struct err *err)
{
	struct merging *m = merging;

	return layer_source(&m->layout, &m->image.layers[i], m->image.diff_ids[i], out, err);
}

int merging_write(struct merging *m, size_t first, size_t end, struct sink *sink,
	int (*finished)(void *arg, struct err *err), void *arg, struct err *err)
{
	const struct merge_options o = {.first = first,
		.fault = merging_fault,
		.open = open_layer,
		.arg = m,
		.no_holes = verb_no_holes(&m->v)};
	struct archive_out *out;
	int r = archive_out_open(sink, FORMAT_PAX, true, &out);

	if (r < 0)
		return err_set(err, r, "cannot start the archive", NULL);
	verb_work_layers(&m->v, "merging", &m->layout, &m->image, end, 2);
	r = merge_layers(end, &o, out, err);
	if (r == 0)
		r = archive_out_finish(out, err);
	if (r == 0 && finished)
		r = finished(arg, err);
	verb_work_done(&m->v);
	m->layout.passed = NULL;
	archive_out_free(out);
	return r;
}
