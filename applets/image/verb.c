// SPDX-License-Identifier: Apache-2.0
#include "applets/image/image.h"
#include "applets/lib/options.h"
#include "core/owner/text.h"

bool verb_map_valid(const struct verb_map *m)
{
	return m->count && m->count <= UINT32_MAX - m->inside &&
	       m->count <= UINT32_MAX - m->outside;
}

/* "INSIDE:OUTSIDE[:COUNT]" */
static bool parse_map(const char *text, struct verb_map *map)
{
	struct text t = text_of(text, strlen(text));

	map->count = 1;
	return text_u32(&t, &map->inside) && text_char(&t, ':') && text_u32(&t, &map->outside) &&
	       (text_end(&t) ||
		       (text_char(&t, ':') && text_u32(&t, &map->count) && text_end(&t))) &&
	       verb_map_valid(map);
}

static int take_map(const struct verb *v, struct verb_maps *maps, const char *text)
{
	if (maps->count == ARRAY_SIZE(maps->at))
		return usage_error(v->self, "'%s': there are over 16 ranges of ids", text);
	if (!parse_map(text, &maps->at[maps->count]))
		return usage_error(v->self, "'%s' is no range of ids: INSIDE:OUTSIDE:COUNT", text);
	maps->count++;
	return EXIT_DONE;
}

static int take_image(struct verb *v, const char *text)
{
	cleanup_err struct err err = ERR_NONE;
	int r;

	image_name_done(&v->image);
	r = image_name_parse(text, &v->image, &err);
	if (r == -ENOMEM)
		return verb_fail(v, &err);
	return r < 0 ? usage_error(v->self, "--image: '%s': %s", text, err.what) : EXIT_DONE;
}

static int take_layout(struct verb *v, const char *text)
{
	cleanup_err struct err err = ERR_NONE;

	if (!*text)
		return usage_error(v->self, "--layout: the directory is empty");
	if (strchr(text, ':'))
		return usage_error(v->self,
			"--layout: '%s': of a name with a colon --image would take a part for a tag",
			text);
	image_name_done(&v->image);
	v->image.dir = strdup(text);
	if (v->image.dir)
		return EXIT_DONE;
	err_set(&err, -ENOMEM, NULL, NULL);
	return verb_fail(v, &err);
}

static int take_tag(struct verb *v, const char *text)
{
	if (!tag_valid(text))
		return usage_error(v->self, "--tag: '%s' is no tag", text);
	v->tag = text;
	return EXIT_DONE;
}

static int take_platform(struct verb *v, const char *text)
{
	platform_done(&v->platform);
	if (platform_parse(text, &v->platform) < 0)
		return usage_error(v->self, "--platform: '%s' is not OS/ARCH[/VARIANT]", text);
	v->has_platform = true;
	return EXIT_DONE;
}

static int take_created(struct verb *v, const char *text)
{
	struct timespec t;

	if (image_time_parse(text, &t) < 0)
		return usage_error(v->self, "--history.created: '%s' is no time (RFC 3339)", text);
	v->created = text;
	return EXIT_DONE;
}

static int take_compress(struct verb *v, const char *text)
{
	v->auto_compress = strcmp(text, "auto") == 0;
	if (v->auto_compress || compression_parse(text, &v->compress))
		return EXIT_DONE;
	return usage_error(
		v->self, "--compress: '%s' is none of auto, gzip, zstd, zstd:chunked, none", text);
}

/* EXIT_DONE, an exit status after a message, or -1 where it is the verb's own. */
static int take_common(void *verb, int id, const char *value)
{
	struct verb *v = verb;

	switch (id) {
	case VERB_IMAGE:
		return take_image(v, value);
	case VERB_LAYOUT:
		return take_layout(v, value);
	case VERB_TAG:
		return take_tag(v, value);
	case VERB_PLATFORM:
		return take_platform(v, value);
	case VERB_CREATED:
		return take_created(v, value);
	case VERB_COMPRESS:
		return take_compress(v, value);
	case VERB_UID_MAP:
		return take_map(v, &v->uid_map, value);
	case VERB_GID_MAP:
		return take_map(v, &v->gid_map, value);
	case VERB_AUTHOR:
		v->author = value;
		break;
	case VERB_COMMENT:
		v->comment = value;
		break;
	case VERB_CREATED_BY:
		v->created_by = value;
		break;
	case VERB_NO_HISTORY:
		v->no_history = true;
		break;
	case VERB_ROOTLESS:
		v->rootless = true;
		break;
	case VERB_JSON:
		v->json = true;
		break;
	default:
		return -1;
	}
	return EXIT_DONE;
}

/* The option that the verb cannot do without: its word, or NULL. */
static const char *needed(const struct applet *self)
{
	const struct option_row *row;

	for (row = self->options; !option_row_is_end(row); row++)
		if (row->id == VERB_IMAGE || row->id == VERB_LAYOUT)
			return row->word;
	return NULL;
}

/* Whether what was given is whole: EXIT_DONE, or EXIT_USAGE after a message. */
static int check(const struct verb *v)
{
	const char *word = needed(v->self);

	if (word && !v->image.dir)
		return usage_error(v->self, "--%s is missing", word);
	if (v->no_history && (v->author || v->comment || v->created || v->created_by))
		return usage_error(v->self, "--no-history leaves no place for --history.*");
	return EXIT_DONE;
}

bool verb_start(struct verb *v, const struct applet *self, int argc, char **argv,
	verb_option_fn *take, void *arg, int least, int most, int *status)
{
	const struct verb_takers takers = {take_common, v, take, arg};

	v->self = self;
	options_start(&v->o, self, argc, argv);
	*status = verb_options(&v->o, &takers, least, most);
	if (*status >= 0)
		return false;
	*status = check(v);
	return *status == EXIT_DONE;
}

atomic_ullong *verb_work(struct verb *v, const char *what, uint64_t total)
{
	progress_end(&v->progress);
	v->progress.ended = false;
	atomic_store(&v->progress.done, 0);
	progress_start(&v->progress, v->self, what, total);
	return &v->progress.done;
}

void verb_work_layers(struct verb *v, const char *what, struct layout *l, const struct image *i,
	size_t layers, unsigned times)
{
	uint64_t total = 0;

	for (size_t n = 0; n < layers; n++)
		total += times * (uint64_t)i->layers[n].size;
	l->passed = verb_work(v, what, total);
}

int verb_work_sink(struct verb *v, const char *what, uint64_t total, struct sink **sink)
{
	return sink_count(*sink, verb_work(v, what, total), sink);
}

void verb_work_done(struct verb *v)
{
	progress_end(&v->progress);
}

void verb_end(struct verb *v)
{
	progress_end(&v->progress);
	image_name_done(&v->image);
	platform_done(&v->platform);
}

int verb_open(const struct verb *v, enum layout_use use, struct layout *l, struct image *i,
	struct err *err)
{
	int r = layout_open(l, v->image.dir, use, err);

	return r < 0 ? r : image_open(l, v->image.tag, verb_platform(v), i, err);
}

int verb_fail(const struct verb *v, struct err *err)
{
	bool unfit = !err->told && (err->code == -EILSEQ || err->code == -EOPNOTSUPP);

	report_err(v->self, err);
	if (unfit && v->compress == COMPRESS_CHUNKED)
		report(v->self,
			"zstd:chunked has no place for sparse files, nor for names that are not UTF-8");
	return EXIT_SOME;
}

const struct platform *verb_platform(const struct verb *v)
{
	return v->has_platform ? &v->platform : NULL;
}

const char *verb_new_tag(const struct verb *v)
{
	return v->tag ? v->tag : v->image.tag;
}

enum compression verb_compression(const struct verb *v, const struct image *i)
{
	return v->auto_compress ? image_compression(i) : v->compress;
}

bool verb_no_holes(const struct verb *v)
{
	return v->compress == COMPRESS_CHUNKED;
}

bool verb_history(const struct verb *v, const struct image *i, const char *by, bool empty_layer,
	char time[IMAGE_TIME_MAX], struct history *h)
{
	if (v->no_history)
		return false;
	image_time(image_now(), time);
	*h = (struct history){
		.author = v->author ? v->author : doc_text(i->config, "author"),
		.comment = v->comment,
		.created_by = v->created_by ? v->created_by : by,
		.created = v->created ? v->created : time,
		.empty_layer = empty_layer,
	};
	return true;
}
