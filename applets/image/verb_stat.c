// SPDX-License-Identifier: Apache-2.0
/* verb stat
Shows the manifest, the config and the history.
With
.Fl -json
these come as one object with the members
.Li manifest ,
.Li config
(each with its
.Li descriptor
and the document itself as
.Li blob )
and
.Li history ,
whose entries name their
.Li layer
and its
.Li diff_id .
*/
#include "applets/image/image.h"
#include "applets/image/show.h"

#include <stdio.h>

static void show_manifest(struct buf *out, const struct image *i)
{
	const json_t *artifact = json_object_get(i->manifest, "artifactType");
	const char *media = doc_text(i->manifest, "mediaType");
	size_t n;

	buf_adds(out, "== MANIFEST ==\nSchema Version: 2\n");
	show_text(out, 0, "Media Type", media ? media : "");
	if (json_is_string(artifact))
		show_text(out, 0, "Artifact Type", json_string_value(artifact));
	buf_adds(out, "Config:\n");
	show_descriptor(out, 1, i->config_blob.json);
	if (i->layer_count)
		buf_adds(out, "Layers:\n");
	for (n = 0; n < i->layer_count; n++)
		show_descriptor(out, 1, i->layers[n].json);
	if (json_object_size(json_object_get(i->manifest, "annotations")))
		show_map(out, 0, "Annotations", json_object_get(i->manifest, "annotations"));
	show_descriptor(out, 0, i->top.json);
}

static void show_if_text(struct buf *out, const char *key, const char *value)
{
	if (value && *value)
		show_text(out, 1, key, value);
}

static void show_if_list(struct buf *out, const char *key, const json_t *value)
{
	if (json_array_size(value))
		show_list(out, 1, key, value);
}

static void show_process(struct buf *out, const json_t *c)
{
	bool escaped = json_is_true(json_object_get(c, "ArgsEscaped"));
	const char *user = doc_text(c, "User");

	buf_adds(out, "Image Config:\n");
	show_text(out, 1, "User", user ? user : "");
	show_if_list(out, escaped ? "Entrypoint (escaped)" : "Entrypoint",
		json_object_get(c, "Entrypoint"));
	show_list(out, 1, escaped ? "Command (escaped)" : "Command", json_object_get(c, "Cmd"));
	show_if_text(out, "Working Directory", doc_text(c, "WorkingDir"));
	show_if_list(out, "Environment", json_object_get(c, "Env"));
	show_if_text(out, "Stop Signal", doc_text(c, "StopSignal"));
	if (json_object_size(json_object_get(c, "ExposedPorts")))
		show_set(out, 1, "Exposed Ports", json_object_get(c, "ExposedPorts"));
	if (json_object_size(json_object_get(c, "Volumes")))
		show_set(out, 1, "Volumes", json_object_get(c, "Volumes"));
	if (json_object_size(json_object_get(c, "Labels")))
		show_map(out, 1, "Labels", json_object_get(c, "Labels"));
}

static void show_config(struct buf *out, const struct image *i)
{
	const char *created = doc_text(i->config, "created"),
		   *author = doc_text(i->config, "author");

	buf_adds(out, "\n== CONFIG ==\n");
	if (created)
		show_text(out, 0, "Created", created);
	show_text(out, 0, "Author", author ? author : "");
	show_platform(out, 0, i->config);
	show_process(out, json_object_get(i->config, "config"));
	show_descriptor(out, 0, i->config_blob.json);
}

static int print_text(const struct image *i)
{
	cleanup_buf struct buf out = BUF_NONE;

	show_manifest(&out, i);
	show_config(&out, i);
	buf_adds(&out, "\n== HISTORY ==\n");
	show_history(&out, i);
	if (out.failed)
		return -ENOMEM;
	fwrite(out.data, 1, out.len, stdout);
	return 0;
}

/* Sets key to value, of which there is one more reference then. */
static bool put(json_t *object, const char *key, json_t *value)
{
	return value && json_object_set(object, key, value) == 0;
}

/* A document and what describes it. */
static bool put_doc(json_t *object, const char *key, const struct descriptor *d, json_t *document)
{
	json_t *both = doc_object(object, key);

	return both && put(both, "descriptor", d->json) && put(both, "blob", document);
}

static int print_json(const struct image *i)
{
	cleanup_json json_t *all = json_object();
	cleanup_buf struct buf out = BUF_NONE;

	if (!put_doc(all, "manifest", &i->top, i->manifest) ||
		!put_doc(all, "config", &i->config_blob, i->config) ||
		json_object_set_new(all, "history", history_json(i)) != 0 ||
		doc_write(all, &out) < 0)
		return -ENOMEM;
	puts(out.data);
	return 0;
}

static int print(const struct image *i, bool json)
{
	return json ? print_json(i) : print_text(i);
}

static int stat_main(const struct applet *self, int argc, char **argv)
{
	return show_image(self, argc, argv, print);
}

static const struct option_row stat_options[] = {
	VERB_ROW_IMAGE,
	VERB_ROW_PLATFORM,
	VERB_ROW_JSON("print one JSON object"),
	{0},
};

const struct applet verb_stat = {
	.name = "image stat",
	.summary = "Show what an image is made of.",
	.usage = "[OPTION]... --image DIR[:TAG]",
	.options = stat_options,
	.main = stat_main,
};
