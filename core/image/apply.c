// SPDX-License-Identifier: Apache-2.0
#include "core/image/apply.h"

#include "core/image/records.h"
#include "core/pack/digest.h"

/* What is compared. */
enum { BASE, OURS, THEIRS, BOTH };

/* All layers of ours, then those of theirs above the base. */
static int open_layer(void *apply, size_t n, struct source **out, struct err *err)
{
	const struct apply *a = apply;
	const struct image *i = n < a->ours->layer_count ? a->ours : a->theirs;

	if (i == a->theirs)
		n += a->base - a->ours->layer_count;
	return layer_source(a->layout, &i->layers[n], i->diff_ids[n], out, err);
}

static unsigned is_in(void *apply, size_t n)
{
	const struct apply *a = apply;

	if (n < a->base)
		return 1 << BASE | 1 << OURS | 1 << THEIRS | 1 << BOTH;
	return (n < a->ours->layer_count ? 1 << OURS : 1 << THEIRS) | 1 << BOTH;
}

static void tell_fault(void *apply, struct err *err)
{
	const struct apply *a = apply;

	a->fault(a->arg, err);
}

static int read_trees(struct apply *a, struct facts *trees[4], struct err *err)
{
	const struct merge_options o = {
		.fault = tell_fault, .first = a->base, .open = open_layer, .arg = a};
	size_t count = a->ours->layer_count + a->theirs->layer_count - a->base;

	return facts_new_all(count, &o, is_in, trees, 4, err);
}

/* Some 350 bytes each; there are two such sets. */
enum { CHANGED_MAX = 96 << 10 };

/*
 * What became of the paths that differ from the base: a digest of all that is known of each, behind
 * "file " where it is a regular file; empty where it was removed.
 */
struct changed {
	json_t *set;
};

#define IS_FILE "file "

static int summarize(const struct fact *f, char text[80])
{
	bool file = S_ISREG(f->entry.mode);
	cleanup_buf struct buf b = BUF_NONE;
	const struct entry *e = &f->entry;

	buf_addf(&b, "%o %u %u %u %u %s %s", e->mode, e->uid, e->gid, e->major, e->minor, f->digest,
		e->link ? e->link : "");
	for (size_t i = 0; i < e->attr_count; i++) {
		buf_addf(&b, " %s %zu ", e->attrs[i].name, e->attrs[i].len);
		buf_add(&b, e->attrs[i].value, e->attrs[i].len);
	}
	strcpy(text, file ? IS_FILE : "");
	return b.failed ? -ENOMEM : digest_bytes(b.data, b.len, text + strlen(text));
}

static int note(void *arg, const char *path, const struct fact *of, const struct fact *to,
	unsigned differs, struct err *err)
{
	struct changed *c = arg;
	char text[80] = "";
	int r = to ? summarize(to, text) : 0;

	if (json_object_size(c->set) >= CHANGED_MAX)
		return err_tell(err, -EFBIG, "too many files differ from what both have", NULL);
	(void)of, (void)differs;
	/* Paths are bytes. */
	if (r == 0 && json_object_set_new_nocheck(c->set, path, json_string(text)) != 0)
		r = -ENOMEM;
	return r < 0 ? err_set(err, r, NULL, path) : 0;
}

static bool starts(const char *path, const char *with)
{
	return strncmp(path, with, strlen(with)) == 0;
}

static bool is_one_of(const char *path, const char *const *prefixes)
{
	for (; *prefixes; prefixes++)
		if (starts(path, *prefixes))
			return true;
	return false;
}

/* What nobody misses: caches, logs, and copies of what it was like before. */
static bool is_volatile(const char *path)
{
	static const char *const places[] = {"var/log/", "var/cache/", "tmp/", "run/", "var/tmp/",
		"var/lib/apt/lists/", "var/lib/dpkg/status-old", "var/lib/dpkg/lock",
		"var/lib/pacman/sync/", "root/.cache/", NULL};
	size_t n = strlen(path);

	return is_one_of(path, places) || (starts(path, "etc/") && path[n - 1] == '-');
}

/* What is rpm's own; the last is where Debian's rpm keeps it. */
static bool is_rpm(const char *path)
{
	static const char *const places[] = {
		"var/lib/rpm/", "usr/lib/sysimage/rpm/", "root/.rpmdb/", NULL};

	return is_one_of(path, places);
}

/* Who asked for which package, and when: no package is lost with it. */
static bool is_history(const char *path)
{
	static const char *const places[] = {
		"var/lib/dnf/", "usr/lib/sysimage/libdnf5/", "var/lib/zypp/", NULL};

	return is_one_of(path, places);
}

#define PACMAN "var/lib/pacman/local/" /* a directory for each version of each package */

/* When and why it was installed. */
static bool is_pacman_desc(const char *path)
{
	const char *last = strrchr(path, '/');

	return starts(path, PACMAN) && strcmp(last, "/desc") == 0;
}

/* Both changed it, and not alike; files: both have it as a regular file. */
static int collide(struct apply *a, const char *path, bool files)
{
	if (is_rpm(path))
		a->tell(a->arg, APPLY_DATABASE, path,
			"both changed rpm's database, which only the image's own rpm can merge: "
			"rlc-build's apply has it do so");
	else if (is_history(path))
		a->tell(a->arg, APPLY_NOTE, path,
			"both changed it: that of the image that is applied is taken");
	else if (files && records_kind(path) != RECORDS_NONE)
		return json_object_set_new_nocheck(a->merged, path, json_true()) ? -ENOMEM : 0;
	else if (strcmp(path, "etc/ld.so.cache") == 0)
		a->tell(a->arg, APPLY_NOTE, path, "both changed it: run ldconfig in the image");
	else if (starts(path, PACMAN) && !is_pacman_desc(path))
		a->tell(a->arg, APPLY_REFUSED, path,
			"both changed this database, which cannot be merged");
	else if (!is_volatile(path) && !is_pacman_desc(path))
		a->tell(a->arg, APPLY_CONFLICT, path, "both changed it");
	return 0;
}

struct theirs {
	struct apply *a;
	struct changed ours, theirs;
};

static int note_theirs(void *arg, const char *path, const struct fact *of, const struct fact *to,
	unsigned differs, struct err *err)
{
	struct theirs *t = arg;
	const char *mine = doc_text(t->ours.set, path), *hers;
	int r = note(&t->theirs, path, of, to, differs, err);

	hers = doc_text(t->theirs.set, path);
	if (r == 0 && mine && hers && strcmp(mine, hers) != 0)
		r = collide(t->a, path, starts(mine, IS_FILE) && starts(hers, IS_FILE));
	return r < 0 ? err_set(err, r, NULL, path) : 0;
}

static int note_lost(void *arg, const char *path, const struct fact *of, const struct fact *to,
	unsigned differs, struct err *err)
{
	struct theirs *t = arg;

	(void)of, (void)to, (void)differs, (void)err;
	if (!json_object_get(t->theirs.set, path) && !is_volatile(path))
		t->a->tell(t->a->arg, APPLY_LOST, path, "what was changed in it would be undone");
	return 0;
}

/* What each made of the base, and what of ours is not in both. */
static int check(struct theirs *t, struct err *err)
{
	struct facts *trees[4] = {NULL, NULL, NULL, NULL};
	int r = read_trees(t->a, trees, err);

	if (r == 0)
		r = facts_compare(trees[BASE], trees[OURS], false, note, &t->ours, err);
	if (r == 0)
		r = facts_compare(trees[BASE], trees[THEIRS], false, note_theirs, t, err);
	if (r == 0)
		r = facts_compare(trees[OURS], trees[BOTH], false, note_lost, t, err);
	for (size_t n = 0; n < ARRAY_SIZE(trees); n++)
		facts_free(trees[n]);
	return r;
}

size_t apply_base(const struct image *a, const struct image *b)
{
	size_t n = 0;

	while (n < a->layer_count && n < b->layer_count &&
		strcmp(a->diff_ids[n], b->diff_ids[n]) == 0)
		n++;
	return n;
}

int apply_check(struct apply *a, struct err *err)
{
	struct theirs t = {a, {json_object()}, {json_object()}};
	int r;

	a->merged = json_object();
	r = t.ours.set && t.theirs.set && a->merged ? check(&t, err)
						    : err_set(err, -ENOMEM, NULL, NULL);
	doc_done(&t.ours.set);
	doc_done(&t.theirs.set);
	return r;
}

bool apply_merges(const struct apply *a)
{
	return json_object_size(a->merged) > 0;
}

void apply_end(struct apply *a)
{
	doc_done(&a->merged);
}
