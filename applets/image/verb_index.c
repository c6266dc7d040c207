// SPDX-License-Identifier: Apache-2.0
/* An index: one tag, an image a platform. */
/* verb index list
A line an image: its platform and its digest, through all nested indexes.
With
.Fl -json
its descriptor, with its platform.
*/
/* verb index add
What
.Ar TAG
stood for so far becomes part of a new index where it was none.
The images are those of other tags of the layout, each for the platform that its config says; what
was there for that platform is replaced.
*/
/* verb index merge
As
.Cm index add ,
but of each tag that stands for an index it takes all entries as they are.
*/
/* verb index remove
What the index says about the removed image goes, too.
*/
#include "applets/image/image.h"

#include <stdio.h>

/* "linux/arm/v7"; what is not said is "?". */
static int print_line(const struct descriptor *d, const json_t *platform)
{
	cleanup_buf struct buf name = BUF_NONE, line = BUF_NONE;
	const char *os = doc_text(platform, "os"), *arch = doc_text(platform, "architecture");
	const char *variant = doc_text(platform, "variant");
	bool has_variant = variant && *variant;

	if (buf_addf(&name, "%s/%s%s%s", os ? os : "?", arch ? arch : "?", has_variant ? "/" : "",
		    has_variant ? variant : "") < 0 ||
		show_path(&line, name.data, name.len) < 0)
		return -ENOMEM;
	printf("%-15s %s\n", line.data, d->digest);
	return 0;
}

/* The descriptor with a platform in it. */
static int print_json(const struct descriptor *d, const json_t *platform)
{
	static const char *const keys[] = {
		"architecture", "os", "os.version", "os.features", "variant"};
	cleanup_json json_t *copy = json_deep_copy(d->json);
	cleanup_buf struct buf line = BUF_NONE;
	json_t *object = json_object();
	size_t n;

	for (n = 0; n < ARRAY_SIZE(keys); n++)
		if (json_object_get(platform, keys[n]))
			json_object_set(object, keys[n], json_object_get(platform, keys[n]));
	if (json_object_set_new(copy, "platform", object) != 0 || doc_write(copy, &line) < 0)
		return -ENOMEM;
	puts(line.data);
	return 0;
}

static int print_one(void *arg, const struct descriptor *d, const json_t *platform)
{
	return *(bool *)arg ? print_json(d, platform) : print_line(d, platform);
}

static int list_main(const struct applet *self, int argc, char **argv)
{
	cleanup_verb struct verb v = VERB_NONE;
	cleanup_err struct err err = ERR_NONE;
	cleanup_layout struct layout l = LAYOUT_NONE;
	int status, r;

	if (!verb_start(&v, self, argc, argv, NULL, NULL, 0, 0, &status))
		return status;
	r = layout_open(&l, v.image.dir, LAYOUT_READ, &err);
	if (r == 0)
		r = image_each(&l, v.image.tag, print_one, &v.json, &err);
	if (r < 0)
		err_set(&err, r, "cannot print", NULL);
	return r < 0 ? verb_fail(&v, &err) : EXIT_DONE;
}

static const struct option_row list_options[] = {
	VERB_ROW_IMAGE,
	VERB_ROW_JSON("print a JSON object an image"),
	{0},
};

const struct applet verb_index_list = {
	.name = "image index list",
	.summary = "List the platforms of an index.",
	.usage = "[OPTION]... --image DIR[:TAG]",
	.options = list_options,
	.main = list_main,
};

static int add(const struct applet *self, int argc, char **argv, bool all)
{
	cleanup_verb struct verb v = VERB_NONE;
	cleanup_err struct err err = ERR_NONE;
	cleanup_layout struct layout l = LAYOUT_NONE;
	int status, r;

	if (!verb_start(&v, self, argc, argv, NULL, NULL, 1, INT_MAX, &status))
		return status;
	r = layout_open(&l, v.image.dir, LAYOUT_WRITE, &err);
	if (r == 0)
		r = index_add(&l, v.image.tag, v.o.operands, (size_t)v.o.operand_count,
			verb_platform(&v), all, &err);
	return r < 0 ? verb_fail(&v, &err) : EXIT_DONE;
}

static int add_main(const struct applet *self, int argc, char **argv)
{
	return add(self, argc, argv, false);
}

static int merge_main(const struct applet *self, int argc, char **argv)
{
	return add(self, argc, argv, true);
}

static const struct option_row add_options[] = {
	VERB_ROW_IMAGE,
	{VERB_PLATFORM, 0, "platform", "OS/ARCH[/VARIANT]",
		"which image, where OTHER-TAG stands for several"},
	{0},
};

static const struct option_row merge_options[] = {
	VERB_ROW_IMAGE,
	{0},
};

const struct applet verb_index_add = {
	.name = "image index add",
	.summary = "Put images into an index.",
	.usage = "[OPTION]... --image DIR[:TAG] OTHER-TAG...",
	.options = add_options,
	.main = add_main,
};

const struct applet verb_index_merge = {
	.name = "image index merge",
	.summary = "Put all images of other indexes into an index.",
	.usage = "--image DIR[:TAG] OTHER-TAG...",
	.options = merge_options,
	.main = merge_main,
};

static int remove_main(const struct applet *self, int argc, char **argv)
{
	cleanup_verb struct verb v = VERB_NONE;
	cleanup_err struct err err = ERR_NONE;
	cleanup_layout struct layout l = LAYOUT_NONE;
	int status, r;

	if (!verb_start(&v, self, argc, argv, NULL, NULL, 0, 0, &status))
		return status;
	if (!v.has_platform)
		return usage_error(self, "--platform is missing");
	r = layout_open(&l, v.image.dir, LAYOUT_WRITE, &err);
	if (r == 0)
		r = index_remove(&l, v.image.tag, &v.platform, &err);
	return r < 0 ? verb_fail(&v, &err) : EXIT_DONE;
}

static const struct option_row remove_options[] = {
	VERB_ROW_IMAGE,
	{VERB_PLATFORM, 0, "platform", "OS/ARCH[/VARIANT]", "which image"},
	{0},
};

const struct applet verb_index_remove = {
	.name = "image index remove",
	.summary = "Take an image out of an index.",
	.usage = "--image DIR[:TAG] --platform OS/ARCH[/VARIANT]",
	.options = remove_options,
	.main = remove_main,
};
