// SPDX-License-Identifier: Apache-2.0
#include "applets/image/bundle.h"

#include "core/base/io.h"

#define META_VERSION "2"
#define META_NAME "umoci.json"

/* umoci's words for how whiteouts stand on disk. */
enum { WHITEOUT_OCI = 0, WHITEOUT_OVERLAY = 1 };

static json_t *maps_or_null(json_t *maps)
{
	return maps ? json_incref(maps) : json_null();
}

static json_t *walk_of(const struct image *i)
{
	json_t *walk = json_array();

	for (size_t n = 0; n < i->path_count; n++)
		json_array_append(walk, i->path[n].json);
	json_array_append(walk, i->top.json);
	return walk;
}

int bundle_write_meta(const struct bundle *b, const struct image *i, struct err *err)
{
	cleanup_buf struct buf text = BUF_NONE;
	cleanup_json json_t *doc = json_pack("{s:s, s:{s:o}, s:{s:o, s:o, s:b}, s:i}",
		"umoci_version", META_VERSION, "from_descriptor_path", "descriptor_walk",
		walk_of(i), "map_options", "uid_mappings", maps_or_null(b->uid_maps),
		"gid_mappings", maps_or_null(b->gid_maps), "rootless", b->v->rootless,
		"whiteout_mode", b->overlay ? WHITEOUT_OVERLAY : WHITEOUT_OCI);

	if (!doc || doc_write(doc, &text) < 0 || buf_adds(&text, "\n") < 0)
		return err_set(err, -ENOMEM, "cannot write", META_NAME);
	return bundle_write(b, META_NAME, &text, err);
}

static int damaged(const char *what, struct err *err)
{
	return err_set(err, -EBADMSG, what, META_NAME);
}

static bool read_u32(const json_t *object, const char *key, uint32_t *out)
{
	const json_t *number = json_object_get(object, key);
	json_int_t n = json_is_integer(number) ? json_integer_value(number) : -1;

	*out = (uint32_t)n;
	return n >= 0 && n < UINT32_MAX;
}

static int read_maps(const json_t *options, const char *key, struct verb_maps *out)
{
	const json_t *list = json_object_get(options, key);

	if (json_array_size(list) > ARRAY_SIZE(out->at))
		return -E2BIG;
	for (out->count = 0; out->count < json_array_size(list); out->count++) {
		const json_t *one = json_array_get(list, out->count);
		struct verb_map *m = &out->at[out->count];

		if (!read_u32(one, "containerID", &m->inside) ||
			!read_u32(one, "hostID", &m->outside) ||
			!read_u32(one, "size", &m->count) || !verb_map_valid(m))
			return -EBADMSG;
	}
	return 0;
}

static int read_walk(const json_t *doc, struct bundle_meta *m, struct err *err)
{
	const json_t *walk =
		json_object_get(json_object_get(doc, "from_descriptor_path"), "descriptor_walk");
	size_t n = json_array_size(walk);

	if (n == 0 || n > 32)
		return damaged("has no way to its image", err);
	m->walk = calloc(n, sizeof(*m->walk));
	if (!m->walk)
		return err_set(err, -ENOMEM, NULL, NULL);
	for (; m->walk_count < n; m->walk_count++) {
		int r = descriptor_read(json_array_get(walk, m->walk_count), META_NAME,
			&m->walk[m->walk_count], err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int read_file(const char *path, struct buf *text, struct err *err)
{
	cleanup_fd int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;
	int r;

	if (dir < 0)
		return err_set(err, -errno, "cannot open the bundle", path);
	fd = openat(dir, META_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	r = fd < 0 ? -errno : io_read_all(fd, text, DOC_MAX);
	return r < 0 ? err_set_at(err, r, "cannot read", path, META_NAME) : 0;
}

int bundle_read_meta(const char *path, struct verb *v, struct bundle_meta *m, struct err *err)
{
	cleanup_buf struct buf text = BUF_NONE;
	const json_t *options;
	const char *version;
	int r = read_file(path, &text, err);

	if (r == 0)
		r = doc_parse(text.data, text.len, META_NAME, &m->doc, err);
	if (r < 0)
		return r;
	version = doc_text(m->doc, "umoci_version");
	if (!version || strcmp(version, META_VERSION) != 0)
		return damaged("is of an unknown version", err);
	options = json_object_get(m->doc, "map_options");
	v->rootless = json_is_true(json_object_get(options, "rootless"));
	if (read_maps(options, "uid_mappings", &v->uid_map) < 0 ||
		read_maps(options, "gid_mappings", &v->gid_map) < 0)
		return damaged("has maps that are not understood", err);
	m->overlay =
		json_integer_value(json_object_get(m->doc, "whiteout_mode")) == WHITEOUT_OVERLAY;
	return read_walk(m->doc, m, err);
}

void bundle_meta_done(struct bundle_meta *m)
{
	while (m->walk_count)
		descriptor_done(&m->walk[--m->walk_count]);
	free(m->walk);
	json_decref(m->doc);
	*m = (struct bundle_meta)BUNDLE_META_NONE;
}
