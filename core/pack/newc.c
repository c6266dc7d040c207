// SPDX-License-Identifier: Apache-2.0
#include "core/pack/newc.h"

#define NEWC_TRAILER "TRAILER!!!"

/* Linux takes names and symlink targets of less than PATH_MAX bytes, the NUL included. */
#define NEWC_NAME_MAX PATH_MAX

static int pad(struct buf *out, size_t start)
{
	return buf_add(out, "\0\0\0", newc_padding(out->len - start));
}

/* The name without the slashes at its end, which the kernel would stumble over. */
static size_t name_length(const char *path)
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		n--;
	return n;
}

static uint32_t newc_time(const struct entry *e)
{
	int64_t t = e->has_mtime ? e->mtime.tv_sec : 0;

	return t < 0 ? 0 : t > UINT32_MAX ? UINT32_MAX : t;
}

static uint64_t content(const struct entry *e)
{
	if (S_ISLNK(e->mode))
		return strlen(e->link);
	return S_ISREG(e->mode) ? e->size : 0;
}

static int check(const struct entry *e, const char **why)
{
	*why = "a hard link needs its inode's type in this format";
	if (!(e->mode & S_IFMT))
		return -EINVAL;
	*why = "the name is too long for this format";
	if (name_length(e->path) >= NEWC_NAME_MAX)
		return -ENAMETOOLONG;
	*why = "the link's target is too long for this format";
	if (S_ISLNK(e->mode) && content(e) >= NEWC_NAME_MAX)
		return -ENAMETOOLONG;
	*why = "the file is larger than 4 GiB, which this format cannot hold";
	if (content(e) > NEWC_MAX)
		return -EFBIG;
	*why = "the inode number does not fit into this format";
	return e->ino > UINT32_MAX ? -ERANGE : 0;
}

static int header(const struct entry *e, size_t name, struct buf *out)
{
	/* ino mode uid gid nlink mtime size, major and minor of the file system (the same for
	 * all) and of the device, length of the name with its NUL, checksum */
	return buf_addf(out, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
		(uint32_t)e->ino, (uint32_t)e->mode, e->uid, e->gid, e->nlink ? e->nlink : 1,
		newc_time(e), (uint32_t)content(e), 0U, 0U, e->major, e->minor, (uint32_t)name + 1,
		0U);
}

int newc_header(const struct entry *e, struct buf *out, const char **why)
{
	size_t start = out->len, name = name_length(e->path);
	int r = check(e, why);

	if (r)
		return r;
	r = header(e, name, out);
	r = r ? r : buf_add(out, e->path, name);
	r = r ? r : buf_add(out, "", 1);
	r = r ? r : pad(out, start);
	if (!r && S_ISLNK(e->mode)) {
		r = buf_adds(out, e->link);
		r = r ? r : pad(out, start);
	}
	if (r)
		buf_cut(out, start);
	return r;
}

int newc_trailer(struct buf *out)
{
	const struct entry end = {.path = (char *)NEWC_TRAILER};
	size_t start = out->len;
	int r = header(&end, sizeof(NEWC_TRAILER) - 1, out);

	r = r ? r : buf_add(out, NEWC_TRAILER, sizeof(NEWC_TRAILER));
	return r ? r : pad(out, start);
}
