// SPDX-License-Identifier: Apache-2.0
/* verb publish
Copies the images of the file to another layout,
.Ar oci:DIR ,
as
.Ar NAME_TAG .
What should be built anew is refused, but with
.Fl -force .
*/
#include "applets/build/find.h"
#include "applets/build/making.h"

#include <stdio.h>

enum {
	PATTERN = BUILD_OWN,
	DIRECTORY,
	URL,
	USERNAME,
	PASSWORD,
	SKIP_TLS,
	TAG,
	SHOW_ONLY,
	FORCE,
	LAYER_TYPE,
	IMAGE
};

struct job {
	struct work w;
	const char *pattern, *dir, *url;
	struct strings tags, images;
	bool show_only, force;
};

static int take(void *arg, int id, const char *value)
{
	struct job *j = arg;

	switch (id) {
	case PATTERN:
		j->pattern = value;
		break;
	case DIRECTORY:
		j->dir = value;
		break;
	case URL:
		j->url = value;
		break;
	case SHOW_ONLY:
		j->show_only = true;
		break;
	case FORCE:
		j->force = true;
		break;
	case TAG:
	case IMAGE:
		if (strings_add(id == TAG ? &j->tags : &j->images, value) < 0)
			return EXIT_SOME;
		break;
	case LAYER_TYPE:
		return build_layer_type(&j->w.b, value);
	}
	return EXIT_DONE;
}

static bool is_wanted(const struct job *j, const struct recipe *r)
{
	size_t n = 0;

	while (n < j->images.count && strcmp(j->images.at[n], r->name) != 0)
		n++;
	return !r->build_only && (!j->images.count || n < j->images.count);
}

/* The first of those that are named and are no image of the files, or NULL. */
static const char *unknown(const struct job *j)
{
	for (size_t n = 0, i; n < j->images.count; n++) {
		for (i = 0; i < j->w.order.count; i++)
			if (strcmp(j->images.at[n], j->w.order.at[i].recipe->name) == 0)
				break;
		if (i == j->w.order.count)
			return j->images.at[n];
	}
	return NULL;
}

static int send_as(struct job *j, struct making *m, const char *tag, struct err *err)
{
	cleanup_free char *name = NULL;

	if (asprintf(&name, "%s_%s", m->r->name, tag) < 0)
		return err_set(err, -ENOMEM, NULL, name = NULL);
	printf("%s %s to %s:%s\n", j->show_only ? "would publish" : "publishing", m->r->name,
		j->url, name);
	return j->show_only ? 0 : deliver(m, j->url + strlen("oci:"), name, err);
}

static int publish(struct job *j, const struct order_item *item, struct err *err)
{
	cleanup_making struct making m;
	int r;

	making_begin(&m, &j->w, item->file, item->recipe);
	r = making_look(&m, err);
	if (r == 0 && !j->force)
		return err_tell(err, -ESTALE, "has to be built before it is published", m.r->name);
	for (size_t n = 0; r >= 0 && n < j->tags.count; n++)
		r = send_as(j, &m, j->tags.at[n], err);
	return MIN(r, 0);
}

static int check(const struct job *j)
{
	const struct applet *self = j->w.b.self;

	if (!j->url)
		return usage_error(self, "--url is missing");
	if (strncmp(j->url, "oci:", 4) != 0 || !j->url[4] || j->url[4] == ':')
		return usage_error(self,
			"--url: '%s': rlc-build publishes to a layout, oci:DIR; "
			"from there skopeo copy takes it to a registry",
			j->url);
	if (!j->tags.count)
		return usage_error(self, "--tag is missing");
	return EXIT_DONE;
}

static int publish_all(struct job *j)
{
	cleanup_err struct err err = ERR_NONE;
	struct strings files = {NULL, 0};
	int status = work_begin(&j->w), r = 0;

	if (status == EXIT_DONE)
		r = j->dir ? find_files(j->dir, j->pattern, j->w.b.stacker, &files, &err)
			   : strings_add(&files, j->w.b.file);
	if (status == EXIT_DONE && r == 0)
		status = work_read(&j->w, (const char *const *)files.at, files.count);
	if (status == EXIT_DONE && r == 0 && unknown(j))
		r = err_tell(
			&err, -ENOENT, "there is no such image in what is published", unknown(j));
	for (size_t n = 0; status == EXIT_DONE && r == 0 && n < j->w.order.count; n++)
		if (is_wanted(j, j->w.order.at[n].recipe))
			r = publish(j, &j->w.order.at[n], &err);
	strings_free(&files);
	return r < 0 ? build_fail(&j->w.b, &err) : status;
}

static int publish_main(const struct applet *self, int argc, char **argv)
{
	struct job j = {.w = WORK_NONE, .pattern = FIND_PATTERN};
	int status;

	if (build_start(&j.w.b, self, argc, argv, take, &j, 0, 0, &status)) {
		status = check(&j);
		if (status == EXIT_DONE)
			status = publish_all(&j);
	}
	strings_free(&j.tags);
	strings_free(&j.images);
	work_end(&j.w);
	return status;
}

static const struct option_row publish_options[] = {
	BUILD_ROW_FILE,
	{PATTERN, 'p', "stacker-file-pattern", "REGEX",
		"which paths are files to publish (/stacker\\.ya?ml$)"},
	{DIRECTORY, 'd', "search-dir", "DIR", "where they are; without it --stacker-file is it"},
	{URL, 0, "url", "oci:DIR", "the layout that images go to"},
	{TAG, 0, "tag", "TAG", "as NAME_TAG; several make several"},
	{IMAGE, 0, "image", "NAME", "this image alone; several name several"},
	{SHOW_ONLY, 0, "show-only", NULL, "show what would be published"},
	{FORCE, 0, "force", NULL, "also what should be built anew"},
	{LAYER_TYPE, 0, "layer-type", "tar", "taken as stacker does; there is tar alone"},
	{USERNAME, 0, "username", "NAME", NULL},
	{PASSWORD, 0, "password", "TEXT", NULL},
	{SKIP_TLS, 0, "skip-tls", NULL, NULL},
	BUILD_ROWS_SUBSTITUTE,
	BUILD_ROWS,
	{0},
};

const struct applet build_publish = {
	.name = "build publish",
	.summary = "Copy images that were built to another layout.",
	.usage = "--url oci:DIR --tag TAG... [OPTION]...",
	.options = publish_options,
	.main = publish_main,
};
