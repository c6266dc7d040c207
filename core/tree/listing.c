// SPDX-License-Identifier: Apache-2.0
#include "core/tree/walk.h"

#include <sys/syscall.h>

struct kernel_dirent {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[];
};

static bool is_dots(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

int listing_add(struct listing *l, const char *name, unsigned char type)
{
	if (l->count == l->room) {
		size_t room = l->room ? l->room * 2 : 32;
		void *entries = reallocarray(l->entries, room, sizeof(*l->entries));

		if (!entries)
			return -ENOMEM;
		l->entries = entries;
		l->room = room;
	}
	if (l->names.len > UINT32_MAX - NAME_MAX - 1)
		return -EFBIG;
	l->entries[l->count++] = (struct listing_entry){(uint32_t)l->names.len, type};
	return buf_add(&l->names, name, strlen(name) + 1);
}

/* Large reads: the C library's own are 2 KiB, which costs a call for forty names. */
static int read_all(int fd, struct listing *l)
{
	enum { ROOM = 32768 };
	cleanup_free char *block = malloc(ROOM);

	if (!block)
		return -ENOMEM;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	for (;;) {
		long n = syscall(SYS_getdents64, fd, block, ROOM);

		if (n <= 0)
			return n < 0 ? -errno : 0;
		for (long at = 0; at < n;) {
			const struct kernel_dirent *e = (const void *)(block + at);

			int r = is_dots(e->name) ? 0 : listing_add(l, e->name, e->type);

			if (r < 0)
				return r;
			at += e->reclen;
		}
	}
}

#ifdef CONFIG_FAST
/* Merges two sorted runs, which follow each other: half entries and the rest of n. */
static void merge(const char *names, const struct listing_entry *from, size_t half, size_t n,
	struct listing_entry *to)
{
	size_t a = 0, b = half;

	while (a < half && b < n)
		*to++ = strcmp(names + from[a].name, names + from[b].name) <= 0 ? from[a++]
										: from[b++];
	while (a < half)
		*to++ = from[a++];
	while (b < n)
		*to++ = from[b++];
}

/* A merge sort: the fewest comparisons, which are what it costs. */
int listing_sort(struct listing *l)
{
	struct listing_entry *from = l->entries, *to, *other;

	if (l->count < 2)
		return 0;
	to = reallocarray(NULL, l->room, sizeof(*to));
	if (!to)
		return -ENOMEM;
	for (size_t run = 1; run < l->count; run *= 2) {
		for (size_t at = 0; at < l->count; at += 2 * run)
			merge(l->names.data, from + at, MIN(run, l->count - at),
				MIN(2 * run, l->count - at), to + at);
		other = from;
		from = to;
		to = other;
	}
	free(to);
	l->entries = from;
	return 0;
}
#else
static int by_name(const void *a, const void *b, void *names)
{
	const struct listing_entry *x = a, *y = b;

	return strcmp((const char *)names + x->name, (const char *)names + y->name);
}

/* Where rlc is to be small, what others need anyway does. */
int listing_sort(struct listing *l)
{
	if (l->count > 1)
		qsort_r(l->entries, l->count, sizeof(*l->entries), by_name, l->names.data);
	return 0;
}
#endif

int listing_read(int fd, bool sorted, struct listing *l)
{
	int r = read_all(fd, l);

	return r == 0 && sorted ? listing_sort(l) : r;
}

static bool is_directory(int fd, const char *name, struct listing_entry *e)
{
	struct stat st;

	if (e->type == DT_UNKNOWN && fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		e->type = IFTODT(st.st_mode);
	return e->type == DT_DIR;
}

int listing_directories_last(int fd, struct listing *l)
{
	struct listing_entry *directories = reallocarray(NULL, l->count + 1, sizeof(*directories));
	size_t files = 0, count = 0;

	if (!directories)
		return -ENOMEM;
	for (size_t i = 0; i < l->count; i++)
		if (is_directory(fd, listing_name(l, i), &l->entries[i]))
			directories[count++] = l->entries[i];
		else
			l->entries[files++] = l->entries[i];
	if (count)
		memcpy(l->entries + files, directories, count * sizeof(*directories));
	free(directories);
	return 0;
}

void listing_free(struct listing *l)
{
	buf_free(&l->names);
	free(l->entries);
	*l = (struct listing)LISTING_NONE;
}
