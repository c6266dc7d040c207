// SPDX-License-Identifier: Apache-2.0
/* verb inspect
Shows layers, annotations and configuration of the image
.Ar TAG ,
or of all that were built.
*/
#include "applets/build/work.h"

#include <stdio.h>

static void print_shown(const char *before, const char *text, const char *after)
{
	cleanup_buf struct buf shown = BUF_NONE;

	if (show_path(&shown, text, strlen(text)) == 0)
		printf("%s%s%s", before, shown.len ? shown.data : "", after);
}

static int print_image(const struct image *i, const char *tag)
{
	const char *name;
	json_t *value, *annotations = json_object_get(i->manifest, "annotations");
	cleanup_free char *config = json_dumps(i->config, JSON_INDENT(2));

	print_shown("", tag, "\n");
	for (size_t n = 0; n < i->layer_count; n++)
		printf("\tlayer %zu: %.12s... (%lld bytes, %s)\n", n,
			i->layers[n].digest + strlen("sha256:"), (long long)i->layers[n].size,
			i->layers[n].media);
	if (json_object_size(annotations))
		puts("Annotations:");
	json_object_foreach(annotations, name, value)
	{
		const char *text = json_string_value(value);

		print_shown("  ", name, ": ");
		print_shown("", text ? text : "", "\n");
	}
	printf("Image config:\n%s\n", config ? config : "");
	return config ? 0 : -ENOMEM;
}

static int show(const struct layout *l, const char *tag, struct err *err)
{
	cleanup_image struct image i = IMAGE_NONE;
	int r = image_open(l, tag, NULL, &i, err);

	return r < 0 ? r : print_image(&i, tag);
}

static int show_all(const struct layout *l, struct err *err)
{
	cleanup_json json_t *index = NULL;
	json_t *each;
	size_t n;
	int r = layout_index(l, &index, err);

	json_array_foreach(json_object_get(index, "manifests"), n, each)
	{
		const char *tag = descriptor_tag(each);

		if (r == 0 && tag)
			r = show(l, tag, err);
	}
	return r;
}

static int inspect_main(const struct applet *self, int argc, char **argv)
{
	cleanup_build_options struct build_options b = BUILD_OPTIONS_NONE;
	cleanup_layout struct layout l = LAYOUT_NONE;
	cleanup_err struct err err = ERR_NONE;
	int status, r;

	if (!build_start(&b, self, argc, argv, NULL, NULL, 0, 1, &status))
		return status;
	r = layout_open(&l, b.oci, LAYOUT_READ, &err);
	if (r == 0)
		r = b.o.operand_count ? show(&l, b.o.operands[0], &err) : show_all(&l, &err);
	return r < 0 ? build_fail(&b, &err) : EXIT_DONE;
}

static const struct option_row inspect_options[] = {
	BUILD_ROWS,
	{0},
};

const struct applet build_inspect = {
	.name = "build inspect",
	.summary = "Show images that were built.",
	.usage = "[OPTION]... [TAG]",
	.options = inspect_options,
	.main = inspect_main,
};
