// SPDX-License-Identifier: Apache-2.0
#include "core/emu/who.h"

#include "core/emu/threads.h"
#include <ctype.h>
#include <stdio.h>
#include <sys/resource.h>

/* The index of the credentials; nothing is asked while all are root. */
static int index_of(const struct call *c)
{
	return atomic_load_explicit(&c->emu->dropped, memory_order_relaxed)
		       ? threads_index(c->emu->threads, c->tid)
		       : 0;
}

bool who_is_root(const struct call *c)
{
	return index_of(c) == 0;
}

int who_get(const struct call *c, struct creds *out)
{
	int r = index_of(c);

	return r < 0 ? r : tags_get(c->emu->tags, (unsigned int)r, out);
}

static void use_tag(pid_t pid, uint8_t used[TAGS_INDICES / 8])
{
	struct rlimit limit;

	if (prlimit(pid, RLIMIT_RTTIME, NULL, &limit) == 0 && limit.rlim_max != RLIM_INFINITY)
		TAGS_USE(used, tags_index(limit.rlim_max));
}

/* Looks at every process there is, and at threads that differ from theirs. */
static int find_used(void *arg, uint8_t used[TAGS_INDICES / 8])
{
	const struct emu *e = arg;
	cleanup_dir DIR *dir = NULL;
	const struct dirent *entry;
	int fd = openat(e->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return -errno;
	threads_mark(e->threads, used);
	while ((entry = readdir(dir)))
		if (isdigit((unsigned char)*entry->d_name))
			use_tag((pid_t)atoi(entry->d_name), used);
	threads_mark(e->threads, used);
	return 0;
}

static bool still_asks(const void *call)
{
	return call_valid(call);
}

static int give(const struct call *c, const struct creds *creds)
{
	struct emu *e = c->emu;
	int index = tags_intern(e->tags, creds, find_used, e), r;

	if (index < 0)
		return index;
	atomic_store(&e->dropped, true);
	r = threads_put(e->threads, c->tid, (unsigned int)index, still_asks, c);
	tags_unpin(e->tags, (unsigned int)index);
	return r;
}

int who_set(const struct call *c, const struct creds *creds)
{
	struct creds now;

	if (who_get(c, &now) == 0 && creds_equal(&now, creds))
		return 0;
	return call_valid(c) ? give(c, creds) : -EINTR;
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
