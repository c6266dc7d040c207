// SPDX-License-Identifier: Apache-2.0
#include "core/pack/make.h"

#include "core/pack/digest.h"
#include "core/pack/path.h"

static int make(const struct job *j)
{
	if (j->e->hardlink)
		return make_hardlink(j);
	switch (j->e->mode & S_IFMT) {
	case S_IFREG:
		return make_file(j);
	case S_IFDIR:
		return make_dir(j);
	case S_IFCHR:
	case S_IFBLK:
		return j->x->owners->records ? make_file(j) : make_special(j);
	case S_IFLNK:
	case S_IFIFO:
		return make_special(j);
	default:
		return job_fail(j, -EINVAL, "refused: a type that no file can have");
	}
}

/* The name behind a layer's ".wh.", or of overlayfs's device 0:0; NULL for what is no whiteout. */
static const char *whiteout_of(const struct job *j)
{
	if (j->x->options->whiteouts == WHITEOUTS_KEEP)
		return NULL;
	if (strncmp(j->name, ".wh.", 4) == 0)
		return j->x->options->whiteouts == WHITEOUTS_OCI ? NULL : j->name + 4;
	if (S_ISCHR(j->e->mode) && !j->e->hardlink && j->e->major == 0 && j->e->minor == 0)
		return j->name;
	return NULL;
}

/* overlayfs's notation in an archive, wanted as a layer's. */
static int make_oci_whiteout(const struct job *j)
{
	char name[NAME_MAX + 5] = ".wh.";
	struct entry e = {.path = j->e->path, .mode = S_IFREG, .mtime = j->e->mtime};

	if (strlen(j->name) > NAME_MAX - 4)
		return job_fail(j, -ENAMETOOLONG, "cannot make the whiteout");
	strcpy(name + 4, j->name);
	return make_file(&(struct job){j->x, &e, j->data, name, j->err});
}

/* Remembers that the entry has been put there by this archive. */
static int mark(const struct job *j, size_t count)
{
	/* A directory is innermost by now; what holds it is one further out. */
	const struct level *in = &j->x->levels.at[count - 1];

	if (marks_add(j->x->marks, in->dev, in->ino, j->name) < 0)
		return job_fail(j, -ENOMEM, NULL);
	return 0;
}

/*
 * What lies in a directory with a whiteout's name is no part of the tree: aufs kept its own files
 * in such.
 */
static int refuse_hidden(const struct job *j, const char *parts, size_t count, bool *ours)
{
	*ours = false;
	if (j->x->options->whiteouts == WHITEOUTS_KEEP)
		return 0;
	for (size_t i = 0; i + 1 < count; i++, parts += strlen(parts) + 1) {
		*ours |= strncmp(parts, ".wh..wh.", 8) == 0;
		if (!*ours && strncmp(parts, ".wh.", 4) == 0)
			return err_set(j->err, -EINVAL, "refused: below a whiteout", j->e->path);
	}
	return 0;
}

static int place(struct job *j, const char *parts, size_t count)
{
	const char *whiteout;
	bool ours;
	int r = refuse_hidden(j, parts, count, &ours);

	if (r < 0 || ours)
		return r;
	if (count == 0)
		return level_go(j->x, parts, 0, false, j->err) < 0 ? -EIO : make_top(j);
	j->name = path_part(parts, count - 1);
	whiteout = whiteout_of(j);
	/* What is not there needs no whiteout to hide it. */
	r = level_go(j->x, parts, count - 1,
		!whiteout || j->x->options->whiteouts != WHITEOUTS_APPLY, j->err);
	if (whiteout && j->x->options->whiteouts == WHITEOUTS_APPLY &&
		(r == -ENOENT || r == -ENOTDIR)) {
		err_free(j->err);
		return 0;
	}
	if (r < 0)
		return r;
	if (whiteout)
		return j->x->options->whiteouts == WHITEOUTS_OCI
			       ? make_oci_whiteout(j)
			       : whiteout_apply(j->x, whiteout, j->err);
	r = make(j);
	return r == 0 && j->x->marks ? mark(j, count) : r;
}

int extract_entry(
	struct extract *x, const struct entry *e, struct archive_in *data, struct err *err)
{
	struct job j = {x, e, data, NULL, err};
	cleanup_free char *parts = NULL;
	size_t count;
	int r = path_split(e->path, &parts, &count);

	if (r < 0)
		return err_set(err, r, "refused", e->path);
	r = place(&j, parts, count);
	level_rest(x);
	return r;
}

static int is_empty(int fd)
{
	cleanup_listing struct listing l = LISTING_NONE;
	int r = listing_read(fd, false, &l);

	return r < 0 ? r : l.count == 0;
}

static int begin(struct extract *x, struct err *err)
{
	int fd = fcntl(x->tree->fd, F_DUPFD_CLOEXEC, 0);
	int r = fd < 0 ? -errno : level_push(x, fd, ".", NULL, err);

	if (r < 0)
		return err_set(err, r, "cannot open", ".");
	r = is_empty(level_top(x)->dir.fd);
	if (r < 0)
		return err_set(err, r, "cannot read", ".");
	if (r == 0 || x->options->whiteouts == WHITEOUTS_OVERLAY) {
		x->marks = marks_new();
		if (!x->marks)
			return err_set(err, -ENOMEM, NULL, ".");
	}
	return 0;
}

int extract_start(const struct tree *tree, const struct owners *owners,
	const struct extract_options *options, struct extract **out, struct err *err)
{
	struct extract *x = calloc(1, sizeof(*x));
	int r;

	if (!x)
		return err_set(err, -ENOMEM, NULL, NULL);
	x->tree = tree;
	x->owners = owners;
	x->options = options;
	x->privileged = geteuid() == 0;
	r = options->filled ? digest_new(&x->digest) : 0;
	r = r < 0 ? err_set(err, r, NULL, NULL) : begin(x, err);
	if (r < 0) {
		extract_end(x);
		return r;
	}
	*out = x;
	return 0;
}

/* A top that no entry described is an ordinary directory inside. */
static void describe_top(struct extract *x)
{
	struct entry plain = {.path = ".", .mode = S_IFDIR | 0755};
	struct err err = ERR_NONE;

	plain.uid = x->owners->base.uid;
	plain.gid = x->owners->base.gid;
	if (make_disguise(&(struct job){x, &plain, NULL, NULL, &err}, x->levels.at[0].dir.fd) < 0)
		extract_fault(x, &err);
}

void extract_end(struct extract *x)
{
	if (!x)
		return;
	while (x->levels.depth > 1)
		level_pop(x);
	if (x->levels.depth && x->options->made_top && x->owners->records && !x->top_described)
		describe_top(x);
	if (x->levels.depth)
		level_pop(x);
	free(x->levels.at);
	marks_free(x->marks);
	marks_free(x->awaited);
	digest_free(x->digest);
	free(x);
}
