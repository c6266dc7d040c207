// SPDX-License-Identifier: Apache-2.0
#include "applets/image/bundle.h"

#include "core/base/io.h"
#include "core/image/spec.h"
#include <stdio.h>

void bundle_end(struct bundle *b)
{
	json_decref(b->uid_maps);
	json_decref(b->gid_maps);
	tree_close(&b->rootfs);
	known_free(b->known);
	base_close(&b->fd);
	context_end(&b->context);
}

static json_t *maps_json(const struct verb_maps *maps)
{
	json_t *list = json_array();

	for (size_t i = 0; i < maps->count; i++)
		json_array_append_new(list,
			json_pack("{s:I, s:I, s:I}", "containerID", (json_int_t)maps->at[i].inside,
				"hostID", (json_int_t)maps->at[i].outside, "size",
				(json_int_t)maps->at[i].count));
	return list;
}

/* The number on the other side of the maps. */
static uint32_t through(const struct verb_maps *maps, uint32_t id, bool inwards)
{
	if (maps->count == 0 || id == OWNER_KEEP)
		return id;
	for (size_t i = 0; i < maps->count; i++) {
		const struct verb_map *m = &maps->at[i];
		uint32_t from = inwards ? m->outside : m->inside;

		if (id - from < m->count)
			return id - from + (inwards ? m->inside : m->outside);
	}
	return OWNER_KEEP;
}

struct owner bundle_outside(const struct bundle *b, struct owner o)
{
	if (!b->shift)
		return o;
	return (struct owner){
		through(&b->v->uid_map, o.uid, false), through(&b->v->gid_map, o.gid, false)};
}

struct owner bundle_inside(const struct bundle *b, struct owner o)
{
	if (!b->shift)
		return o;
	return (struct owner){
		through(&b->v->uid_map, o.uid, true), through(&b->v->gid_map, o.gid, true)};
}

/* Records know one id of the caller's; the map says what it is inside. */
static int own_id(const struct bundle *b, struct verb_maps *maps, uint32_t id, const char *option,
	uint32_t *inside)
{
	if (maps->count == 0)
		maps->at[maps->count++] = (struct verb_map){0, id, 1};
	*inside = through(maps, id, true);
	if (*inside != OWNER_KEEP)
		return EXIT_DONE;
	report(b->v->self, "--%s: your own id %u is not in it, and files can have no other", option,
		id);
	return EXIT_SOME;
}

int bundle_begin(struct bundle *b, struct verb *v)
{
	struct verb_maps *uids = &v->uid_map, *gids = &v->gid_map;
	struct owner *base = &b->context.owners.base;
	int status;

	b->v = v;
	b->outside = (struct owner){geteuid(), getegid()};
	b->context.self = v->self;
	b->context.records = v->rootless;
	status = context_begin(&b->context);
	v->rootless = b->context.owners.records;
	if (v->rootless && status == EXIT_DONE)
		status = own_id(b, uids, b->outside.uid, "uid-map", &base->uid);
	if (v->rootless && status == EXIT_DONE)
		status = own_id(b, gids, b->outside.gid, "gid-map", &base->gid);
	b->shift = !v->rootless && (uids->count || gids->count);
	if (uids->count)
		b->uid_maps = maps_json(uids);
	if (gids->count)
		b->gid_maps = maps_json(gids);
	return status;
}

void bundle_fault(void *bundle, struct err *err)
{
	struct bundle *b = bundle;

	b->status = EXIT_SOME;
	report_err(b->v->self, err);
}

struct mtree_view bundle_view(const struct bundle *b)
{
	struct owner mine = b->context.owners.mine;

	return (struct mtree_view){&b->rootfs, mine, geteuid() == 0 ? b->outside : mine};
}

static int create(const struct bundle *b, const char *name, struct err *err)
{
	int fd = openat(b->fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

	return fd < 0 ? err_set(err, -errno, "cannot make", name) : fd;
}

int bundle_write(const struct bundle *b, const char *name, const struct buf *text, struct err *err)
{
	char aside[NAME_MAX + 1];
	int r, fd;

	snprintf(aside, sizeof aside, ".%s.%ld", name, (long)getpid());
	fd = create(b, aside, err);
	if (fd < 0)
		return fd;
	r = io_write(fd, text->data, text->len);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && renameat(b->fd, aside, b->fd, name) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(b->fd, aside, 0);
	return r < 0 ? err_set(err, r, "cannot write", name) : 0;
}

int bundle_top(const struct bundle *b, int fd, const char *name, struct err *err)
{
	const struct timespec epoch[2] = {{0, 0}, {0, 0}};
	struct owner real = bundle_outside(b, (struct owner){0, 0});

	if (fchmod(fd, 0755) < 0 || futimens(fd, epoch) < 0)
		return err_set(err, -errno, "cannot make", name);
	if (b->shift && fchown(fd, real.uid, real.gid) < 0)
		return err_set(err, -errno, "cannot give it to its root", name);
	return 0;
}

void bundle_file(char name[BUNDLE_NAME_MAX], const char *digest, const char *suffix)
{
	snprintf(name, BUNDLE_NAME_MAX, "sha256_%s%s", digest_hex(digest), suffix);
}

void bundle_forget(const struct bundle *b, const char *digest)
{
	static const char *const suffixes[] = {".mtree", ".stamps"};
	char name[BUNDLE_NAME_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		bundle_file(name, digest, suffixes[i]);
		unlinkat(b->fd, name, 0);
	}
}

int bundle_write_mtree(const struct bundle *b, const struct image *i, struct err *err)
{
	const struct mtree_view view = bundle_view(b);
	cleanup_fd int manifest = -1, stamps = -1;
	char name[BUNDLE_NAME_MAX];

	bundle_forget(b, i->top.digest);
	bundle_file(name, i->top.digest, ".stamps");
	stamps = create(b, name, err);
	if (stamps < 0)
		return stamps;
	bundle_file(name, i->top.digest, ".mtree");
	manifest = create(b, name, err);
	if (manifest < 0)
		return manifest;
	return mtree_write(&view, manifest, stamps, b->known, err);
}

static int dump(const char *text, size_t n, void *out)
{
	return buf_add(out, text, n);
}

int bundle_spec(const struct bundle *b, const struct image *i, const struct tree *tree,
	const char *root, struct buf *out, struct err *err)
{
	const struct spec_options o = {.tree = tree,
		.root = root,
		.rootless = b->v->rootless,
		.uid_maps = b->uid_maps,
		.gid_maps = b->gid_maps};
	cleanup_json json_t *spec = NULL;
	int r = spec_make(i, &o, &spec, err);

	if (r < 0)
		return r;
	if (json_dump_callback(spec, dump, out, JSON_INDENT(2)) < 0 || buf_adds(out, "\n") < 0)
		return err_set(err, -ENOMEM, "cannot write", "config.json");
	return 0;
}
