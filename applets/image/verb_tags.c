// SPDX-License-Identifier: Apache-2.0
/* The verbs that have to do with tags. */
/* verb new
It has no layers and is for this machine's platform.
*/
/* verb tag
The tag may stand for an index; what else was tagged
.Ar NEW-TAG
stays in the layout without it.
*/
/* verb remove
Blobs stay until
.Cm gc .
*/
/* verb list
One a line, in their order in the index.
*/
#include "applets/image/image.h"

#include <stdio.h>

static int new_main(const struct applet *self, int argc, char **argv)
{
	cleanup_verb struct verb v = VERB_NONE;
	cleanup_err struct err err = ERR_NONE;
	cleanup_layout struct layout l = LAYOUT_NONE;
	cleanup_image struct image image = IMAGE_NONE;
	cleanup_platform struct platform here = PLATFORM_NONE;
	int status, r;

	if (!verb_start(&v, self, argc, argv, NULL, NULL, 0, 0, &status))
		return status;
	r = layout_open(&l, v.image.dir, LAYOUT_WRITE, &err);
	if (r == 0 && platform_here(&here) < 0)
		r = err_set(&err, -ENOMEM, NULL, NULL);
	if (r == 0 && image_make(v.has_platform ? &v.platform : &here, image_now(), &image) < 0)
		r = err_set(&err, -ENOMEM, NULL, NULL);
	if (r == 0)
		r = image_save(&l, v.image.tag, &image, &err);
	return r < 0 ? verb_fail(&v, &err) : EXIT_DONE;
}

static const struct option_row new_options[] = {
	VERB_ROW_IMAGE,
	{VERB_PLATFORM, 0, "platform", "OS/ARCH[/VARIANT]", "what it is for (this machine)"},
	{0},
};

const struct applet verb_new = {
	.name = "image new",
	.summary = "Make an empty image.",
	.usage = "[OPTION]... --image DIR[:TAG]",
	.options = new_options,
	.main = new_main,
};

/* What is done to index.json. */
struct tagging {
	const char *from, *to; /* to NULL: removed */
	bool none;             /* out: there was nothing to remove */
};

static int find_tag(json_t *manifests, const char *tag)
{
	json_t *each;
	size_t n;

	json_array_foreach(manifests, n, each) if (descriptor_is_tagged(each, tag)) return 0;
	return -ENOENT;
}

/* Takes tag away from what it stands for: how many that were. */
static size_t remove_tag(json_t *manifests, const char *tag)
{
	size_t n = json_array_size(manifests), count = 0;

	while (n--)
		if (descriptor_is_tagged(json_array_get(manifests, n), tag)) {
			json_array_remove(manifests, n);
			count++;
		}
	return count;
}

/* Adds a copy, with the new tag, of all that the old one stands for. */
static int add_tag(json_t *manifests, const struct tagging *t)
{
	size_t n, size = json_array_size(manifests);

	for (n = 0; n < size; n++) {
		json_t *copy, *each = json_array_get(manifests, n);

		if (!descriptor_is_tagged(each, t->from))
			continue;
		copy = json_deep_copy(each);
		if (!copy || json_array_append_new(manifests, copy) != 0 ||
			doc_set_text(doc_object(copy, "annotations"), IMAGE_REF_NAME, t->to) < 0)
			return -ENOMEM;
	}
	return json_array_size(manifests) > size ? 0 : -ENOENT;
}

static int change_tag(void *arg, json_t *index, struct err *err)
{
	struct tagging *t = arg;
	json_t *manifests = json_object_get(index, "manifests");
	int r = 0;

	if (t->to && strcmp(t->from, t->to) != 0)
		remove_tag(manifests, t->to);
	if (t->to)
		r = strcmp(t->from, t->to) == 0 ? find_tag(manifests, t->to)
						: add_tag(manifests, t);
	else
		t->none = remove_tag(manifests, t->from) == 0;
	if (r == -ENOENT)
		return err_tell(err, r, "there is no such tag", t->from);
	return r < 0 ? err_set(err, r, NULL, t->from) : 0;
}

static int run_tagging(const struct verb *v, const char *to)
{
	cleanup_err struct err err = ERR_NONE;
	cleanup_layout struct layout l = LAYOUT_NONE;
	struct tagging t = {v->image.tag, to, false};
	int r = layout_open(&l, v->image.dir, LAYOUT_WRITE, &err);

	if (r == 0)
		r = layout_change(&l, change_tag, &t, &err);
	/* No failure, as for umoci: what scripts want is that the tag is not there */
	if (r == 0 && t.none)
		report(v->self, "%s: there is no such tag, so nothing was removed", t.from);
	return r < 0 ? verb_fail(v, &err) : EXIT_DONE;
}

static int tag_main(const struct applet *self, int argc, char **argv)
{
	cleanup_verb struct verb v = VERB_NONE;
	int status;

	if (!verb_start(&v, self, argc, argv, NULL, NULL, 1, 1, &status))
		return status;
	if (!tag_valid(v.o.operands[0]))
		return usage_error(self, "'%s' is no tag", v.o.operands[0]);
	return run_tagging(&v, v.o.operands[0]);
}

static int remove_main(const struct applet *self, int argc, char **argv)
{
	cleanup_verb struct verb v = VERB_NONE;
	int status;

	if (!verb_start(&v, self, argc, argv, NULL, NULL, 0, 0, &status))
		return status;
	return run_tagging(&v, NULL);
}

static const struct option_row tag_options[] = {
	VERB_ROW_IMAGE,
	{0},
};

const struct applet verb_tag = {
	.name = "image tag",
	.summary = "Give an image one more tag.",
	.usage = "--image DIR[:TAG] NEW-TAG",
	.options = tag_options,
	.main = tag_main,
};

const struct applet verb_remove = {
	.name = "image remove",
	.summary = "Remove a tag.",
	.usage = "--image DIR[:TAG]",
	.options = tag_options,
	.main = remove_main,
};

static int list_main(const struct applet *self, int argc, char **argv)
{
	cleanup_verb struct verb v = VERB_NONE;
	cleanup_err struct err err = ERR_NONE;
	cleanup_layout struct layout l = LAYOUT_NONE;
	cleanup_json json_t *index = NULL;
	const json_t *each;
	size_t n;
	int status;

	if (!verb_start(&v, self, argc, argv, NULL, NULL, 0, 0, &status))
		return status;
	if (layout_open(&l, v.image.dir, LAYOUT_READ, &err) < 0 ||
		layout_index(&l, &index, &err) < 0)
		return verb_fail(&v, &err);
	json_array_foreach(json_object_get(index, "manifests"), n, each)
	{
		cleanup_buf struct buf line = BUF_NONE;
		const char *tag = descriptor_tag(each);

		if (tag && show_path(&line, tag, strlen(tag)) == 0)
			puts(line.data ? line.data : "");
	}
	return EXIT_DONE;
}

static const struct option_row list_options[] = {
	VERB_ROW_LAYOUT,
	{0},
};

const struct applet verb_list = {
	.name = "image list",
	.summary = "List the tags of a layout.",
	.usage = "--layout DIR",
	.options = list_options,
	.main = list_main,
};
