// SPDX-License-Identifier: Apache-2.0
/* rpm's database of images that are applied, of whatever kind it is: read and written by theirs. */
#include "applets/build/stage.h"
#include "core/base/io.h"
#include "core/image/records.h"

#include <stdio.h>

#define DIR "rpm"
#define LIST "list"
#define SEEN "/stacker/" DIR "/" LIST /* by what runs in the tree */

enum { LIST_MAX = 256 << 20 }; /* 2,000 packages have some 100 MB */

/* Runs a line of shell that reads or writes the list: its exit status, or -errno with err. */
static int run(struct stage *s, const char *line, struct err *err)
{
	const char *const command[] = {"/bin/sh", "-c", line, NULL};
	char src[96];

	snprintf(src, sizeof(src), "%s/" DIR, s->upper.name);
	return stage_bind(s, src, "/stacker/" DIR, false, err) < 0
		       ? err->code
		       : stage_run(s, command, s->m->out, err);
}

static int open_list(const struct stage *s, int flags, struct err *err)
{
	int fd = openat(
		s->upper.lock, DIR "/" LIST, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

	return fd < 0 ? err_set(err, -errno, "cannot open", "rpm's list of packages") : fd;
}

static int make_dir(const struct stage *s, struct err *err)
{
	return mkdirat(s->upper.lock, DIR, 0700) < 0
		       ? err_set(err, -errno, "cannot make", "rpm's list of packages")
		       : 0;
}

/* What an image has; needed: it is an error where it has no rpm. */
static int read_packages(struct making *m, const struct image *i, const char *name, bool needed,
	struct buf *out, struct err *err)
{
	cleanup_stage struct stage s = STAGE_NONE;
	cleanup_fd int fd = -1;
	int r = stage_begin(&s, m, i, err);

	if (r == 0)
		r = make_dir(&s, err);
	if (r == 0)
		r = run(&s, "exec rpmdb --exportdb >" SEEN, err);
	if (r == 127 && !needed)
		return 0;
	if (r > 0)
		return err_tell(err, -ENOTSUP,
			"both changed rpm's database, and rpmdb, which "
			"could merge it, does not run in this image",
			name);
	if (r == 0)
		r = fd = open_list(&s, O_RDONLY, err);
	if (r < 0)
		return r;
	r = io_read_all(fd, out, LIST_MAX);
	return r < 0 ? err_set(err, r, "cannot read rpm's list of packages", name) : 0;
}

int rpm_unite(struct making *m, const struct image *theirs, size_t base, struct buf *merged,
	struct err *err)
{
	cleanup_buf struct buf low = BUF_NONE, mine = BUF_NONE, hers = BUF_NONE;
	cleanup_free char *key = NULL;
	struct image common = *theirs; /* a part of it, that owns nothing */
	int r = 0;

	common.layer_count = base;
	making_say(m, "merging rpm's databases");
	if (base)
		r = read_packages(m, &common, "their base", false, &low, err);
	if (r == 0)
		r = read_packages(m, &m->image, m->r->name, true, &mine, err);
	if (r == 0)
		r = read_packages(
			m, theirs, theirs->tag ? theirs->tag : "applied", true, &hers, err);
	if (r < 0)
		return r;
	r = records_merge(RECORDS_RPM, &low, &mine, &hers, merged, &key);
	if (r == -EEXIST)
		return err_tell(err, r, "both changed this package, and not alike", key);
	if (r == -EBADMSG)
		return err_tell(
			err, r, "has packages that cannot be read, or one twice", "rpm's database");
	return r < 0 ? err_set(err, r, "cannot merge", "rpm's database") : 0;
}

static int write_list(const struct stage *s, const struct buf *list, struct err *err)
{
	cleanup_fd int fd = open_list(s, O_WRONLY | O_CREAT | O_EXCL, err);
	int r = fd < 0 ? fd : io_write(fd, list->data, list->len);

	return r < 0 ? err_set(err, r, "cannot write", "rpm's list of packages") : 0;
}

int rpm_rebuild(struct making *m, const struct buf *merged, struct err *err)
{
	cleanup_stage struct stage s = STAGE_NONE;
	int r = stage_begin(&s, m, &m->image, err);

	if (r == 0)
		r = make_dir(&s, err);
	if (r == 0)
		r = write_list(&s, merged, err);
	if (r == 0)
		r = run(&s,
			"db=$(rpm --eval %_dbpath) && rm -rf \"${db:?}\"/* && "
			"exec rpmdb --importdb <" SEEN,
			err);
	if (r > 0)
		return err_tell(err, -EIO, "rpm's database could not be made again", m->r->name);
	return r < 0 ? r : steps_pack(&s, "rpm's database", err);
}
