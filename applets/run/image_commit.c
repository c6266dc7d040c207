// SPDX-License-Identifier: Apache-2.0
/* What a command changed becomes a layer. */
#include "applets/run/image.h"

#include "core/image/apart.h"
#include "core/image/mtree.h"

#define MANIFEST "mtree"
#define STAMPS "stamps"

/* The layer on its way. */
struct committing {
	struct run_image *r;
	struct layer_out layer;
	struct descriptor made;
	char diff_id[DIGEST_MAX];
	bool lacking; /* something that was changed could not be read */
};

/* What no layer can hold, whoever asks. */
static bool has_no_place(int code)
{
	return code == -EINVAL || code == -ENAMETOOLONG || code == -ERANGE || code == -EFBIG ||
	       code == -E2BIG || code == -EOPNOTSUPP;
}

static void fault(void *committing, struct err *err)
{
	struct committing *c = committing;

	c->lacking |= !has_no_place(err->code);
	image_fault(c->r, err);
}

/* No time in the layer is later than SOURCE_DATE_EPOCH. */
static bool clamp(struct timespec *mtime)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");

	*mtime = image_now();
	return epoch && *epoch;
}

static struct mtree_view view_of(const struct run_image *r)
{
	struct owner mine = r->context.owners.mine;

	return (struct mtree_view){&r->upper.top, mine, geteuid() == 0 ? r->outside : mine};
}

static int open_aside(const struct run_image *r, const char *name, int flags)
{
	return openat(r->upper.lock, name, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static int note_all(struct run_image *r, const struct known *known, struct err *err)
{
	const struct mtree_view view = view_of(r);
	cleanup_fd int manifest = open_aside(r, MANIFEST, O_RDWR | O_CREAT | O_EXCL);
	cleanup_fd int stamps = open_aside(r, STAMPS, O_RDWR | O_CREAT | O_EXCL);

	if (manifest < 0 || stamps < 0)
		return err_set(err, -errno, "cannot write", MANIFEST);
	return mtree_write(&view, manifest, stamps, known, err);
}

struct spreading {
	struct run_image *r;
	struct known *known;
};

static void spread_fault(void *spreading, struct err *err)
{
	image_fault(((struct spreading *)spreading)->r, err);
}

static void filled(void *spreading, const struct stat *st, const char *hex)
{
	known_add(((struct spreading *)spreading)->known, st, hex);
}

int image_spread(struct run_image *r, struct err *err)
{
	struct spreading s = {r, r->call->commit ? known_new() : NULL};
	const struct unpack_options o = {.owners = &r->context.owners,
		.whiteouts = WHITEOUTS_APPLY,
		.fault = spread_fault,
		.filled = s.known ? filled : NULL,
		.arg = &s};
	int done = store_upper(&r->store, "", &r->context.owners, &r->upper, err);

	if (done == 0)
		done = image_name_places(r, err);
	if (done == 0)
		done = image_unpack(
			&r->layout, &r->image, 0, r->image.layer_count, &r->upper.top, &o, err);
	if (done == 0 && r->faulty)
		done = err_tell(err, -EIO, "some of it could not be unpacked", r->name.tag);
	if (done == 0 && r->call->commit)
		done = links_apart(&r->upper.top, r->upper.lock, s.known, err);
	if (done == 0 && r->call->commit)
		done = note_all(r, s.known, err);
	known_free(s.known);
	if (done == 0)
		done = r->tree.fd = fcntl(r->upper.top.fd, F_DUPFD_CLOEXEC, 0);
	return MIN(done, 0);
}

static int finished(void *committing, struct err *err)
{
	struct committing *c = committing;

	return layer_commit(&c->layer, &c->made, c->diff_id, err);
}

static int write_changes(
	struct committing *c, struct layout *l, const struct changes *changes, struct err *err)
{
	struct changes_layer how = {.tree = &c->r->upper.top,
		.owners = &c->r->context.owners,
		.fault = fault,
		.finished = finished,
		.arg = c};
	struct sink *sink;
	int done = layer_begin(l, image_compression(&c->r->image), 0, &c->layer, &sink, err);

	how.clamp = clamp(&how.mtime);
	return done < 0 ? done : changes_write(&how, changes, sink, err);
}

/* What is not as it was when the tree was unpacked. 1, or 0 where that is nothing. */
static int pack_changes(struct committing *c, struct layout *l, struct err *err)
{
	const struct mtree_view view = view_of(c->r);
	cleanup_fd int manifest = open_aside(c->r, MANIFEST, O_RDONLY);
	cleanup_fd int stamps = open_aside(c->r, STAMPS, O_RDONLY);
	cleanup_changes struct changes changes = CHANGES_NONE;
	int done = manifest < 0 || stamps < 0 ? -errno : 0;

	if (done == 0)
		done = mtree_compare(&view, manifest, stamps, &changes, err);
	if (done == 0)
		done = changes_add_parents(&changes);
	if (done == 0 && changes.count)
		done = write_changes(c, l, &changes, err);
	return done < 0 ? err_set(err, done, "cannot find out what was changed", NULL)
			: changes.count > 0;
}

static int pack_upper(struct committing *c, struct layout *l, struct err *err)
{
	cleanup_buf struct buf lowers = BUF_NONE;
	struct upper_options o = {.owners = &c->r->context.owners,
		.lowers_at = c->r->store.fd,
		.how = image_compression(&c->r->image),
		.settle = true,
		.fault = fault,
		.arg = c};

	if (store_names(&c->r->image, &lowers) < 0)
		return err_set(err, -ENOMEM, NULL, NULL);
	o.lowers = lowers.data;
	o.clamp = clamp(&o.mtime);
	return upper_pack(l, &c->r->upper.top, &o, &c->made, c->diff_id, err);
}

/* "rlc-run WORD..."; words that no document can hold are not told. */
static int tell_command(const struct run_image *r, struct buf *out)
{
	int done = buf_adds(out, "rlc-run");
	size_t plain = out->len;
	json_t *probe;

	for (char *const *word = r->command; done == 0 && *word; word++)
		done = buf_addf(out, " %s", *word);
	if (done < 0)
		return done;
	probe = json_string(out->data);
	if (!probe)
		buf_cut(out, plain);
	json_decref(probe);
	return 0;
}

static int save(struct committing *c, struct layout *l, bool layer, struct err *err)
{
	struct image *i = &c->r->image;
	cleanup_buf struct buf by = BUF_NONE;
	char time[IMAGE_TIME_MAX];
	struct history h = {.created = time, .empty_layer = !layer};
	int done = tell_command(c->r, &by);

	image_time(image_now(), time);
	h.created_by = by.data;
	h.author = doc_text(i->config, "author");
	for (size_t n = 0; done == 0 && n < i->layer_count; n++) {
		done = blob_there(l, &i->layers[n]);
		if (done < 0)
			return blob_err(l, i->layers[n].digest, done, NULL, err);
	}
	if (done == 0)
		done = layer ? image_add_layer(i, &c->made, c->diff_id, &h)
			     : image_add_history(i, &h);
	if (done < 0)
		return err_set(err, done, NULL, NULL);
	return image_save(l, c->r->call->commit, i, err);
}

/* It need not be unpacked by who runs the new image. Where that fails it can be. */
static void keep_upper(struct run_image *r)
{
	cleanup_err struct err err = ERR_NONE;
	char hex[65];

	if (!r->faulty && image_chain(&r->image, hex) == 0)
		store_upper_keep(&r->store, &r->upper, hex, &err);
}

/* The layout is not locked while the command runs: nobody knows how long that is. */
int image_commit(struct run_image *r, struct err *err)
{
	struct committing c = {.r = r, .layer = LAYER_OUT_NONE, .made = DESCRIPTOR_NONE};
	bool mounted = r->mounted, layer = false;
	cleanup_layout struct layout l = LAYOUT_NONE;
	int done;

	points_remove(&r->tree, NULL); /* what was made for mounts is nobody's change */
	image_unmount(r);
	done = layout_open(&l, r->name.dir, LAYOUT_WRITE, err);
	if (done == 0)
		done = mounted ? pack_upper(&c, &l, err) : pack_changes(&c, &l, err);
	if (done >= 0 && c.lacking)
		done = err_tell(err, -EIO, "no image was made", r->call->commit);
	if (done >= 0)
		done = save(&c, &l, layer = done > 0, err);
	if (done == 0 && layer && mounted)
		keep_upper(r);
	layer_abandon(&c.layer);
	descriptor_done(&c.made);
	return done < 0 ? err_set(err, done, "cannot commit", r->call->commit) : 0;
}
