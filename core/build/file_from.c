// SPDX-License-Identifier: Apache-2.0
/* "from": what an image is based on. */
#include "core/base/nearest.h"
#include "core/build/fields.h"

static const char *const type_words[] = {
	[FROM_DOCKER] = "docker",
	[FROM_OCI] = "oci",
	[FROM_TAR] = "tar",
	[FROM_BUILT] = "built",
	[FROM_SCRATCH] = "scratch",
};

static int read_type(const struct reader *r, const char *key, const struct yaml_value *v, void *out)
{
	struct nearest near = {.len = 0};
	size_t i;

	if (v->kind != YAML_TEXT || yaml_is_null(v))
		return wrong_kind(r, key, v, "docker, oci, tar, built or scratch");
	near.word = v->text;
	near.len = strlen(v->text);
	for (i = 0; i < ARRAY_SIZE(type_words); i++) {
		if (strcmp(v->text, type_words[i]) == 0) {
			*(enum from_type *)out = (enum from_type)i;
			return 0;
		}
		nearest_try(&near, type_words[i]);
	}
	if (near.best)
		return place_err(r->err, -EINVAL, r->path, &v->place,
			"there is no type '%s'; did you mean '%s'?", v->text, near.best);
	return place_err(r->err, -EINVAL, r->path, &v->place,
		"there is no type '%s'; there are docker, oci, tar, built, scratch", v->text);
}

static const struct field from_fields[] = {
	{"type", read_type, offsetof(struct from, type), 0, true},
	{"url", read_text, offsetof(struct from, url), 0, false},
	{"tag", read_text, offsetof(struct from, tag), 0, false},
	{"insecure", read_bool, offsetof(struct from, insecure), 0, false},
	{0},
};

static int make_absolute(const struct reader *r, struct from *from)
{
	char *absolute = path_absolute(r->dir, from->url);

	if (!absolute)
		return err_set(r->err, -ENOMEM, NULL, NULL);
	free(from->url);
	from->url = absolute;
	return 0;
}

static int check_url(const struct reader *r, struct from *from, const struct place *at)
{
	cleanup_free char *image = from->url ? url_image(from->url) : NULL;

	if (!from->url)
		return place_err(r->err, -EINVAL, r->path, &from->place,
			"'from' of type %s needs an 'url'", type_words[from->type]);
	if (from->type == FROM_DOCKER)
		return 0;
	if (!url_scheme(from->url))
		return make_absolute(r, from);
	if (from->type == FROM_OCI)
		return 0;
	if (image ? recipe_name_valid(image) && strchr(from->url + strlen("stacker://"), '/')
		  : url_is(from->url, "http") || url_is(from->url, "https"))
		return 0;
	return place_err(r->err, -EINVAL, r->path, at,
		"'url' is '%s'; a path, stacker://NAME/PATH, http:// or https:// is expected",
		from->url);
}

int read_from(const struct reader *r, const char *key, const struct yaml_value *v, void *out)
{
	struct from *from = &((struct recipe *)out)->from;
	const struct yaml_value *url;
	int code;

	if (v->kind != YAML_MAP)
		return wrong_kind(r, key, v, "a map with a 'type'");
	from->place = v->place;
	code = fields_read(r, "'from'", from_fields, v, from);
	if (code < 0)
		return code;
	if (!yaml_find(v, "type"))
		return place_err(r->err, -EINVAL, r->path, &v->place,
			"'from' needs a 'type': docker, oci, tar, built or scratch");
	url = yaml_find(v, "url");
	if (from->type == FROM_BUILT && !from->tag)
		return place_err(r->err, -EINVAL, r->path, &v->place,
			"'from' of type built needs a 'tag', the name of the image");
	return from->type >= FROM_BUILT ? 0 : check_url(r, from, url ? &url->place : &v->place);
}
