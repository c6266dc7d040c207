// SPDX-License-Identifier: Apache-2.0
/* The source that reads a descriptor. */
#include "core/pack/stage.h"

#include <poll.h>
#include <sys/eventfd.h>

struct reader {
	struct source stage;
	int fd;
	int wake;   /* readable when the reading is to stop; -1 for files, which never wait */
	int failed; /* after bytes that are given first */
};

/* Waits until fd has something; -ECANCELED when the reading is to stop. */
static int reader_wait(const struct reader *f)
{
	struct pollfd fds[2] = {
		{.fd = f->fd, .events = POLLIN},
		{.fd = f->wake, .events = POLLIN},
	};

	while (poll(fds, 2, -1) < 0)
		if (errno != EINTR)
			return -errno;
	return fds[1].revents ? -ECANCELED : 0;
}

/* One read: how many bytes, 0 at the end, or negative errno. */
static ssize_t reader_read(const struct reader *f, void *to, size_t n)
{
	for (;;) {
		int r = f->wake >= 0 ? reader_wait(f) : 0;
		ssize_t got;

		if (r < 0)
			return r;
		got = read(f->fd, to, n);
		if (got >= 0)
			return got;
		if (errno != EINTR && (errno != EAGAIN || f->wake < 0))
			return -errno;
	}
}

static int reader_next(struct source *s, struct block **out)
{
	struct reader *f = (struct reader *)s;
	struct block *b;
	ssize_t got = 1;
	int r = f->failed ? f->failed : pool_take(s->pool, &b);

	if (r < 0)
		return source_fail(s, r, "cannot read");
	while (b->len < STREAM_BLOCK && got > 0) {
		got = reader_read(f, b->data + b->len, STREAM_BLOCK - b->len);
		b->len += got > 0 ? (size_t)got : 0;
	}
	f->failed = got < 0 ? (int)got : 0;
	if (b->len) {
		*out = b;
		return 1;
	}
	block_drop(b);
	return f->failed ? source_fail(s, f->failed, "cannot read") : 0;
}

static void reader_stop(struct source *s)
{
	struct reader *f = (struct reader *)s;

	pool_stop(s->pool);
	if (f->wake >= 0)
		eventfd_write(f->wake, 1);
}

static void reader_free(struct source *s)
{
	struct reader *f = (struct reader *)s;

	base_close(&f->wake);
}

static const struct source_ops reader_ops = {
	.next = reader_next, .stop = reader_stop, .free = reader_free};

int source_fd(int fd, struct source **out)
{
	struct reader *f;
	struct stat st;
	int r = source_new(&reader_ops, sizeof *f, NULL, out);

	if (r < 0)
		return r;
	f = (struct reader *)*out;
	f->fd = fd;
	f->wake = -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	else
		f->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = pool_new(STREAM_BLOCK, 8, &f->stage.pool);
	if (r < 0)
		source_free(*out);
	return r;
}
