// SPDX-License-Identifier: Apache-2.0
#include "core/pack/create.h"

#include "core/owner/attr.h"
#include "core/owner/widen.h"
#include "core/pack/node_entry.h"
#include "core/pack/path.h"

enum { BLOCK = 1 << 18 };

struct create {
	const struct owners *owners;
	const struct create_options *options;
	struct archive_out *out;
	struct links *links;
	char *block;
	/* of the path being added */
	const struct tree *tree;
	const struct names *names;
	struct owner owner; /* what all entries get */
	size_t bared;       /* entries whose attributes the format cannot hold */
	dev_t dev;
};

static void tell_fault(const struct create *c, struct err *err)
{
	c->options->fault(c->options->arg, err);
	err_free(err);
}

int create_start(struct sink *sink, const struct owners *owners,
	const struct create_options *options, struct create **out, struct err *err)
{
	struct create *c = calloc(1, sizeof(*c));
	int r = -ENOMEM;

	if (c) {
		c->owners = owners;
		c->options = options;
		c->links = links_new();
		c->block = malloc(BLOCK);
	}
	if (!c || !c->links || !c->block)
		sink_free(sink);
	else
		r = archive_out_open(sink, options->format, !options->whole_seconds, &c->out);
	if (r < 0) {
		create_free(c);
		return err_set(err, r, "cannot start the archive", NULL);
	}
	*out = c;
	return 0;
}

static bool later(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

/* What the command line says about owners and times. */
static void adjust(const struct create *c, struct entry *e)
{
	const struct create_options *o = c->options;
	struct owner owner = {e->uid, e->gid};

	if (o->inside)
		owner = o->inside(o->arg, owner);
	owner = owner_merge(owner, c->owner);
	e->uid = owner.uid;
	e->gid = owner.gid;
	if (o->set_mtime && (!o->clamp_mtime || later(&e->mtime, &o->mtime)))
		e->mtime = o->mtime;
}

static int add_names(const struct create *c, struct entry *e)
{
	const struct create_options *o = c->options;
	const char *user = o->user ? o->user : names_user(c->names, e->uid);
	const char *group = o->group ? o->group : names_group(c->names, e->gid);

	if (o->numeric)
		return 0;
	e->uname = user ? strdup(user) : NULL;
	e->gname = group ? strdup(group) : NULL;
	return (user && !e->uname) || (group && !e->gname) ? -ENOMEM : 0;
}

/* "/etc" goes in as "etc", "../a" as "a"; "./a" stays. A directory's ends in '/'. */
static int entry_path(const char *path, mode_t mode, char **out)
{
	cleanup_free char *clean = NULL;
	cleanup_buf struct buf b = BUF_NONE;
	const char *at = path;

	while ((at = strstr(at, "..")) &&
		!((at == path || at[-1] == '/') && (at[2] == '/' || at[2] == '\0')))
		at += 2;
	if (at) {
		int r = path_clean(path, &clean);

		if (r < 0)
			return r;
		path = clean;
	}
	path += strspn(path, "/");
	if (buf_adds(&b, *path ? path : ".") < 0 || (S_ISDIR(mode) && buf_adds(&b, "/") < 0))
		return -ENOMEM;
	*out = b.data;
	b.data = NULL;
	return 0;
}

static int open_file(const struct visit *v, const struct node *node)
{
	cleanup_widen struct widen w = WIDEN_NONE;
	int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	cleanup_fd int fd = openat(v->dir->fd, v->name, flags);
	struct stat st;

	if (fd < 0 && errno == EACCES && widen(&w, v->dir->fd, v->name, S_IRUSR) == 0)
		fd = openat(v->dir->fd, v->name, flags);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_dev != node->real.st_dev || st.st_ino != node->real.st_ino)
		return -ESTALE;
	return take_fd(&fd);
}

/* The archive wants as many bytes as the header said: a file that shrank is filled with zeros. */
static int copy_run(struct create *c, int fd, const struct visit *v, int64_t left, struct err *err)
{
	bool whole = true;

	while (left > 0) {
		ssize_t n = whole ? read(fd, c->block, (size_t)MIN(left, (int64_t)BLOCK)) : 0;
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 && whole) {
			struct err fault = ERR_NONE;

			err_set(&fault, n < 0 ? -errno : -EAGAIN,
				n < 0 ? "cannot read" : "shrank while it was read", v->path);
			tell_fault(c, &fault);
			whole = false;
			memset(c->block, 0, BLOCK);
		}
		if (n <= 0)
			n = (ssize_t)MIN(left, (int64_t)BLOCK);
		r = archive_out_data(c->out, c->block, (size_t)n, err);
		if (r < 0)
			return r;
		left -= n;
	}
	return 0;
}

static int copy_content(
	struct create *c, int fd, const struct visit *v, const struct entry *e, struct err *err)
{
	int r = 0;

	if (e->run_count == 0)
		return copy_run(c, fd, v, e->size, err);
	for (size_t i = 0; r == 0 && i < e->run_count; i++) {
		if (lseek(fd, e->runs[i].offset, SEEK_SET) < 0)
			return err_set(err, -errno, "cannot read", v->path);
		r = copy_run(c, fd, v, e->runs[i].length, err);
	}
	return r;
}

/* A file of nothing but a hole still needs one run, of nothing, to be known as sparse. */
static int find_runs(const struct create *c, int fd, const struct node *node, struct entry *e)
{
	bool sparse = node->real.st_blocks * 512 < node->real.st_size;
	int r;

	if (!sparse || c->options->no_holes || c->options->format != FORMAT_PAX)
		return 0;
	r = sparse_runs(fd, e->size, &e->runs, &e->run_count);
	if (r == 0 && e->run_count == 0 && e->size > 0)
		r = entry_add_run(e, e->size, 0);
	if (r == 0 && e->run_count == 1 && e->runs[0].offset == 0 && e->runs[0].length == e->size)
		e->run_count = 0;
	return r;
}

/* Header and content. Faults of the node itself are told; what is returned ends the archive. */
static int put(struct create *c, const struct visit *v, struct entry *e, int fd, struct err *err)
{
	struct err fault = ERR_NONE;
	int r;

	if (c->options->tell)
		c->options->tell(c->options->arg, e);
	c->bared += c->options->format != FORMAT_PAX && e->attr_count > 0;
	r = archive_out_entry(c->out, e, &fault);
	if (r == -ENAMETOOLONG || r == -ERANGE || r == -EINVAL || r == -EFBIG || r == -EOPNOTSUPP ||
		r == -E2BIG) {
		tell_fault(c, &fault);
		return 0;
	}
	if (r < 0) {
		err_set(err, fault.code ? fault.code : r, fault.what, fault.path);
		err_free(&fault);
		return r;
	}
	if (fd >= 0)
		r = copy_content(c, fd, v, e, err);
	return r < 0 ? r : archive_out_end(c->out, err);
}

/* An inode with several names is written once, the others are links to it. */
static int find_link(struct create *c, const struct node *node, struct entry *e)
{
	const char *first = NULL;
	int r = 0;

	e->nlink = node->real.st_nlink > 1 && !S_ISDIR(e->mode) ? (uint32_t)node->real.st_nlink : 1;
	if (e->nlink > 1 || c->options->format == FORMAT_NEWC)
		r = links_meet(
			c->links, node->real.st_dev, node->real.st_ino, e->path, &first, &e->ino);
	if (r < 0 || !first || S_ISDIR(e->mode))
		return r;
	if (c->options->format == FORMAT_NEWC && S_ISLNK(e->mode))
		return 0; /* its target stands where a link's would */
	free(e->link);
	e->link = strdup(first);
	e->hardlink = true;
	e->size = 0;
	if (c->options->format != FORMAT_NEWC)
		e->mode &= 07777;
	return e->link ? 0 : -ENOMEM;
}

static int add_node(
	struct create *c, const struct visit *v, const struct node *node, struct err *err)
{
	cleanup_entry struct entry e = ENTRY_NONE;
	struct err fault = ERR_NONE;
	cleanup_fd int fd = -1;
	int r = entry_path(v->path, node->st.st_mode, &e.path);

	if (r == 0)
		r = node_entry(v->dir, v->name, node, &e, &fault);
	if (r == 0) {
		adjust(c, &e);
		r = add_names(c, &e);
	}
	if (r == 0)
		r = find_link(c, node, &e);
	if (r == 0 && S_ISREG(e.mode) && !e.hardlink && e.size > 0) {
		r = fd = open_file(v, node);
		if (r >= 0)
			r = find_runs(c, fd, node, &e);
	}
	if (r < 0) {
		err_set(&fault, r, "cannot read", v->path);
		tell_fault(c, &fault);
		return r == -ENOMEM ? err_set(err, r, NULL, NULL) : 0;
	}
	return put(c, v, &e, fd, err);
}

static bool is_overlay_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == 0;
}

/* An entry that no node stands for: a whiteout in the notation that is wanted. */
static int add_whiteout(struct create *c, const struct visit *v, const char *dir, const char *name,
	mode_t type, const struct stat *st, struct err *err)
{
	cleanup_entry struct entry e = ENTRY_NONE;
	cleanup_buf struct buf path = BUF_NONE;
	int r = *dir ? buf_addf(&path, "%s/%s", dir, name) : buf_adds(&path, name);

	if (r == 0)
		r = entry_path(path.data, type, &e.path);
	if (r < 0)
		return err_set(err, r, NULL, NULL);
	e.mode = type;
	e.mtime = st->st_mtim;
	e.has_mtime = true;
	e.nlink = 1;
	adjust(c, &e);
	return put(c, v, &e, -1, err);
}

static int add_hidden(
	struct create *c, const struct visit *v, struct walk *w, const char *name, struct err *err)
{
	char hidden[NAME_MAX + 5] = ".wh.";
	struct stat st;

	if (fstatat(walk_dir(w)->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		!is_overlay_whiteout(&st))
		return 0;
	strcpy(hidden + 4, name);
	return add_whiteout(c, v, v->path, hidden, S_IFREG, &st, err);
}

/* A layer's whiteouts stand before what they could be mistaken to remove. */
static int add_whiteouts_first(struct create *c, const struct visit *v, struct walk *w,
	const struct node *node, struct err *err)
{
	const struct listing *l = walk_listing(w);
	char opaque[2];
	int r = 0;

	if (c->options->whiteouts != WHITEOUTS_OCI)
		return 0;
	if (node->has_attrs &&
		attr_get(walk_dir(w)->fd, NULL, "user.overlay.opaque", opaque, sizeof(opaque)) ==
			1 &&
		opaque[0] == 'y')
		r = add_whiteout(c, v, v->path, ".wh..wh..opq", S_IFREG, &node->real, err);
	for (size_t i = 0; r == 0 && i < l->count; i++)
		if (l->entries[i].type == DT_CHR || l->entries[i].type == DT_UNKNOWN)
			r = add_hidden(c, v, w, listing_name(l, i), err);
	return r;
}

static int enter(struct create *c, const struct visit *v, struct walk *w, const struct node *node,
	struct err *err)
{
	struct err fault = ERR_NONE;
	struct visit here = *v;
	cleanup_free char *path = strdup(v->path);

	if (!path)
		return err_set(err, -ENOMEM, NULL, NULL);
	here.path = path;
	if (walk_enter(w, false, &fault) < 0) {
		tell_fault(c, &fault);
		return 0;
	}
	return add_whiteouts_first(c, &here, w, node, err);
}

/* Whether the node is a whiteout that has been dealt with: 1, 0, or negative errno. */
static int take_whiteout(
	struct create *c, const struct visit *v, const struct node *node, struct err *err)
{
	enum whiteouts how = c->options->whiteouts;
	bool hidden = strncmp(v->name, ".wh.", 4) == 0;
	cleanup_free char *dir = NULL;
	int r;

	if (how == WHITEOUTS_KEEP || v->depth == 0)
		return 0;
	if (is_overlay_whiteout(&node->real))
		return how != WHITEOUTS_OVERLAY;
	if (!hidden || how == WHITEOUTS_OCI)
		return 0;
	if (how == WHITEOUTS_APPLY || strcmp(v->name, ".wh..wh..opq") == 0)
		return 1;
	dir = strndup(v->path, strlen(v->path) - strlen(v->name) - 1);
	r = dir ? add_whiteout(c, v, dir, v->name + 4, S_IFCHR, &node->real, err) : -ENOMEM;
	return r < 0 ? r : 1;
}

static int add_visit(struct create *c, struct walk *w, const struct visit *v, struct err *err)
{
	struct err fault = ERR_NONE;
	struct node node;
	int r;

	if (c->options->want && !c->options->want(c->options->arg, v->path))
		return 0;
	if (node_read(c->owners, v->dir, v->name, &node, &fault) < 0) {
		tell_fault(c, &fault);
		return 0;
	}
	if (S_ISSOCK(node.st.st_mode))
		return 0;
	if (v->depth == 0)
		c->dev = node.real.st_dev;
	r = take_whiteout(c, v, &node, err);
	if (r != 0)
		return r < 0 ? r : 0;
	r = add_node(c, v, &node, err);
	if (r < 0 || !S_ISDIR(node.real.st_mode) || c->options->no_recursion ||
		(c->options->one_file_system && node.real.st_dev != c->dev))
		return r;
	return enter(c, v, w, &node, err);
}

int create_inode(
	struct create *c, struct dir *dir, const char *name, const char *path, struct err *err)
{
	const struct visit v = {.dir = dir, .name = name, .path = path, .type = DT_UNKNOWN};
	struct err fault = ERR_NONE;
	struct node node;

	c->owner = c->options->owner;
	if (node_read(c->owners, dir, name, &node, &fault) < 0) {
		tell_fault(c, &fault);
		return 0;
	}
	return S_ISSOCK(node.st.st_mode) ? 0 : add_node(c, &v, &node, err);
}

int create_whiteout(struct create *c, const char *path, struct err *err)
{
	const struct visit v = {.path = path};
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	cleanup_free char *dir = strndup(path, slash ? (size_t)(slash - path) : 0);
	const struct stat st = {.st_mode = S_IFREG};
	char hidden[NAME_MAX + 5] = ".wh.";

	if (!dir || strlen(name) > NAME_MAX)
		return err_set(err, dir ? -ENAMETOOLONG : -ENOMEM, NULL, path);
	strcpy(hidden + 4, name);
	c->owner = c->options->owner;
	return add_whiteout(c, &v, dir, hidden, S_IFREG, &st, err);
}

static int add_walk(struct create *c, struct walk *w, struct err *err)
{
	struct visit v;
	int r;

	while ((r = walk_next(w, &v)) > 0) {
		r = v.leaving ? 0 : add_visit(c, w, &v, err);
		if (r < 0)
			return r;
	}
	return r < 0 ? err_set(err, r, NULL, NULL) : 0;
}

int create_path(struct create *c, const struct tree *tree, const struct names *names,
	const char *path, struct err *err)
{
	struct err fault = ERR_NONE;
	cleanup_walk struct walk *w = NULL;
	int r;

	c->tree = tree;
	c->names = names;
	r = create_owner(c->options, names, &c->owner, err);
	if (r < 0)
		return r;
	if (walk_start(tree, path, &w, &fault) < 0) {
		tell_fault(c, &fault);
		return 0;
	}
	return add_walk(c, w, err);
}

int create_path_as(struct create *c, int dirfd, const char *name, const char *as, struct err *err)
{
	cleanup_walk struct walk *w = NULL;
	int r = walk_start_at(dirfd, name, as, &w);

	if (r < 0)
		return err_set(err, r, NULL, as);
	c->owner = c->options->owner;
	return add_walk(c, w, err);
}

size_t create_bared(const struct create *c)
{
	return c->bared;
}

int create_finish(struct create *c, struct err *err)
{
	return archive_out_finish(c->out, err);
}

void create_free(struct create *c)
{
	if (!c)
		return;
	archive_out_free(c->out);
	links_free(c->links);
	free(c->block);
	free(c);
}
