// SPDX-License-Identifier: Apache-2.0
#include "core/image/verify.h"
#include "core/pack/stage.h"

struct verify {
	struct source stage; /* around a digest */
	int fd;
	char want[65];
	int64_t left; /* of the bytes that are to come; -1: any number */
	const char *why;
};

static int verify_end(struct verify *v)
{
	char hex[65];
	int r = source_digest_hex(v->stage.inner, hex);

	if (r < 0)
		return r;
	if (v->left > 0)
		return source_fail(&v->stage, -EBADMSG, "it is shorter than it should be");
	return strcmp(hex, v->want) == 0 ? 0 : source_fail(&v->stage, -EBADMSG, v->why);
}

static int verify_next(struct source *s, struct block **b)
{
	struct verify *v = (struct verify *)s;
	int r = source_block(s->inner, b);

	if (r == 0)
		return verify_end(v);
	if (r < 0 || v->left < 0)
		return r;
	if ((int64_t)(*b)->len > v->left) {
		block_drop(*b);
		return source_fail(s, -EBADMSG, "it is longer than it should be");
	}
	v->left -= (int64_t)(*b)->len;
	return 1;
}

static void verify_free(struct source *s)
{
	struct verify *v = (struct verify *)s;

	source_free(s->inner); /* it may read the descriptor in a thread */
	s->inner = NULL;
	base_close(&v->fd);
}

static const struct source_ops verify_ops = {.next = verify_next, .free = verify_free};

int source_verify(struct source *inner, int fd, const char *digest, int64_t size, const char *why,
	struct source **out)
{
	const char *hex = strchr(digest, ':');
	struct verify *v;
	int r = source_digest(inner, &inner);

	if (r == 0)
		r = source_new(&verify_ops, sizeof(*v), inner, out);
	if (r < 0) {
		base_close(&fd);
		return r;
	}
	v = (struct verify *)*out;
	v->fd = fd;
	v->left = size;
	v->why = why;
	memcpy(v->want, hex ? hex + 1 : "", hex ? MIN(strlen(hex + 1), sizeof(v->want) - 1) : 0);
	return 0;
}
