// SPDX-License-Identifier: Apache-2.0
/* What nothing refers to, and its end. */
#include "core/image/read.h"

/* A blob that is there. */
struct blob {
	char hex[65];
	char kind; /* what refers to it takes it for; see mark_add. '?': nothing refers to it */
	int64_t size;
};

struct mark {
	const struct layout *l;
	struct blob *blobs; /* sorted by hex */
	size_t count, room;
	size_t *queue; /* numbers of those that are to be looked into, each at most twice */
	size_t queued;
	json_t *kept; /* documents that were looked into; see keep */
	int64_t kept_bytes;
};

static void mark_end(struct mark *m)
{
	json_decref(m->kept);
	free(m->blobs);
	free(m->queue);
}

#define cleanup_mark cleanup(mark_end)

static int compare(const void *a, const void *b)
{
	return memcmp(((const struct blob *)a)->hex, ((const struct blob *)b)->hex, 64);
}

static int note_blob(struct mark *m, const char *hex)
{
	if (m->count == m->room) {
		size_t room = m->room ? m->room * 2 : 256;
		struct blob *blobs = realloc(m->blobs, room * sizeof(*blobs));

		if (!blobs)
			return -ENOMEM;
		m->blobs = blobs;
		m->room = room;
	}
	m->blobs[m->count].kind = '?';
	strcpy(m->blobs[m->count++].hex, hex);
	return 0;
}

static bool is_blob(const char *name)
{
	return strlen(name) == 64 && strspn(name, "0123456789abcdef") == 64;
}

/* All names at once are had sooner than each is asked for. */
static int note_blobs(struct mark *m, struct err *err)
{
	int copy = openat(m->l->blobs, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;

	if (!dir)
		return err_set(err, -errno, "cannot read", m->l->path);
	while ((errno = 0, e = readdir(dir)))
		if (is_blob(e->d_name) && note_blob(m, e->d_name) < 0)
			return err_set(err, -ENOMEM, "cannot read", m->l->path);
	if (errno)
		return err_set(err, -errno, "cannot read", m->l->path);
	if (m->count)
		qsort(m->blobs, m->count, sizeof(*m->blobs), compare);
	m->queue = calloc(2 * m->count + 1, sizeof(*m->queue));
	return m->queue ? 0 : err_set(err, -ENOMEM, "cannot read", m->l->path);
}

/*
 * Notes that something refers to a blob: kind is 'i' for an index or a manifest, 'd' for what may
 * be one, 0 for what refers to nothing itself. Those that are not there are passed over.
 */
static int mark_add(struct mark *m, const json_t *json, char kind)
{
	cleanup_descriptor struct descriptor d = DESCRIPTOR_NONE;
	int r = descriptor_read((json_t *)(uintptr_t)json, NULL, &d, NULL);
	struct blob key, *blob;

	if (r == -ENOTSUP)
		return 0; /* blobs of other digests are nobody's here */
	if (r < 0)
		return r;
	strcpy(key.hex, digest_hex(d.digest));
	blob = m->count ? bsearch(&key, m->blobs, m->count, sizeof(*m->blobs), compare) : NULL;
	if (!blob || blob->kind == 'i' || blob->kind == kind)
		return 0;
	if (blob->kind == '?' || kind)
		blob->kind = kind;
	if (!kind)
		return 0;
	blob->size = d.size;
	m->queue[m->queued++] = (size_t)(blob - m->blobs);
	return 0;
}

static char kind_of(const json_t *descriptor)
{
	const char *media = doc_text(descriptor, "mediaType");

	if (!media || !*media)
		return 'd';
	return media_is_index(media) || media_is_manifest(media) ? 'i' : 0;
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

/*
 * Freeing each document before the next is read would give its pages back to the kernel, and take
 * them again: many are freed at once instead.
 */
static void keep(struct mark *m, json_t *doc, int64_t size)
{
	m->kept_bytes += size;
	if (m->kept_bytes > 32 << 10) {
		json_array_clear(m->kept);
		m->kept_bytes = 0;
	}
	json_array_append(m->kept, doc); /* where memory is missing it is freed at once */
}

static int mark_item(struct mark *m, const struct blob *blob, struct err *err)
{
	cleanup_json json_t *doc = NULL;
	struct descriptor d = DESCRIPTOR_NONE;
	bool sure = blob->kind == 'i';
	int r;

	if (!sure && blob->size > DOC_MAX)
		return 0;
	strcpy(d.digest, "sha256:");
	strcat(d.digest, blob->hex);
	d.size = blob->size;
	r = blob_doc(m->l, &d, &doc, sure ? err : NULL);
	if (r < 0)
		return sure ? r : 0;
	keep(m, doc, d.size);
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
	for (n = 0; n < m->queued && r == 0; n++)
		r = mark_item(m, &m->blobs[m->queue[n]], err);
	return r;
}

static int sweep_blobs(const struct mark *m, struct err *err)
{
	size_t n;

	for (n = 0; n < m->count; n++) {
		const struct blob *b = &m->blobs[n];

		if (b->kind == '?' && unlinkat(m->l->blobs, b->hex, 0) != 0)
			return err_set_at(err, -errno, "cannot remove", m->l->path, b->hex);
	}
	return 0;
}

/* What killed writers left. */
static int sweep_aside(const struct layout *l, struct err *err)
{
	int copy = openat(l->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;

	if (!dir)
		return err_set(err, -errno, "cannot read", l->path);
	while ((errno = 0, e = readdir(dir)))
		if (strncmp(e->d_name, LAYOUT_ASIDE, strlen(LAYOUT_ASIDE)) == 0 &&
			unlinkat(l->fd, e->d_name, 0) != 0)
			return err_set_at(err, -errno, "cannot remove", l->path, e->d_name);
	return errno ? err_set(err, -errno, "cannot read", l->path) : 0;
}

int layout_collect(struct layout *l, struct err *err)
{
	cleanup_mark struct mark m = {.l = l, .kept = json_array()};
	int r = l->blobs < 0 ? 0 : note_blobs(&m, err);

	if (r == 0 && l->blobs >= 0)
		r = mark_all(&m, err);
	if (r == 0)
		r = sweep_blobs(&m, err);
	return r ? r : sweep_aside(l, err);
}
