// SPDX-License-Identifier: Apache-2.0
#include "core/pack/level.h"

#include "core/base/sys.h"
#include "core/pack/path.h"
#include <sys/sysmacros.h>

/* One entry on its way into the tree. */
struct job {
	struct extract *x;
	const struct entry *e;
	struct archive_in *data;
	const char *name; /* in the innermost directory */
	struct err *err;
};

static int job_fail(const struct job *j, int r, const char *what)
{
	return err_set_at(j->err, r, what, level_top(j->x)->path, j->name);
}

static int dirfd_of(const struct job *j)
{
	return level_top(j->x)->dir.fd;
}

static bool older(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

/*
 * Something of that name stands there: 0 where it has been removed, 1 where it is to stay,
 * negative errno. A directory with something in it goes only in the place of a lower layer's.
 */
static int make_way(const struct job *j)
{
	const struct extract_options *o = j->x->options;
	struct stat st;

	if (fstatat(dirfd_of(j), j->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : job_fail(j, -errno, NULL);
	if (o->keep_old)
		return job_fail(j, -EEXIST, "not replaced");
	if (o->keep_newer && !older(&st.st_mtim, &j->e->mtime))
		return 1;
	return tree_remove(dirfd_of(j), j->name, j->err);
}

/* Runs make, and once more where something stood in the way. 1 where that stays. */
static int make_new(const struct job *j, int (*make)(const struct job *j), const char *what)
{
	int r = make(j);

	if (r == -EEXIST) {
		r = make_way(j);
		if (r != 0)
			return r < 0 ? r : 1;
		r = make(j);
	}
	return r < 0 ? job_fail(j, r, what) : r;
}

static int set_times(const struct job *j, int fd)
{
	const struct entry *e = j->e;
	struct timespec times[2] = {e->atime, e->mtime};
	int r;

	if (!e->has_mtime)
		return 0;
	if (!e->has_atime)
		times[0].tv_nsec = UTIME_OMIT;
	r = fd >= 0 ? futimens(fd, times)
		    : utimensat(dirfd_of(j), j->name, times, AT_SYMLINK_NOFOLLOW);
	return r < 0 ? job_fail(j, -errno, "cannot set its times") : 0;
}

/* The mode that a file is made with: what its owner needs to work on it, and no set-id bits yet. */
static mode_t birth_mode(const struct extract *x, mode_t mode)
{
	return (mode & 0777) | (x->privileged ? 0 : 0600);
}

static int open_new(const struct job *j)
{
	int fd = openat(dirfd_of(j), j->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		birth_mode(j->x, meta_mode(j->x, j->e)));

	return fd < 0 ? -errno : fd;
}

static int finish_mode(const struct job *j, int fd)
{
	mode_t mode = meta_mode(j->x, j->e);

	/* A chown takes bits away; else only what birth_mode changed is set. */
	if (birth_mode(j->x, mode) == mode && !j->x->owners->chown)
		return 0;
	return sys_chmod_fd(fd, mode) < 0 ? job_fail(j, -errno, "cannot set its mode") : 0;
}

static int fill_file(const struct job *j, int fd)
{
	int r = meta_apply(j->x, j->e, j->name, fd, j->err);

	if (r == 0 && S_ISREG(j->e->mode))
		r = content_write(fd, j->e, j->data, j->err);
	if (r == 0)
		r = finish_mode(j, fd);
	return r < 0 ? r : set_times(j, fd);
}

static int disguise(const struct job *j, int fd)
{
	struct foreign what = {.owner = {j->e->uid, j->e->gid},
		.mode = (j->e->mode & S_IFMT) | meta_mode(j->x, j->e),
		.has_mode = true,
		.major = j->e->major,
		.minor = j->e->minor};

	return node_disguise(j->x->owners, &level_top(j->x)->dir, j->name, fd, &what, j->err);
}

static int remove_partial(const struct job *j, int r)
{
	unlinkat(dirfd_of(j), j->name, 0);
	return r;
}

static int make_file(const struct job *j)
{
	int r = make_new(j, open_new, "cannot make");
	cleanup_fd int fd = r < 0 ? -1 : r;

	if (r < 0 || r == 1)
		return r < 0 ? r : 0;
	r = 0;
	if (S_ISCHR(j->e->mode) || S_ISBLK(j->e->mode))
		r = disguise(j, fd);
	if (r == 0)
		r = fill_file(j, fd);
	return r < 0 ? remove_partial(j, r) : 0;
}

static int make_symlink(const struct job *j)
{
	return symlinkat(j->e->link, dirfd_of(j), j->name) < 0 ? -errno : 0;
}

static int make_node(const struct job *j)
{
	mode_t mode = (j->e->mode & S_IFMT) | birth_mode(j->x, meta_mode(j->x, j->e));

	return mknodat(dirfd_of(j), j->name, mode, makedev(j->e->major, j->e->minor)) < 0 ? -errno
											  : 0;
}

/* What has no descriptor: symlinks, FIFOs, real devices. */
static int make_special(const struct job *j)
{
	bool link = S_ISLNK(j->e->mode);
	int r = make_new(j, link ? make_symlink : make_node, "cannot make");

	if (r != 0)
		return r < 0 ? r : 0;
	r = meta_apply(j->x, j->e, j->name, -1, j->err);
	if (r == 0 && !link) {
		r = sys_chmod_at(dirfd_of(j), j->name, meta_mode(j->x, j->e));
		if (r < 0)
			job_fail(j, r, "cannot set its mode");
	}
	if (r == 0)
		r = set_times(j, -1);
	return r < 0 ? remove_partial(j, r) : 0;
}

static int link_it(const struct job *j, int from, const char *name)
{
	return linkat(from, name, dirfd_of(j), j->name, 0) < 0 ? -errno : 0;
}

static bool same_inode(int dirfd_a, const char *a, int dirfd_b, const char *b)
{
	struct stat x, y;

	return fstatat(dirfd_a, a, &x, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstatat(dirfd_b, b, &y, AT_SYMLINK_NOFOLLOW) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/* The other name of a symlink or FIFO needs an entry in its own directory's map. */
static int own_link(const struct job *j, struct dir *from, const char *name)
{
	struct node node;
	int r = node_read(j->x->owners, from, name, &node, j->err);

	if (r < 0 || S_ISREG(node.real.st_mode) || !j->x->owners->records)
		return r;
	return node_own_new(j->x->owners, &level_top(j->x)->dir, j->name, -1,
		(struct owner){node.st.st_uid, node.st.st_gid}, j->err);
}

static int make_hardlink_from(const struct job *j, struct dir *from, const char *name)
{
	int r = link_it(j, from->fd, name);

	if (r == -EEXIST) {
		if (same_inode(from->fd, name, dirfd_of(j), j->name))
			return 0;
		r = make_way(j);
		if (r != 0)
			return r < 0 ? r : 0;
		r = link_it(j, from->fd, name);
	}
	if (r < 0)
		return job_fail(j, r, "cannot make the hard link");
	return own_link(j, from, name);
}

/*
 * The map of the directory that holds the other name may still be waiting in an open level:
 * then that level's own struct dir is the one to ask.
 */
static struct dir *open_level_of(struct extract *x, const struct dir *dir)
{
	struct stat st;

	if (fstat(dir->fd, &st) < 0)
		return NULL;
	for (size_t i = 0; i < x->levels.depth; i++)
		if (x->levels.at[i].dev == st.st_dev && x->levels.at[i].ino == st.st_ino)
			return &x->levels.at[i].dir;
	return NULL;
}

static int make_hardlink(const struct job *j)
{
	cleanup_free char *target = NULL;
	char name[NAME_MAX + 1];
	struct dir from, *open;
	int r = path_clean(j->e->link, &target);

	if (r == 0)
		r = tree_parent(j->x->tree, target, name);
	if (r < 0)
		return job_fail(j, r, "cannot find what it is a hard link to");
	dir_start(&from, r, ".");
	open = open_level_of(j->x, &from);
	if (open)
		dir_read_map(open);
	r = make_hardlink_from(j, open ? open : &from, name);
	dir_end(&from);
	return r;
}

static int open_or_make_dir(const struct job *j, bool *existed)
{
	mode_t mode = birth_mode(j->x, meta_mode(j->x, j->e)) | (j->x->privileged ? 0 : 0700);
	int fd;

	*existed = false;
	if (mkdirat(dirfd_of(j), j->name, mode) < 0) {
		if (errno != EEXIST)
			return -errno;
		*existed = true;
	}
	fd = tree_subdir(dirfd_of(j), j->name);
	return fd;
}

/* A directory stands for the lower layer's, whatever else stands there goes. */
static int find_dir(const struct job *j, bool *existed)
{
	int fd = open_or_make_dir(j, existed), r;

	if (fd == -ENOTDIR || fd == -ELOOP) {
		r = make_way(j);
		if (r != 0)
			return r < 0 ? r : -EEXIST;
		fd = open_or_make_dir(j, existed);
	}
	return fd < 0 ? job_fail(j, fd, "cannot make the directory") : fd;
}

static void describe(const struct job *j, struct level *l)
{
	const struct entry *e = j->e;

	l->described = true;
	l->mode = meta_mode(j->x, e);
	l->set_mode = true;
	l->set_times = e->has_mtime;
	l->times[0] = e->atime;
	l->times[1] = e->mtime;
	if (!e->has_atime)
		l->times[0].tv_nsec = UTIME_OMIT;
}

/*
 * The record is written by the descriptor; the holding directory's is named for the messages. The
 * top's holder is itself.
 */
static int describe_dir(const struct job *j, bool existed)
{
	struct level *l = level_top(j->x);
	int r = existed ? meta_clear(j->x, &l->dir, j->err) : 0;

	if (r == 0)
		r = meta_apply(j->x, j->e, NULL, l->dir.fd, j->err);
	if (r == 0)
		describe(j, l);
	return r;
}

static int make_dir(const struct job *j)
{
	bool existed;
	int fd, r;

	if (j->x->options->keep_newer || j->x->options->keep_old) {
		struct stat st;

		if (fstatat(dirfd_of(j), j->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			S_ISDIR(st.st_mode) &&
			(j->x->options->keep_old || !older(&st.st_mtim, &j->e->mtime)))
			return 0;
	}
	fd = find_dir(j, &existed);
	if (fd < 0)
		return fd == -EEXIST && !(j->err && j->err->code) ? 0 : fd;
	r = level_push(j->x, fd, j->name, j->err);
	return r < 0 ? r : describe_dir(j, existed);
}

/* The mode of a top that was made for this stays 0700 for the host: setuid files lie beneath. */
static int make_top(const struct job *j)
{
	struct level *l = level_top(j->x);
	mode_t host = l->mode;
	int r;

	if (!S_ISDIR(j->e->mode))
		return err_set(
			j->err, -EINVAL, "refused: the top must stay a directory", j->e->path);
	if (j->x->options->keep_old)
		return 0;
	j->x->top_described = true;
	r = describe_dir(j, true);
	if (r < 0 || !j->x->options->made_top || !j->x->owners->records)
		return r;
	r = disguise(&(struct job){j->x, j->e, NULL, NULL, j->err}, l->dir.fd);
	l->mode = host;
	return r;
}

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

static int place(struct job *j, const char *parts, size_t count)
{
	const char *whiteout;
	int r;

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
	if (r == 0 && j->x->marks) {
		bool is_dir =
			S_ISDIR(j->e->mode) && !j->e->hardlink && j->x->levels.depth == count + 1;

		/* A directory is innermost by now; what holds it is one further out. */
		r = marks_add(j->x->marks, level_top(j->x) - is_dir, j->name);
	}
	return r;
}

int extract_entry(
	struct extract *x, const struct entry *e, struct archive_in *data, struct err *err)
{
	struct job j = {x, e, data, NULL, err};
	cleanup_free char *parts = NULL;
	size_t count;
	int r = path_split(e->path, &parts, &count);

	return r < 0 ? err_set(err, r, "refused", e->path) : place(&j, parts, count);
}

static int is_empty(int fd)
{
	cleanup_listing struct listing l = LISTING_NONE;
	int r = listing_read(fd, false, &l);

	return r < 0 ? r : l.count == 0;
}

static int begin(struct extract *x, struct err *err)
{
	int fd = openat(x->tree->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 ? -errno : level_push(x, fd, ".", err);

	if (r < 0)
		return err_set(err, r, "cannot open", ".");
	r = is_empty(level_top(x)->dir.fd);
	if (r == 0)
		x->marks = marks_new();
	if (r < 0 || (r == 0 && !x->marks))
		return err_set(err, r < 0 ? r : -ENOMEM, "cannot read", ".");
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
	r = begin(x, err);
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
	if (disguise(&(struct job){x, &plain, NULL, NULL, &err}, x->levels.at[0].dir.fd) < 0)
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
	free(x);
}
