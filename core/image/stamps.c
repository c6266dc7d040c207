// SPDX-License-Identifier: Apache-2.0
#include "core/image/stamps.h"

#include "core/base/io.h"
#include "core/base/siphash.h"
#include <time.h>

/* In the machine's own byte order: a bundle that came from another machine has other inodes. */
struct stamp {
	uint64_t path; /* its hash */
	uint64_t ino;
	int64_t ctime, size; /* in nanoseconds; in bytes */
};

struct header {
	char magic[16];
	int64_t before; /* files that changed later are not believed */
	uint64_t manifest_ino;
	int64_t manifest_size, manifest_mtime;
	uint64_t count;
};

static const char magic[16] = "rlc stamps 1\n\0\0";

enum { STAMPS_MAX = 64 << 20 };

struct stamps {
	int fd; /* being written */
	struct header header;
	struct buf stamps;
};

static int64_t nanoseconds(struct timespec t)
{
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static struct stamp stamp_of(const char *path, const struct stat *st)
{
	static const uint64_t key[2] = {0, 0};

	return (struct stamp){siphash(key, NULL, 0, path, strlen(path)), st->st_ino,
		nanoseconds(st->st_ctim), st->st_size};
}

/* What the file system takes for the time of now is what files will be compared with. */
int stamps_start(int fd, struct stamps **out)
{
	struct stamps *s = calloc(1, sizeof(*s));
	struct stat st;

	if (!s)
		return -ENOMEM;
	s->fd = fd;
	if (io_pwrite(fd, "", 1, 0) < 0 || ftruncate(fd, 0) < 0 || fstat(fd, &st) < 0) {
		free(s);
		return -errno;
	}
	memcpy(s->header.magic, magic, sizeof magic);
	s->header.before = nanoseconds(st.st_mtim);
	*out = s;
	return 0;
}

int stamps_add(struct stamps *s, const char *path, const struct stat *st)
{
	const struct stamp stamp = stamp_of(path, st);

	if (stamp.ctime >= s->header.before || s->header.before % 1000000000 == 0)
		return 0;
	return buf_add(&s->stamps, &stamp, sizeof stamp);
}

static int by_path(const void *a, const void *b)
{
	const struct stamp *x = a, *y = b;

	return (x->path > y->path) - (x->path < y->path);
}

static int know_manifest(struct header *h, int manifest)
{
	struct stat st;

	if (fstat(manifest, &st) < 0)
		return -errno;
	h->manifest_ino = st.st_ino;
	h->manifest_size = st.st_size;
	h->manifest_mtime = nanoseconds(st.st_mtim);
	return 0;
}

int stamps_write(struct stamps *s, int manifest)
{
	int r = know_manifest(&s->header, manifest);

	s->header.count = s->stamps.len / sizeof(struct stamp);
	if (s->stamps.len > STAMPS_MAX)
		s->header.count = 0;
	if (s->header.count)
		qsort(s->stamps.data, s->header.count, sizeof(struct stamp), by_path);
	if (r == 0)
		r = io_write(s->fd, &s->header, sizeof s->header);
	return r < 0 ? r : io_write(s->fd, s->stamps.data, s->header.count * sizeof(struct stamp));
}

static bool is_sound(const struct stamps *s, int manifest)
{
	struct header now = s->header;
	struct timespec clock;

	clock_gettime(CLOCK_REALTIME, &clock);
	return know_manifest(&now, manifest) == 0 && memcmp(&now, &s->header, sizeof now) == 0 &&
	       memcmp(now.magic, magic, sizeof magic) == 0 && nanoseconds(clock) >= now.before &&
	       now.count == s->stamps.len / sizeof(struct stamp);
}

int stamps_read(int fd, int manifest, struct stamps **out)
{
	struct stamps *s = calloc(1, sizeof(*s));
	int r;

	*out = NULL;
	if (!s)
		return -ENOMEM;
	if (io_read(fd, &s->header, sizeof s->header) != sizeof s->header) {
		free(s);
		return 0;
	}
	r = io_read_all(fd, &s->stamps, STAMPS_MAX);
	if (r < 0 || !is_sound(s, manifest)) {
		stamps_free(s);
		return r == -ENOMEM ? r : 0;
	}
	*out = s;
	return 0;
}

bool stamps_match(const struct stamps *s, const char *path, const struct stat *st)
{
	const struct stamp *all, wanted = stamp_of(path, st);
	size_t low = 0, high;

	if (!s || wanted.ctime >= s->header.before)
		return false;
	all = (const void *)s->stamps.data;
	high = s->header.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (all[middle].path < wanted.path)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < s->header.count && all[low].path == wanted.path; low++)
		if (memcmp(&all[low], &wanted, sizeof wanted) == 0)
			return true;
	return false;
}

void stamps_free(struct stamps *s)
{
	if (s)
		buf_free(&s->stamps);
	free(s);
}
