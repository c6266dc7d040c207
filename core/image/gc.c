// SPDX-License-Identifier: Apache-2.0
/* What nothing refers to, and its end. */
#include "core/image/read.h"

/* A blob that something refers to. */
struct found {
	char digest[DIGEST_MAX];
	int64_t size;
	char kind; /* 'i'ndex, 'm'anifest, 'd'ocument of either sort, 0: what refers to nothing */
};

struct mark {
	const struct layout *l;
	json_t *seen; /* digests, as keys */
	struct found *queue;
	size_t count, room;
};

static void mark_end(struct mark *m)
{
	json_decref(m->seen);
	free(m->queue);
}

#define cleanup_mark cleanup(mark_end)

/* Only what is there is noted: so hostile documents cannot make the list longer than the layout. */
static int mark_add(struct mark *m, const json_t *json, char kind)
{
	cleanup_descriptor struct descriptor d = DESCRIPTOR_NONE;
	int r = descriptor_read((json_t *)(uintptr_t)json, NULL, &d, NULL);

	if (r == -ENOTSUP)
		return 0; /* blobs of other digests are nobody's here */
	if (r < 0 || blob_there(m->l, &d) == -ENOENT || json_object_get(m->seen, d.digest))
		return r;
	if (m->count == m->room) {
		size_t room = m->room ? m->room * 2 : 64;
		struct found *queue = realloc(m->queue, room * sizeof(*queue));

		if (!queue)
			return -ENOMEM;
		m->queue = queue;
		m->room = room;
	}
	m->queue[m->count].size = d.size;
	m->queue[m->count].kind = kind;
	strcpy(m->queue[m->count++].digest, d.digest);
	return json_object_set_new(m->seen, d.digest, json_true()) ? -ENOMEM : 0;
}

static char kind_of(const json_t *descriptor)
{
	const char *media = doc_text(descriptor, "mediaType");

	if (!media || !*media)
		return 'd';
	return media_is_index(media) ? 'i' : media_is_manifest(media) ? 'm' : 0;
}

static int mark_list(struct mark *m, const json_t *list, bool documents)
{
	const json_t *each;
	size_t n;
	int r = 0;

	json_array_foreach(list, n, each)
	{
		r = mark_add(m, each, documents ? kind_of(each) : 0);
		if (r < 0)
			break;
	}
	return r;
}

/* Notes all that a document refers to. */
static int mark_doc(struct mark *m, const json_t *doc)
{
	const json_t *config = json_object_get(doc, "config");
	const json_t *subject = json_object_get(doc, "subject");
	int r = mark_list(m, json_object_get(doc, "manifests"), true);

	if (r == 0)
		r = mark_list(m, json_object_get(doc, "layers"), false);
	/* What has no media type may be a config itself, whose "config" is no descriptor */
	if (r == 0 && json_object_get(config, "digest"))
		r = mark_add(m, config, 0);
	if (r == 0 && json_object_get(subject, "digest"))
		r = mark_add(m, subject, kind_of(subject));
	return r;
}

static int mark_item(struct mark *m, size_t n, struct err *err)
{
	cleanup_json json_t *doc = NULL;
	struct descriptor d = DESCRIPTOR_NONE;
	int r;

	if (!m->queue[n].kind || (m->queue[n].kind == 'd' && m->queue[n].size > DOC_MAX))
		return 0;
	strcpy(d.digest, m->queue[n].digest);
	d.size = m->queue[n].size;
	r = blob_doc(m->l, &d, &doc, m->queue[n].kind == 'd' ? NULL : err);
	if (r < 0)
		return m->queue[n].kind == 'd' ? 0 : r;
	r = mark_doc(m, doc);
	return r < 0 ? blob_err(m->l, d.digest, r, "a descriptor is damaged", err) : 0;
}

static int mark_all(struct mark *m, struct err *err)
{
	cleanup_json json_t *index = NULL;
	size_t n;
	int r = layout_index(m->l, &index, err);

	if (r < 0)
		return r;
	r = mark_list(m, json_object_get(index, "manifests"), true);
	if (r < 0)
		return err_set_at(err, r, "a descriptor is damaged", m->l->path, "index.json");
	for (n = 0; n < m->count && r == 0; n++)
		r = mark_item(m, n, err);
	return r;
}

/* Removes from a directory the files that goes says. */
static int sweep(const struct layout *l, int fd, const json_t *seen,
	bool (*goes)(const char *name, const json_t *seen), struct err *err)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;

	if (!dir)
		return err_set(err, -errno, "cannot read", l->path);
	while ((errno = 0, e = readdir(dir)))
		if (goes(e->d_name, seen) && unlinkat(fd, e->d_name, 0) != 0 && errno != ENOENT)
			return err_set_at(err, -errno, "cannot remove", l->path, e->d_name);
	return errno ? err_set(err, -errno, "cannot read", l->path) : 0;
}

static bool blob_goes(const char *name, const json_t *seen)
{
	char digest[DIGEST_MAX] = "sha256:";

	if (strlen(name) != 64)
		return false;
	strcat(digest, name);
	return digest_valid(digest) && !json_object_get(seen, digest);
}

static bool aside_goes(const char *name, const json_t *seen)
{
	(void)seen;
	return strncmp(name, LAYOUT_ASIDE, strlen(LAYOUT_ASIDE)) == 0;
}

int layout_collect(struct layout *l, struct err *err)
{
	cleanup_mark struct mark m = {.l = l, .seen = json_object()};
	int r = m.seen ? mark_all(&m, err) : err_set(err, -ENOMEM, "cannot read", l->path);

	if (r == 0 && l->blobs >= 0)
		r = sweep(l, l->blobs, m.seen, blob_goes, err);
	return r ? r : sweep(l, l->fd, NULL, aside_goes, err);
}
