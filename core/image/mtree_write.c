// SPDX-License-Identifier: Apache-2.0
#include "core/image/mtree_inode.h"

#include "core/base/io.h"
#include "core/image/stamps.h"
#include "core/image/sums.h"
#include "core/image/vis.h"
#include <sys/sysmacros.h>

/*
 *	# etc                                             a directory, with a comment for people
 *	/set type=file nlink=1 mode=0664 uid=7 gid=7      where its ids are not those of the last
 *	etc size=40 type=dir mode=0755 ...
 *	    hostname size=5 mode=0644 ... sha256digest=HEX
 *	..
 * Files come before directories; what a /set line says is left out.
 */
struct writer {
	const struct mtree_view *view;
	int fd;
	struct sums *sums;
	struct stamps *stamps; /* NULL: none are wanted */
	const struct known *known;
	bool set; /* a /set line stands, with these ids */
	uint32_t uid, gid;
};

static int write_batch(void *writer, struct sum_batch *b, struct err *err)
{
	const struct writer *w = writer;
	int r;

	if (b->text.failed)
		return err_set(err, -ENOMEM, NULL, NULL);
	for (size_t i = 0; i < b->count; i++)
		memcpy(b->text.data + b->files[i].at, b->files[i].hex, SUM_HEX);
	r = io_write(w->fd, b->text.data, b->text.len);
	return r < 0 ? err_set(err, r, "cannot write the manifest", NULL) : 0;
}

static const char *type_word(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return "dir";
	case S_IFLNK:
		return "link";
	case S_IFIFO:
		return "fifo";
	case S_IFSOCK:
		return "socket";
	case S_IFCHR:
		return "char";
	case S_IFBLK:
		return "block";
	default:
		return "file";
	}
}

/* In a comment only what would end the line matters. */
static void add_comment(struct buf *out, const char *path)
{
	buf_adds(out, "\n# ");
	for (; *path; path++)
		if (*path == '\n' || *path == '\r')
			buf_addf(out, "\\%03o", (unsigned int)*path);
		else
			buf_add(out, path, 1);
	buf_adds(out, "\n");
}

static void add_directory(
	struct writer *w, struct buf *out, const char *path, const struct stat *st)
{
	add_comment(out, path);
	if (w->set && w->uid == st->st_uid && w->gid == st->st_gid)
		return;
	w->set = true;
	w->uid = st->st_uid;
	w->gid = st->st_gid;
	buf_addf(out, "/set type=file nlink=1 mode=0664 uid=%u gid=%u\n", w->uid, w->gid);
}

/* The keywords before the sum. */
static void add_stat(const struct writer *w, struct buf *out, const struct mtree_inode *i)
{
	const struct stat *st = &i->st;
	unsigned int mode = st->st_mode & 07777;

	buf_addf(out, " size=%lld", (long long)st->st_size);
	if (!S_ISREG(st->st_mode))
		buf_addf(out, " type=%s", type_word(st->st_mode));
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		buf_addf(out, " device=linux,%u,%u", major(st->st_rdev), minor(st->st_rdev));
	if (st->st_uid != w->uid)
		buf_addf(out, " uid=%u", st->st_uid);
	if (st->st_gid != w->gid)
		buf_addf(out, " gid=%u", st->st_gid);
	if (mode != 0664)
		buf_addf(out, " mode=%#o", mode);
	if (i->link) {
		buf_adds(out, " link=");
		vis_add(out, i->link, strlen(i->link), false);
	}
	if (st->st_nlink != 1)
		buf_addf(out, " nlink=%llu", (unsigned long long)st->st_nlink);
	buf_addf(out, " tar_time=%lld.000000000", (long long)st->st_mtim.tv_sec);
}

static void add_attrs(struct buf *out, const struct entry *e)
{
	for (size_t i = 0; i < e->attr_count; i++) {
		const struct entry_attr *a = &e->attrs[i];

		buf_adds(out, " xattr.");
		vis_add(out, a->name, strlen(a->name), true);
		buf_adds(out, "=");
		base64_add(out, a->value, a->len);
	}
}

static int add_sum(struct writer *w, struct buf *out, const struct visit *v, const char *path,
	const struct stat *st, struct err *err)
{
	const char *hex = known_find(w->known, st);
	char zeros[SUM_HEX];
	struct stat now = *st;
	size_t at;
	int r = 0;

	buf_adds(out, " sha256digest=");
	at = out->len;
	memset(zeros, '0', sizeof zeros);
	buf_add(out, hex ? hex : zeros, SUM_HEX);
	if (!hex)
		r = sums_add(w->sums, v->dir->fd, v->name, st, at, path, &now, err);
	if (r == 0 && w->stamps)
		r = stamps_add(w->stamps, path, &now);
	return r < 0 ? err_set(err, r, NULL, path) : 0;
}

static int add_inode(struct writer *w, const struct visit *v, const char *path,
	const struct mtree_inode *i, const struct stat *st, struct err *err)
{
	struct buf *out = sums_text(w->sums);
	int r = 0;

	if (S_ISDIR(st->st_mode))
		add_directory(w, out, path, &i->st);
	else
		buf_adds(out, "    ");
	vis_add(out, v->depth ? v->name : ".", strlen(v->depth ? v->name : "."), false);
	add_stat(w, out, i);
	if (S_ISREG(st->st_mode))
		r = add_sum(w, out, v, path, st, err);
	add_attrs(out, &i->attrs);
	buf_adds(out, "\n");
	return r < 0 ? r : sums_pass(w->sums, err);
}

static int write_visit(struct writer *w, struct walk *walk, const struct visit *v, struct err *err)
{
	const char *path = v->depth ? v->path + 2 : v->path; /* "./a" is "a" */
	struct mtree_inode i = {.link = NULL};
	struct stat st;
	int r;

	if (v->leaving) {
		buf_adds(sums_text(w->sums), "..\n");
		return sums_pass(w->sums, err);
	}
	if (fstatat(v->dir->fd, v->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(err, -errno, "cannot read", path);
	r = mtree_inode_read(w->view, v->dir->fd, v->name, &st, path, &i, err);
	if (r == 0)
		r = add_inode(w, v, path, &i, &st, err);
	mtree_inode_free(&i);
	return r == 0 && S_ISDIR(st.st_mode) ? walk_enter(walk, false, err) : r;
}

static int write_all(struct writer *w, struct err *err)
{
	cleanup_walk struct walk *walk = NULL;
	struct visit v;
	int r = walk_start(w->view->tree, ".", &walk, err);

	if (r < 0)
		return r;
	walk_directories_last(walk);
	buf_adds(sums_text(w->sums),
		"#      keywords: size,type,uid,gid,mode,link,nlink,tar_time,sha256digest,xattr\n");
	while ((r = walk_next(walk, &v)) > 0) {
		r = write_visit(w, walk, &v, err);
		if (r < 0)
			return r;
	}
	return r < 0 ? err_set(err, r, NULL, NULL) : sums_finish(w->sums, err);
}

int mtree_write(const struct mtree_view *view, int fd, int stamps, const struct known *known,
	struct err *err)
{
	struct writer w = {.view = view, .fd = fd, .known = known};
	int r = stamps >= 0 ? stamps_start(stamps, &w.stamps) : 0;

	if (r == 0)
		r = sums_start(write_batch, &w, &w.sums);
	if (r < 0)
		err_set(err, r, "cannot write the manifest", NULL);
	else
		r = write_all(&w, err);
	sums_free(w.sums);
	if (r == 0 && w.stamps) {
		r = stamps_write(w.stamps, fd);
		if (r < 0)
			err_set(err, r, "cannot write the manifest's stamps", NULL);
	}
	stamps_free(w.stamps);
	return r;
}
