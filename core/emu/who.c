// SPDX-License-Identifier: Apache-2.0
#include "core/emu/who.h"

#include "core/emu/tags.h"
#include <ctype.h>
#include <stdio.h>
#include <sys/resource.h>

static int read_tag(pid_t tid, uint64_t *tag)
{
	struct rlimit limit;

	if (prlimit(tid, RLIMIT_RTTIME, NULL, &limit) < 0)
		return -ESRCH;
	*tag = limit.rlim_max == RLIM_INFINITY ? UINT64_MAX : limit.rlim_max;
	return 0;
}

bool who_is_root(const struct call *c)
{
	uint64_t tag;

	if (!atomic_load_explicit(&c->emu->dropped, memory_order_relaxed))
		return true;
	return read_tag(c->tid, &tag) == 0 && tags_index(tag) == 0;
}

int who_get(const struct call *c, struct creds *out)
{
	uint64_t tag = UINT64_MAX;
	int r = 0;

	if (atomic_load_explicit(&c->emu->dropped, memory_order_relaxed))
		r = read_tag(c->tid, &tag);
	return r < 0 ? r : tags_get(c->emu->tags, tags_index(tag), out);
}

/* Looks at every process there is. */
static int find_used(void *arg, uint8_t used[TAGS_INDICES / 8])
{
	const struct emu *e = arg;
	cleanup_dir DIR *dir = NULL;
	const struct dirent *entry;
	int fd = openat(e->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t tag;

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		if (isdigit((unsigned char)*entry->d_name) &&
			read_tag((pid_t)atoi(entry->d_name), &tag) == 0)
			TAGS_USE(used, tags_index(tag));
	return 0;
}

static int put_tag(pid_t pid, unsigned int index)
{
	struct rlimit limit;
	uint64_t tag;
	int r = read_tag(pid, &tag);

	if (r == 0)
		r = tags_next(tag, index, &tag);
	if (r < 0)
		return r;
	limit.rlim_cur = limit.rlim_max = tag;
	return prlimit(pid, RLIMIT_RTTIME, &limit, NULL) < 0 ? -EPERM : 0;
}

int who_start(struct emu *e, pid_t pid, const struct creds *creds)
{
	int index = tags_intern(e->tags, creds, find_used, e), r;

	if (index < 0)
		return index;
	atomic_store(&e->dropped, true);
	r = put_tag(pid, (unsigned int)index);
	tags_unpin(e->tags, (unsigned int)index);
	return r;
}

int who_set(const struct call *c, const struct creds *creds)
{
	struct creds now;

	if (who_get(c, &now) == 0 && creds_equal(&now, creds))
		return 0;
	return call_valid(c) ? who_start(c->emu, c->tid, creds) : -EINTR;
}

static int read_number(const char *file)
{
	cleanup_fd int fd = open(file, O_RDONLY | O_CLOEXEC);
	char text[16] = "";

	return fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 ? atoi(text) : 0;
}

void who_sysctl(struct access_sysctl *out)
{
	*out = (struct access_sysctl){
		.hardlinks = read_number("/proc/sys/fs/protected_hardlinks"),
		.symlinks = read_number("/proc/sys/fs/protected_symlinks"),
		.fifos = read_number("/proc/sys/fs/protected_fifos"),
		.regular = read_number("/proc/sys/fs/protected_regular"),
	};
}
