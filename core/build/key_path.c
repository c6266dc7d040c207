// SPDX-License-Identifier: Apache-2.0
#include "core/build/sum_cache.h"
#include "core/owner/attr.h"
#include "core/pack/digest.h"
#include "core/tree/walk.h"

#include <stdio.h>

enum { BLOCK = 1 << 17 };

/* A tree on its way into a sum. */
struct path_sum {
	struct digest *digest;
	struct sum_cache *cache;
	const char *start;
	char *block;     /* for reading */
	struct buf text; /* of one entry */
};

static int changed(const char *path, struct err *err)
{
	return err_tell(err, -EAGAIN, "changed while it was read", path);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* 0, -EACCES or -EPERM where it is not for us, negative errno. */
static int read_content(
	struct path_sum *p, const struct visit *v, const struct stat *st, char hex[65])
{
	enum { FLAGS = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC };
	cleanup_fd int fd = openat(v->dir->fd, v->name, FLAGS);
	struct timespec now;
	struct stat is;
	int r;

	if (fd < 0)
		return -errno;
	clock_gettime(CLOCK_REALTIME, &now);
	if (fstat(fd, &is) < 0)
		return -errno;
	if (!is_same(st, &is))
		return -EAGAIN;
	r = digest_fd(fd, p->block, BLOCK, hex);
	if (r == 0 && fstat(fd, &is) < 0)
		r = -errno;
	if (r == 0 && !is_same(st, &is))
		r = -EAGAIN;
	if (r == 0)
		sum_cache_add(p->cache, st, &now, hex);
	return r;
}

/* What cannot be read is known by its times, as well as a stranger can know it. */
static int add_stat(struct path_sum *p, const struct stat *st)
{
	return buf_addf(&p->text, "unread %llu %lld %lld.%ld %lld.%ld",
		(unsigned long long)st->st_ino, (long long)st->st_size,
		(long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec, (long long)st->st_ctim.tv_sec,
		st->st_ctim.tv_nsec);
}

static bool not_for_us(int code)
{
	return code == -EACCES || code == -EPERM;
}

static int add_content(struct path_sum *p, const struct visit *v, const struct stat *st)
{
	char hex[65];
	int r = 0;

	if (!sum_cache_find(p->cache, st, hex))
		r = read_content(p, v, st, hex);
	if (not_for_us(r))
		return add_stat(p, st);
	return r < 0 ? r : buf_adds(&p->text, hex);
}

static int add_target(struct path_sum *p, const struct visit *v)
{
	ssize_t n = readlinkat(v->dir->fd, v->name, p->block, BLOCK);

	return n < 0 ? -errno : buf_add(&p->text, p->block, (size_t)n);
}

/* An attribute that is about the inode itself: name, length, value. */
static int add_attr(struct path_sum *p, const struct visit *v, const char *name)
{
	cleanup_buf struct buf value = BUF_NONE;
	int r = attr_read(v->dir->fd, v->name, name, &value);

	if (r < 0)
		return not_for_us(r) ? 0 : r;
	r = buf_addf(&p->text, "%c%s%c%zu%c", 0, name, 0, value.len, 0);
	return r < 0 ? r : buf_add(&p->text, value.data, value.len);
}

static int add_attrs(struct path_sum *p, const struct visit *v)
{
	cleanup_listing struct listing l = LISTING_NONE;
	cleanup_buf struct buf names = BUF_NONE;
	int r = attr_list(v->dir->fd, v->name, &names);

	for (const char *n = names.data; r == 0 && names.len && n < names.data + names.len;
		n += strlen(n) + 1)
		if (!attr_is_private(n))
			r = listing_add(&l, n, 0);
	if (r == 0)
		r = listing_sort(&l);
	for (size_t i = 0; r == 0 && i < l.count; i++)
		r = add_attr(p, v, listing_name(&l, i));
	return r;
}

static const char *below_start(const struct path_sum *p, const char *path)
{
	path += strlen(p->start);
	return path + strspn(path, "/");
}

static int add_node(struct path_sum *p, const struct visit *v, const struct node *n)
{
	const struct stat *st = &n->st;
	int r = buf_addf(&p->text, "%s%c%o %u %u %llu ", below_start(p, v->path), 0, st->st_mode,
		st->st_uid, st->st_gid,
		S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode) ? (unsigned long long)st->st_rdev : 0);

	if (r == 0 && S_ISREG(st->st_mode))
		r = add_content(p, v, &n->real);
	else if (r == 0 && S_ISLNK(st->st_mode))
		r = add_target(p, v);
	if (r == 0 && n->has_attrs)
		r = add_attrs(p, v);
	return r;
}

static int enter(struct path_sum *p, struct walk *w, const struct node *n, struct err *err)
{
	cleanup_err struct err fault = ERR_NONE;
	int r = walk_enter(w, false, &fault);

	if (not_for_us(r))
		return add_stat(p, &n->real);
	return r < 0 ? err_set(err, r, fault.what, fault.path) : 0;
}

static int visit(struct path_sum *p, struct walk *w, const struct visit *v, struct err *err)
{
	struct node n;
	int r = node_read(&p->cache->owners, v->dir, v->name, &n, NULL);

	if (r == -EBADMSG) /* the record is nobody's then */
		r = 0;
	buf_cut(&p->text, 0);
	if (r == 0)
		r = add_node(p, v, &n);
	if (r == 0 && S_ISDIR(n.st.st_mode))
		r = enter(p, w, &n, err);
	if (r == -ENOENT || r == -ESTALE || r == -EAGAIN || r == -ELOOP)
		return changed(v->path, err);
	if (r < 0)
		return err_set(err, r, "cannot read", v->path);
	r = buf_addf(&p->text, "%c\n", 0);
	digest_add(p->digest, p->text.data, p->text.len);
	return r;
}

static int add_tree(struct path_sum *p, struct err *err)
{
	const struct tree here = {AT_FDCWD};
	cleanup_walk struct walk *w = NULL;
	struct visit v;
	int r = walk_start(&here, p->start, &w, err);

	if (r < 0)
		return r;
	while ((r = walk_next(w, &v)) > 0) {
		if (!v.leaving)
			r = visit(p, w, &v, err);
		if (r < 0)
			return r;
	}
	return r;
}

/* Where path is a symlink what it leads to counts, and its own text. */
static int start(struct path_sum *p, const char *path, struct err *err)
{
	cleanup_free char *real = realpath(path, NULL);
	ssize_t n;
	int r;

	if (!real)
		return err_set(err, -errno, "cannot read", path);
	p->block = malloc(BLOCK);
	if (!p->block || (r = digest_new(&p->digest)) == -ENOMEM)
		return err_set(err, -ENOMEM, NULL, NULL);
	if (r < 0)
		return err_set(err, r, "cannot be summed up", path);
	digest_start(p->digest);
	n = readlink(path, p->block, BLOCK);
	if (n > 0)
		digest_add(p->digest, p->block, (size_t)n + 1);
	p->start = real;
	return add_tree(p, err);
}

int key_add_path(
	struct key *k, const char *name, const char *path, struct sum_cache *c, struct err *err)
{
	struct path_sum p = {.cache = c, .text = BUF_NONE};
	char hex[65];
	int r = start(&p, path, err);

	if (r == 0) {
		digest_end(p.digest, hex);
		r = key_add_sum(k, name, hex);
	}
	digest_free(p.digest);
	buf_free(&p.text);
	free(p.block);
	return r < 0 ? err_set(err, r, "cannot read", path) : 0;
}
