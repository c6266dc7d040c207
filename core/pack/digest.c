// SPDX-License-Identifier: Apache-2.0
#include "core/pack/digest.h"
#include "core/pack/stage.h"

void digest_text(const uint8_t raw[32], char hex[65])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < 32; i++) {
		hex[2 * i] = digits[raw[i] >> 4];
		hex[2 * i + 1] = digits[raw[i] & 15];
	}
	hex[64] = '\0';
}

#ifdef CONFIG_SHA256
#include <nettle/sha2.h>

/* SHA-256 (FIPS 180-4) of blocks, in a thread of its own from the second block on. */
struct hasher {
	struct sha256_ctx sha;
	struct queue queue;
	pthread_t thread;
	enum { FIRST, INLINE, THREAD, OVER } mode;
	char hex[65];
};

static int hasher_new(struct hasher **out)
{
	struct hasher *h = calloc(1, sizeof *h);

	if (!h)
		return -ENOMEM;
	sha256_init(&h->sha);
	queue_init(&h->queue);
	*out = h;
	return 0;
}

static void *hasher_run(void *arg)
{
	struct hasher *h = arg;
	struct block *b;

	while ((b = queue_pop(&h->queue))) {
		sha256_update(&h->sha, b->len, b->data);
		block_drop(b);
	}
	return NULL;
}

static void hasher_push(struct hasher *h, struct block *b)
{
	if (h->mode == THREAD) {
		queue_push(&h->queue, block_hold(b));
		return;
	}
	sha256_update(&h->sha, b->len, b->data);
	if (h->mode == FIRST)
		h->mode = thread_start(&h->thread, hasher_run, h) == 0 ? THREAD : INLINE;
}

static void hasher_join(struct hasher *h)
{
	if (h->mode == THREAD) {
		queue_close(&h->queue);
		pthread_join(h->thread, NULL);
		h->mode = INLINE;
	}
}

static void finish(struct sha256_ctx *sha, char hex[65])
{
	uint8_t raw[SHA256_DIGEST_SIZE];

	sha256_digest(sha, sizeof raw, raw);
	digest_text(raw, hex);
}

struct digest {
	struct sha256_ctx sha;
};

int digest_new(struct digest **out)
{
	*out = calloc(1, sizeof **out);
	return *out ? 0 : -ENOMEM;
}

void digest_start(struct digest *d)
{
	sha256_init(&d->sha);
}

void digest_add(struct digest *d, const void *data, size_t n)
{
	sha256_update(&d->sha, n, data);
}

void digest_end(struct digest *d, char hex[65])
{
	finish(&d->sha, hex);
}

int digest_bytes(const void *data, size_t n, char hex[65])
{
	struct sha256_ctx sha;

	sha256_init(&sha);
	sha256_update(&sha, n, data);
	finish(&sha, hex);
	return 0;
}

int digest_fd(int fd, void *block, size_t room, char hex[65])
{
	struct sha256_ctx sha;
	ssize_t n;

	sha256_init(&sha);
	while ((n = read(fd, block, room)) != 0) {
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			sha256_update(&sha, (size_t)n, block);
	}
	finish(&sha, hex);
	return 0;
}

static void hasher_hex(struct hasher *h, char hex[65])
{
	hasher_join(h);
	if (h->mode != OVER) {
		finish(&h->sha, h->hex);
		h->mode = OVER;
	}
	memcpy(hex, h->hex, sizeof h->hex);
}

static void hasher_free(struct hasher *h)
{
	if (!h)
		return;
	if (h->mode == THREAD)
		queue_stop(&h->queue);
	hasher_join(h);
	queue_destroy(&h->queue);
	free(h);
}

#else

struct hasher;

int digest_new(struct digest **out)
{
	*out = NULL;
	return -ENOTSUP;
}

void digest_start(struct digest *d)
{
	(void)d;
}

void digest_add(struct digest *d, const void *data, size_t n)
{
	(void)d, (void)data, (void)n;
}

void digest_end(struct digest *d, char hex[65])
{
	(void)d;
	*hex = '\0';
}

int digest_bytes(const void *data, size_t n, char hex[65])
{
	(void)data, (void)n;
	*hex = '\0';
	return -ENOTSUP;
}

static int hasher_new(struct hasher **out)
{
	*out = NULL;
	return -ENOTSUP;
}

int digest_fd(int fd, void *block, size_t room, char hex[65])
{
	(void)fd, (void)block, (void)room;
	*hex = '\0';
	return -ENOTSUP;
}

static void hasher_push(struct hasher *h, struct block *b)
{
	(void)h, (void)b;
}

static void hasher_hex(struct hasher *h, char hex[65])
{
	(void)h;
	*hex = '\0';
}

static void hasher_free(struct hasher *h)
{
	(void)h;
}

#endif

void digest_free(struct digest *d)
{
	free(d);
}

struct digest_source {
	struct source stage;
	struct hasher *hasher;
};

static int digest_next(struct source *s, struct block **b)
{
	int r = source_block(s->inner, b);

	if (r > 0)
		hasher_push(((struct digest_source *)s)->hasher, *b);
	return r;
}

static void digest_source_free(struct source *s)
{
	hasher_free(((struct digest_source *)s)->hasher);
}

static const struct source_ops digest_source_ops = {
	.next = digest_next, .free = digest_source_free};

int source_digest(struct source *inner, struct source **out)
{
	int r = source_new(&digest_source_ops, sizeof(struct digest_source), inner, out);

	if (r < 0)
		return r;
	r = hasher_new(&((struct digest_source *)*out)->hasher);
	if (r < 0)
		source_free(*out);
	return r;
}

int source_digest_hex(struct source *s, char hex[65])
{
	if (s->ops != &digest_source_ops || s->ended <= 0)
		return -EINVAL;
	hasher_hex(((struct digest_source *)s)->hasher, hex);
	return 0;
}

struct digest_sink {
	struct sink stage;
	struct hasher *hasher;
};

static int digest_push(struct sink *s, struct block *b)
{
	hasher_push(((struct digest_sink *)s)->hasher, b);
	return sink_push(s->inner, b);
}

static void digest_sink_stop(struct sink *s)
{
	hasher_free(((struct digest_sink *)s)->hasher);
}

static const struct sink_ops digest_sink_ops = {.push = digest_push, .stop = digest_sink_stop};

int sink_digest(struct sink *inner, struct sink **out)
{
	int r = sink_new(&digest_sink_ops, sizeof(struct digest_sink), inner, out);

	if (r < 0)
		return r;
	r = hasher_new(&((struct digest_sink *)*out)->hasher);
	if (r < 0)
		sink_free(*out);
	return r;
}

int sink_digest_hex(struct sink *s, char hex[65])
{
	if (s->ops != &digest_sink_ops || !s->finished || s->failed)
		return -EINVAL;
	hasher_hex(((struct digest_sink *)s)->hasher, hex);
	return 0;
}
