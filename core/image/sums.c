// SPDX-License-Identifier: Apache-2.0
#include "core/image/sums.h"

#include "core/base/sys.h"
#include "core/owner/widen.h"
#include "core/pack/create.h"
#include "core/pack/digest.h"
#include "core/pack/ring.h"

enum {
	BATCHES = 8,
	THREADS_MAX = 4,
	BLOCK = 1 << 17,
	BATCH_BYTES = 4 << 20, /* of content: then it is worth starting */
	BATCH_TEXT = 1 << 16
};

struct sums {
	sums_done_fn *done;
	void *arg;
	pthread_mutex_t lock;
	pthread_cond_t moved;
	struct sum_batch batches[BATCHES]; /* a ring: oldest, then on to the one being filled */
	unsigned oldest, filling;
	bool stopped;
	pthread_t threads[THREADS_MAX];
	unsigned thread_count;
	char *block; /* where no thread could be started */
	struct links *links;
	struct buf known; /* SUM_HEX bytes for each inode that links has numbered */
};

static void sum_batch(struct sum_batch *b, char *block)
{
	for (size_t i = 0; i < b->count; i++) {
		struct sum_file *f = &b->files[i];

		if (f->fd < 0)
			continue;
		f->code = digest_fd(f->fd, block, BLOCK, f->hex);
		close(f->fd);
		f->fd = -1;
	}
}

/* The oldest batch that waits, which is the caller's now; called with the lock held. */
static struct sum_batch *take(struct sums *s)
{
	for (unsigned i = s->oldest; i != s->filling; i = (i + 1) % BATCHES)
		if (s->batches[i].state == SUM_WAITING) {
			s->batches[i].state = SUM_WORKING;
			return &s->batches[i];
		}
	return NULL;
}

static void *work(void *arg)
{
	struct sums *s = arg;
	cleanup_free char *block = malloc(BLOCK);
	struct sum_batch *b;

	pthread_mutex_lock(&s->lock);
	while (block && !s->stopped) {
		b = take(s);
		if (!b) {
			pthread_cond_wait(&s->moved, &s->lock);
			continue;
		}
		pthread_mutex_unlock(&s->lock);
		sum_batch(b, block);
		pthread_mutex_lock(&s->lock);
		b->state = SUM_READY;
		pthread_cond_broadcast(&s->moved);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

int sums_start(sums_done_fn *done, void *arg, struct sums **out)
{
	struct sums *s = calloc(1, sizeof(*s));
	unsigned int processors = sys_processors();

	if (!s)
		return -ENOMEM;
	s->done = done;
	s->arg = arg;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->moved, NULL);
	s->block = malloc(BLOCK);
	s->links = links_new();
	if (!s->block || !s->links) {
		sums_free(s);
		return -ENOMEM;
	}
	while (s->thread_count < THREADS_MAX && s->thread_count < processors &&
		thread_start(&s->threads[s->thread_count], work, s) == 0)
		s->thread_count++;
	*out = s;
	return 0;
}

static struct sum_batch *filling(struct sums *s)
{
	return &s->batches[s->filling];
}

struct buf *sums_text(struct sums *s)
{
	return &filling(s)->text;
}

static int open_same(int dirfd, const char *name, const struct stat *st, struct stat *now)
{
	enum { FLAGS = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC };
	cleanup_widen struct widen w = WIDEN_NONE;
	cleanup_fd int fd = openat(dirfd, name, FLAGS);

	if (fd < 0 && errno == EACCES && widen(&w, dirfd, name, S_IRUSR) == 0)
		fd = openat(dirfd, name, FLAGS);
	if (fd < 0 || fstat(fd, now) < 0)
		return -errno;
	if (now->st_dev != st->st_dev || now->st_ino != st->st_ino || !S_ISREG(now->st_mode))
		return -ESTALE;
	return take_fd(&fd);
}

int sums_add(struct sums *s, int dirfd, const char *name, const struct stat *st, size_t at,
	const char *path, struct stat *now, struct err *err)
{
	struct sum_batch *b = filling(s);
	struct sum_file *f = &b->files[b->count];
	const char *first = NULL;
	struct stat unused;
	int r = 0;

	*f = (struct sum_file){.at = at, .fd = -1};
	if (st->st_nlink > 1)
		r = links_meet(s->links, st->st_dev, st->st_ino, "", &first, &f->number);
	if (r < 0)
		return err_set(err, r, NULL, path);
	f->again = first != NULL;
	if (f->again && now)
		*now = *st;
	if (!f->again) {
		r = open_same(dirfd, name, st, now ? now : &unused);
		if (r < 0)
			return err_set(err, r, "cannot read", path);
		f->fd = r;
		b->bytes += st->st_size;
	}
	b->count++;
	f->path = strdup(path);
	return f->path ? 0 : err_set(err, -ENOMEM, NULL, path);
}

/* An inode's sum is kept for its other names, all of which come later. */
static int remember(struct sums *s, struct sum_file *f)
{
	size_t at = (size_t)(f->number - 1) * SUM_HEX;

	if (f->again) {
		if (at + SUM_HEX > s->known.len)
			return -EIO;
		memcpy(f->hex, s->known.data + at, SUM_HEX);
		return 0;
	}
	if (at + SUM_HEX > s->known.len) {
		if (buf_reserve(&s->known, at + SUM_HEX - s->known.len) < 0)
			return -ENOMEM;
		memset(s->known.data + s->known.len, 0, at + SUM_HEX - s->known.len);
		s->known.len = at + SUM_HEX;
	}
	memcpy(s->known.data + at, f->hex, SUM_HEX);
	return 0;
}

static void clear(struct sum_batch *b)
{
	for (size_t i = 0; i < b->count; i++) {
		base_close(&b->files[i].fd);
		free((char *)b->files[i].path);
	}
	buf_cut(&b->text, 0);
	b->count = 0;
	b->bytes = 0;
	b->state = SUM_FILLING;
}

static int deliver(struct sums *s, struct sum_batch *b, struct err *err)
{
	for (size_t i = 0; i < b->count; i++) {
		struct sum_file *f = &b->files[i];
		int r = f->code;

		if (r == 0 && f->number)
			r = remember(s, f);
		if (r < 0)
			return err_set(err, r, "cannot read", f->path);
	}
	return s->done(s->arg, b, err);
}

/* A batch that nobody works on yet is done here: what else is there to do. */
static void wait_for(struct sums *s, struct sum_batch *b)
{
	pthread_mutex_lock(&s->lock);
	if (b->state == SUM_WAITING) {
		b->state = SUM_WORKING;
		pthread_mutex_unlock(&s->lock);
		sum_batch(b, s->block);
		pthread_mutex_lock(&s->lock);
		b->state = SUM_READY;
	}
	while (b->state != SUM_READY)
		pthread_cond_wait(&s->moved, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

/* Takes batches back from the oldest on, until no more than left are out. */
static int collect(struct sums *s, unsigned left, struct err *err)
{
	while ((s->filling + BATCHES - s->oldest) % BATCHES > left) {
		struct sum_batch *b = &s->batches[s->oldest];
		int r;

		wait_for(s, b);
		r = deliver(s, b, err);
		if (r < 0)
			return r;
		clear(b);
		pthread_mutex_lock(&s->lock);
		s->oldest = (s->oldest + 1) % BATCHES;
		pthread_mutex_unlock(&s->lock);
	}
	return 0;
}

static int pass(struct sums *s, struct err *err)
{
	int r = collect(s, BATCHES - 2, err);

	if (r < 0)
		return r;
	pthread_mutex_lock(&s->lock);
	filling(s)->state = SUM_WAITING;
	s->filling = (s->filling + 1) % BATCHES;
	pthread_cond_broadcast(&s->moved);
	pthread_mutex_unlock(&s->lock);
	return 0;
}

int sums_pass(struct sums *s, struct err *err)
{
	const struct sum_batch *b = filling(s);

	if (b->count < SUMS_FILES && b->bytes < BATCH_BYTES && b->text.len < BATCH_TEXT)
		return 0;
	return pass(s, err);
}

int sums_finish(struct sums *s, struct err *err)
{
	int r = pass(s, err);

	return r < 0 ? r : collect(s, 0, err);
}

void sums_free(struct sums *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->stopped = true;
	pthread_cond_broadcast(&s->moved);
	pthread_mutex_unlock(&s->lock);
	while (s->thread_count)
		pthread_join(s->threads[--s->thread_count], NULL);
	for (unsigned i = 0; i < BATCHES; i++) {
		clear(&s->batches[i]);
		buf_free(&s->batches[i].text);
	}
	links_free(s->links);
	buf_free(&s->known);
	free(s->block);
	pthread_cond_destroy(&s->moved);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
